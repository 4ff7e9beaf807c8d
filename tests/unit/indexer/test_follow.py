"""The follower against a host that grows, reorganises, and forgets."""

from __future__ import annotations

import random
from contextlib import suppress

import pytest

from smartchain.errors import (
    NotALedger,
    UnknownBlock,
)
from smartchain.indexer.follow import Follower
from smartchain.indexer.outcome import Advanced, Rewound, Waited
from smartchain.ledger.block import BlockRule
from smartchain.ports import Head, HostBlock
from tests.fakes.ledger_host import FakeHost
from tests.fakes.store import ListStore
from tests.unit.indexer.stepping import (
    assert_is_the_hosts,
    busy_host,
    grown,
    until_caught_up,
)


@pytest.mark.parametrize(
    "rule", [BlockRule(0, 0), BlockRule(1, 0), BlockRule(3, 0), BlockRule(0, 20), BlockRule(4, 15)]
)
def test_everything_the_host_recorded_is_verified_and_assembled(rule: BlockRule) -> None:
    host = grown(rule=rule)
    store = ListStore(host.info())
    outcomes = until_caught_up(Follower(host, store))
    assert_is_the_hosts(store, host)
    assert isinstance(outcomes[0], Advanced)
    assert (outcomes[0].verified, outcomes[0].entries) == (True, len(host.entries()))


def test_nothing_is_served_while_a_backfill_waits_for_the_state_of_its_target() -> None:
    host = grown()
    host.keeps_state = 0
    store = ListStore(host.info())
    follower = Follower(host, store)
    outcome = follower.step()
    assert isinstance(outcome, Advanced)
    assert not outcome.verified
    assert len(store.rows) == len(host.entries()) > 0
    assert (list(store.entries()), list(store.blocks())) == ([], [])
    host.keeps_state = 2
    until_caught_up(follower)
    assert_is_the_hosts(store, host)


def test_the_store_is_ahead_by_what_each_new_block_brings() -> None:
    host = grown(blocks=3)
    store = ListStore(host.info())
    follower = Follower(host, store)
    until_caught_up(follower)
    for _ in range(10):
        host.mine(2)
        outcome = follower.step()
        assert isinstance(outcome, Advanced)
        assert (outcome.entries, outcome.verified) == (2, True)
        assert_is_the_hosts(store, host)


@pytest.mark.parametrize("rule", [BlockRule(0, 0), BlockRule(1, 0), BlockRule(3, 0), BlockRule(0, 20)])
@pytest.mark.parametrize("depth", [1, 5, 15])
def test_a_reorganisation_drops_what_it_dropped_and_goes_on(depth: int, rule: BlockRule) -> None:
    host = grown(rule=rule)
    store = ListStore(host.info())
    follower = Follower(host, store)
    until_caught_up(follower)
    before, size_at_fork, size = list(store.chain), host.sizes[-depth - 1], len(store.rows)
    host.reorganise(depth)
    host.mine(4)
    outcomes = until_caught_up(follower)
    assert isinstance(outcomes[0], Rewound)
    assert (outcomes[0].depth, outcomes[0].dropped) == (depth, size - size_at_fork)
    assert_is_the_hosts(store, host)
    kept = [block for block in before if block.size < size_at_fork]
    assert store.chain[: len(kept)] == kept


def test_a_reorganisation_that_keeps_entries_and_timestamps_keeps_every_block_hash() -> None:
    host = grown()
    store = ListStore(host.info())
    follower = Follower(host, store)
    until_caught_up(follower)
    before = list(store.chain)
    host.reorganise(6, keep=True)
    assert isinstance(until_caught_up(follower)[0], Rewound)
    assert store.chain == before
    assert_is_the_hosts(store, host)


def test_a_reorganisation_that_changes_timestamps_changes_the_chain_from_the_first_difference_on() -> None:
    host = grown()
    store = ListStore(host.info())
    follower = Follower(host, store)
    until_caught_up(follower)
    before = list(store.chain)
    host.reorganise(6, keep=True, shift_s=1)
    until_caught_up(follower)
    assert len(store.chain) == len(before)
    same = [ours == theirs for ours, theirs in zip(store.chain, before, strict=True)]
    assert same == sorted(same, reverse=True)
    assert same[0]
    assert not same[-1]
    assert_is_the_hosts(store, host)


def test_a_reorganisation_that_leaves_as_many_entries_is_seen_all_the_same() -> None:
    host = grown(blocks=10)
    store = ListStore(host.info())
    follower = Follower(host, store)
    until_caught_up(follower)
    size, at_fork = len(store.rows), host.sizes[-6]
    host.reorganise(5)
    for _ in range(size - at_fork):
        host.mine(1)
    assert len(host.entries()) == size > at_fork
    assert follower.step() == Rewound(host.blocks[-1].block.number - 5 - (size - at_fork), 5, size - at_fork)
    until_caught_up(follower)
    assert_is_the_hosts(store, host)


def test_a_reorganisation_that_removes_the_first_block_read_starts_over() -> None:
    host = grown(blocks=4)
    store = ListStore(host.info())
    follower = Follower(host, store)
    until_caught_up(follower)
    host.reorganise(len(host.blocks) - host.deployed_at)
    host.mine(3)
    outcome = follower.step()
    assert isinstance(outcome, Rewound)
    assert outcome.host_block is None
    until_caught_up(follower)
    assert_is_the_hosts(store, host)


