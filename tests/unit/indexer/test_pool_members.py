"""Which nodes belong to one pool: of one chain and of one ledger, and called by names that differ."""

from __future__ import annotations

import random

import pytest

from smartchain.errors import HostUnavailable, NoContract, SourcesDisagree, WrongChain
from smartchain.host.pool import UNDECIDED_S, PoolSource
from smartchain.indexer.follow import Follower
from smartchain.indexer.pooled import Pooled
from smartchain.ledger.block import BlockRule
from smartchain.types import ChainId
from tests.fakes.replica import Replica, down
from tests.unit.indexer.pooling import World
from tests.unit.indexer.stepping import busy_host


def test_nodes_of_two_chains_are_refused_and_named() -> None:
    world = World(2)
    world.nodes[1].chain_id = ChainId(1)

    with pytest.raises(WrongChain, match="http://b is a node of chain 1, and http://a of chain 31337"):
        world.pool.info()


def test_a_node_of_another_chain_that_was_away_at_first_is_set_aside_when_it_is_back() -> None:
    world = World(2)
    world.nodes[1].down = down("http://b")
    fresh = PoolSource(world.nodes, clock=lambda: world.now, chance=random.Random(1))
    fresh.info()
    world.nodes[1].chain_id, world.nodes[1].down = ChainId(1), None
    world.nodes[0].down = down("http://a")
    world.now += 100

    with pytest.raises(HostUnavailable):
        Pooled(Follower(fresh, world.store), fresh, world.store).step()

    assert [node.aside is not None for node in fresh.nodes] == [False, True]


def test_nodes_that_describe_the_ledger_differently_are_told_apart_by_most_of_them() -> None:
    world = World(2)
    world.nodes[0].rule = BlockRule(5, 0)
    pool = PoolSource(world.nodes, clock=lambda: world.now)
    with pytest.raises(HostUnavailable, match="describe the ledger differently; waiting until they agree"):
        pool.info()  # one may have been reorganised, and have another deployment
    world.now += UNDECIDED_S
    with pytest.raises(SourcesDisagree, match="describe the ledger differently"):
        pool.info()

    world = World(3)
    world.nodes[0].rule = BlockRule(5, 0)
    pool = PoolSource(world.nodes)

    assert pool.info().rule == world.chain.rule
    assert pool.nodes[0].aside is not None


def test_a_node_that_is_before_the_deployment_yet_is_waited_for() -> None:
    world = World(2)
    world.nodes[0].down = NoContract("there is no contract here")
    pool = PoolSource(world.nodes)

    assert pool.info().chain_id == 31337
    assert pool.sound == pool.nodes


def test_two_nodes_of_one_host_are_told_apart_by_their_places() -> None:
    chain = busy_host()
    pool = PoolSource([Replica(chain, "https://x"), Replica(chain, "https://y"), Replica(chain, "https://x")])

    assert [node.name for node in pool.nodes] == ["https://x (node 1)", "https://y", "https://x (node 3)"]
