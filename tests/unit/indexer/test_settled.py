"""Three heads: how far the host calls its chain safe and finalized, and what happens where it goes back on that."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from smartchain.errors import FinalityBroken, HostUnavailable
from smartchain.host.pool import PoolSource
from smartchain.indexer.follow import Follower
from smartchain.indexer.outcome import Rewound
from smartchain.indexer.pooled import Pooled
from smartchain.ports import HostBlock, LedgerStore, Settled, Store
from smartchain.store import open_store
from smartchain.types import ZERO_HASH, Hash32, Index, Size
from tests.fakes.ledger_host import FakeHost
from tests.fakes.replica import Replica
from tests.unit.indexer.stepping import grown, until_caught_up


@pytest.fixture
def database(tmp_path_factory: pytest.TempPathFactory) -> Store:
    return open_store(f"sqlite:///{tmp_path_factory.mktemp('settled')}/smartchain.db", create=True)


def followed(host: FakeHost, database: Store) -> tuple[Follower, LedgerStore]:
    store = database.ledger(host.info())
    follower = Follower(host, store)
    until_caught_up(follower)
    return follower, store


def is_the_hosts(store: LedgerStore, host: FakeHost) -> bool:
    packed = list(store.packed(0, 10**6))
    return packed == host.entries() and store.status().verified_size == len(packed)


def test_what_the_host_calls_safe_and_finalized_is_kept_and_grows_with_it(database: Store) -> None:
    host = grown(blocks=20)
    host.depths = 4, 9
    follower, store = followed(host, database)
    assert store.status().settled == Settled(host.blocks[-4].block, host.blocks[-9].block)

    for _ in range(5):
        host.mine(2)
    until_caught_up(follower)
    assert store.status().settled == Settled(host.blocks[-4].block, host.blocks[-9].block)


def test_nothing_is_final_on_a_host_that_does_not_say_so(database: Store) -> None:
    _, store = followed(grown(), database)
    assert store.status().settled == Settled()


def test_what_is_finalized_past_what_was_read_counts_up_to_what_was_read(database: Store) -> None:
    host = grown(blocks=12)
    host.depths = 1, 1
    follower, store = followed(host, database)
    verified = store.status().verified_at
    assert store.status().settled == Settled(verified, verified)
    assert verified == host.blocks[-1].block
    until_caught_up(follower)


def test_nothing_before_the_first_entry_counts(database: Store) -> None:
    host = FakeHost(random.Random(1))
    for entries in (0, 0, 2, 1):
        host.mine(entries)
    host.depths = 2, 3
    _, store = followed(host, database)
    assert store.status().settled == Settled(host.blocks[-2].block, None)


@pytest.mark.parametrize("depths", [(8, 15), (None, None), (2, 30)])
def test_a_finalized_block_never_goes_back(database: Store, depths: tuple[int | None, int | None]) -> None:
    host = grown(blocks=20)
    host.depths = 4, 9
    follower, store = followed(host, database)
    before = store.status().settled.finalized

    host.depths = depths
    host.mine(1)
    until_caught_up(follower)
    assert store.status().settled.finalized == before is not None


def test_a_block_that_is_not_on_its_own_chain_does_not_count(database: Store) -> None:
    class Astray(FakeHost):
        def settled(self) -> Settled:
            forked = replace(self.blocks[6].block, hash=Hash32(b"\x0f" * 32))
            return Settled(forked, forked)

    host = Astray(random.Random(1))
    for _ in range(20):
        host.mine(2)
    _, store = followed(host, database)
    assert store.status().settled == Settled()


@pytest.mark.parametrize("seed", range(12))
def test_any_reorganisation_down_to_the_finalized_block_is_followed(database: Store, seed: int) -> None:
    host = grown(seed, blocks=30)
    host.depths = 3, 8
    follower, store = followed(host, database)
    for _ in range(6):
        host.mine(host.chance.randint(0, 3))
        until_caught_up(follower)
        settled = store.status().settled
        host.reorganise(host.chance.randint(1, 7), keep=host.chance.random() < 0.3)
        host.mine(2)
        until_caught_up(follower)
        assert is_the_hosts(store, host)
        kept = store.status().settled
        assert kept.finalized is not None
        assert settled.finalized is not None
        assert kept.finalized.number >= settled.finalized.number


def test_a_reorganisation_past_the_finalized_block_ends_it_with_both_hashes_and_nothing_lost(database: Store) -> None:
    host = grown(blocks=20)
    host.depths = 3, 8
    follower, store = followed(host, database)
    finalized, before = host.blocks[-8].block, store.status()

    host.reorganise(9)
    with pytest.raises(FinalityBroken) as broken:
        follower.step()
    assert f"host block {finalized.number} was finalized as 0x{finalized.hash.hex()}" in str(broken.value)
    assert f"and is 0x{host.blocks[finalized.number].block.hash.hex()} on http://fake now" in str(broken.value)
    assert "index again into another database" in str(broken.value)
    assert store.status() == before


def test_a_host_that_is_behind_the_finalized_block_is_waited_for(database: Store) -> None:
    host = grown(blocks=20)
    host.depths = 3, 8
    follower, store = followed(host, database)
    before = store.status()

    gone = host.blocks[-12:], host.sizes[-12:]
    host.cut_back(12)
    host.mine(1)
    with pytest.raises(HostUnavailable, match="which was finalized before"):
        _step_until_it_fails(follower)
    assert store.status() == before

    host.blocks[-1:], host.sizes[-1:] = gone
    until_caught_up(follower)
    assert is_the_hosts(store, host)


def _step_until_it_fails(follower: Follower) -> None:
    for _ in range(3):
        follower.step()


def test_the_store_itself_refuses_to_go_back_behind_the_finalized_block(database: Store) -> None:
    host = grown(blocks=20)
    host.depths = 3, 8
    follower, store = followed(host, database)
    before = store.status()
    finalized = before.settled.finalized
    assert finalized is not None
    size = store.size_at(finalized.number)

    for less in (Size(size - 1), Size(0)):
        with pytest.raises(FinalityBroken, match=f"{size} stand up to host block {finalized.number}, which"):
            store.rewind(less, host.blocks[-9].block if less else None)
    assert store.status() == before
    store.rewind(size, HostBlock(store.host_block_of(Index(size - 1)), ZERO_HASH, 0))  # as from peers, who name no hash
    assert store.status().settled == Settled(finalized, finalized)
    assert (store.status().cursor, store.status().verified_at) == (finalized, finalized)
    until_caught_up(follower)
    assert is_the_hosts(store, host)


def test_host_blocks_without_entries_are_forgotten_below_the_finalized_one(database: Store) -> None:
    host = grown(blocks=2)
    host.depths = 3, 8
    follower, store = followed(host, database)
    for _ in range(30):
        host.mine(0)
        until_caught_up(follower)
    finalized = store.status().settled.finalized
    assert finalized is not None
    known = [number for number, _ in store.host_blocks()]
    empty = [number for number in known if not host.blocks[number].logs]
    assert len([number for number in empty if number < finalized.number]) <= 1
    assert len([number for number in empty if number >= finalized.number]) == 8

    host.reorganise(7)
    assert any(isinstance(outcome, Rewound) for outcome in until_caught_up(follower))


def test_of_several_nodes_the_most_careful_says_what_is_final(database: Store) -> None:
    chain = grown(blocks=20)
    nodes = [Replica(chain, f"http://{name}") for name in ("one", "two", "three")]
    nodes[0].depths, nodes[1].depths, nodes[2].depths = (1, 1), (4, 9), (3, 10)
    pool = PoolSource(nodes)
    store = database.ledger(pool.info())
    until_caught_up(Pooled(Follower(pool, store), pool, store))
    assert store.status().settled == Settled(chain.blocks[-4].block, chain.blocks[-10].block)


def test_of_several_nodes_the_one_without_the_finalized_block_is_set_aside(database: Store) -> None:
    chain = grown(blocks=20)
    nodes = [Replica(chain, "http://one"), Replica(chain, "http://two")]
    for node in nodes:
        node.depths = 3, 8
    pool = PoolSource(nodes)
    store = database.ledger(pool.info())
    steps = Pooled(Follower(pool, store), pool, store)
    until_caught_up(steps)

    other = grown(seed=3, blocks=24)
    other.reorganise(20)
    nodes[0].blocks, nodes[0].sizes = other.blocks, other.sizes
    chain.mine(2)
    until_caught_up(steps)
    assert [node.name for node in pool.sound] == ["http://two"]
    assert "was finalized as" in (pool.nodes[0].aside or "")
    assert is_the_hosts(store, chain)
