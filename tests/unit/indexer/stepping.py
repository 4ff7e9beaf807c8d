"""What tests of the follower share: hosts, lies, and steps until something is so."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from smartchain.errors import (
    Untrue,
)
from smartchain.indexer.daemon import Steps
from smartchain.indexer.follow import Follower
from smartchain.indexer.outcome import Outcome, Reread, Waited
from smartchain.ledger.block import BlockRule
from smartchain.ledger.entry import Entry
from tests.fakes.ledger_host import BY_THREES, FakeBlock, FakeHost, FakeLog, Lie
from tests.fakes.store import ListStore


def grown(seed: int = 1, blocks: int = 20, rule: BlockRule = BY_THREES) -> FakeHost:
    host = FakeHost(random.Random(seed), rule)
    for _ in range(blocks):
        host.mine(host.chance.randint(0, 5))
    return host


def until_caught_up(follower: Steps, most: int = 50) -> list[Outcome]:
    outcomes = []
    for _ in range(most):
        outcome = follower.step()
        outcomes.append(outcome)
        if isinstance(outcome, Waited) and outcome.caught_up:
            return outcomes
    raise AssertionError(f"not caught up after {most} steps: {outcomes[-3:]}")


def reread_until_it_is_a_lie(follower: Follower) -> Untrue:
    """The lie that ended it: read once more, and where logs are missing near the newest block twice more than that."""
    outcomes: list[Outcome] = []
    with pytest.raises(Untrue) as caught:
        outcomes.extend(follower.step() for _ in range(9))
    assert [type(outcome) for outcome in outcomes] == [Reread] * (3 if caught.value.lacks else 1)
    return caught.value


def assert_is_the_hosts(store: ListStore, host: FakeHost) -> None:
    """Every row and block is what follows from the host's own entries; all of it is verified."""
    assert [row[0] for row in store.rows] == host.entries()
    assert store.chain == host.chain(store.info)
    assert store.verified_size == len(store.rows)
    assert store.verified_blocks == len(store.chain)


def dropped(number: int, at: int = 0) -> Lie:
    def lie(block: FakeBlock) -> list[FakeLog]:
        logs = list(block.logs)
        if block.block.number == number:
            del logs[at]
        return logs

    return lie


def altered(number: int) -> Lie:
    def lie(block: FakeBlock) -> list[FakeLog]:
        if block.block.number != number:
            return block.logs
        entry = Entry.unpack(block.logs[0].packed)
        forged = replace(entry, value=entry.value + 1).pack()
        return [replace(block.logs[0], packed=forged), *block.logs[1:]]

    return lie


def swapped(number: int) -> Lie:
    def lie(block: FakeBlock) -> list[FakeLog]:
        if block.block.number != number:
            return block.logs
        one, two, *rest = block.logs
        return [replace(one, packed=two.packed), replace(two, packed=one.packed), *rest]

    return lie


def doubled(number: int) -> Lie:
    def lie(block: FakeBlock) -> list[FakeLog]:
        if block.block.number != number:
            return block.logs
        return [*block.logs, replace(block.logs[-1], index=block.logs[-1].index + 1)]

    return lie


LIES = [dropped, altered, swapped, doubled]


def busy_host() -> FakeHost:
    host = FakeHost(random.Random(7))
    for _ in range(30):
        host.mine(3)
    return host


def assert_caught_up(follower: Follower, store: ListStore, host: FakeHost) -> None:
    until_caught_up(follower)
    assert_is_the_hosts(store, host)
