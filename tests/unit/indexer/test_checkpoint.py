"""What a kept checkpoint is good for in the middle of a backfill, and that it is never needed."""

from __future__ import annotations

import random
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from smartchain.errors import HostUnavailable, RootMismatch, RpcRefused, Untrue
from smartchain.indexer import checkpoint
from smartchain.indexer.follow import Follower
from smartchain.indexer.growth import genesis_of
from smartchain.indexer.outcome import Advanced, Outcome, Reread
from smartchain.ledger.block import BlockRule, assemble
from smartchain.ledger.entry import Entry
from smartchain.ledger.hash import leaf_hash
from smartchain.ledger.merkle import MerkleLog
from smartchain.ports import Chunk, HostBlock, LedgerStore
from smartchain.store import open_store
from smartchain.types import Hash32, Index, Size
from tests.fakes.ledger_host import BY_THREES, FakeBlock, FakeHost, FakeLog, Lie
from tests.fakes.store import ListStore
from tests.unit.indexer.stepping import assert_is_the_hosts, reread_until_it_is_a_lie, until_caught_up


def host_with_checkpoints(rule: BlockRule = BY_THREES, every: int = 30, blocks: int = 120) -> FakeHost:
    host = FakeHost(random.Random(11), rule)
    for number in range(blocks):
        host.mine(host.chance.randint(0, 4))
        if number % every == every - 1:
            host.keep()
    return host


def altered(number: int) -> Lie:
    def lie(block: FakeBlock) -> list[FakeLog]:
        if block.block.number != number:
            return block.logs
        entry = Entry.unpack(block.logs[0].packed)
        return [replace(block.logs[0], packed=replace(entry, value=entry.value ^ 1).pack()), *block.logs[1:]]

    return lie


def first_with_entries(host: FakeHost, after: int) -> int:
    return next(number for number in range(after, len(host.blocks)) if host.blocks[number].logs)


def read_until(host: FakeHost, store: LedgerStore, size: int) -> Outcome:
    """One step, told to stop once so many entries are read."""
    read: list[int] = [0]
    return Follower(host, store, lambda now, _total: read.append(now), lambda: read[-1] >= size).step()


RULES = [BlockRule(0, 0), BlockRule(1, 0), BlockRule(3, 0), BlockRule(0, 1), BlockRule(0, 40), BlockRule(4, 12)]


@pytest.mark.parametrize("rule", RULES)
def test_what_a_checkpoint_proves_is_verified_long_before_the_end(rule: BlockRule) -> None:
    host = host_with_checkpoints(rule)
    kept = host.blocks[32].kept[0]
    store = ListStore(host.info())

    outcome = read_until(host, store, kept + 1)

    assert isinstance(outcome, Advanced)
    assert not outcome.verified
    assert len(store.rows) > kept == store.verified_size
    assert store.verified_at is not None
    assert host.sizes[store.verified_at.number] == kept
    assert [entry.index for entry in store.entries()] == list(range(kept))
    until_caught_up(Follower(host, store))
    assert_is_the_hosts(store, host)


@pytest.mark.parametrize("rule", RULES)
def test_no_block_is_verified_that_follows_from_a_later_entry(rule: BlockRule) -> None:
    """A block that closes because its interval is over closes by an entry that no checkpoint has proven yet."""
    for seed in range(20):
        host = FakeHost(random.Random(seed), rule)
        for _ in range(12):
            host.mine(host.chance.randint(1, 3))
        size = host.keep()
        host.mine(2, host.blocks[-1].block.timestamp + 1000)
        host.mine(2)
        host.blocks_a_chunk = len(host.blocks) - host.deployed_at - 1
        store, alone = ListStore(host.info()), ListStore(host.info())

        read_until(host, store, size + 1)
        Follower(host_cut_at(host, size), alone).step()

        assert store.verified_size == size < len(store.rows)
        assert list(store.blocks()) == alone.chain


