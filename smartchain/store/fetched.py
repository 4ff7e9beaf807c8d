"""
A range of entries from the host's logs, held to what the store's hashes say before any of it is written.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import zip_longest

from smartchain.errors import CorruptStore, HostUnavailable
from smartchain.ledger.address import checksum
from smartchain.ledger.journal import CHAIN
from smartchain.ledger.merkle import STORED_LEVEL
from smartchain.ports import Chunk, EntrySource, LedgerInfo
from smartchain.store import checksums
from smartchain.store.checksums import PART, TAIL, TRANSACTIONS
from smartchain.store.engine import Connection
from smartchain.store.fsck_sums import part_of
from smartchain.types import Address, Index

SourceOf = Callable[[Address, LedgerInfo | None], EntrySource]
"""The host's side of a ledger, on its chain where that is known; asked for only where something has to be fetched."""

_ROWS = "SELECT number, hash, size, checksum FROM host_block WHERE ledger = ? AND "
_BELOW, _ABOVE = _ROWS + "number < ? ORDER BY number DESC", _ROWS + "number > ? ORDER BY number"
_UP_TO, _FROM = _ROWS + "size <= ? ORDER BY size DESC, number DESC", _ROWS + "size >= ? ORDER BY size, number"
_ENTRIES = "SELECT position, packed FROM entry WHERE ledger = ? AND position >= ? AND position < ? ORDER BY position"
_HOST_BLOCK = "SELECT number, hash, size, checksum FROM host_block WHERE ledger = ? AND number = ?"
_SUM = "SELECT checksum FROM checksum WHERE ledger = ? AND kind = ? AND part = ?"
_TAIL = "SELECT checksum FROM checksum WHERE ledger = ? AND kind = ?"
_SUBTREE = "SELECT root FROM subtree WHERE ledger = ? AND level = ? AND position = ?"


