"""
What a writer does inside one transaction: take a step in, raise the verified size, go back.

A chunk's entries go in by one statement that cuts them out of one blob. Between the rows Python's lock is never
asked for, so the thread that hashes the next chunk runs on meanwhile; with a statement a row the two threads
would hand the lock to and fro at every row.
"""

from __future__ import annotations

import sqlite3
from bisect import bisect_right
from collections.abc import Sequence

from smartchain.errors import BrokenSequence, EntryError, StoreError, StoreMoved
from smartchain.ledger.block import Block
from smartchain.ledger.entry import PACKED_BYTES
from smartchain.ports import Chunk, HostBlock, Status, Step
from smartchain.store import lookups, marks
from smartchain.store.rows import STATUS_COLUMNS, row_of_place, signed, status_of
from smartchain.types import Size

EMPTY_KEPT = 1024
"""How far behind the cursor, in host blocks, those that ended a step without entries are remembered."""

HIGHEST_LEVEL = 48
"""No ledger reaches 2^48 entries."""

_MOST_ROWS = 128

_TAKE_ENTRIES = f"""
WITH RECURSIVE n(k) AS (SELECT 0 UNION ALL SELECT k + 1 FROM n WHERE k + 1 < :count)
INSERT INTO entry (ledger, position, packed, tx_hash)
SELECT :ledger, :first + k,
    CASE substr(:packed, {PACKED_BYTES} * k + 101, 32) WHEN x'{"00" * 32}'
    THEN substr(:packed, {PACKED_BYTES} * k + 1, 100)
    ELSE substr(:packed, {PACKED_BYTES} * k + 1, {PACKED_BYTES}) END,
    substr(:transactions, 32 * k + 1, 32)
FROM n
"""  # noqa: S608

_FORGET_EMPTY = """
DELETE FROM host_block WHERE ledger = :ledger AND number >= :since AND number < :before AND EXISTS (
    SELECT 1 FROM host_block AS earlier WHERE earlier.ledger = host_block.ledger
    AND earlier.size = host_block.size AND earlier.number < host_block.number
)
"""


def status(connection: sqlite3.Connection, ledger: int) -> Status:
    """Where the store stands with a ledger."""
    return status_of(connection.execute(f"SELECT {STATUS_COLUMNS} FROM ledger WHERE id = ?", (ledger,)).fetchone())  # noqa: S608


def take(connection: sqlite3.Connection, ledger: int, step: Step) -> None:
    """Take in a step. Raises `StoreMoved` if it does not go on from what is there."""
    chunk, now = step.chunk, status(connection, ledger)
    _check_goes_on(step, now)
    size, blocks = Size(now.size + len(chunk.packed)), now.blocks + len(step.blocks)
    _take_entries(connection, ledger, chunk)
    _take_blocks(connection, ledger, step.blocks)
    marks.take(connection, ledger, size, chunk.packed, chunk.transactions)
    marks.take_blocks(connection, ledger, now.blocks, blocks)
    _insert(connection, "subtree", [(ledger, level, position, root) for level, position, root in step.nodes])
    _take_host_blocks(connection, ledger, chunk, step.cursor)
    _forget_empty(connection, ledger, now.cursor, step.cursor)
    connection.execute(
        "UPDATE ledger SET size = ?, blocks = ?, cursor_number = ?, cursor_hash = ?, cursor_timestamp = ? WHERE id = ?",
        (size, blocks, *row_of_place(step.cursor), ledger),
    )
    if step.verified:
        raise_verified(connection, ledger, step.cursor, size, blocks)


def verify(connection: sqlite3.Connection, ledger: int, size: Size, blocks: int, at: HostBlock | None) -> None:
    """
    Raise the verified size to a staged one, all or in part. Raises `StoreMoved` if there is no such.

    The last block may be left out where more is staged: if its interval was over, it follows from a later entry.
    """
    now = status(connection, ledger)
    staged = now.verified_size <= size <= now.size and now.verified_blocks <= blocks <= now.blocks
    within = _blocks_within(connection, ledger, size)
    left_out = within - 1 == blocks > 0 and size < now.size
    if not staged or not (within == blocks or left_out):
        raise StoreMoved(
            f"the store has {now.size} entries in {now.blocks} blocks, and {size} in {blocks} are none of its own that "
            "wait to be verified: another writer was here"
        )
    raise_verified(connection, ledger, at, size, blocks)


def raise_verified(connection: sqlite3.Connection, ledger: int, at: HostBlock | None, size: int, blocks: int) -> None:
    """So much of what is staged is verified."""
    connection.execute(
        "UPDATE ledger SET verified_size = ?, verified_blocks = ?, "
        "verified_number = ?, verified_hash = ?, verified_timestamp = ? WHERE id = ?",
        (size, blocks, *row_of_place(at), ledger),
    )


