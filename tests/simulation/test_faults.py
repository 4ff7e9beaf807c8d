"""
A host that misbehaves by a seed: whatever it does, what is verified is what it recorded, and only a lie is called one.

A failing seed is printed; put it into SEEDS, where it stays.
"""

from __future__ import annotations

import random
from dataclasses import replace

from smartchain.errors import HostUnavailable, UnknownBlock, Untrue
from smartchain.indexer.follow import Follower
from smartchain.indexer.growth import genesis_of
from smartchain.indexer.outcome import Waited
from smartchain.ledger.block import BlockRule, assemble
from smartchain.ledger.entry import Entry
from smartchain.ledger.merkle import MerkleLog
from smartchain.types import Hash32
from tests.fakes.ledger_host import FakeBlock, FakeHost, FakeLog, Lie, unavailable
from tests.fakes.store import ListStore

SEEDS: list[int] = []
"""Seeds that once failed."""

ROUNDS = 25
RULES = [BlockRule(0, 0), BlockRule(1, 0), BlockRule(3, 0), BlockRule(0, 25), BlockRule(4, 12)]


class Simulation:
    """One host, one store, one follower that is made anew now and then as if the process had been killed."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.host = FakeHost(self.chance, self.chance.choice(RULES))
        self.store = ListStore(self.host.info())
        self.follower = Follower(self.host, self.store)
        self.lied = False
        """Whether a lie is being told, or what one told is still staged."""

    def run(self) -> None:
        for _ in range(ROUNDS):
            self._something_happens()
            self._step()
        self.host.lie, self.host.faults, self.host.before_head = None, [], []
        self.host.before_chunk, self.host.forged_checkpoint = [], None
        self.host.keeps_state, self.host.fail_at_block = 10**9, None
        read_to = self.store.cursor.number if self.store.cursor else 0
        while len(self.host.blocks) <= read_to + 1:
            self.host.mine(1)
        self._until_caught_up()
        self._assert_is_the_hosts()

    def _something_happens(self) -> None:
        host, chance = self.host, self.chance
        for _ in range(chance.randint(0, 4)):
            host.mine(chance.randint(0, 4))
            if chance.random() < 0.2:
                host.keep()
        depth = chance.randint(1, len(host.blocks) - host.deployed_at)
        match chance.randint(0, 14):
            case 0 | 1:
                host.reorganise(depth)
            case 2:
                host.reorganise(depth, keep=True, shift_s=chance.choice([0, 0, 1]))
            case 3:
                host.cut_back(min(depth, len(host.blocks) - host.deployed_at - 1))
            case 4:
                host.faults = [unavailable()] * chance.randint(1, 3)
            case 5:
                host.fail_at_block = chance.randrange(len(host.blocks))
            case 6 | 7:
                host.lie = self._random_lie()
                self.lied = True
            case 8:
                host.lie = None
            case 9:
                host.keeps_state = chance.choice([0, 1, 5, 10**9])
            case 10:
                host.before_head = [lambda: None, lambda: host.reorganise(min(depth, len(host.blocks) - 1))]
            case 13:
                keep, shift_s = chance.random() < 0.5, chance.choice([0, 1])
                host.before_chunk = [
                    lambda: None,
                    lambda: host.reorganise(min(depth, len(host.blocks) - 1), keep=keep, shift_s=shift_s),
                ]
            case 14:
                host.forged_checkpoint = Hash32(bytes(32)) if chance.random() < 0.3 else None
                self.lied = self.lied or host.forged_checkpoint is not None
            case 11:
                self.follower = Follower(host, self.store)
            case _:
                host.blocks_a_chunk = chance.randint(1, 8)

    def _random_lie(self) -> Lie:
        number, kind = self.chance.randrange(len(self.host.blocks)), self.chance.randint(0, 3)

        def lie(block: FakeBlock) -> list[FakeLog]:
            logs = list(block.logs)
            if block.block.number != number or len(logs) < 2:
                return logs
            if kind == 0:
                return logs[1:]
            if kind == 1:
                return logs[:-1]
            if kind == 2:
                return [logs[0], *logs]
            entry = Entry.unpack(logs[0].packed)
            return [replace(logs[0], packed=replace(entry, value=entry.value ^ 1).pack()), *logs[1:]]

        return lie

    def _step(self) -> None:
        try:
            self.follower.step()
        except Untrue:
            assert self.lied, "an honest host was called a liar"
        except (HostUnavailable, UnknownBlock):
            pass  # transient: the next step goes on
        if (
            self.host.lie is None
            and self.host.forged_checkpoint is None
            and self.store.verified_size == len(self.store.rows)
        ):
            self.lied = False  # nothing that a lie left behind waits as staged
        self._assert_verified_is_honest()

    def _assert_verified_is_honest(self) -> None:
        at = self.store.verified_at
        if at is None or self.host.block(at.number) != at:
            return
        assert self.store.verified_size == self.host.sizes[at.number]
        rows = self.store.rows[: self.store.verified_size]
        assert [row[0] for row in rows] == self.host.entries()[: self.store.verified_size]

    def _until_caught_up(self) -> None:
        for _ in range(30):
            try:
                outcome = self.follower.step()
            except Untrue:
                assert self.lied, "an honest host was called a liar"
                self.lied = False
                continue
            if isinstance(outcome, Waited) and outcome.caught_up:
                return
        raise AssertionError("never caught up")

    def _assert_is_the_hosts(self) -> None:
        entries = self.host.entries()
        assert [row[0] for row in self.store.rows] == entries
        assert self.store.chain == list(assemble(self.host.rule, genesis_of(self.store.info), MerkleLog(), entries))
        assert self.store.verified_size == len(entries)


def test_whatever_the_host_does_what_is_verified_is_what_it_recorded() -> None:
    first = random.SystemRandom().randrange(10**9)
    for seed in [*SEEDS, *range(first, first + 300)]:
        try:
            Simulation(seed).run()
        except BaseException as error:
            raise AssertionError(f"seed {seed} fails; add it to SEEDS") from error