def host_cut_at(host: FakeHost, size: int) -> FakeHost:
    """A host that knows nothing past the first so many entries."""
    cut = FakeHost(random.Random(0), host.rule)
    cut.blocks = [block for block, after in zip(host.blocks, host.sizes, strict=True) if after <= size]
    cut.sizes = host.sizes[: len(cut.blocks)]
    return cut


def test_a_lie_near_the_beginning_is_found_at_the_first_checkpoint_and_not_at_the_end() -> None:
    host = host_with_checkpoints()
    host.keeps_state = 1
    liar = first_with_entries(host, 10)
    host.lie = altered(liar)
    store = ListStore(host.info())

    follower = Follower(host, store)
    outcome = follower.step()

    assert isinstance(outcome, Reread)
    assert outcome.last_block <= 32 < len(host.blocks) - 1
    assert store.cursor is None or store.cursor.number < liar
    lie = reread_until_it_is_a_lie(Follower(host, store))
    assert isinstance(lie, RootMismatch)
    assert "kept its own" in str(lie)
    assert lie.first_block is not None
    assert lie.last_block is not None
    assert lie.first_block <= liar <= lie.last_block <= 32
    assert store.verified_size == 0


def test_a_lie_between_two_checkpoints_leaves_what_the_first_proved_and_names_no_block_before_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(checkpoint, "APART", 1)
    host = host_with_checkpoints()
    host.keeps_state = 1
    liar = first_with_entries(host, 40)
    host.lie = altered(liar)
    store = ListStore(host.info())

    lie = reread_until_it_is_a_lie(Follower(host, store))

    assert store.verified_size == host.blocks[32].kept[0]
    assert lie.first_block is not None
    assert lie.last_block is not None
    assert 32 <= lie.first_block <= liar <= lie.last_block <= 62
    host.lie = None
    until_caught_up(Follower(host, store))
    assert_is_the_hosts(store, host)


def test_with_old_state_it_is_the_very_block() -> None:
    host = host_with_checkpoints()
    liar = first_with_entries(host, 10)
    host.lie = altered(liar)
    lie = reread_until_it_is_a_lie(Follower(host, ListStore(host.info())))
    assert (lie.first_block, lie.last_block) == (liar, liar)


def test_of_many_checkpoints_in_one_answer_the_first_that_does_not_fit_bounds_the_lie() -> None:
    host = host_with_checkpoints(every=3)
    host.keeps_state, host.blocks_a_chunk = 1, 100
    liar = first_with_entries(host, 20)
    host.lie = altered(liar)
    lie = reread_until_it_is_a_lie(Follower(host, ListStore(host.info())))
    assert lie.first_block is not None
    assert lie.last_block is not None
    assert lie.first_block <= liar <= lie.last_block <= liar + 3
    assert lie.last_block - lie.first_block <= 6
    assert len(host.asked_checkpoints) < 2 * 12


def test_checkpoints_after_every_entry_are_not_all_asked_for() -> None:
    host = host_with_checkpoints(every=1)
    until_caught_up(Follower(host, ListStore(host.info())))
    assert len(host.asked_checkpoints) <= 3


def test_a_checkpoint_in_the_middle_of_a_host_block_verifies_up_to_the_block_before() -> None:
    host = host_with_checkpoints(every=1000)
    place = first_with_entries(host, 30)
    host.blocks[place].kept.append(host.sizes[place] - 1)
    while len(host.blocks[place].logs) < 2:
        place = first_with_entries(host, place + 1)
    host.blocks[place].kept.append(host.sizes[place] - 1)
    host.blocks_a_chunk = 200
    host.mine(1)
    store = ListStore(host.info())
    host.blocks_a_chunk = len(host.blocks) - 4
    read_until(host, store, 1)
    assert store.verified_at is not None
    assert store.verified_at.number < place
    assert store.verified_size == host.sizes[store.verified_at.number] == host.sizes[place - 1]


def test_a_forged_checkpoint_is_a_lie_of_the_host_as_forged_logs_are() -> None:
    host = host_with_checkpoints()
    host.forged_checkpoint = Hash32(b"\x01" * 32)
    store = ListStore(host.info())
    lie = reread_until_it_is_a_lie(Follower(host, store))
    assert isinstance(lie, RootMismatch)
    assert "0x" + "01" * 32 in str(lie)
    assert store.verified_size == 0


