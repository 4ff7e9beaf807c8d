"""
A seed whose workers are killed: each is a forked process that leaves nothing but the store, and a board.

The board is memory that the parent shares: where the clock stood, which file it was, how far a transaction was.
"""

from __future__ import annotations

import ctypes
import math
import mmap
import os
import pickle
import random
import resource
import signal
import sqlite3
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from smartchain.errors import NoStore
from smartchain.indexer.writer import Writer
from smartchain.store import fsck, open_store
from smartchain.store.database import SqliteDatabase, connect
from smartchain.store.engine import Connection
from smartchain.store.ledgers import DatabaseStore
from tests.simulation import verdict
from tests.simulation.host import Clock
from tests.simulation.process import InlineWriter
from tests.simulation.run import AGAIN_S, Simulation

OUTSIDE, INSIDE, COMMIT = "outside of a transaction", "inside of one", "at its COMMIT"
PHASES = [OUTSIDE, INSIDE, COMMIT]
STATEMENT, INSTRUCTIONS, TIME = "after a statement", "after some instructions", "after some time"
BYTES = "in the middle of a write"
MOST = {STATEMENT: 600.0, INSTRUCTIONS: 20_000.0, TIME: 0.04, BYTES: 600_000.0}
"""About what a worker needs that is not killed: statements, twenties of instructions, seconds, bytes in a file."""

MOST_LIVES = 10
"""Of which the last is let be."""


class Board(ctypes.Structure):
    """Memory that outlives the process which writes it."""

    now: float
    renewed: int
    phase: int
    points: int
    _fields_ = [
        ("now", ctypes.c_double),
        ("renewed", ctypes.c_uint32),
        ("phase", ctypes.c_uint32),
        ("points", ctypes.c_uint64),
    ]


class BoardClock(Clock):
    """Goes on where the killed process left it."""

    def __init__(self, board: Board) -> None:
        self._board = board

    @property
    def now(self) -> float:
        return self._board.now

    @now.setter
    def now(self, now: float) -> None:
        self._board.now = now


@dataclass(frozen=True, slots=True)
class Death:
    """When a worker is killed; None of a kind lets it live."""

    kind: str | None = None
    at: float = 0.0

    @classmethod
    def by(cls, chance: random.Random) -> Death:
        kind = chance.choice([STATEMENT, STATEMENT, INSTRUCTIONS, TIME, BYTES])
        if kind == TIME:
            return cls(kind, chance.uniform(0, MOST[kind]))
        return cls(kind, round(math.exp(chance.uniform(math.log(4096 if kind == BYTES else 1), math.log(MOST[kind])))))

    def foretell(self) -> None:
        """To the worker: a file that grows past so many bytes ends it in the middle of the write, by another signal."""
        if self.kind == BYTES:
            signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
            resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))
            resource.setrlimit(resource.RLIMIT_FSIZE, (int(self.at), resource.getrlimit(resource.RLIMIT_FSIZE)[1]))


class Watched(SqliteDatabase):
    """Says where in a transaction it is, and counts what is done on the connection that writes."""

    def __init__(self, path: Path, board: Board, death: Death) -> None:
        self._raw = connect(path, "rw")
        super().__init__(path, self._raw)
        self._board, self._death = board, death
        if death.kind == INSTRUCTIONS:
            self._raw.set_progress_handler(self._reached, 20)
        self._raw.set_trace_callback(self._statement)

    @contextmanager
    def writing(self, ledger: int | None = None) -> Iterator[Connection]:  # type: ignore[override]
        with super().writing(ledger) as connection:
            self._board.phase = PHASES.index(INSIDE)
            yield connection
        self._board.phase = PHASES.index(OUTSIDE)
        if self._death.kind != INSTRUCTIONS:
            self._reached()

    @property
    def raw(self) -> sqlite3.Connection:
        return self._raw

    def _statement(self, sql: str) -> None:
        if sql.startswith("COMMIT"):
            self._board.phase = PHASES.index(COMMIT)
        if self._death.kind != INSTRUCTIONS:
            self._reached()

    def _reached(self) -> int:
        self._board.points += 1
        if self._death.kind in (STATEMENT, INSTRUCTIONS) and self._board.points == self._death.at:
            os.kill(os.getpid(), signal.SIGKILL)
        return 0


