"""
What a store in PostgreSQL costs, beside one in SQLite: the same seeded entries into both, in turns, then read back.

The server is one of our own, as it comes from `initdb`, on the same machine; its work is not in the processor's time.

    python -m benchmarks.postgres [--entries 200000] [--rounds 3]
"""

from __future__ import annotations

import argparse
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import closing

import psycopg

from benchmarks.store import INFO, steps
from smartchain.ports import Step
from smartchain.store import open_store
from smartchain.store.lookups import PORTION
from tests.fakes.postgres import serving

Figures = dict[str, float]


def timed(work: Callable[[], object]) -> tuple[float, float]:
    """Seconds on the clock, and of this process's own."""
    began, began_cpu = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - began, time.process_time() - began_cpu


def measure(url: str, some: list[Step]) -> Figures:
    with closing(open_store(url, create=True)) as store:
        ledger = store.ledger(INFO)

        def take() -> None:
            for step in some:
                ledger.take(step)

        def look_up() -> None:
            status = ledger.status()
            ledger.verify(status.size, status.blocks, status.cursor)
            while ledger.look_up(PORTION):
                pass

        wall, cpu = timed(take)
        lookups, _ = timed(look_up)
        reading, _ = timed(lambda: sum(1 for _ in ledger.entries()))
        one, _ = timed(lambda: [next(ledger.entries(at)) for at in range(0, ledger.status().size, 997)])
        asked = -(-ledger.status().size // 997)
    return {"take": wall, "take_cpu": cpu, "look_up": lookups, "read": reading, "ask_us": one / asked * 1e6}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--entries", type=int, default=200_000)
    parser.add_argument("--rounds", type=int, default=3)
    chosen = parser.parse_args()
    some, found = list(steps(chosen.entries)), dict[str, list[Figures]]()
    with serving() as server:
        for number in range(chosen.rounds):
            with tempfile.TemporaryDirectory() as folder:
                found.setdefault("SQLite", []).append(measure(f"sqlite:///{folder}/chain.db", some))
            found.setdefault("PostgreSQL", []).append(measure(server.fresh(), some))
            print(f"round {number + 1} of {chosen.rounds}", file=sys.stderr)
        with server.asked() as connection:
            version = connection.info.parameter_status("server_version")
    print(
        f"{chosen.entries:,} entries, medians of {chosen.rounds} rounds in turns; Python {sys.version.split()[0]}, "
        f"SQLite {sqlite3.sqlite_version}, PostgreSQL {version}, psycopg {psycopg.__version__}\n"
    )
    print(
        "| store | take, entries/s | take, µs (our CPU) | lookups after, µs | read all, µs | one entry asked for, µs |"
    )
    print("| --- | --- | --- | --- | --- | --- |")
    for name, rounds in found.items():
        middle = {key: statistics.median(one[key] for one in rounds) for key in rounds[0]}
        each = {key: seconds / chosen.entries * 1e6 for key, seconds in middle.items()}
        print(
            f"| {name} | {chosen.entries / middle['take']:,.0f} | {each['take']:.1f} ({each['take_cpu']:.1f}) "
            f"| {each['look_up']:.1f} | {each['read']:.1f} | {middle['ask_us']:.0f} |"
        )


if __name__ == "__main__":
    main()
