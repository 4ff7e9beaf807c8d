"""
Lookup: the entry of a smart chain transaction hash, which clients that know Ethereum's identifiers ask for.

It takes two hashes an entry to know, so it is not among the `marks`. A row holds eight bytes: the entry itself tells
whether it is the one.
"""

from __future__ import annotations

from collections.abc import Iterator

from smartchain.ledger.entry import PACKED_BYTES
from smartchain.ledger.hash import anchor_of, leaf_hash, transaction_hash
from smartchain.store.engine import Connection
from smartchain.types import Address, ChainId, Hash32, Index

KEY_BYTES = 8


def take(connection: Connection, ledger: int, start: int, stop: int) -> None:
    """Take the names of the entries from start up to stop in."""
    rows = sorted(_names(connection, ledger, start, stop))
    connection.insert("name", ((ledger, name, position) for name, position in rows))


def cut(connection: Connection, ledger: int, start: int, stop: int) -> None:
    """Forget them; their rows must still be there."""
    connection.executemany(
        "DELETE FROM name WHERE ledger = ? AND hash = ? AND position = ?",
        [(ledger, name, position) for name, position in _names(connection, ledger, start, stop)],
    )


def positions(connection: Connection, ledger: int, name: Hash32) -> list[int]:
    """Entries whose names begin like this one."""
    query = "SELECT position FROM name WHERE ledger = ? AND hash = ? ORDER BY position"
    return [position for (position,) in connection.execute(query, (ledger, name[:KEY_BYTES]))]


def _names(connection: Connection, ledger: int, start: int, stop: int) -> Iterator[tuple[bytes, int]]:
    chain_id, address = connection.execute("SELECT chain_id, address FROM ledger WHERE id = ?", (ledger,)).fetchone()
    anchor = anchor_of(ChainId(chain_id), Address(address))
    rows = connection.stream(
        "SELECT position, packed FROM entry WHERE ledger = ? AND position >= ? AND position < ?", (ledger, start, stop)
    )
    for position, packed in rows:
        yield name_of(anchor, position, packed), position


def name_of(anchor: Hash32, position: int, packed: bytes) -> bytes:
    """What is kept of the name of an entry, packed or as it is stored."""
    return transaction_hash(anchor, Index(position), leaf_hash(packed.ljust(PACKED_BYTES, b"\0")))[:KEY_BYTES]