@pytest.mark.parametrize(
    "error",
    [RpcRefused("http://fake answers eth_call with: not here"), HostUnavailable("http://fake is busy")],
    ids=["refuses", "is busy"],
)
def test_a_host_that_says_nothing_of_checkpoints_is_read_to_the_end_all_the_same(error: Exception) -> None:
    class Silent(FakeHost):
        def checkpoint(self, size: Size, at: HostBlock) -> Hash32 | None:
            raise error

    host = Silent(random.Random(11))
    for _ in range(30):
        host.mine(2)
        host.keep()
    store = ListStore(host.info())
    until_caught_up(Follower(host, store), most=2)
    assert_is_the_hosts(store, host)


def test_events_of_checkpoints_that_there_are_none_of_cost_a_few_questions_and_nothing_else() -> None:
    class Boasting(FakeHost):
        def _chunk(self, first_block: int, last_block: int, expected: Index) -> Chunk:
            chunk = super()._chunk(first_block, last_block, expected)
            chunk.checkpoints += [0, 1, 2, 3, 4, 5, 10**9, 2**256 - 1]
            return chunk

    host = Boasting(random.Random(11))
    for _ in range(30):
        host.mine(2)
    store = ListStore(host.info())
    until_caught_up(Follower(host, store), most=2)
    assert_is_the_hosts(store, host)
    assert 0 < len(host.asked_checkpoints) <= 3 * 10


def test_a_reorganisation_that_takes_a_checkpoint_away_is_no_lie() -> None:
    for depth in (1, 20, 70):
        host = host_with_checkpoints()
        store = ListStore(host.info())
        follower = Follower(host, store)

        def reorganise(host: FakeHost = host, depth: int = depth) -> None:
            host.reorganise(depth)
            host.mine(3)

        host.before_chunk = [*[lambda: None] * 15, reorganise]
        with pytest.raises(Exception, match=r"not known here|replaced"):
            follower.step()
        until_caught_up(follower)
        assert_is_the_hosts(store, host)


def test_nothing_untrue_is_said_where_there_is_nothing_untrue() -> None:
    for seed in range(30):
        chance = random.Random(seed)
        host = FakeHost(chance, chance.choice(RULES))
        for _ in range(60):
            host.mine(chance.randint(0, 4))
            if chance.random() < 0.3:
                host.keep()
        host.blocks_a_chunk = chance.randint(1, 12)
        store = ListStore(host.info())
        try:
            until_caught_up(Follower(host, store), most=2)
        except Untrue as lie:
            raise AssertionError(f"seed {seed}") from lie
        assert_is_the_hosts(store, host)


@pytest.mark.parametrize("rule", RULES)
def test_a_database_keeps_what_a_checkpoint_proved_and_goes_on_from_there(rule: BlockRule, tmp_path: Path) -> None:
    host = host_with_checkpoints(rule, blocks=60)
    kept = host.blocks[32].kept[0]
    url = f"sqlite:///{tmp_path / 'chain.db'}"
    with closing(open_store(url, create=True)) as store:
        ledger = store.ledger(host.info())
        read_until(host, ledger, kept + 1)
        assert ledger.status().verified_size == kept < ledger.status().size
        with ledger.view() as view:
            log = MerkleLog.of(leaf_hash(entry) for entry in host.entries()[:kept])
            assert view.root() == log.root()
            assert list(view.packed(0, kept)) == host.entries()[:kept]
        assert all(block.size <= kept for block in ledger.blocks())
    with closing(open_store(url, create=False)) as store:
        ledger = store.open()
        until_caught_up(Follower(host, ledger))
        assert list(ledger.packed(0, 9999)) == host.entries()
        genesis = genesis_of(host.info())
        assert list(ledger.blocks()) == list(assemble(rule, genesis, MerkleLog(), host.entries()))
