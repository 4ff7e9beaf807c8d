"""
The store and its ledgers, on whichever database engine.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from smartchain.errors import LedgerNotChosen, WrongStore
from smartchain.ledger.address import checksum
from smartchain.ledger.block import Block
from smartchain.ledger.hash import ETHER
from smartchain.ledger.journal import CHAIN as JOURNALS
from smartchain.ports import EntryQuery, HostBlock, Journal, LedgerInfo, Recorded, Settled, Status, Step
from smartchain.store import checksums, lookups, writes
from smartchain.store.engine import Connection, Database
from smartchain.store.reads import Reader
from smartchain.store.rows import INFO_COLUMNS, info_of, row_of_info
from smartchain.store.view import StoredView
from smartchain.types import Address, Hash32, Index, Size

_LEDGERS = f"SELECT id, {INFO_COLUMNS} FROM ledger WHERE chain_id <> {JOURNALS} ORDER BY id"  # noqa: S608
_ROW = "SELECT id FROM ledger WHERE chain_id = ? AND address = ?"
_BEGIN = f"INSERT INTO ledger (id, {INFO_COLUMNS}) VALUES ({', '.join('?' * 10)})"  # noqa: S608


class StoredLedger:
    """One ledger in the database; implements `ports.LedgerStore`."""

    def __init__(self, database: Database, key: int, info: LedgerInfo) -> None:
        self._database = database
        self._key = key
        self._info = info

    @property
    def info(self) -> LedgerInfo:
        return self._info

    def status(self) -> Status:
        with self._database.reading() as connection:
            return writes.status(connection, self._key)

    @contextmanager
    def _reading(self) -> Iterator[Reader]:
        with self._database.reading() as connection:
            yield Reader(connection, self._key, self._info)

    # what the indexer writes

    def take(self, step: Step) -> None:
        with self._database.writing(self._key) as connection:
            writes.take(connection, self._key, step)

    def verify(self, size: Size, blocks: int, at: HostBlock | None) -> None:
        with self._database.writing(self._key) as connection:
            writes.verify(connection, self._key, size, blocks, at)

    def rewind(self, size: Size, cursor: HostBlock | None) -> None:
        with self._database.writing(self._key) as connection:
            writes.rewind(connection, self._key, size, cursor)

    def settle(self, settled: Settled) -> None:
        with self._database.writing(self._key) as connection:
            writes.settle(connection, self._key, settled)

    # what the indexer reads

    def packed(self, start: int, stop: int) -> Iterator[bytes]:
        with self._reading() as reader:
            yield from reader.packed(start, stop)

    def nodes(self, level: int, start: int, stop: int) -> list[Hash32]:
        with self._reading() as reader:
            return reader.nodes(level, start, stop)

    def block_below(self, size: Size) -> Block | None:
        with self._reading() as reader:
            return reader.block_below(size)

    def host_blocks(self, below: int | None = None, most: int | None = None) -> list[tuple[int, Hash32]]:
        with self._reading() as reader:
            return reader.host_blocks(below, most)

    def size_at(self, host_block: int) -> Size:
        with self._reading() as reader:
            return reader.size_at(host_block)

    def host_block_of(self, index: Index) -> int:
        with self._reading() as reader:
            return reader.host_block_of(index)

    # what is served

    @contextmanager
    def view(self) -> Iterator[StoredView]:
        with self._database.reading() as connection:
            yield StoredView(connection, self._key, self._info)

    def look_up(self, most: int) -> bool:
        with self._database.writing(self._key) as connection:
            return lookups.bring_up(connection, self._key, most)

    def blocks(self, start: int = 0, stop: int | None = None) -> Iterator[Block]:
        with self.view() as view:
            yield from view.blocks(start, stop)

    def block_by_hash(self, block_hash: Hash32) -> Block | None:
        with self.view() as view:
            return view.block_by_hash(block_hash)

    def entries(self, start: int = 0, stop: int | None = None, address: Address | None = None) -> Iterator[Recorded]:
        with self.view() as view:
            yield from view.entries(EntryQuery(address=address, start=start, stop=stop))

    def balance(self, address: Address, subject: Address = ETHER) -> int:
        """Of Ether, or of another subject. Signed: without a genesis it is a net flow through the ledger."""
        with self.view() as view:
            return view.account(address, subject).balance


class DatabaseStore:
    """The database; implements `ports.Store`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def ledgers(self) -> list[LedgerInfo]:
        return [ledger.info for ledger in self._ledgers()]

    def ledger(self, info: LedgerInfo) -> StoredLedger:
        known = self._known(info)
        if known is None:
            with self._database.writing() as connection:
                add_ledger(connection, info)
            known = self._known(info)
        if known is None:
            raise WrongStore(f"{self._database.name} did not keep {_name(info)}; move it away and index again")
        return self._agreeing(known, info)

    def open(self, address: Address | None = None) -> StoredLedger:
        ledgers = self._ledgers()
        named = [ledger for ledger in ledgers if address in (None, ledger.info.address)]
        if len(named) == 1:
            return named[0]
        name, there = self._database.name, ", ".join(_name(ledger.info) for ledger in ledgers)
        if not ledgers:
            raise WrongStore(f"{name} holds no ledger yet; `smartchain index` takes one up")
        if not named and address is not None:
            raise WrongStore(f"{name} does not hold ledger {checksum(address)}; it holds {there}")
        raise LedgerNotChosen(f"{name} holds several ledgers, choose one with --ledger: {there}")

    def journal(self, now: int | None = None) -> Journal:
        from smartchain.store.journal import journal_of

        return journal_of(self._database, now)

    def close(self) -> None:
        self._database.close()

    def _ledgers(self) -> list[StoredLedger]:
        with self._database.reading() as connection:
            rows = connection.execute(_LEDGERS).fetchall()
        return [StoredLedger(self._database, key, info_of(row)) for key, *row in rows]

    def _known(self, info: LedgerInfo) -> StoredLedger | None:
        same = (info.chain_id, info.address)
        return next((known for known in self._ledgers() if (known.info.chain_id, known.info.address) == same), None)

    def _agreeing(self, known: StoredLedger, info: LedgerInfo) -> StoredLedger:
        """
        What is stored, if it agrees with what the host says.

        Where the ledger was deployed is found by searching, not said by the contract: before anything is read the
        newest finding counts, afterwards the one that was read from.
        """
        if replace(info, deployed_at=known.info.deployed_at) != known.info:
            raise WrongStore(
                f"{self._database.name} holds another {_name(info)}: {_differences(known.info, info)}; "
                "name another file with --db"
            )
        if info.deployed_at == known.info.deployed_at or known.status().cursor is not None:
            return known
        return self._moved(known, info)

    def _moved(self, known: StoredLedger, info: LedgerInfo) -> StoredLedger:
        with self._database.writing() as connection:
            key = add_ledger(connection, info)
            checksums.check(connection, key)
            connection.execute(
                "UPDATE ledger SET deployed_at = ? WHERE id = ? AND cursor_number IS NULL", (info.deployed_at, key)
            )
            checksums.sign(connection, key)
        return self._known(info) or known


