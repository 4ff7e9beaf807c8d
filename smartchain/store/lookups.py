"""
The lookups that no order of arrival helps: entries by address (`postings`), blocks by hash.

Kept up row by row they would cost ten times what the rows themselves do, since every address and every hash
falls on another page. So they trail the staged rows and are brought up in portions, each in one sweep: a few while
a long backfill is still being read, the last before the verified size is raised. `ledger.lookup_size` and
`lookup_blocks` say how far they reach, never less than what is verified.
"""

from __future__ import annotations

import sqlite3

from smartchain.store import names, postings

PORTION = 262_144
"""Entries brought in by one transaction: bounds the memory and the write-ahead log, and lets other writers in."""

EARLY = 65_536
"""Entries that are worth a part of their own while a backfill is still being read."""

_NAMES_OF = "SELECT ledger, hash, number FROM block WHERE ledger = :ledger AND number >= :start AND number < :stop"

_TAKE_NAMES = f"INSERT INTO block_name (ledger, hash, number) {_NAMES_OF} ORDER BY 2"
_DROP_NAME = "DELETE FROM block_name WHERE ledger = ? AND hash = ? AND number = ?"


def backlog(connection: sqlite3.Connection, ledger: int) -> int:
    """How many rows, entries or blocks, the lookups are behind by, whichever is more."""
    row: tuple[int, int] = connection.execute(
        "SELECT size - lookup_size, blocks - lookup_blocks FROM ledger WHERE id = ?", (ledger,)
    ).fetchone()
    return max(row)


def bring_up_early(connection: sqlite3.Connection, ledger: int) -> None:
    """
    Take a part in while more is still being read, so that less is left for the end.

    Each part is at least as large as all before it: every page is then visited a few times, not once a step.
    """
    done = connection.execute("SELECT lookup_size FROM ledger WHERE id = ?", (ledger,)).fetchone()[0]
    if backlog(connection, ledger) >= max(EARLY, done):
        bring_up(connection, ledger, PORTION)


def bring_up(connection: sqlite3.Connection, ledger: int, most: int | None = None) -> None:
    """Take the next rows into the lookups, all that there are or at most so many of each."""
    size, blocks, entries_done, blocks_done = connection.execute(
        "SELECT size, blocks, lookup_size, lookup_blocks FROM ledger WHERE id = ?", (ledger,)
    ).fetchone()
    if most is not None:
        size, blocks = min(size, entries_done + most), min(blocks, blocks_done + most)
    if size > entries_done:
        postings.take(connection, ledger, entries_done, size)
    if blocks > blocks_done:
        connection.execute(_TAKE_NAMES, {"ledger": ledger, "start": blocks_done, "stop": blocks})
    connection.execute("UPDATE ledger SET lookup_size = ?, lookup_blocks = ? WHERE id = ?", (size, blocks, ledger))


def cut(connection: sqlite3.Connection, ledger: int, size: int, blocks: int) -> None:
    """Forget the entries from `size` and the blocks from `blocks` on; their rows must still be there."""
    entries_done, blocks_done = connection.execute(
        "SELECT lookup_size, lookup_blocks FROM ledger WHERE id = ?", (ledger,)
    ).fetchone()
    if size < entries_done:
        postings.cut(connection, ledger, size, entries_done)
    names.cut(connection, ledger, size)
    if blocks < blocks_done:
        rows = connection.execute(_NAMES_OF, {"ledger": ledger, "start": blocks, "stop": blocks_done})
        connection.executemany(_DROP_NAME, rows)
    connection.execute(
        "UPDATE ledger SET lookup_size = min(lookup_size, ?), lookup_blocks = min(lookup_blocks, ?) WHERE id = ?",
        (size, blocks, ledger),
    )
