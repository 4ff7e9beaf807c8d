"""The follower against a host that grows, reorganises, forgets and lies."""

from __future__ import annotations

import random
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

import pytest

from smartchain.errors import (
    BrokenSequence,
    HostUnavailable,
    NotALedger,
    RootMismatch,
    RpcRefused,
    StoreMoved,
    UnknownBlock,
    Untrue,
)
from smartchain.indexer.follow import Follower
from smartchain.indexer.growth import genesis_of
from smartchain.indexer.outcome import Advanced, Outcome, Reread, Rewound, Waited
from smartchain.ledger.block import BlockRule, assemble
from smartchain.ledger.entry import Entry
from smartchain.ledger.merkle import MerkleLog
from smartchain.ports import Chunk, Head, HostBlock
from smartchain.types import Hash32, Index, Size
from tests.fakes.ledger_host import BY_THREES, FakeBlock, FakeHost, FakeLog, Lie
from tests.fakes.store import ListStore


def grown(seed: int = 1, blocks: int = 20, rule: BlockRule = BY_THREES) -> FakeHost:
    host = FakeHost(random.Random(seed), rule)
    for _ in range(blocks):
        host.mine(host.chance.randint(0, 5))
    return host


def until_caught_up(follower: Follower, most: int = 50) -> list[Outcome]:
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
    assert store.chain == list(assemble(host.rule, genesis_of(store.info), MerkleLog(), host.entries()))
    assert store.verified_size == len(store.rows)
    assert store.verified_blocks == len(store.chain)


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
            host = _busy_host()
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
        host = _busy_host()
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
    host = _busy_host()
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
    host = _busy_host()
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


def _drop(number: int, at: int = 0) -> Lie:
    def lie(block: FakeBlock) -> list[FakeLog]:
        logs = list(block.logs)
        if block.block.number == number:
            del logs[at]
        return logs

    return lie


def _alter(number: int) -> Lie:
    def lie(block: FakeBlock) -> list[FakeLog]:
        if block.block.number != number:
            return block.logs
        entry = Entry.unpack(block.logs[0].packed)
        forged = replace(entry, value=entry.value + 1).pack()
        return [replace(block.logs[0], packed=forged), *block.logs[1:]]

    return lie


def _swap(number: int) -> Lie:
    def lie(block: FakeBlock) -> list[FakeLog]:
        if block.block.number != number:
            return block.logs
        one, two, *rest = block.logs
        return [replace(one, packed=two.packed), replace(two, packed=one.packed), *rest]

    return lie


def _double(number: int) -> Lie:
    def lie(block: FakeBlock) -> list[FakeLog]:
        if block.block.number != number:
            return block.logs
        return [*block.logs, replace(block.logs[-1], index=block.logs[-1].index + 1)]

    return lie


LIES = [_drop, _alter, _swap, _double]


def _busy_host() -> FakeHost:
    host = FakeHost(random.Random(7))
    for _ in range(30):
        host.mine(3)
    return host


@pytest.mark.parametrize("lie", LIES)
@pytest.mark.parametrize("number", [3, 14, 32])
def test_a_lasting_lie_ends_with_the_one_host_block_that_holds_it(lie: Callable[[int], Lie], number: int) -> None:
    host = _busy_host()
    host.lie = lie(number)
    store = ListStore(host.info())
    caught = reread_until_it_is_a_lie(Follower(host, store))
    assert (caught.first_block, caught.last_block) == (number, number)
    assert f"host block {number}" in str(caught)
    assert (list(store.entries()), store.verified_size) == ([], 0)
    assert all(row[1] < number for row in store.rows)


@pytest.mark.parametrize("lie", LIES)
def test_a_lie_told_once_is_healed_by_the_one_more_read(lie: Callable[[int], Lie]) -> None:
    host = _busy_host()
    host.lie = lie(14)
    store = ListStore(host.info())
    follower = Follower(host, store)
    assert isinstance(follower.step(), Reread)
    host.lie = None
    until_caught_up(follower)
    assert_is_the_hosts(store, host)


@pytest.mark.parametrize("lie", LIES)
def test_without_old_state_a_lie_is_found_all_the_same(lie: Callable[[int], Lie]) -> None:
    host = _busy_host()
    host.keeps_state = 1
    host.lie = lie(14)
    store = ListStore(host.info())
    caught = reread_until_it_is_a_lie(Follower(host, store))
    assert caught.first_block is not None
    assert caught.last_block is not None
    assert caught.first_block <= 14 <= caught.last_block
    assert store.verified_size == 0


def test_a_lie_after_the_verified_part_leaves_the_verified_part_alone() -> None:
    host = _busy_host()
    store = ListStore(host.info())
    until_caught_up(Follower(host, store))
    size = store.verified_size
    for _ in range(5):
        host.mine(3)
    host.lie = _alter(len(host.blocks) - 2)
    follower = Follower(host, store)
    assert isinstance(follower.step(), Reread)
    with pytest.raises(RootMismatch):
        follower.step()
    assert (store.verified_size, len(list(store.entries()))) == (size, size)
    host.lie = None
    until_caught_up(Follower(host, store))
    assert_is_the_hosts(store, host)


def test_a_lie_that_lasts_is_still_a_lie_while_the_chain_grows() -> None:
    host = _busy_host()
    host.lie = _alter(14)
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
    host = _busy_host()
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
    host = _busy_host()
    host.lie = _drop(14, at=1)
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
    host = _busy_host()
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
    host.lie = _drop(6)
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
    host.lie = _alter(9)
    host.blocks_a_chunk = 4
    follower = Follower(host, ListStore(host.info()))
    with pytest.raises(Untrue):
        until_caught_up(follower)


def test_verified_entries_of_a_fork_are_not_taken_for_the_hosts_because_a_block_after_them_is() -> None:
    """A store that read two forks in turns: below the newest block that stands are entries that do not."""
    host = _busy_host()
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
    host.lie = _alter(14)
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
    host.lie = _alter(30)
    lie = reread_until_it_is_a_lie(Follower(host, ListStore(host.info())))
    assert lie.first_block is not None
    assert lie.last_block is not None
    assert lie.first_block <= 30 <= lie.last_block


def test_of_two_followers_on_two_forks_none_verifies_what_the_other_read() -> None:
    """While one reads on, the other goes back and reads as many entries: what the first knows is not what is stored."""
    ours, theirs = _busy_host(), _busy_host()
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


def assert_caught_up(follower: Follower, store: ListStore, host: FakeHost) -> None:
    until_caught_up(follower)
    assert_is_the_hosts(store, host)


def test_damage_to_what_is_verified_is_told_apart_from_a_lie() -> None:
    host = _busy_host()
    store = ListStore(host.info())
    until_caught_up(Follower(host, store))
    packed, block, transaction = store.rows[-1]
    store.rows[-1] = (packed[:-1] + bytes([packed[-1] ^ 1]), block, transaction)
    host.mine(3)
    lie = reread_until_it_is_a_lie(Follower(host, store))
    assert "is damaged" in str(lie)
    assert "smartchain verify" in str(lie)
