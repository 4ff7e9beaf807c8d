"""
What a store costs: random entries into SQLite, as the package does it and as it could.

Each way runs in a process of its own, one after another, with the same seeded entries: random wallets, random
values, no memo, 2,000 entries a step, 200 a host block, 100 a block of the smart chain. Beside the time on the
clock stands the processor's own, which other programs on the machine disturb less.

    python -m benchmarks.store [--entries 1000000]
"""

from __future__ import annotations

import argparse
import json
import random
import resource
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from smartchain.ledger.block import Block, BlockRule
from smartchain.ledger.hash import EMPTY_ROOT, ETHER, leaf_hash
from smartchain.ports import Chunk, Genesis, HostBlock, LedgerInfo, Step
from smartchain.store import open_store
from smartchain.types import Address, ChainId, Hash32, Index, Size

STEP, HOST_BLOCK, BLOCK = 2000, 200, 100
INFO = LedgerInfo(
    ChainId(31337), Address(b"\x1e" * 20), BlockRule(BLOCK, 0), Genesis(Size(0), EMPTY_ROOT, 0), deployed_at=1
)
Take = Callable[[Step], None]


def steps(entries: int, seed: int = 1) -> Iterator[Step]:
    """Steps of random entries; hashes and roots are random too, a store does not look into them."""
    some = random.Random(seed).randbytes
    block_number = 0
    for first in range(0, entries, STEP):
        indexes = range(first, first + STEP)
        numbers = [1 + index // HOST_BLOCK for index in indexes]
        packed = [ETHER + some(20) + some(20) + bytes(24) + some(8) + bytes(4) + some(4) + bytes(32) for _ in indexes]
        hashes = {number: Hash32(some(32)) for number in range(numbers[0], numbers[-1] + 1)}
        chunk = Chunk(numbers[0], numbers[-1], Index(first), packed, numbers, [some(32) for _ in indexes], hashes)
        blocks = []
        while block_number * BLOCK <= first + STEP:
            size = Size(block_number * BLOCK)
            blocks.append(Block(block_number, Hash32(some(32)), Hash32(bytes(32)), 0, size, Hash32(some(32))))
            block_number += 1
        nodes = [(8, position, some(32)) for position in range(first >> 8, (first + STEP) >> 8)]
        yield Step(chunk, HostBlock(numbers[-1], hashes[numbers[-1]], 0), blocks, nodes)


# the ways


def package(path: Path) -> tuple[Take, Callable[[], None]]:
    """As the package does it: one statement a chunk, lookups in a few sorts, the last at the end."""
    store = open_store(f"sqlite:///{path}", create=True)
    ledger = store.ledger(INFO)

    def finish() -> None:
        status = ledger.status()
        assert status.cursor is not None
        ledger.verify(status.size, status.blocks, status.cursor)
        store.close()

    return ledger.take, finish


def _own(path: Path, columns: str) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    for pragma in ("page_size = 8192", "journal_mode = WAL", "synchronous = NORMAL", "cache_size = -4096"):
        connection.execute(f"PRAGMA {pragma}")
    connection.execute(
        f"CREATE TABLE entry (ledger INTEGER, position INTEGER, {columns}, "
        "PRIMARY KEY (ledger, position)) WITHOUT ROWID"
    )
    return connection


_COLUMNS = "subject BLOB, sender BLOB, recipient BLOB, value BLOB, timestamp INTEGER, memo BLOB, tx_hash BLOB"
_INDEXES = [f"CREATE INDEX by_{name} ON entry (ledger, {name})" for name in ("sender", "recipient")]


def _fields(index: int, packed: bytes, transaction: bytes) -> tuple[object, ...]:
    memo = packed[100:]
    numbers = packed[60:92].lstrip(b"\0"), int.from_bytes(packed[92:100], "big")
    return 1, index, packed[:20], packed[20:40], packed[40:60], *numbers, memo if any(memo) else None, transaction


def columns(path: Path, keep_indexes: bool = False) -> tuple[Take, Callable[[], None]]:
    """A column a field, a row a statement (`executemany`), two indexes made at the end."""
    connection = _own(path, _COLUMNS)
    for index in _INDEXES if keep_indexes else ():
        connection.execute(index)

    def take(step: Step) -> None:
        chunk = step.chunk
        rows = map(_fields, range(chunk.first, chunk.first + STEP), chunk.packed, chunk.transactions)
        connection.execute("BEGIN IMMEDIATE")
        connection.executemany("INSERT INTO entry VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)
        connection.execute("COMMIT")

    def finish() -> None:
        for index in () if keep_indexes else _INDEXES:
            connection.execute(index)
        connection.close()

    return take, finish


def columns_and_indexes(path: Path) -> tuple[Take, Callable[[], None]]:
    """The same, the two indexes kept up all along."""
    return columns(path, keep_indexes=True)


def packed_rows(path: Path) -> tuple[Take, Callable[[], None]]:
    """The packed entry, a row a statement (`executemany`); no lookups."""
    connection = _own(path, "packed BLOB, tx_hash BLOB")

    def take(step: Step) -> None:
        chunk = step.chunk
        rows = zip(range(chunk.first, chunk.first + STEP), chunk.packed, chunk.transactions, strict=True)
        connection.execute("BEGIN IMMEDIATE")
        connection.executemany("INSERT INTO entry VALUES (1, ?, ?, ?)", rows)
        connection.execute("COMMIT")

    return take, connection.close


WAYS = {way.__name__: way for way in (package, packed_rows, columns, columns_and_indexes)}


# measuring


def beside_hashing(name: str) -> float:
    """
    Microseconds an entry until rows are in, written by one thread while another hashes the same entries.

    What the indexer does; two threads that do not stand in each other's way take as long as the slower one.
    """
    some = list(steps(100_000))
    with tempfile.TemporaryDirectory() as folder:
        take, finish = WAYS[name](Path(folder) / "chain.db")
        writer = threading.Thread(target=lambda: [take(step) for step in some])
        began = time.perf_counter()
        writer.start()
        for step in some:
            for packed in step.chunk.packed:
                leaf_hash(packed)
        writer.join()
        wall = time.perf_counter() - began
        finish()
    return wall * 10


def measure(name: str, entries: int) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "chain.db"
        take, finish = WAYS[name](path)
        wall = cpu = 0.0
        for step in steps(entries):
            began, began_cpu = time.perf_counter(), time.process_time()
            take(step)
            wall, cpu = wall + time.perf_counter() - began, cpu + time.process_time() - began_cpu
        began, began_cpu = time.perf_counter(), time.process_time()
        finish()
        end_wall, end_cpu = time.perf_counter() - began, time.process_time() - began_cpu
        size_bytes = path.stat().st_size
    each = 1e6 / entries
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    return {
        "take_us": wall * each,
        "take_cpu_us": cpu * each,
        "lookups_us": end_wall * each,
        "lookups_cpu_us": end_cpu * each,
        "bytes": size_bytes / entries,
        "memory_mb": peak / 2**20,
        "beside_us": beside_hashing(name),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--entries", type=int, default=1_000_000)
    parser.add_argument("--way", choices=WAYS, help="measure this one here, print JSON")
    chosen = parser.parse_args()
    if chosen.way:
        print(json.dumps(measure(chosen.way, chosen.entries)))
        return
    print(f"{chosen.entries:,} entries, Python {sys.version.split()[0]}, SQLite {sqlite3.sqlite_version}\n")
    print(
        "| way | take, µs (CPU) | lookups after, µs (CPU) | both, µs (CPU) "
        "| bytes an entry | memory, MB | take beside hashing, µs |"
    )
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for name in WAYS:
        command = [sys.executable, "-m", "benchmarks.store", "--way", name, "--entries", str(chosen.entries)]
        figures = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
        print(_row(name, **figures), flush=True)


def _row(
    name: str,
    take_us: float,
    take_cpu_us: float,
    lookups_us: float,
    lookups_cpu_us: float,
    bytes: float,  # noqa: A002
    memory_mb: float,
    beside_us: float,
) -> str:
    both = f"{take_us + lookups_us:.1f} ({take_cpu_us + lookups_cpu_us:.1f})"
    parts = f"{take_us:.1f} ({take_cpu_us:.1f}) | {lookups_us:.1f} ({lookups_cpu_us:.1f})"
    return f"| {name} | {parts} | {both} | {bytes:.0f} | {memory_mb:.0f} | {beside_us:.1f} |"


if __name__ == "__main__":
    main()