def test_a_host_that_is_behind_is_waited_for_and_nothing_is_dropped() -> None:
    host = grown()
    store = ListStore(host.info())
    follower = Follower(host, store)
    until_caught_up(follower)
    rows = list(store.rows)
    gone, sizes = host.blocks[-3:], host.sizes[-3:]
    host.cut_back(3)
    outcome = follower.step()
    assert isinstance(outcome, Waited)
    assert not outcome.caught_up
    assert store.rows == rows
    host.blocks += gone
    host.sizes += sizes
    assert isinstance(follower.step(), Waited)
    assert_is_the_hosts(store, host)


def test_a_reorganisation_between_the_logs_and_the_root_is_no_lie() -> None:
    for depth in (1, 2, 5, 12):
        host = grown(seed=depth)
        store = ListStore(host.info())
        follower = Follower(host, store)
        host.before_head = [lambda: None, lambda host=host, depth=depth: host.reorganise(depth)]  # type: ignore[misc]
        with pytest.raises(Exception, match="not known here"):
            follower.step()
        until_caught_up(follower)
        assert_is_the_hosts(store, host)


def test_a_reorganisation_between_two_answers_with_logs_is_no_lie_and_no_end_of_rewinding() -> None:
    """What was read before it is stale, and what was read after it, further on, is canonical."""
    for shift_s in (0, 1):
        for depth in range(2, 15):
            host = busy_host()
            store = ListStore(host.info())

            def reorganise(host: FakeHost = host, depth: int = depth, shift_s: int = shift_s) -> None:
                host.reorganise(depth, keep=True, shift_s=shift_s)
                host.mine(2)

            host.before_chunk = [*[lambda: None] * 8, reorganise]
            follower = Follower(host, store)
            with suppress(UnknownBlock):
                follower.step()
            until_caught_up(follower, most=12)
            assert_is_the_hosts(store, host)


def test_a_reorganisation_of_what_is_verified_is_found_under_what_was_read_after_it() -> None:
    """A block that was read on the new fork stands, canonical, on verified ones that were replaced."""
    for depth in range(2, 10):
        host = busy_host()
        store = ListStore(host.info())
        follower = Follower(host, store)
        until_caught_up(follower)
        for _ in range(8):
            host.mine(3)

        def reorganise(host: FakeHost = host, depth: int = depth + 8) -> None:
            host.reorganise(depth, keep=True, shift_s=1)
            host.mine(3)

        host.before_chunk = [reorganise]
        with suppress(UnknownBlock):
            follower.step()
        until_caught_up(follower, most=12)
        assert_is_the_hosts(store, host)


def test_a_daemon_of_a_host_that_was_cut_far_back_asks_it_little() -> None:
    host = busy_host()
    store = ListStore(host.info())
    follower = Follower(host, store)
    until_caught_up(follower)
    host.cut_back(25)
    asked: list[int] = []
    block = host.block

    class Counting(FakeHost):
        def block(self, number: int) -> HostBlock | None:
            asked.append(number)
            return block(number)

    host.__class__ = Counting
    assert isinstance(follower.step(), Waited)
    assert len(asked) <= 2


def test_where_the_state_of_what_is_read_is_gone_a_newer_block_is_waited_for() -> None:
    host = busy_host()
    host.keeps_state = 0
    store = ListStore(host.info())
    follower = Follower(host, store)
    assert isinstance(follower.step(), Advanced)
    for _ in range(3):
        waited = follower.step()
        assert isinstance(waited, Waited)
        assert not waited.caught_up
        assert "newer host block" in waited.reason
    host.keeps_state = 1
    host.mine(1)
    until_caught_up(follower)
    assert_is_the_hosts(store, host)


def test_a_block_in_which_the_ledger_is_not_there_yet_is_waited_for() -> None:
    class Young(FakeHost):
        deployed = False

        def head(self, at: HostBlock) -> Head:
            if not self.deployed:
                raise NotALedger("no answer")
            return super().head(at)

    host = Young(random.Random(1))
    host.mine(2)
    store = ListStore(host.info())
    follower = Follower(host, store)
    waited = follower.step()
    assert isinstance(waited, Waited)
    assert not waited.caught_up
    host.deployed = True
    until_caught_up(follower)
    assert_is_the_hosts(store, host)


@pytest.mark.parametrize("at", range(1, 7))
@pytest.mark.parametrize("depth", [3, 8, 19])
def test_blocks_that_were_replaced_during_a_backfill_are_read_again_even_where_the_root_fits(
    at: int, depth: int
) -> None:
    """The same entries, mined again at the same seconds in other blocks: only the hashes of those blocks tell."""
    host = grown(blocks=20)
    host.before_chunk = [*([lambda: None] * at), lambda: host.reorganise(depth, keep=True)]
    store = ListStore(host.info())
    follower = Follower(host, store)
    with suppress(UnknownBlock):
        follower.step()
    until_caught_up(follower)
    assert_is_the_hosts(store, host)
    assert store.seen.items() <= {block.block.number: block.block.hash for block in host.blocks}.items()


@pytest.mark.parametrize("at", range(4))
def test_what_was_verified_before_is_looked_at_again_where_it_was_replaced_while_the_rest_was_read(at: int) -> None:
    host = grown(blocks=8)
    store = ListStore(host.info())
    follower = Follower(host, store)
    until_caught_up(follower)
    for _ in range(12):
        host.mine(1)
    host.before_chunk = [*([lambda: None] * at), lambda: host.reorganise(16, keep=True)]
    with suppress(UnknownBlock):
        follower.step()
    until_caught_up(follower)
    assert_is_the_hosts(store, host)
    assert store.seen.items() <= {block.block.number: block.block.hash for block in host.blocks}.items()