def add_ledger(connection: Connection, info: LedgerInfo) -> int:
    """The row of a ledger, a new one if it has none; whoever comes second finds it there."""
    there = connection.execute(_ROW, (info.chain_id, info.address)).fetchone()
    if there is not None:
        return int(there[0])
    (key,) = connection.execute("SELECT coalesce(max(id), 0) + 1 FROM ledger").fetchone()
    connection.execute(_BEGIN, (key, *row_of_info(info)))
    connection.make_room(key)
    checksums.sign(connection, key)
    return int(key)


def _name(info: LedgerInfo) -> str:
    return f"{checksum(info.address)} on chain {info.chain_id}"


def _differences(stored: LedgerInfo, said: LedgerInfo) -> str:
    fields = [
        ("maximum of entries a block", stored.rule.max_entries, said.rule.max_entries),
        ("interval", stored.rule.interval, said.rule.interval),
        ("genesis size", stored.genesis.size, said.genesis.size),
        ("genesis root", f"0x{stored.genesis.root.hex()}", f"0x{said.genesis.root.hex()}"),
        ("genesis timestamp", stored.genesis.timestamp, said.genesis.timestamp),
        ("fee per million", stored.fee_ppm, said.fee_ppm),
    ]
    return ", ".join(f"its {name} is {there}, the contract's {here}" for name, there, here in fields if there != here)
