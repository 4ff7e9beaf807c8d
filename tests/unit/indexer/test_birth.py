"""A ledger that a reorganisation deployed anew is another chain from block 0 on."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from smartchain.errors import WrongStore
from smartchain.indexer.follow import Follower
from smartchain.indexer.outcome import Waited
from smartchain.ports import LedgerInfo
from tests.fakes.ledger_host import FakeHost
from tests.fakes.store import ListStore
from tests.unit.indexer.stepping import assert_is_the_hosts, until_caught_up


class Redeployed(FakeHost):
    """Says of the ledger's beginning what it is told to."""

    later_s = 0

    def info(self) -> LedgerInfo:
        info = super().info()
        return replace(info, genesis=replace(info.genesis, timestamp=info.genesis.timestamp + self.later_s))


def test_a_ledger_deployed_anew_is_no_part_of_the_chain_that_began_before() -> None:
    host = Redeployed(random.Random(1))
    store = ListStore(host.info())
    host.mine(3)
    until_caught_up(Follower(host, store))
    follower = Follower(host, store)
    host.reorganise(len(host.blocks) - host.deployed_at + 1)
    host.mine(2)
    host.later_s = 12
    with pytest.raises(WrongStore, match=r"deployed anew: it began at second \d+12, .* name another file with --db"):
        until_caught_up(follower)
    assert store.verified_size == 0


def test_one_answer_of_another_fork_is_asked_for_once_more() -> None:
    host = Redeployed(random.Random(2))
    store = ListStore(host.info())
    host.mine(3)
    follower = Follower(host, store)
    host.later_s = 12
    outcome = follower.step()
    assert isinstance(outcome, Waited)
    assert not outcome.caught_up
    host.later_s = 0
    until_caught_up(follower)
    assert_is_the_hosts(store, host)