@dataclass(frozen=True)
class Fetched:
    """What the host says of entries `start` up to `stop`, and of the whole host blocks that they are in."""

    connection: Connection
    key: int
    start: int
    stop: int
    source: EntrySource
    first: int
    last: int
    """The host blocks that were asked for."""
    expected: int
    """How many entries stand before them."""
    chunks: list[Chunk]

    def _rows(self) -> Iterator[tuple[int, bytes, bytes]]:
        """Index, packed entry and host transaction of each that was asked for."""
        for chunk in self.chunks:
            for index, packed, transaction in zip(
                range(chunk.first, chunk.first + len(chunk.packed)), chunk.packed, chunk.transactions, strict=True
            ):
                if self.start <= index < self.stop:
                    yield index, packed, transaction

    def put_entries(self) -> None:
        """A whole part has to have the root that is stored, the last one its checksum. Raises `CorruptStore`."""
        rows = list(self._rows())
        packed = [packed for _, packed, _ in rows]
        if [one for one, _ in part_of(self.connection, self.key, self.start // PART)] == list(map(stored, packed)):
            return
        if not self._fits(packed):
            raise CorruptStore(
                f"the entries {self.start} to {self.stop - 1} that {self.source.name} gives are not those that the "
                "store was verified with; nothing was written: run 'smartchain verify', or ask another --rpc-url"
            )
        self.connection.execute(
            "DELETE FROM entry WHERE ledger = ? AND position >= ? AND position < ?", (self.key, self.start, self.stop)
        )
        self.connection.insert_entries(self.key, self.start, packed, [transaction for _, _, transaction in rows])

    def _fits(self, packed: list[bytes]) -> bool:
        part = self.start // PART
        if len(packed) == PART:
            row = self.connection.execute(_SUBTREE, (self.key, STORED_LEVEL, part)).fetchone()
            return row is None or bool(row[0] == checksums.part_root(packed))
        row = self.connection.execute(_TAIL, (self.key, TAIL)).fetchone()
        right = row is None or bool(row[0] == checksums.of_tail(self.key, part, packed))
        return right and len(packed) == self.stop - self.start

    def put_transactions(self) -> None:
        """The entries have to be the stored ones, and the sum what it was. Raises `CorruptStore`."""
        self._expect_same_entries()
        part, fetched = self.start // PART, [transaction for _, _, transaction in self._rows()]
        there = [transaction for _, transaction in part_of(self.connection, self.key, part)]
        row = self.connection.execute(_SUM, (self.key, TRANSACTIONS, part)).fetchone()
        if fetched != there and row and row[0] != checksums.of_transactions(self.key, part, fetched):
            raise CorruptStore(
                f"the transactions of entries {self.start} to {self.stop - 1} that {self.source.name} gives are not "
                "those that were stored; nothing was written: check --rpc-url"
            )
        rows = [(transaction, self.key, index) for index, _, transaction in self._rows()]
        self.connection.executemany("UPDATE entry SET tx_hash = ? WHERE ledger = ? AND position = ?", rows)

    def _expect_same_entries(self) -> None:
        """Raises `CorruptStore` where the host has others than the store, or fewer."""
        known = self.connection.stream(_ENTRIES, (self.key, self.start, self.stop))
        fetched = ((index, stored(packed)) for index, packed, _ in self._rows())
        for at, (one, other) in enumerate(zip_longest(fetched, known), self.start):
            if one is None or one != other:
                raise CorruptStore(f"{self.source.name} has another entry {at} than the store: check --rpc-url")

    def put_host_blocks(self, wanted: int | None = None) -> None:
        """Those with entries that are wrong or missing, and one that held none, or was read up to, if it is wanted."""
        self._expect_same_entries()
        if wanted is not None and self.first <= wanted <= self.last:
            self._put_empty(wanted)
        for chunk in self.chunks:
            held = {number: chunk.first + at for at, number in enumerate(chunk.host_blocks, 1)}
            self._put([(number, chunk.hashes[number], size) for number, size in held.items()])
        query = "SELECT cursor_number, cursor_hash, size FROM ledger WHERE id = ?"
        cursor = self.connection.execute(query, (self.key,)).fetchone()
        if wanted in (None, cursor[0]):
            self._put([cursor])

    def _put_empty(self, number: int) -> None:
        block = self.source.block(number)
        held = sum(bisect_right(chunk.host_blocks, number) for chunk in self.chunks)
        if block is not None:
            self._put([(number, block.hash, self.expected + held)])

    def _put(self, rows: list[tuple[int, bytes, int]]) -> None:
        """Raises `CorruptStore` where another one is there that is sound."""
        for row in rows:
            there = self.connection.execute(_HOST_BLOCK, (self.key, row[0])).fetchone()
            if there is None or not checksums.host_block_fits(self.key, *there):
                self.connection.put("host_block", 2, [(self.key, *row, checksums.of_host_block(self.key, *row))])
            elif there[:3] != row:
                raise CorruptStore(
                    f"{self.source.name} has another host block {row[0]} than the store; nothing was written: "
                    "check --rpc-url, or let `smartchain index` go back first if the host chain was reorganised"
                )


def stored(packed: bytes) -> bytes:
    """An entry as a row holds it: a memo of zeros is left out."""
    return packed if any(packed[100:]) else packed[:100]


def around(connection: Connection, key: int, opening: int, number: int, size: object) -> tuple[int, int]:
    """The entries past the opening ones whose host blocks a row may have been about that was one of these two."""
    below, above = _sound(connection, _BELOW, key, number), _sound(connection, _ABOVE, key, number)
    starts, stops = [_held(below, opening)], [_held(above, _size(connection, key))]
    if isinstance(size, int) and size > 0:
        starts.append(_held(_sound(connection, _UP_TO, key, size - 1), 0))
        stops.append(_held(_sound(connection, _FROM, key, size), _size(connection, key)))
    return max(opening, min(starts)), max(stops)


def fetch(connection: Connection, key: int, info: LedgerInfo, source_of: SourceOf, start: int, stop: int) -> Fetched:
    """
    Asks the host for the entries, between the sound host blocks around them.

    Raises `HostError`s, and `CorruptStore` for entries that no host has.
    """
    which = f"entries {start} to {stop - 1}"
    if info.chain_id == CHAIN or start < info.genesis.size:
        whose = "a journal" if info.chain_id == CHAIN else "the opening snapshot"
        raise CorruptStore(f"{which} are damaged and of {whose}, which no host has: take the file from a copy")
    before, after = _sound(connection, _UP_TO, key, start), _sound(connection, _FROM, key, stop)
    first = info.deployed_at if before is None else before[0] + 1
    expected = max(_held(before, 0), int(info.genesis.size))
    last = _cursor(connection, key) if after is None else after[0]
    with _needed_for(f"{which} of {checksum(info.address)}", info):
        source = source_of(info.address, info)
        chunks = list(source.chunks(first, last, Index(expected)))
    return Fetched(connection, key, start, stop, source, first, last, expected, chunks)


@contextmanager
def _needed_for(what: str, info: LedgerInfo) -> Iterator[None]:
    """Says of a host that is away what it was needed for."""
    try:
        yield
    except HostUnavailable as error:
        raise HostUnavailable(
            f"the store cannot mend {what} alone, and {error}; name a node of chain {info.chain_id} with --rpc-url",
            error.retry_after_s,
        ) from error


def _sound(connection: Connection, query: str, key: int, value: int) -> tuple[int, int] | None:
    """Number and size of the first row of the query that fits its checksum."""
    rows = connection.stream(query, (key, value))
    return next(((row[0], row[2]) for row in rows if checksums.host_block_fits(key, *row)), None)


def _held(row: tuple[int, int] | None, otherwise: int) -> int:
    return otherwise if row is None else row[1]


def _cursor(connection: Connection, key: int) -> int:
    (number,) = connection.execute("SELECT cursor_number FROM ledger WHERE id = ?", (key,)).fetchone()
    return int(number)


def _size(connection: Connection, key: int) -> int:
    (size,) = connection.execute("SELECT size FROM ledger WHERE id = ?", (key,)).fetchone()
    return int(size)
