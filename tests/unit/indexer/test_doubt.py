"""The follower against a host that lies, or seems to: each lie is named, and nothing else is called one."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace

import pytest

from smartchain.errors import (
    BrokenSequence,
    HostUnavailable,
    RootMismatch,
    RpcRefused,
    StoreMoved,
    Untrue,
)
from smartchain.indexer.follow import Follower
from smartchain.indexer.outcome import Advanced, Reread, Waited
from smartchain.ports import Chunk, Head, HostBlock
from smartchain.types import Hash32, Index, Size
from tests.fakes.ledger_host import FakeHost, Lie
from tests.fakes.store import ListStore
from tests.unit.indexer.stepping import (
    LIES,
    altered,
    assert_caught_up,
    assert_is_the_hosts,
    busy_host,
    dropped,
    reread_until_it_is_a_lie,
    until_caught_up,
)


@pytest.mark.parametrize("lie", LIES)
@pytest.mark.parametrize("number", [3, 14, 32])
def test_a_lasting_lie_ends_with_the_one_host_block_that_holds_it(lie: Callable[[int], Lie], number: int) -> None:
    host = busy_host()
    host.lie = lie(number)
    store = ListStore(host.info())
    caught = reread_until_it_is_a_lie(Follower(host, store))
    assert (caught.first_block, caught.last_block) == (number, number)
    assert f"host block {number}" in str(caught)
    assert (list(store.entries()), store.verified_size) == ([], 0)
    assert all(row[1] < number for row in store.rows)


@pytest.mark.parametrize("lie", LIES)
def test_a_lie_told_once_is_healed_by_the_one_more_read(lie: Callable[[int], Lie]) -> None:
    host = busy_host()
    host.lie = lie(14)
    store = ListStore(host.info())
    follower = Follower(host, store)
    assert isinstance(follower.step(), Reread)
    host.lie = None
    until_caught_up(follower)
    assert_is_the_hosts(store, host)


@pytest.mark.parametrize("lie", LIES)
def test_without_old_state_a_lie_is_found_all_the_same(lie: Callable[[int], Lie]) -> None:
    host = busy_host()
    host.keeps_state = 1
    host.lie = lie(14)
    store = ListStore(host.info())
    caught = reread_until_it_is_a_lie(Follower(host, store))
    assert caught.first_block is not None
    assert caught.last_block is not None
    assert caught.first_block <= 14 <= caught.last_block
    assert store.verified_size == 0


def test_a_lie_after_the_verified_part_leaves_the_verified_part_alone() -> None:
    host = busy_host()
    store = ListStore(host.info())
    until_caught_up(Follower(host, store))
    size = store.verified_size
    for _ in range(5):
        host.mine(3)
    host.lie = altered(len(host.blocks) - 2)
    follower = Follower(host, store)
    assert isinstance(follower.step(), Reread)
    with pytest.raises(RootMismatch):
        follower.step()
    assert (store.verified_size, len(list(store.entries()))) == (size, size)
    host.lie = None
    until_caught_up(Follower(host, store))
    assert_is_the_hosts(store, host)


def test_a_lie_that_lasts_is_still_a_lie_while_the_chain_grows() -> None:
    host = busy_host()
    host.lie = altered(14)
    follower = Follower(host, ListStore(host.info()))
    assert isinstance(follower.step(), Reread)
    host.mine(2)
    with pytest.raises(RootMismatch, match="host block 14"):
        follower.step()


def test_logs_lost_before_the_first_entry_are_missed() -> None:
    host = FakeHost(random.Random(3))
    host.mine(2)
    host.lie = lambda _block: []
    lie = reread_until_it_is_a_lie(Follower(host, ListStore(host.info())))
    assert isinstance(lie, RootMismatch)
    assert "the contract has 2 entries" in str(lie)


def test_a_transient_fault_keeps_what_was_read_and_the_next_step_goes_on() -> None:
    host = busy_host()
    store = ListStore(host.info())
    follower = Follower(host, store)
    host.fail_at_block = 20
    with pytest.raises(HostUnavailable):
        follower.step()
    assert 0 < len(store.rows) < len(host.entries())
    assert store.verified_size == 0
    kept = list(store.rows)
    assert isinstance(follower.step(), Advanced)
    assert store.rows[: len(kept)] == kept
    until_caught_up(follower)
    assert_is_the_hosts(store, host)


def test_a_broken_sequence_names_what_was_expected() -> None:
    host = busy_host()
    host.lie = dropped(14, at=1)
    lie = reread_until_it_is_a_lie(Follower(host, ListStore(host.info())))
    assert isinstance(lie, BrokenSequence)
    assert "was expected" in str(lie)


def test_a_head_that_its_own_peaks_contradict_is_a_lie_like_any_other() -> None:
    class Forger(FakeHost):
        def head(self, at: HostBlock) -> Head:
            true = super().head(at)
            return Head(Size(true.size + 3), true.root)

    host = Forger(random.Random(7))
    for _ in range(10):
        host.mine(3)
    lie = reread_until_it_is_a_lie(Follower(host, ListStore(host.info())))
    assert isinstance(lie, RootMismatch)
    assert "the contract has" in str(lie)


@pytest.mark.parametrize("blocks_behind", [1, 5])
@pytest.mark.parametrize("blocks_a_chunk", [1, 3, 100])
def test_logs_of_a_replica_that_is_behind_for_a_while_are_no_lie(blocks_behind: int, blocks_a_chunk: int) -> None:
    host = busy_host()
    host.blocks_a_chunk = blocks_a_chunk
    reached = len(host.blocks) - 1 - blocks_behind
    host.lie = lambda block: block.logs if block.block.number <= reached else []
    store = ListStore(host.info())
    follower = Follower(host, store)
    for _ in range(3):
        assert isinstance(follower.step(), Reread)
        host.mine(1)
    host.lie = None
    until_caught_up(follower)
    assert_is_the_hosts(store, host)


def test_logs_that_are_missing_far_below_the_newest_block_are_a_lie_at_the_second_look() -> None:
    host = FakeHost(random.Random(7))
    for number in range(120):
        host.mine(1 if number % 3 == 0 else 0)
    host.lie = dropped(6)
    follower = Follower(host, ListStore(host.info()))
    assert isinstance(follower.step(), Reread)
    with pytest.raises(Untrue, match="host block 6 "):
        follower.step()


def test_a_fit_at_a_block_that_was_replaced_since_is_neither_verified_nor_a_lie() -> None:
    """Two replicas on two forks answer in turns: the root fits, and the block is another one a moment later."""

    class Turning(FakeHost):
        asked = 0
        turned = False

        def head(self, at: HostBlock) -> Head:
            head = super().head(at)
            self.asked += 1
            self.turned = self.asked == 2
            return head

        def block(self, number: int) -> HostBlock | None:
            found, turned = super().block(number), self.turned
            self.turned = False
            return replace(found, hash=Hash32(bytes(32))) if turned and found else found

    host = Turning(random.Random(7))
    for _ in range(10):
        host.mine(3)
    host.blocks_a_chunk = 100
    store = ListStore(host.info())
    follower = Follower(host, store)
    outcome = follower.step()
    assert isinstance(outcome, Waited)
    assert not outcome.caught_up
    assert store.verified_size == 0
    until_caught_up(follower)
    assert_is_the_hosts(store, host)


def test_hashes_of_blocks_that_the_host_denies_each_time_are_not_read_for_ever() -> None:
    """As after a reorganisation between two answers, but it never ends: then it is no reorganisation."""

    class Denying(FakeHost):
        def _chunk(self, first_block: int, last_block: int, expected: Index) -> Chunk:
            chunk = super()._chunk(first_block, last_block, expected)
            chunk.hashes = {
                number: Hash32(bytes(32)) if number == 9 else known for number, known in chunk.hashes.items()
            }
            return chunk

    host = Denying(random.Random(7))
    for _ in range(20):
        host.mine(3)
    host.lie = altered(9)
    host.blocks_a_chunk = 4
    follower = Follower(host, ListStore(host.info()))
    with pytest.raises(Untrue):
        until_caught_up(follower)


def test_verified_entries_of_a_fork_are_not_taken_for_the_hosts_because_a_block_after_them_is() -> None:
    """A store that read two forks in turns: below the newest block that stands are entries that do not."""
    host = busy_host()
    store = ListStore(host.info())
    follower = Follower(host, store)
    until_caught_up(follower)
    host.reorganise(12, keep=True, shift_s=1)
    store.seen[25] = host.blocks[25].block.hash
    store.seen[26] = host.blocks[26].block.hash
    host.mine(2)
    until_caught_up(follower)
    assert_is_the_hosts(store, host)


def test_a_host_that_will_not_be_asked_about_old_state_does_not_hide_the_lie() -> None:
    class Refusing(FakeHost):
        def head(self, at: HostBlock) -> Head:
            if at.number < len(self.blocks) - 1:
                raise RpcRefused("http://fake answers eth_call with: not in your plan")
            return super().head(at)

    host = Refusing(random.Random(7))
    for _ in range(30):
        host.mine(3)
    host.lie = altered(14)
    lie = reread_until_it_is_a_lie(Follower(host, ListStore(host.info())))
    assert isinstance(lie, RootMismatch)


def test_peaks_that_do_not_lead_to_the_root_point_nowhere() -> None:
    class Forger(FakeHost):
        def peaks(self, at: HostBlock) -> list[Hash32]:
            return [*super().peaks(at)[:-1], super().peaks(at)[-1]][::-1]

    host = Forger(random.Random(7))
    for _ in range(30):
        host.mine(3)
    host.keeps_state = 1
    host.lie = altered(30)
    lie = reread_until_it_is_a_lie(Follower(host, ListStore(host.info())))
    assert lie.first_block is not None
    assert lie.last_block is not None
    assert lie.first_block <= 30 <= lie.last_block


def test_of_two_followers_on_two_forks_none_verifies_what_the_other_read() -> None:
    """While one reads on, the other goes back and reads as many entries: what the first knows is not what is stored."""
    ours, theirs = busy_host(), busy_host()
    theirs.reorganise(5, keep=True, shift_s=1)
    store = ListStore(ours.info())
    one, two = Follower(ours, store), Follower(theirs, store)
    until_caught_up(one)
    ours.mine(3)
    ours.before_chunk = [lambda: assert_caught_up(two, store, theirs)]

    with pytest.raises(StoreMoved):
        one.step()

    assert_is_the_hosts(store, theirs)
    until_caught_up(one)
    assert_is_the_hosts(store, ours)


def test_damage_to_what_is_verified_is_told_apart_from_a_lie() -> None:
    host = busy_host()
    store = ListStore(host.info())
    until_caught_up(Follower(host, store))
    packed, block, transaction = store.rows[-1]
    store.rows[-1] = (packed[:-1] + bytes([packed[-1] ^ 1]), block, transaction)
    host.mine(3)
    lie = reread_until_it_is_a_lie(Follower(host, store))
    assert "is damaged" in str(lie)
    assert "smartchain verify" in str(lie)
