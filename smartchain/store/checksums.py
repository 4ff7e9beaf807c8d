"""
Checksums of what no hash commits to: hints of the host, where the store stands, how a ledger is set up.

A CRC-32 finds every single bit that is flipped. Of the host transactions there is one for every 256 entries, which
grows as entries come; of the entries themselves one for those at the end, which no stored subtree holds yet; a row of
`host_block` holds its own; a ledger's row is covered whole, whatever columns it has.
They change in the transaction that changes the rows, and what was wrong before is never made right by going on from it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from struct import error, pack
from zlib import crc32

from smartchain.errors import CorruptStore
from smartchain.ledger.hash import leaf_hashes
from smartchain.ledger.merkle import STORED_LEVEL, MerkleLog
from smartchain.store.engine import Connection
from smartchain.store.rows import whole

PART = 256
"""Entries whose host transactions one checksum covers; the last may cover fewer."""

TRANSACTIONS, LEDGER, TAIL = 0, 1, 2
"""What a row is of."""

_ALL = 2**64 - 1
_LOST = -1

_KEY = 3
"""The first columns of `checksum`, by which a row is known."""

_SUM = "SELECT checksum FROM checksum WHERE ledger = ? AND kind = ? AND part = ?"
_TRANSACTIONS = "SELECT tx_hash FROM entry WHERE ledger = ? AND position >= ? AND position < ? ORDER BY position"
_PACKED = "SELECT packed FROM entry WHERE ledger = ? AND position >= ? AND position < ? ORDER BY position"
_SUBTREE = "SELECT root FROM subtree WHERE ledger = ? AND level = ? AND position = ?"
_HOST_BLOCKS = "SELECT number, hash, size, checksum FROM host_block WHERE ledger = ? AND size > ? ORDER BY number"


def of_host_block(ledger: int, number: int, host_hash: bytes, size: int) -> int:
    return crc32(told_of_host_block(ledger, number, host_hash, size))


def of_row(row: Iterable[object]) -> int:
    """Of a row's columns in their order. Columns at the end that hold nothing do not count: they may be new."""
    return crc32(told_of(row))


def told_of(row: Iterable[object]) -> bytes:
    """What the checksum of a row is of."""
    return b"".join(map(_told, row)).rstrip(b"n")


def told_of_host_block(ledger: int, number: int, host_hash: bytes, size: int) -> bytes:
    return pack(">3Q", ledger, number & _ALL, size & _ALL) + host_hash


def _told(value: object) -> bytes:
    """A value and its kind; the last byte of one that is there is never `n`."""
    if value is None:
        return b"n"
    if isinstance(value, int):
        return pack(">cqx", b"i", value)
    data = value if isinstance(value, bytes) else repr(value).encode()
    return pack(">cq", b"b" if data is value else b"r", len(data)) + data + b"\0"


def of_transactions(ledger: int, part: int, hashes: Iterable[bytes]) -> int:
    """Of the host transactions of a part's entries, as many as there are."""
    return crc32(b"".join(hashes), _empty(ledger, part))


def host_block_fits(ledger: int, number: int, host_hash: bytes, size: int, kept: int) -> bool:
    """Also of a row whose values are of other kinds than its columns hold."""
    try:
        return of_host_block(ledger, number, host_hash, size) == kept
    except (TypeError, error):
        return False


def transactions_fit(ledger: int, part: int, hashes: Iterable[bytes], kept: int) -> bool:
    """Also of values that are no bytes."""
    try:
        return of_transactions(ledger, part, hashes) == kept
    except TypeError:
        return False


def _empty(ledger: int, part: int) -> int:
    return crc32(pack(">qq", ledger, part))


# the ledger's row


def check(connection: Connection, ledger: int) -> None:
    """Raises `CorruptStore` if what is stored about a ledger is not what was stored; each write asks this first."""
    if not fits(connection, ledger):
        raise CorruptStore(
            f"what is stored about ledger {ledger} does not fit its checksum; `smartchain fsck` says more; "
            "move the database away and index again"
        )


def fits(connection: Connection, ledger: int) -> bool:
    return _kept(connection, ledger, LEDGER) == _of_ledger(connection, ledger)


def sign(connection: Connection, ledger: int) -> None:
    """After each change of a ledger's row."""
    connection.put("checksum", _KEY, [(ledger, LEDGER, 0, _of_ledger(connection, ledger))])


def _of_ledger(connection: Connection, ledger: int) -> int:
    return of_row(connection.execute("SELECT * FROM ledger WHERE id = ?", (ledger,)).fetchone() or ())


# host transactions


def take_transactions(connection: Connection, ledger: int, first: int, hashes: Sequence[bytes]) -> None:
    """Entries from `first` on came in, with these host transactions."""
    rows, at = [], 0
    while at < len(hashes):
        part, inside = divmod(first + at, PART)
        some = hashes[at : at + PART - inside]
        before = _kept(connection, ledger, TRANSACTIONS, part) if inside else _empty(ledger, part)
        rows.append((ledger, TRANSACTIONS, part, crc32(b"".join(some), before)))
        at += len(some)
    connection.put("checksum", _KEY, rows)


