"""
Seeds whose store is in PostgreSQL, and whose server is killed: `python -m tests.simulation.served FIRST KILLS`.

The server gets SIGKILL before a statement of the daemon's, or after it with the answer lost, a `COMMIT` among them, and
is started again at once. The daemon is never told: it finds its connections broken, waits, and goes on by itself. At
the end every row is what an honest run holds, and `fsck` finds nothing.
"""

from __future__ import annotations

import argparse
import math
import random
import sqlite3
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from itertools import count
from pathlib import Path
from typing import Any

import psycopg

from smartchain.errors import SmartchainError, StoreError, StoreUnavailable
from smartchain.indexer.outcome import Outcome
from smartchain.store import open_store
from smartchain.store.ledgers import DatabaseStore, StoredLedger
from smartchain.store.postgres.database import PostgresDatabase
from smartchain.store.postgres.place import Place
from tests.fakes.postgres import Server, serving
from tests.simulation.kills import Report
from tests.simulation.many import say
from tests.simulation.process import Stop
from tests.simulation.run import Simulation

MOST_KILLS = 4
MOST_STATEMENTS = 800
"""About what a seed's daemon executes, at most."""

SETTINGS = ("fsync=off",)
"""What the server said it wrote is the system's when it is killed; only a power cut would ask for more."""

Statement = Callable[[str], str | None]
"""Told of a statement before it is executed; answers how the server is to be killed, if at all."""

BEFORE, AFTER = "before it", "after it, with the answer lost"


class Told(Place):
    """Connections that say what they are about to execute, and lose their server when they are told to."""

    def __init__(self, url: str, server: Server, fate: Statement) -> None:
        super().__init__(url)
        self._server, self._fate = server, fate

    def connect(self) -> psycopg.Connection[Any]:
        connection = super().connect()
        place = self

        class Cursor(psycopg.Cursor[Any]):
            def execute(self, query: Any, *given: Any, **named: Any) -> Any:
                return place.around(query, lambda: super(Cursor, self).execute(query, *given, **named))

            def copy(self, statement: Any, *given: Any, **named: Any) -> Any:
                return place.around(statement, lambda: super(Cursor, self).copy(statement, *given, **named))

        connection.cursor_factory = Cursor
        return connection

    def around(self, query: object, execute: Callable[[], Any]) -> Any:
        how = self._fate(query.decode() if isinstance(query, bytes) else str(query))
        if how == AFTER:
            execute()
        if how is not None:
            self._server.kill()
            self._server.start()
        if how == AFTER:
            raise psycopg.OperationalError("the connection is lost")
        return execute()


class Served(Simulation):
    """A seed whose store is on that server."""

    def __init__(self, seed: int, server: Server) -> None:
        self._server = server
        self._fates = random.Random(f"server {seed}")
        self._at = sorted({self._drawn() for _ in range(self._fates.randint(1, MOST_KILLS))})
        self._statements = 0
        self._armed = False
        self.kills = 0
        self._url = ""
        super().__init__(seed, Path(), Path())
        self._fills = False

    @property
    def url(self) -> str:
        return self._url

    def _drawn(self) -> int:
        """A statement: any, or one of the first."""
        if self._fates.random() < 0.7:
            return self._fates.randint(1, MOST_STATEMENTS)
        return round(math.exp(self._fates.uniform(0, math.log(MOST_STATEMENTS))))

    def renew(self) -> None:
        self._url = self._server.fresh()
        open_store(self._url, create=True).close()

    @contextmanager
    def _store(self) -> Iterator[tuple[DatabaseStore, sqlite3.Connection | None]]:
        with closing(DatabaseStore(PostgresDatabase(Told(self.url, self._server, self._fate), 5.0))) as store:
            yield store, None

    def _fate(self, query: str) -> str | None:
        self._statements += self._armed
        if not self._armed or not self._at or self._statements < self._at[0]:
            return None
        del self._at[0]
        self.kills += 1
        how = self._fates.choice([BEFORE, AFTER])
        word = query.split()[0]
        self.note(f"the server is killed at {word}, {how}")
        self.seen[f"killed at {word}"] += 1
        self.seen[f"killed {how}"] += 1
        return how

    def _process(self, store: DatabaseStore, writer: sqlite3.Connection | None) -> None:
        self._armed = True
        try:
            super()._process(store, writer)
        finally:
            self._armed = False

    def _look(self, ledger: StoredLedger) -> None:
        self._armed = False
        super()._look(ledger)

    def _report(self, outcome: Outcome, stop: Stop) -> None:
        self._armed = False
        super()._report(outcome, stop)
        self._armed = True

    def _ended(self, error: SmartchainError) -> None:
        """Before the daemon runs, nobody waits for the server yet: the next process does."""
        if isinstance(error, StoreUnavailable):
            assert not self._runs, f"a server that is away ended the daemon: {error}"
            self.seen["killed before the daemon ran"] += 1
            return
        assert not isinstance(error, StoreError), str(error)
        super()._ended(error)


def spend(report: Report, seed: int, server: Server) -> None:
    simulation = Served(seed, server)
    try:
        simulation.run()
    except Exception as error:  # noqa: BLE001  (whatever it is, the seed is named)
        report.failed[seed] = f"{type(error).__name__}: {error}"
    report.seeds += 1
    report.kills += simulation.kills
    report.seen.update(simulation.seen)


def run(first: int, kills: int, server: Server) -> Report:
    """Seeds from `first` on, until the server was killed so many times."""
    report = Report()
    for seed in count(first):
        if report.kills >= kills:
            break
        spend(report, seed, server)
    return report


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("first", type=int)
    parser.add_argument("kills", type=int)
    asked, begun = parser.parse_args(arguments), time.monotonic()
    with serving(*SETTINGS) as server:
        report = run(asked.first, asked.kills, server)
    for seed, why in report.failed.items():
        say(f"seed {seed}: {why}")
    last = asked.first + report.seeds - 1
    say(f"seeds {asked.first:,} to {last:,}: server killed {report.kills:,} times, {len(report.failed)} seeds failed")
    for what, times in sorted(report.seen.items(), key=lambda pair: (-pair[1], pair[0])):
        if what.startswith("killed") or what in ("reached", "waited out: StoreUnavailable"):
            say(f"{times:>12,}  {what}")
    sys.stderr.write(f"{time.monotonic() - begun:.1f} s\n")
    return 1 if report.failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
