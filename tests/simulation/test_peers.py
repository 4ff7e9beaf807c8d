"""
Peers that misbehave by a seed: whatever they do, what is verified is what the ledger recorded, and it is reached.

A failing seed is printed; put it into SEEDS, where it stays.
"""

from __future__ import annotations

import random
from contextlib import suppress

import pytest

from smartchain.errors import HostUnavailable, UnknownBlock, Untrue
from smartchain.indexer.follow import Follower
from smartchain.indexer.gather import PATIENCE_S, Gatherer
from smartchain.indexer.growth import genesis_of
from smartchain.indexer.outcome import Waited
from smartchain.ledger.block import BlockRule, assemble
from smartchain.ledger.merkle import MerkleLog
from smartchain.peer.roster import LONGEST_S, Roster
from tests.fakes.ledger_host import FakeHost
from tests.fakes.peers import LEVEL, Honest, liars
from tests.fakes.store import ListStore

SEEDS: list[tuple[str, int]] = []
"""Simulations and seeds that once failed."""

ROUNDS = 14
RULES = [BlockRule(0, 0), BlockRule(1, 0), BlockRule(3, 0), BlockRule(0, 25), BlockRule(4, 12)]


class World:
    """A host chain, honest nodes that follow it at their own pace, liars that build on one of them, and our node."""

    with_contract = True

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.now = 0.0
        self.host = FakeHost(self.chance, self.chance.choice(RULES))
        self.host.blocks_a_chunk = 50
        self.depth = self.chance.choice([0, 2, 5])
        self.stores: list[ListStore] = []
        self.honest = [self._honest(number) for number in range(self._how_many())]
        every = liars(self.stores[0], self.chance)
        self.liars = self.chance.sample(every, self._how_many_liars(len(every)))
        self.store = ListStore(self.host.info())
        self.named: list[Honest] = [*self.honest, *self.liars]
        self.chance.shuffle(self.named)
        self.said: list[str] = []
        self.start()

    def _how_many(self) -> int:
        return self.chance.randint(1, 2)

    def _how_many_liars(self, most: int) -> int:
        return self.chance.randint(0, most)

    def _honest(self, number: int) -> Honest:
        store = ListStore(self.host.info())
        self.stores.append(store)
        return Honest(store, f"http://honest-{number}")

    def start(self) -> None:
        """As if the process had been killed and started again."""
        roster = Roster(self.named, lambda error, _seconds: self.said.append(str(error)), lambda: self.now, at_once=1)
        self.gatherer = Gatherer(
            roster, self.store, self.host if self.with_contract else None, depth=self.depth, part_level=LEVEL,
            clock=lambda: self.now,
        )  # fmt: skip

    def run(self) -> None:
        self.let_follow(1.0)
        for _ in range(ROUNDS):
            self.something_happens()
            self.step()
            self.now += self.chance.choice([0.5, 5, 40])
        self.settle()

    def something_happens(self) -> None:
        host, chance = self.host, self.chance
        for _ in range(chance.randint(0, 6)):
            host.mine(chance.randint(0, 6))
        match chance.randint(0, 7):
            case 0:
                host.reorganise(chance.randint(1, min(4, len(host.blocks) - host.deployed_at)))
            case 1:
                deep = chance.randint(1, len(host.blocks) - host.deployed_at)
                host.reorganise(deep, keep=chance.random() < 0.5, shift_s=chance.choice([0, 1]))
            case 2:
                self.start()
            case 3:
                chance.choice(self.honest).away = True
            case 4:
                for peer in self.honest:
                    peer.away = False
            case _:
                pass
        self.let_follow(0.6)

    def let_follow(self, share: float) -> None:
        for store in self.stores:
            if self.chance.random() < share:
                follow(self.host, store)

    def step(self) -> None:
        with suppress(HostUnavailable, UnknownBlock):  # which pass
            self.gatherer.step()
        self.check()

    def check(self) -> None:
        at = self.store.verified_at
        if at is None or self.host.block(at.number) != at:
            return
        assert self.store.verified_size == self.host.sizes[at.number]
        assert self.verified() == self.host.entries()[: self.store.verified_size]

    def verified(self) -> list[bytes]:
        return [row[0] for row in self.store.rows[: self.store.verified_size]]

    def settle(self) -> None:
        for peer in self.honest:
            peer.away = False
        read_to = max(len(self.host.blocks), self.store.cursor.number if self.store.cursor else 0)
        while len(self.host.blocks) <= min(read_to, 10_000) + 1:
            self.host.mine(1)
        self.let_follow(1.0)
        for _ in range(60):
            self.now += max(PATIENCE_S, LONGEST_S / 10)
            outcome = self.gatherer.step()
            self.check()
            if isinstance(outcome, Waited) and outcome.caught_up and self.is_whole():
                return
        raise AssertionError(f"never caught up: {outcome}; {self.said[-5:]}")

    def is_whole(self) -> bool:
        entries = self.host.entries()
        return self.store.verified_size == len(entries) and self.verified() == entries and self.has_its_blocks()

    def has_its_blocks(self) -> bool:
        blocks = assemble(self.host.rule, genesis_of(self.store.info), MerkleLog(), self.host.entries())
        return self.store.chain == list(blocks)


class Members(World):
    """No host chain: an honest majority of the named peers has the last word."""

    with_contract = False

    def __init__(self, seed: int) -> None:
        self.histories: list[list[bytes]] = []
        super().__init__(seed)

    def _how_many(self) -> int:
        return self.chance.randint(1, 6)

    def _how_many_liars(self, most: int) -> int:
        return self.chance.randint(0, len(self.honest) - 1)

    def let_follow(self, share: float) -> None:
        super().let_follow(share)
        self.histories += [[row[0] for row in store.rows] for store in self.stores]

    def check(self) -> None:
        assert self.store.verified_at is None, "nobody asked the contract"
        verified = self.verified()
        assert any(history[: len(verified)] == verified for history in self.histories), "no honest node ever had this"


def follow(host: FakeHost, store: ListStore) -> None:
    follower = Follower(host, store)
    for _ in range(8):
        try:
            outcome = follower.step()
        except (UnknownBlock, Untrue):
            continue
        if isinstance(outcome, Waited) and outcome.caught_up:
            return


@pytest.mark.parametrize("kind", [World, Members], ids=lambda kind: kind.__name__)
def test_whatever_peers_do_the_node_ends_with_what_the_ledger_recorded(kind: type[World]) -> None:
    first = random.SystemRandom().randrange(10**9)
    for seed in [*(seed for name, seed in SEEDS if name == kind.__name__), *range(first, first + 40)]:
        try:
            kind(seed).run()
        except BaseException as error:
            raise AssertionError(f"seed {seed} of {kind.__name__} fails; add it to SEEDS") from error
