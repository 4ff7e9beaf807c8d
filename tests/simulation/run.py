"""
A seed's whole run: a world, a host that tells of it badly, and a daemon that is started again whenever it ends.

Whatever happens, what is verified is what an honest run holds; only a lie is called one; and when the storm is over,
the honest chain is reached without anybody's help.

"""

from __future__ import annotations

import math
import random
import shutil
import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from smartchain.errors import (
    FinalityBroken,
    HostError,
    SmartchainError,
    StoreError,
    Untrue,
    WrongStore,
)
from smartchain.host.pool import PoolSource
from smartchain.indexer.daemon import Daemon
from smartchain.indexer.follow import Follower
from smartchain.indexer.outcome import Advanced, Outcome, Waited
from smartchain.indexer.pooled import Pooled
from smartchain.indexer.writer import Writer
from smartchain.store import open_store
from smartchain.store.database import SqliteDatabase, connect
from smartchain.store.ledgers import DatabaseStore, StoredLedger
from tests.simulation import verdict
from tests.simulation.host import Clock, Crash, Host, Trouble
from tests.simulation.process import InlineWriter, Stop, source_of
from tests.simulation.world import World

POLL_S = 2.0
PATIENCE_S = 500.0
"""After the storm, until the honest chain must be reached: a host may ask for 300 seconds of patience."""
FINALITY = "finality broken, and said"
AGAIN_S = 5.0
"""After which a process that ended is started again."""


