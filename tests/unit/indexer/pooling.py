"""Several nodes of one chain, and what follows it through them."""

from __future__ import annotations

import random

from smartchain.errors import SmartchainError
from smartchain.host.pool import PoolSource
from smartchain.indexer.follow import Follower
from smartchain.indexer.outcome import Outcome, Waited
from smartchain.indexer.pooled import Pooled
from tests.fakes.ledger_host import FakeHost
from tests.fakes.replica import Replica
from tests.fakes.store import ListStore
from tests.unit.indexer.stepping import assert_is_the_hosts, busy_host


class World:
    """One chain, some nodes of it, and a clock that a step moves."""

    def __init__(self, count: int, chain: FakeHost | None = None) -> None:
        self.now = 0.0
        self.chain = chain or busy_host()
        self.nodes = [Replica(self.chain, f"http://{name}") for name in "abcd"[:count]]
        self.told: list[tuple[str, str]] = []
        self.pool = PoolSource(
            self.nodes,
            tell=lambda what, name, _why: self.told.append((what, name)),
            clock=lambda: self.now,
            chance=random.Random(1),
        )
        self.store = ListStore(self.pool.info())
        self.steps = self._steps()

    def _steps(self) -> Pooled:
        return Pooled(Follower(self.pool, self.store), self.pool, self.store)

    def step(self) -> Outcome:
        self.now += 2.0
        return self.steps.step()

    def follow(self, most: int = 60) -> list[Outcome]:
        """Until caught up; a daemon waits where all fail."""
        outcomes = []
        for _ in range(most):
            try:
                outcomes.append(self.step())
            except SmartchainError as fault:
                if not fault.retryable:
                    raise
                continue
            if isinstance(outcomes[-1], Waited) and outcomes[-1].caught_up:
                return outcomes
        raise AssertionError(f"not caught up: {outcomes[-3:]}")

    @property
    def aside(self) -> list[str]:
        return [node.name for node in self.pool.nodes if node.aside is not None]

    def is_honest(self) -> bool:
        assert_is_the_hosts(self.store, self.chain)
        return True
