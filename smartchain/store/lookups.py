"""
The lookups that trail behind: `postings` of each address, `names` of each entry.

Kept up with a backfill they would cost more than all else, since every address and every hash falls on another page.
So they are brought up afterwards, at leisure, by whoever follows or serves the ledger, a portion of verified entries
a transaction; `ledger.lookup_size` says how far they reach. Past that the sparse index of `marks`, which is always
there, says where to look: an answer is right at any moment, and quick for all but a wallet with very many entries.
"""

from __future__ import annotations

from smartchain.store import checksums, names, postings
from smartchain.store.engine import Connection

PORTION = 65_536
"""Entries that a transaction takes in at most: bounds the memory, and how long other writers wait."""


def bring_up(connection: Connection, ledger: int, most: int) -> bool:
    """Take in some more verified entries; whether there are still more."""
    checksums.check(connection, ledger)
    done, verified = connection.execute(
        "SELECT lookup_size, verified_size FROM ledger WHERE id = ?", (ledger,)
    ).fetchone()
    stop = min(verified, done + min(most, PORTION))
    if done < stop:
        postings.take(connection, ledger, done, stop)
        names.take(connection, ledger, done, stop)
        connection.execute("UPDATE ledger SET lookup_size = ? WHERE id = ?", (stop, ledger))
        checksums.sign(connection, ledger)
    return bool(stop < verified)


def begin_anew(connection: Connection, ledger: int) -> None:
    """Make what there is of them once more, as far as they reach."""
    (reach,) = connection.execute("SELECT lookup_size FROM ledger WHERE id = ?", (ledger,)).fetchone()
    connection.execute("DELETE FROM posting WHERE ledger = ?", (ledger,))
    connection.execute("DELETE FROM name WHERE ledger = ?", (ledger,))
    for start in range(0, reach, PORTION):
        postings.take(connection, ledger, start, min(reach, start + PORTION))
        names.take(connection, ledger, start, min(reach, start + PORTION))


def cut(connection: Connection, ledger: int, size: int) -> None:
    """Forget the entries from `size` on; their rows must still be there. Whoever calls signs the ledger's row."""
    (done,) = connection.execute("SELECT lookup_size FROM ledger WHERE id = ?", (ledger,)).fetchone()
    if size < done:
        postings.cut(connection, ledger, size, done)
        names.cut(connection, ledger, size, done)
        connection.execute("UPDATE ledger SET lookup_size = ? WHERE id = ?", (size, ledger))