class Simulation:
    """A run; `seen` counts what happened in it."""

    writer: type[Writer] = InlineWriter

    def __init__(self, seed: int, template: Path, path: Path, clock: Clock | None = None) -> None:
        self.seed = seed
        self.chance = random.Random(f"run {seed}")
        random.seed(seed)  # the jitter of waits
        self.clock = clock or Clock()
        self.world = World(seed)
        self.confirmations = self.chance.choice([0, 0, 0, 1, 6])
        self.seen: Counter[str] = Counter()
        self.trace: list[str] = []
        self.hosts = self._hosts()
        self._template, self._path = template, path
        self._jumps = self.chance.random() < 0.1
        self._fills = self.chance.random() < 0.1
        self._told = 0
        self._done = self._runs = False
        self.ledger: StoredLedger | None = None
        self.renew()

    def _hosts(self) -> list[Host]:
        """One, which lies in half of the runs; or a liar that never ends, and an honest one beside it."""
        if self.chance.random() < 0.75:
            return [self._host("one", self.world.end_s, self.chance.random() < 0.5)]
        both = [self._host("liar", math.inf, True), self._host("honest", 0.0, False)]
        return self.chance.sample(both, 2)

    def _host(self, name: str, until_s: float, lies: bool) -> Host:
        trouble = Trouble.by(self.chance, self.world, self.confirmations, until_s, lies=lies, forks=name != "honest")
        return Host(self.world, self.clock, self.chance, trouble, self.seen, self.trace, name)

    def renew(self) -> None:
        """A new store, empty."""
        for suffix in ("-wal", "-shm"):
            Path(f"{self._path}{suffix}").unlink(missing_ok=True)
        shutil.copyfile(self._template, self._path)

    @property
    def url(self) -> str:
        return f"sqlite:///{self._path}"

    @property
    def deadline_s(self) -> float:
        return self.world.end_s + PATIENCE_S

    def note(self, text: str) -> None:
        self.trace.append(f"{self.clock.now:8.2f} = {text}")

    # processes

    def run(self) -> None:
        """Raises `AssertionError` for what must not be."""
        self.live()
        self.judge(self.seed % 16 == 0)

    def live(self) -> None:
        """One process after another, until there is nothing more to do."""
        while not self._done:
            assert self.clock.now < self.deadline_s, "the honest chain was never reached"
            with self._store() as (store, writer):
                self._process(store, writer)
            self.clock.now += AGAIN_S

    def judge(self, with_lookups: bool) -> None:
        """Hold what is stored at the end to what an honest run holds."""
        if not self.seen[FINALITY]:
            verdict.whole(self.world, self.url, self.confirmations, self.seen["fork"] > 0, with_lookups)
            self.seen["reached"] += 1
        self.seen.update(self.world.seen)

    def _process(self, store: DatabaseStore, writer: sqlite3.Connection | None) -> None:
        self.ledger, self._runs, stop = None, False, Stop(self.clock, self._jump)
        pool = self._pool()
        try:
            self.ledger = ledger = store.ledger(pool.info())
            if writer is not None and self._fills and self.clock.now < self.world.storm_s:
                self._fill(writer)
            follower = Follower(pool, ledger, writer=self.writer)
            daemon = Daemon(
                Pooled(follower, pool, ledger), stop, lambda outcome: self._report(outcome, stop), self._trouble,
                POLL_S, lambda: ledger.look_up(64), self._now,
            )  # fmt: skip
            self._runs = True
            daemon.run()
        except WrongStore as error:
            self._renewed(error, store)
        except Crash:
            self.note("crashed")
        except SmartchainError as error:
            self._ended(error)
        if self.ledger is not None:
            self._look(self.ledger)

    def _look(self, ledger: StoredLedger) -> None:
        """At any time: what is verified was the contract's."""
        verdict.head(self.world, ledger)

    def _pool(self) -> PoolSource:
        """The way to the hosts, as `smartchain index` has it."""
        sources = [source_of(host, host.name, self.confirmations) for host in self.hosts]
        return PoolSource(sources, tell=self._told_of, clock=self._now, chance=self.chance)

    def _now(self) -> float:
        return self.clock.now

    def _told_of(self, what: str, name: str, why: str) -> None:
        self.note(f"{what}: {name}: {why}"[:200])
        if what == "set_aside":
            self.seen["set aside"] += 1
            assert "honest" not in name or self.world.broke is not None, f"an honest host was set aside: {why}"

    def _renewed(self, error: WrongStore, store: DatabaseStore) -> None:
        """What the error says is done: another file is named."""
        self.note(str(error))
        self.seen["deployed anew: another store"] += 1
        self.ledger = None
        store.close()
        self.renew()

    def _fill(self, writer: sqlite3.Connection) -> None:
        (pages,) = writer.execute("PRAGMA page_count").fetchone()
        writer.execute(f"PRAGMA max_page_count = {pages + self.chance.randint(0, 12)}")

    @contextmanager
    def _store(self) -> Iterator[tuple[DatabaseStore, sqlite3.Connection | None]]:
        writer = connect(self._path, "rw")
        store = DatabaseStore(SqliteDatabase(self._path, writer))
        try:
            yield store, writer
        finally:
            store.close()

    # what it says

    def _ended(self, error: SmartchainError) -> None:
        said = f"{type(error).__name__}: {error}"
        self.note("ended: " + said)
        self.seen[f"ended: {type(error).__name__}"] += 1
        assert str(error).strip(), "it ended without a word"
        if isinstance(error, FinalityBroken):
            assert self.world.broke is not None, f"the host kept its word, and was told otherwise: {said}"
            self.seen[FINALITY] += 1
            self._done = True
        elif isinstance(error, Untrue):
            assert len(self.hosts) == 1, f"a liar ended the run though another host is honest: {said}"
            assert self._lies > self._told, f"an honest host was called a liar: {said}"
            self.seen["lie named"] += 1
        elif isinstance(error, StoreError):
            full = self._fills and "no room" in said
            assert full, said
        else:
            assert error.retryable or isinstance(error, HostError), said

    @property
    def _lies(self) -> int:
        """Answers so far that were not the canonical chain's: told by a liar, or by a replica on another fork."""
        return sum(host.astray + (host.trouble.liar.told if host.trouble.liar else 0) for host in self.hosts)

    def _report(self, outcome: Outcome, stop: Stop) -> None:
        self.note(str(outcome)[:160])
        self.seen[type(outcome).__name__] += 1
        assert self.ledger is not None
        if isinstance(outcome, Advanced) and outcome.verified:
            verdict.head(self.world, self.ledger)
            self._told = self._lies  # nothing that a lie left behind waits as staged
        self._done = isinstance(outcome, Waited) and outcome.caught_up and self._settled(self.ledger)
        if self._done or self.clock.now > self.deadline_s:
            stop.set()

    def _trouble(self, fault: SmartchainError, wait_s: float) -> None:
        self.note(f"trouble, again in {wait_s:.1f} s: {fault}"[:200])
        self.seen[f"waited out: {type(fault).__name__}"] += 1
        assert self.clock.now < self.deadline_s, f"stalled: {fault}"

    def _settled(self, ledger: StoredLedger) -> bool:
        """Whether the storm is over and the store verified at the newest block."""
        if self.clock.now < self.world.end_s:
            return False
        chain = self.world.chain
        return ledger.status().verified_at == chain[max(0, len(chain) - 1 - self.confirmations)].place

    def _jump(self) -> float:
        if not self._jumps or self.chance.random() > 0.05:
            return 0.0
        self.seen["clock jump"] += 1
        return self.chance.uniform(0, 60)


def template(folder: Path) -> Path:
    path = folder / "template.db"
    open_store(f"sqlite:///{path}", create=True).close()
    return path