def cut_transactions(connection: Connection, ledger: int, size: int) -> None:
    """Entries from `size` on are about to go; their rows must still be there."""
    part = size // PART
    if size % PART:
        hashes = _hashes(connection, ledger, part * PART, (part + 1) * PART)
        if transactions_fit(ledger, part, hashes, _kept(connection, ledger, TRANSACTIONS, part)):
            there = of_transactions(ledger, part, hashes[: size % PART])
            connection.put("checksum", _KEY, [(ledger, TRANSACTIONS, part, there)])
        part += 1
    drop = "DELETE FROM checksum WHERE ledger = ? AND kind = ? AND part >= ?"
    connection.execute(drop, (ledger, TRANSACTIONS, part))


def _kept(connection: Connection, ledger: int, kind: int, part: int = 0) -> int:
    """One that is lost fits nothing."""
    row = connection.execute(_SUM, (ledger, kind, part)).fetchone()
    return int(row[0]) if row else _LOST


def _hashes(connection: Connection, ledger: int, start: int, stop: int) -> list[bytes]:
    return [tx_hash for (tx_hash,) in connection.execute(_TRANSACTIONS, (ledger, start, stop))]


# the entries that no stored subtree holds


def of_tail(ledger: int, part: int, packed: Iterable[bytes]) -> int:
    """Of the entries of a part that is not whole, packed or as they are stored."""
    return crc32(b"".join(map(whole, packed)), _empty(ledger, part))


def take_tail(connection: Connection, ledger: int, first: int, packed: Sequence[bytes]) -> None:
    """Entries from `first` on came in."""
    if packed:
        part, start = (first + len(packed)) // PART, max(first, (first + len(packed)) // PART * PART)
        before = _empty(ledger, part) if start % PART == 0 else _kept(connection, ledger, TAIL)
        kept = before if before == _LOST else crc32(b"".join(packed[start - first :]), before)
        connection.put("checksum", _KEY, [(ledger, TAIL, 0, kept)])


def cut_tail(connection: Connection, ledger: int, size: int, before: int) -> None:
    """Entries from `size` up to `before`, the last, are about to go; their rows and subtrees must still be there."""
    part = size // PART
    there = [packed for (packed,) in connection.execute(_PACKED, (ledger, part * PART, (part + 1) * PART))]
    if not _tail_fits(connection, ledger, part, there, whole_part=before >= (part + 1) * PART):
        kept = _LOST
    else:
        kept = of_tail(ledger, part, there[: size % PART])
    connection.put("checksum", _KEY, [(ledger, TAIL, 0, kept)])


def _tail_fits(connection: Connection, ledger: int, part: int, packed: Sequence[bytes], *, whole_part: bool) -> bool:
    """Whether entries of the last part that stays are what they were."""
    try:
        if not whole_part:
            return of_tail(ledger, part, packed) == _kept(connection, ledger, TAIL)
        row = connection.execute(_SUBTREE, (ledger, STORED_LEVEL, part)).fetchone()
        return bool(row and row[0] == part_root(packed))
    except (TypeError, AttributeError):
        return False


def part_root(packed: Iterable[bytes]) -> bytes:
    """Root of the subtree over a whole part's entries, packed or as they are stored."""
    log = MerkleLog()
    log.extend(leaf_hashes([whole(one) for one in packed]))
    return log.root()


# host blocks


def cut_host_blocks(connection: Connection, ledger: int, size: int) -> None:
    """Host blocks that held entries past `size` hold them up to there; one that was wrong stays so."""
    rows = []
    for number, host_hash, held, kept in connection.execute(_HOST_BLOCKS, (ledger, size)).fetchall():
        if host_block_fits(ledger, number, host_hash, held, kept):
            kept = of_host_block(ledger, number, host_hash, size)
        rows.append((ledger, number, host_hash, size, kept))
    connection.put("host_block", 2, rows)


# an older store


def fill(connection: Connection, ledger: int) -> None:
    """Sum everything that is there, as if it came now."""
    (size,) = connection.execute("SELECT size FROM ledger WHERE id = ?", (ledger,)).fetchone()
    for first in range(0, size, PART):
        take_transactions(connection, ledger, first, _hashes(connection, ledger, first, min(size, first + PART)))
    start = size // PART * PART
    if size:
        tail = [packed for (packed,) in connection.execute(_PACKED, (ledger, start, size))]
        connection.put("checksum", _KEY, [(ledger, TAIL, 0, of_tail(ledger, start // PART, tail))])
    sum_host_blocks(connection, ledger)
    sign(connection, ledger)


def sum_host_blocks(connection: Connection, ledger: int) -> None:
    rows = connection.execute("SELECT number, hash, size FROM host_block WHERE ledger = ?", (ledger,)).fetchall()
    connection.executemany(
        "UPDATE host_block SET checksum = ? WHERE ledger = ? AND number = ?",
        [(of_host_block(ledger, *row), ledger, row[0]) for row in rows],
    )
