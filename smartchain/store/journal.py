"""
A node's journal: a ledger of the same tables, without a host chain, and beside it the notes themselves.

A note, its entry, and what follows from it go in by one transaction. All of it is verified at once: nobody but the
owner of the file has a say in what it holds.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator

from smartchain.errors import CorruptStore, StoreError
from smartchain.ledger.block import Block, make_block
from smartchain.ledger.entry import Entry
from smartchain.ledger.hash import EMPTY_ROOT
from smartchain.ledger.journal import CHAIN, RULE, first_block, journal_address, note_entry, seal_entry
from smartchain.ledger.merkle import STORED_LEVEL, MerkleLog
from smartchain.ledger.proof import peaks_at, perfect_from
from smartchain.ports import Chunk, EntryQuery, Genesis, HostBlock, LedgerInfo, Recorded, Step
from smartchain.store import writes
from smartchain.store.engine import Connection, Database
from smartchain.store.ledgers import StoredLedger, add_ledger
from smartchain.store.reads import Reader
from smartchain.store.rows import INFO_COLUMNS, info_of
from smartchain.store.view import StoredView
from smartchain.types import ZERO_HASH, Address, Index, Size

_FIND = f"SELECT id, {INFO_COLUMNS} FROM ledger WHERE chain_id = {CHAIN} ORDER BY id"  # noqa: S608
_TAKE = "INSERT INTO note (ledger, position, content) VALUES (?, ?, ?)"
_CONTENT = "SELECT content FROM note WHERE ledger = ? AND position = ?"


class StoredJournal(StoredLedger):
    """The journal in the database; implements `ports.Journal`."""

    def add(self, content: bytes, now: int) -> Recorded:
        with self._database.writing(self._key) as connection:
            place = _Place(connection, self._key, self.info)
            entry = note_entry(self.info.address, content, max(now, place.newest))
            connection.execute(_TAKE, (self._key, place.size, content))
            return place.append(entry)

    def seal(self, now: int) -> Block:
        with self._database.writing(self._key) as connection:
            place = _Place(connection, self._key, self.info)
            place.append(seal_entry(self.info.address, max(now, place.newest)))
            return place.last

    def note(self, index: int) -> tuple[Recorded, bytes | None] | None:
        with self._database.reading() as connection:
            only = EntryQuery(start=index, stop=index + 1)
            recorded = next(StoredView(connection, self._key, self.info).entries(only), None)
            return None if recorded is None else (recorded, self._content(connection, index))

    def notes(self, start: int = 0, stop: int | None = None) -> Iterator[tuple[Recorded, bytes | None]]:
        with self._database.reading() as connection:
            view = StoredView(connection, self._key, self.info)
            there = view.status.verified_size
            index, end = max(0, start), there if stop is None else min(stop, there)
            for recorded in view.entries(EntryQuery(start=index, stop=end)):
                if recorded.index != index:
                    break
                yield recorded, self._content(connection, index)
                index += 1
            if index < end:
                raise CorruptStore(f"entry {index} of the journal is missing in {self._database.name}")

    def _content(self, connection: Connection, index: int) -> bytes | None:
        """SQLite gives text where somebody wrote text by hand."""
        row: tuple[bytes | str] | None = connection.execute(_CONTENT, (self._key, index)).fetchone()
        return None if row is None else row[0].encode() if isinstance(row[0], str) else row[0]


class _Place:
    """The end of the journal inside a transaction, where the next entry goes."""

    def __init__(self, connection: Connection, key: int, info: LedgerInfo) -> None:
        self._connection = connection
        self._key = key
        self._reader = Reader(connection, key, info)
        self.size = writes.status(connection, key).size
        self.last = self._last_block()
        newest = next(self._reader.packed(self.size - 1, self.size), None) if self.size else None
        self.newest = self.last.timestamp if newest is None else Entry.unpack(newest).timestamp

    def _last_block(self) -> Block:
        block = self._reader.block_below(self.size + 1)
        if block is None:
            raise CorruptStore("the journal has lost its first block; take the file from a copy")
        return block

    def append(self, entry: Entry) -> Recorded:
        """Take one entry in, and close the block if it is a seal."""
        nodes = list[tuple[int, int, bytes]]()
        peaks = peaks_at(perfect_from(self._reader.packed, self._reader.nodes), self.size)
        log = MerkleLog(self.size, peaks, lambda *node: nodes.append(node), STORED_LEVEL)
        log.append(entry.leaf)
        blocks = []
        if entry.is_seal:
            self.last = make_block(self.last.hash, self.last.number + 1, entry.timestamp, log.size, log.root())
            blocks.append(self.last)
        index, at = Index(self.size), HostBlock(self.size, entry.leaf, entry.timestamp)
        chunk = Chunk(at.number, at.number, index, [entry.pack()], [at.number], [ZERO_HASH], {at.number: at.hash})
        _take(self._connection, self._key, Step(chunk, at, blocks, nodes))
        return Recorded(index, entry, at.number, ZERO_HASH)


def journal_of(database: Database, now: int | None) -> StoredJournal:
    """The file's journal; `now` lets it begin where there is none. Raises `StoreError` where it may not."""
    with database.reading() as connection:
        row = connection.execute(_FIND).fetchone()
    if row is None:
        if now is None:
            raise StoreError(f"{database.name} holds no journal yet; `smartchain journal add` begins one")
        row = _begin(database, now)
    key, *info = row
    return StoredJournal(database, key, info_of(info))


def _begin(database: Database, now: int) -> tuple[int, ...]:
    """Whoever comes second finds it there."""
    with database.writing() as connection:
        if connection.execute(_FIND).fetchone() is None:
            address = journal_address(secrets.token_bytes(32))
            info = LedgerInfo(CHAIN, address, RULE, Genesis(Size(0), EMPTY_ROOT, now), 0)
            _take(connection, add_ledger(connection, info), _opening(address, now))
        row: tuple[int, ...] = connection.execute(_FIND).fetchone()
        return row


def _opening(journal: Address, now: int) -> Step:
    block = first_block(journal, now)
    return Step(Chunk(0, 0, Index(0)), HostBlock(0, block.hash, now), [block])


def _take(connection: Connection, key: int, step: Step) -> None:
    writes.take(connection, key, step)
    status = writes.status(connection, key)
    writes.raise_verified(connection, key, None, status.size, status.blocks)
