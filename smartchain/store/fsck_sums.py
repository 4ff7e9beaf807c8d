"""
What does not fit its checksum, of the rows that no hash commits to; `fsck` asks for the first.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

from smartchain.errors import SmartchainError
from smartchain.store import checksums
from smartchain.store.checksums import PART, TAIL, TRANSACTIONS
from smartchain.store.engine import Connection

UNREADABLE = (SmartchainError, TypeError, ValueError, AttributeError, OverflowError, sqlite3.OperationalError)
"""What a value of another kind than its column holds brings about."""

_SUMS = "SELECT part, checksum FROM checksum WHERE ledger = ? AND kind = ?"
_PARTED = "SELECT packed, tx_hash FROM entry WHERE ledger = ? AND position >= ? AND position < ? ORDER BY position"
_HOST_BLOCKS = "SELECT number, hash, size, checksum FROM host_block WHERE ledger = ? ORDER BY number"


def size_of(connection: Connection, key: int) -> int:
    (size,) = connection.execute("SELECT size FROM ledger WHERE id = ?", (key,)).fetchone()
    return int(size)


def part_of(connection: Connection, key: int, part: int) -> list[tuple[bytes, bytes]]:
    """Each entry of a part as it is stored, with its host transaction."""
    return connection.execute(_PARTED, (key, part * PART, (part + 1) * PART)).fetchall()


def span(part: int, size: int) -> str:
    first, last = part * PART, min((part + 1) * PART, size) - 1
    return f"entry {first}" if first == last else f"entries {first} to {last}"


def ledger_fault(connection: Connection, key: int) -> str | None:
    if checksums.fits(connection, key):
        return None
    return f"what is stored about ledger {key}, such as how far it is read and verified, does not fit its checksum"


def wrong_transactions(connection: Connection, key: int) -> Iterator[int]:
    """Parts of the entries whose host transactions are not what they were."""
    kept = dict(connection.execute(_SUMS, (key, TRANSACTIONS)).fetchall())
    for part in range(-(-size_of(connection, key) // PART)):
        hashes = (tx_hash for _, tx_hash in part_of(connection, key, part))
        if not checksums.transactions_fit(key, part, hashes, kept.get(part, -1)):
            yield part


def transactions_fault(connection: Connection, key: int) -> str | None:
    for part in wrong_transactions(connection, key):
        return f"the host transactions of {span(part, size_of(connection, key))} do not fit their checksum"
    return None


def tail_fits(connection: Connection, key: int) -> bool:
    """Whether the entries that no stored subtree holds are what they were."""
    size = size_of(connection, key)
    kept = connection.execute(_SUMS, (key, TAIL)).fetchone()
    packed = (packed for packed, _ in part_of(connection, key, size // PART))
    return not size or (kept is not None and bool(kept[1] == checksums.of_tail(key, size // PART, packed)))


def tail_fault(connection: Connection, key: int) -> str | None:
    if tail_fits(connection, key):
        return None
    size = size_of(connection, key)
    return f"{span(size // PART, size)}, the last, do not fit their checksum"


def wrong_host_blocks(connection: Connection, key: int) -> Iterator[int]:
    """Numbers of the host blocks that are not what they were."""
    for row in connection.stream(_HOST_BLOCKS, (key,)):
        if not checksums.host_block_fits(key, *row):
            yield row[0]


def host_blocks_fault(connection: Connection, key: int) -> str | None:
    for number in wrong_host_blocks(connection, key):
        return f"what is stored about host block {number} does not fit its checksum"
    return None
