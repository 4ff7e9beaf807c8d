"""
Lookup: which entries to look at for an address, a memo or a host transaction, and which blocks for a hash.

A sparse index: of every 256 entries three bytes of each of their names are kept, so a search reads a few bytes an
entry and then only the parts that may hold what it looks for; the rows themselves decide. It costs a backfill next
to nothing, where an index by address costs more than all else (random pages for each entry), and a rewind is one
`DELETE`. Where many answers are wanted of one wallet, `postings` takes over, at leisure.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from zlib import crc32

from smartchain.store.engine import Connection

PART = 256
MARK_BYTES = 3

ENTRIES, BLOCKS = 0, 1
"""What a row is of."""

_ENTRIES = "SELECT packed, tx_hash FROM entry WHERE ledger = ? AND position >= ? AND position < ? ORDER BY position"
_HASHES = "SELECT hash FROM block WHERE ledger = ? AND number >= ? AND number < ? ORDER BY number"


def mark_of(name: bytes) -> bytes:
    """Of an address or a hash: its end, since some people's addresses begin with zeros."""
    return name[-MARK_BYTES:]


def mark_of_memo(memo: bytes) -> bytes:
    """Texts begin and end alike."""
    return crc32(memo).to_bytes(4, "big")[:MARK_BYTES]


def take(connection: Connection, ledger: int, size: int, packed: Sequence[bytes], hosts: Sequence[bytes]) -> None:
    """Mark the parts that these entries, the last of `size`, complete."""
    first = size - len(packed)
    rows = []
    for part in range(first // PART, size // PART):
        start = part * PART - first
        if start < 0:
            entries = connection.execute(_ENTRIES, (ledger, part * PART, (part + 1) * PART)).fetchall()
            marks = of_entries([entry[0] for entry in entries], [entry[1] for entry in entries])
        else:
            marks = of_entries(packed[start : start + PART], hosts[start : start + PART])
        rows.append((ledger, ENTRIES, part, marks))
    connection.insert("mark", rows)


def take_blocks(connection: Connection, ledger: int, before: int, blocks: int) -> None:
    """Mark the parts of 256 blocks that are complete now and were not when there were `before` blocks."""
    parts = range(before // PART, blocks // PART)
    connection.insert("mark", [(ledger, BLOCKS, part, of_blocks(connection, ledger, part)) for part in parts])


def of_blocks(connection: Connection, ledger: int, part: int) -> bytes:
    """The marks of a part of the blocks."""
    hashes = connection.execute(_HASHES, (ledger, part * PART, (part + 1) * PART))
    return b"".join(mark_of(block_hash) for (block_hash,) in hashes)


def fill(connection: Connection, ledger: int) -> None:
    """Mark everything that is there, as if it came now."""
    size, blocks = connection.execute("SELECT size, blocks FROM ledger WHERE id = ?", (ledger,)).fetchone()
    for part in range(size // PART):
        entries = connection.execute(_ENTRIES, (ledger, part * PART, (part + 1) * PART)).fetchall()
        take(connection, ledger, (part + 1) * PART, [entry[0] for entry in entries], [entry[1] for entry in entries])
    take_blocks(connection, ledger, 0, blocks)


def cut(connection: Connection, ledger: int, size: int, blocks: int) -> None:
    """Forget the parts that are no longer complete."""
    drop = "DELETE FROM mark WHERE ledger = ? AND kind = ? AND part >= ?"
    connection.execute(drop, (ledger, ENTRIES, size // PART))
    connection.execute(drop, (ledger, BLOCKS, blocks // PART))


def spans(
    connection: Connection,
    ledger: int,
    kind: int,
    mark: bytes,
    start: int,
    stop: int,
    *,
    descending: bool = False,
) -> Iterator[tuple[int, int]]:
    """Where to look, from start up to stop: parts that may hold the name, and the end, which is no whole part yet."""
    complete = max(start, _complete(connection, ledger, kind))
    if descending and complete < stop:
        yield complete, stop
    order = "DESC" if descending else "ASC"
    rows = connection.stream(
        "SELECT part, marks FROM mark WHERE ledger = ? AND kind = ? AND part >= ? AND part < ? "  # noqa: S608
        f"ORDER BY part {order}",
        (ledger, kind, start // PART, -(-stop // PART)),
    )
    for part, marks in rows:
        if _holds(marks, mark):
            yield max(start, part * PART), min(stop, (part + 1) * PART)
    if not descending and complete < stop:
        yield complete, stop


def _complete(connection: Connection, ledger: int, kind: int) -> int:
    query = "SELECT max(part) + 1 FROM mark WHERE ledger = ? AND kind = ?"
    return int(connection.execute(query, (ledger, kind)).fetchone()[0] or 0) * PART


def _holds(marks: bytes, mark: bytes) -> bool:
    at = marks.find(mark)
    while at > 0 and at % MARK_BYTES:
        at = marks.find(mark, at + 1)
    return at >= 0


def of_entries(packed: Sequence[bytes], hosts: Iterable[bytes]) -> bytes:
    """The marks of a part: senders, recipients, host transactions and memos; entries as they are packed or stored."""
    marks = [entry[37:40] for entry in packed]
    marks += [entry[57:60] for entry in packed]
    marks += [host[-MARK_BYTES:] for host in dict.fromkeys(hosts)]
    marks += [mark_of_memo(memo) for memo in dict.fromkeys(entry[100:] for entry in packed) if memo.strip(b"\0")]
    return b"".join(marks)