class Mortal(Simulation):
    """A seed whose workers are killed."""

    def __init__(self, seed: int, template: Path, folder: Path) -> None:
        self.board = Board.from_buffer(mmap.mmap(-1, ctypes.sizeof(Board)))
        self.death = Death()
        self.kills = 0
        self._folder = folder
        self._from_nothing = seed % 8 == 0
        """Whether the store is made by the worker too."""
        super().__init__(seed, template, self._file, BoardClock(self.board))
        self.writer = Writer if seed % 2 else InlineWriter
        self._fates = random.Random(f"fates {seed}")

    @property
    def _file(self) -> Path:
        return self._folder / f"{self.board.renewed}.db"

    def renew(self) -> None:
        """A new store, of another name: whoever is killed meanwhile leaves the old one as it is."""
        number = self.board.renewed + 1
        self._path = self._folder / f"{number}.db"
        if self._from_nothing:
            self._path.unlink(missing_ok=True)
        else:
            self._path.write_bytes(self._template.read_bytes())
        self.board.renewed = number

    @contextmanager
    def _store(self) -> Iterator[tuple[DatabaseStore, sqlite3.Connection | None]]:
        if not self._path.exists() or not self._path.stat().st_size or self._from_nothing:
            open_store(f"sqlite:///{self._path}", create=True).close()
        database = Watched(self._path, self.board, self.death)
        store = DatabaseStore(database)
        try:
            yield store, database.raw
        finally:
            store.close()

    # lives

    def run(self) -> None:
        """Killed again and again, then left to finish."""
        for life in range(MOST_LIVES):
            last = life == MOST_LIVES - 1
            if not self.spend(Death() if last else Death.by(self._fates), life):
                break
        self.judge(with_lookups=True)

    def spend(self, death: Death, life: int) -> bool:
        """One worker's life; whether it was killed. Raises `AssertionError` for what must not be."""
        self.death = death
        self.chance.seed(f"life {self.seed} {life}")
        self.board.points = self.board.phase = 0
        reading, writing = os.pipe()
        worker = os.fork()
        if not worker:
            self._worker(writing)
        os.close(writing)
        with os.fdopen(reading, "rb") as said:
            if death.kind == TIME:
                time.sleep(death.at)
                os.kill(worker, signal.SIGKILL)
            _, status = os.waitpid(worker, 0)
            told = said.read()
        self._path = self._file
        self.world.advance(self.clock.now)
        if os.WIFSIGNALED(status) and not told:
            self._killed(os.WTERMSIG(status))
            return True
        seen, failure = pickle.loads(told)
        assert not failure, failure
        self.seen.update(seen)
        return False

    def _worker(self, writing: int) -> None:
        """All that the forked process does."""
        failure, before = "", Counter(self.seen)
        try:
            self.death.foretell()
            self.live()
        except BaseException as error:  # noqa: BLE001  (whatever it is, the parent says it)
            failure = f"{type(error).__name__}: {error}"
        try:
            os.write(writing, pickle.dumps((self.seen - before, failure)))
        finally:
            os._exit(0)

    def _killed(self, by: int) -> None:
        assert by == (signal.SIGXFSZ if self.death.kind == BYTES else signal.SIGKILL), f"it ended by signal {by}"
        self.kills += by == signal.SIGKILL
        self.seen["killed " + (self.death.kind or "")] += 1
        self.seen["killed " + PHASES[self.board.phase]] += 1
        if any(host.trouble.liar or "fork" in host.trouble.rates for host in self.hosts):
            self._told = -1  # what the killed worker was told may wait as staged
            self.seen["fork"] += 1
        self.clock.now += AGAIN_S
        self.between()

    def between(self) -> None:
        """Who opens the store now sees what is verified, and nothing is broken."""
        try:
            with closing(open_store(f"sqlite:///{self._path}", create=False, read_only=True)) as store:
                if store.ledgers():
                    verdict.prefix(self.world, store.open())
        except NoStore:
            self.seen["killed before there was a store"] += 1
            return
        assert not (faults := fsck.check(self._path).faults), faults
