"""Small stores of every kind, single bits flipped in their files, and all that such a store answers."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from smartchain.indexer.growth import Growth
from smartchain.indexer.opening import open_with
from smartchain.ledger.block import BlockRule
from smartchain.ledger.entry import Entry
from smartchain.ledger.hash import anchor_of, keccak, transaction_hash
from smartchain.ledger.merkle import MerkleLog
from smartchain.ports import Chunk, EntryQuery, Genesis, HostBlock, Journal, LedgerInfo, LedgerStore
from smartchain.store import DatabaseStore, open_store
from smartchain.types import ZERO_HASH, Address, Size
from tests.store.making import INFO, WALLETS, host_block, payments

PAGE_BYTES = 1024
FEE = replace(INFO, fee_ppm=2500, rule=BlockRule(40, 0))
OTHERS = [replace(INFO, address=Address(bytes([number]) * 20), rule=BlockRule(number, 60)) for number in (1, 2)]


def grow(
    ledger: LedgerStore, *host_blocks: list[Entry], fork: int = 0, verified: bool = True, seen: bool = True
) -> None:
    """Take one step in, of these host blocks, after those that are there."""
    status = ledger.status()
    at = status.cursor.number if status.cursor else ledger.info.deployed_at - 1
    chunk = Chunk(at + 1, at + len(host_blocks), status.size)  # type: ignore[arg-type]
    for number, entries in enumerate(host_blocks, at + 1):
        chunk.packed += [entry.pack() for entry in entries]
        chunk.host_blocks += [number] * len(entries)
        chunk.transactions += [keccak(b"%d %d %d" % (number, fork, place)) for place in range(len(entries))]
        chunk.hashes[number] = host_block(number, fork).hash if seen else ZERO_HASH
    cursor = host_block(chunk.last_block, fork) if seen else HostBlock(chunk.last_block, ZERO_HASH, 0)
    ledger.take(replace(Growth(ledger).step(chunk, cursor), verified=verified))


def look_up(ledger: LedgerStore) -> None:
    while ledger.look_up(100):
        pass


def plain(store: DatabaseStore) -> None:
    """Ether with a fee; some entries are staged, some not looked up yet."""
    ledger = store.ledger(FEE)
    for seed in range(3):
        grow(ledger, payments(seed, 50), [], payments(seed + 9, 40))
    look_up(ledger)
    grow(ledger, payments(5, 20))
    grow(ledger, payments(6, 15), verified=False)


def agreed(store: DatabaseStore) -> None:
    """Fed by other nodes: no host block was seen, no contract asked."""
    ledger = store.ledger(INFO)
    for seed in range(3):
        grow(ledger, payments(seed, 90), verified=False, seen=False)
    ledger.verify(Size(270), ledger.status().blocks, None)
    look_up(ledger)


def rewound(store: DatabaseStore) -> None:
    """A reorganisation took some of it back, and another fork went on."""
    ledger = store.ledger(INFO)
    grow(ledger, payments(1, 200), payments(2, 70))
    look_up(ledger)
    ledger.rewind(Size(200), host_block(7))
    grow(ledger, payments(3, 80), fork=1)
    look_up(ledger)


def snapshot(store: DatabaseStore) -> None:
    """A ledger that began with entries, before any host block."""
    entries = payments(8, 270)
    log = MerkleLog.of(entry.leaf for entry in entries)
    ledger = store.ledger(replace(INFO, genesis=Genesis(log.size, log.root(), 1_700_000_000)))
    open_with(ledger, [[entry.pack() for entry in entries]])
    grow(ledger, payments(9, 40))
    look_up(ledger)


def journal(store: DatabaseStore) -> None:
    notes = store.journal(1_700_000_000)
    for number in range(40):
        notes.add(b"note %d " % number * (1 + number % 5 * 20), 1_700_000_000 + number)
        if number % 11 == 10:
            notes.seal(1_700_000_000 + number)
    look_up(notes)


def several(store: DatabaseStore) -> None:
    for number, info in enumerate(OTHERS):
        ledger = store.ledger(info)
        grow(ledger, payments(number, 90), payments(number + 5, 40), verified=number == 0)
        look_up(ledger)
    journal(store)


KINDS: dict[str, Callable[[DatabaseStore], None]] = {
    kind.__name__: kind for kind in (plain, agreed, rewound, snapshot, several)
}


def make(path: Path, kind: str) -> bytes:
    """The file of a store of that kind, of small pages, with some room in it."""
    with closing(open_store(f"sqlite:///{path}", create=True)) as store:
        KINDS[kind](store)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = DELETE")
        connection.execute(f"PRAGMA page_size = {PAGE_BYTES}")
        connection.execute("VACUUM")
        connection.execute("CREATE TABLE room (some BLOB)")
        connection.execute("INSERT INTO room VALUES (zeroblob(9000))")
        connection.execute("DROP TABLE room")
        connection.execute("PRAGMA journal_mode = WAL")
    return path.read_bytes()


def flipped(data: bytes, bit: int) -> bytes:
    return data[: bit // 8] + bytes((data[bit // 8] ^ 1 << bit % 8,)) + data[bit // 8 + 1 :]


def bits(seed: int, data: bytes, count: int) -> list[int]:
    return sorted(random.Random(seed).sample(range(8 * len(data)), count))


def answers(path: Path) -> list[object]:
    """All that a store says of its ledgers and its journal."""
    with closing(open_store(f"sqlite:///{path}", create=False)) as store:
        found: list[object] = [infos := store.ledgers()]
        for info in infos:
            found += _of_ledger(store.open(info.address))
        if "journal" in path.name:
            notes = store.journal()
            found += [*_of_ledger(notes), list(notes.notes())]
        return found


def _of_ledger(ledger: LedgerStore | Journal) -> list[object]:
    info, status = ledger.info, ledger.status()
    with ledger.view() as view:
        recorded = list(view.entries())
        blocks = list(view.blocks())
        found: list[object] = [info, status, recorded, blocks, view.root(), view.hints(0, status.size)]
        found += [list(view.entries(EntryQuery(memo=one.entry.memo))) for one in recorded[::29]]
        found += [[one.index for one in view.entries(EntryQuery(address=wallet))] for wallet in _parties(info)]
        found += [view.account(wallet, size=size) for wallet in _parties(info) for size in (None, len(recorded) // 2)]
        found += [view.balances(wallet, points=20) for wallet in WALLETS[:2]]
        found += [view.named(one.transaction) for one in recorded[::7]]
        anchor = anchor_of(info.chain_id, info.address)
        found += [view.named(transaction_hash(anchor, one.index, one.entry.leaf)) for one in recorded[::3]]
        found += [view.block_by_hash(block.hash) for block in blocks[::3]]
    size = status.size
    found += [list(ledger.packed(0, size)), [ledger.nodes(level, 0, size) for level in (8, 9)], ledger.host_blocks()]
    found += [ledger.size_at(number) for number in range(20)]
    return [*found, [ledger.host_block_of(one.index) for one in recorded[::9]]]


def _parties(info: LedgerInfo) -> list[Address]:
    return [*WALLETS, info.address]
