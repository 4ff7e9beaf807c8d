"""
Lookup: entries by a hash that a person has of them: the smart chain's transaction hash, the host's, or the memo.

Only a node answers such questions, so only a node keeps this up, at leisure and behind what is verified;
`ledger.name_size` says how far it reaches, and what stands past that is looked through. A row holds eight bytes of
the hash: the entry itself tells whether it is the one.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

from smartchain.ledger.entry import PACKED_BYTES
from smartchain.ledger.hash import anchor_of, keccak, leaf_hash, transaction_hash
from smartchain.types import Address, ChainId, Hash32

KEY_BYTES = 8

_Row = tuple[int, bytes, bytes]


def key_of(name: bytes) -> bytes:
    """Of a hash. A memo is hashed first: texts begin alike."""
    return name[:KEY_BYTES]


def memo_key(memo: bytes) -> bytes:
    return key_of(keccak(memo.ljust(32, b"\0")))


def take(connection: sqlite3.Connection, ledger: int, most: int) -> bool:
    """Take the names of at most so many more verified entries in; whether there are more."""
    reach, verified = connection.execute(
        "SELECT name_size, verified_size FROM ledger WHERE id = ?", (ledger,)
    ).fetchone()
    stop = min(verified, reach + most)
    if reach < stop:
        rows = sorted((ledger, key, position) for key, position in _keys(connection, ledger, reach, stop))
        connection.executemany("INSERT OR IGNORE INTO name (ledger, hash, position) VALUES (?, ?, ?)", rows)
        connection.execute("UPDATE ledger SET name_size = ? WHERE id = ?", (stop, ledger))
    return bool(stop < verified)


def cut(connection: sqlite3.Connection, ledger: int, size: int) -> None:
    """Forget the names of entries from `size` on; their rows must still be there."""
    (reach,) = connection.execute("SELECT name_size FROM ledger WHERE id = ?", (ledger,)).fetchone()
    if size < reach:
        rows = [(ledger, key, position) for key, position in _keys(connection, ledger, size, reach)]
        connection.executemany("DELETE FROM name WHERE ledger = ? AND hash = ? AND position = ?", rows)
        connection.execute("UPDATE ledger SET name_size = ? WHERE id = ?", (size, ledger))


def with_key(
    connection: sqlite3.Connection, ledger: int, key: bytes, start: int, stop: int, *, descending: bool = False
) -> Iterator[int]:
    """Positions from start up to stop that have the key, as far as the lookup reaches."""
    order = "DESC" if descending else "ASC"
    rows = connection.execute(
        "SELECT position FROM name WHERE ledger = ? AND hash = ? AND position >= ? AND position < ? "  # noqa: S608
        f"ORDER BY position {order}",
        (ledger, key, start, stop),
    )
    return (position for (position,) in rows)


def anchor(connection: sqlite3.Connection, ledger: int) -> Hash32:
    """What the ledger's smart chain hangs on."""
    chain_id, address = connection.execute("SELECT chain_id, address FROM ledger WHERE id = ?", (ledger,)).fetchone()
    return anchor_of(ChainId(chain_id), Address(address))


def _keys(connection: sqlite3.Connection, ledger: int, start: int, stop: int) -> Iterator[tuple[bytes, int]]:
    """Every key of each entry; a host transaction's only at the first of its entries that is met."""
    chain, before = anchor(connection, ledger), b""
    for position, packed, host in _rows(connection, ledger, start, stop):
        yield key_of(transaction_hash(chain, position, leaf_hash(packed.ljust(PACKED_BYTES, b"\0")))), position
        if host != before:
            before = host
            yield key_of(host), position
        if len(packed) > 100:
            yield memo_key(packed[100:]), position


def _rows(connection: sqlite3.Connection, ledger: int, start: int, stop: int) -> Iterator[_Row]:
    return connection.execute(
        "SELECT position, packed, tx_hash FROM entry WHERE ledger = ? AND position >= ? AND position < ? "
        "ORDER BY position",
        (ledger, start, stop),
    )