def rewind(connection: sqlite3.Connection, ledger: int, size: Size, cursor: HostBlock | None) -> None:
    """Drop what stands past `size` and `cursor`. Raises `StoreMoved` if there are fewer entries."""
    now = status(connection, ledger)
    if size > now.size:
        raise StoreMoved(f"the store has {now.size} entries and cannot go back to {size}: another writer was here")
    blocks = _blocks_below(connection, ledger, size)
    lookups.cut(connection, ledger, size)
    marks.cut(connection, ledger, size, blocks)
    connection.execute("DELETE FROM entry WHERE ledger = ? AND position >= ?", (ledger, size))
    connection.execute("DELETE FROM block WHERE ledger = ? AND number >= ?", (ledger, blocks))
    connection.executemany(
        "DELETE FROM subtree WHERE ledger = ? AND level = ? AND position >= ?",
        [(ledger, level, size >> level) for level in range(HIGHEST_LEVEL + 1)],
    )
    last = cursor.number if cursor else -1
    connection.execute("DELETE FROM host_block WHERE ledger = ? AND number > ?", (ledger, last))
    connection.execute("UPDATE host_block SET size = ? WHERE ledger = ? AND size > ?", (size, ledger, size))
    verified_at = now.verified_at
    if verified_at and (cursor is None or cursor.number < verified_at.number):
        verified_at = cursor
    connection.execute(
        "UPDATE ledger SET size = ?, blocks = ?, cursor_number = ?, cursor_hash = ?, cursor_timestamp = ?, "
        "verified_size = min(verified_size, ?), verified_blocks = min(verified_blocks, ?), "
        "verified_number = ?, verified_hash = ?, verified_timestamp = ? WHERE id = ?",
        (size, blocks, *row_of_place(cursor), size, blocks, *row_of_place(verified_at), ledger),
    )


def _check_goes_on(step: Step, now: Status) -> None:
    chunk = step.chunk
    if int(chunk.first) != now.size:
        raise StoreMoved(
            f"the store has {now.size} entries and the step begins at {chunk.first}: another writer was here"
        )
    if step.blocks and step.blocks[0].number != now.blocks:
        raise StoreMoved(
            f"the store has {now.blocks} blocks and the step brings number {step.blocks[0].number}: "
            "another writer was here"
        )
    if step.after is not None and (now.cursor is None or now.cursor.hash != step.after.hash):
        raise StoreMoved(
            f"the store has not read up to host block 0x{step.after.hash.hex()}, from which the step goes on: "
            "another writer was here"
        )
    numbers = [step.cursor.number, *chunk.hashes]
    if now.cursor and min(numbers) < now.cursor.number:
        raise StoreMoved(
            f"the store has read to host block {now.cursor.number} and the step brings {min(numbers)}: "
            "another writer was here"
        )


def _take_entries(connection: sqlite3.Connection, ledger: int, chunk: Chunk) -> None:
    count = len(chunk.packed)
    if not count:
        return
    packed, transactions = b"".join(chunk.packed), b"".join(chunk.transactions)
    if (len(packed), len(transactions)) != (PACKED_BYTES * count, 32 * count):
        raise EntryError(f"{count} entries come as {PACKED_BYTES} bytes each, with a transaction hash of 32 bytes each")
    row = {"ledger": ledger, "first": chunk.first, "count": count, "packed": packed, "transactions": transactions}
    connection.execute(_TAKE_ENTRIES, row)


def _take_blocks(connection: sqlite3.Connection, ledger: int, blocks: Sequence[Block]) -> None:
    rows = [(ledger, block.number, block.hash, signed(block.timestamp), block.size, block.root) for block in blocks]
    _insert(connection, "block", rows)


def _take_host_blocks(connection: sqlite3.Connection, ledger: int, chunk: Chunk, cursor: HostBlock) -> None:
    """Remember the host blocks, each with how many entries stand up to its end."""
    numbers = chunk.host_blocks
    if len(numbers) != len(chunk.packed) or not chunk.hashes.keys() >= set(numbers):
        raise StoreError("a step names a host block for each of its entries, and the hash of each of those")
    if numbers != sorted(numbers) or (numbers and numbers[-1] > cursor.number):
        raise BrokenSequence("entries stand in host blocks that go back", chunk.first_block, chunk.last_block)
    hashes = {**chunk.hashes, cursor.number: cursor.hash}
    rows = [(ledger, number, hashes[number], chunk.first + bisect_right(numbers, number)) for number in sorted(hashes)]
    _insert(connection, "host_block", rows, "REPLACE")


def _forget_empty(connection: sqlite3.Connection, ledger: int, before: HostBlock | None, now: HostBlock) -> None:
    """
    Forget host blocks without entries that are past remembering since the cursor moved; each is looked at once.

    A daemon that ends a step at every host block would else remember them all, for ever.
    """
    since = before.number - EMPTY_KEPT if before else 0
    connection.execute(_FORGET_EMPTY, {"ledger": ledger, "since": since, "before": now.number - EMPTY_KEPT})


def _insert(
    connection: sqlite3.Connection, table: str, rows: Sequence[tuple[object, ...]], verb: str = "INSERT"
) -> None:
    """Insert rows many at a time: by powers of two, so that a few statements serve for any number."""
    done, step = 0, _MOST_ROWS
    while done < len(rows):
        while step > len(rows) - done:
            step //= 2
        values = ", ".join([f"({', '.join('?' * len(rows[0]))})"] * step)
        connection.execute(f"{verb} INTO {table} VALUES {values}", [v for row in rows[done : done + step] for v in row])
        done += step


def _blocks_below(connection: sqlite3.Connection, ledger: int, size: int) -> int:
    """How many blocks stay when the log is cut to `size`: those below it, and the genesis block."""
    last = connection.execute(
        "SELECT number FROM block WHERE ledger = ? AND (size < ? OR number = 0) ORDER BY number DESC LIMIT 1",
        (ledger, size),
    ).fetchone()
    return last[0] + 1 if last else 0


def _blocks_within(connection: sqlite3.Connection, ledger: int, size: int) -> int:
    """How many blocks there are of the first `size` entries."""
    last = connection.execute(
        "SELECT number FROM block WHERE ledger = ? AND size <= ? ORDER BY number DESC LIMIT 1", (ledger, size)
    ).fetchone()
    return last[0] + 1 if last else 0
