"""Several nodes of one chain: who fails gives way at once, who lies is set aside by name, and nobody else is."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smartchain.errors import (
    HostUnavailable,
    RpcRefused,
    SmartchainError,
    SourcesDisagree,
    Untrue,
)
from smartchain.host.pool import STUCK_S
from smartchain.indexer.outcome import Waited
from smartchain.ports import Head
from smartchain.types import Hash32
from tests.fakes.ledger_host import FakeBlock, FakeLog, Lie
from tests.fakes.replica import down, forger
from tests.unit.indexer.pooling import World
from tests.unit.indexer.stepping import LIES, dropped

BAD = 20
"""A host block that liars lie about; nothing is verified up to there when they begin to."""


# faults


def test_a_node_that_is_down_gives_way_to_the_next_within_the_step() -> None:
    world = World(2)
    world.nodes[0].down = down("http://a")

    world.step()

    assert world.is_honest()
    assert world.pool.name == "http://b"
    assert world.aside == []


def test_a_node_that_fails_in_the_middle_of_its_logs_is_gone_on_from_by_the_next() -> None:
    world = World(2)
    world.nodes[0].fail_at_block = BAD

    world.step()

    assert world.is_honest()
    assert world.nodes[1].asked > 0


def test_a_node_without_the_state_gives_way_to_one_that_has_it() -> None:
    world = World(2)
    world.nodes[0].keeps_state = 0

    world.follow(3)

    assert world.store.verified_size == len(world.chain.entries())


def test_where_all_are_down_one_fault_names_each_and_the_next_step_goes_on_as_soon_as_one_is_back() -> None:
    world = World(2)
    world.follow()
    world.chain.mine(2)
    for node in world.nodes:
        node.down = down(node.name)

    with pytest.raises(HostUnavailable, match=r"http://a.*http://b"):
        world.step()
    for node in world.nodes:
        node.down = None
    world.step()

    assert world.is_honest()


def test_where_no_node_may_be_asked_at_all_trying_again_does_not_help() -> None:
    world = World(2)
    for node in world.nodes:
        node.down = RpcRefused(f"{node.name} refuses access (HTTP 401)")

    with pytest.raises(RpcRefused):
        world.step()


def test_a_node_that_asks_for_patience_is_not_asked_before_even_where_nobody_else_is_there() -> None:
    world = World(2)
    for node in world.nodes:
        node.down = down(node.name, 100)
    with pytest.raises(HostUnavailable):
        world.step()
    asked = [node.asked for node in world.nodes]

    with pytest.raises(HostUnavailable, match="patience"):
        world.step()
    assert [node.asked for node in world.nodes] == asked
    world.now += 100
    for node in world.nodes:
        node.down = None
    world.step()

    assert world.is_honest()


def test_a_node_that_is_behind_what_was_read_is_no_liar_and_gives_way() -> None:
    world = World(2)
    world.follow()
    world.nodes[0].behind = 5

    outcome = world.step()

    assert isinstance(outcome, Waited)
    assert outcome.caught_up
    assert world.pool.name == "http://b"
    assert world.aside == []


def test_a_node_that_is_stuck_gives_way_once_another_is_ahead() -> None:
    world = World(2)
    world.follow()
    world.nodes[0].behind = 3
    for _ in range(3):
        world.chain.mine(1)
    world.now += STUCK_S

    world.follow()

    assert world.pool.name == "http://b"
    assert world.is_honest()
    assert world.aside == []


def test_a_quiet_chain_moves_nobody() -> None:
    world = World(2)
    world.follow()
    for _ in range(5):
        world.now += STUCK_S
        world.follow()

    assert world.told == []


def test_the_first_node_is_used_again_when_it_is_well_again() -> None:
    world = World(2)
    world.nodes[0].down = down("http://a")
    world.follow()
    world.nodes[0].down = None
    world.now += 100
    for _ in range(3):
        world.chain.mine(1)
        world.follow()

    assert world.told == [("in_use", "http://b"), ("in_use", "http://a")]


# liars


@pytest.mark.parametrize("lie", LIES)
@pytest.mark.parametrize("count", [2, 3])
def test_a_node_whose_logs_lie_for_ever_is_set_aside_and_the_chain_is_whole(
    lie: Callable[[int], Lie], count: int
) -> None:
    world = World(count)
    world.nodes[0].lie = lie(BAD)

    world.follow()

    assert world.is_honest()
    assert world.aside == ["http://a"]
    assert world.told == [("set_aside", "http://a"), ("in_use", "http://b")]


def test_a_node_that_forges_its_head_alone_is_set_aside() -> None:
    world = World(3)
    world.nodes[0].forge = lambda head: replace(head, root=Hash32(b"\x66" * 32))

    world.follow()

    assert world.is_honest()
    assert world.aside == ["http://a"]


def test_a_witness_that_forges_its_head_does_not_get_the_honest_node_set_aside() -> None:
    world = World(2)
    world.nodes[1].forge = lambda head: replace(head, root=Hash32(b"\x66" * 32))

    world.follow()
    for _ in range(4):
        world.now += 100
        world.chain.mine(1)
        world.follow()

    assert world.is_honest()
    assert world.aside == ["http://b"]


def test_one_lying_node_alone_ends_it() -> None:
    world = World(1)
    world.nodes[0].lie = dropped(BAD)

    with pytest.raises(Untrue, match=f"host block {BAD}"):
        world.follow()


def test_where_every_node_lies_the_end_names_each() -> None:
    world = World(2)
    for node in world.nodes:
        node.lie = dropped(BAD)

    with pytest.raises(Untrue, match=r"none is left: http://a: .*; http://b: "):
        world.follow()
    assert world.store.verified_size == 0


def test_two_that_each_stand_by_another_chain_end_it_with_both_names() -> None:
    world = World(2)
    forger(world.nodes[0], BAD)

    with pytest.raises(SourcesDisagree, match=r"http://a.*http://b"):
        world.follow()
    assert world.store.verified_size == 0
    assert world.aside == []


@pytest.mark.parametrize("liar", [0, 1, 2])
def test_of_three_one_that_forges_logs_and_head_alike_is_set_aside_by_the_two_others(liar: int) -> None:
    world = World(3)
    forger(world.nodes[liar], BAD)

    world.follow()

    assert world.is_honest()
    assert world.aside == [world.nodes[liar].name]


def test_of_three_one_forging_while_another_is_away_is_waited_with_and_nothing_wrong_is_stored() -> None:
    world = World(3)
    forger(world.nodes[0], BAD)
    world.nodes[2].down = down("http://c")
    for _ in range(20):
        try:
            world.step()
        except SmartchainError as fault:
            assert fault.retryable  # noqa: PT017
    assert world.store.verified_size == 0
    world.nodes[2].down = None
    world.now += 1000

    world.follow()

    assert world.is_honest()
    assert world.aside == ["http://a"]


def test_what_a_forger_had_verified_is_no_reason_to_set_the_honest_one_aside() -> None:
    world = World(2)
    forger(world.nodes[0], BAD)
    world.nodes[1].down = down("http://b")
    world.follow()
    world.nodes[1].down = None
    world.now += 1000
    world.chain.mine(2)

    with pytest.raises(SourcesDisagree):
        world.follow()
    assert world.aside == []

    forged = World(2)
    forger(forged.nodes[0], BAD)
    forged.nodes[1].down = down("http://b")
    forged.follow()
    forged.nodes[0].down, forged.nodes[1].down = down("http://a"), None
    forged.chain.mine(2)
    with pytest.raises(Untrue, match=r"stands by its own word.*verify"):
        forged.follow()
    assert forged.aside == []


def test_a_liar_that_tells_the_truth_whenever_it_is_held_to_it_is_set_aside_in_the_end() -> None:
    world = World(2)
    world.nodes[1].down = down("http://b")
    liar, told = dropped(BAD), [0]

    def sometimes(block: FakeBlock) -> list[FakeLog]:
        if block.block.number == BAD:
            told[0] += 1
            return block.logs if told[0] % 5 == 0 else liar(block)
        return block.logs

    world.nodes[0].lie = sometimes
    for _ in range(60):
        try:
            world.step()
        except SmartchainError as fault:
            assert fault.retryable  # noqa: PT017
        if world.aside:
            break
    world.nodes[1].down = None
    world.follow()

    assert world.aside == ["http://a"]
    assert world.is_honest()


# forks


def test_a_reorganisation_that_one_node_sees_before_another_is_no_lie() -> None:
    world = World(2)
    world.follow()
    newest = len(world.chain.blocks)
    world.chain.mine(2)
    world.nodes[1].other_hash[newest] = Hash32(b"\x11" * 32)

    with pytest.raises(HostUnavailable, match="another one on"):
        world.step()
    assert world.store.verified_size == world.chain.sizes[newest - 1]
    world.nodes[1].other_hash.clear()
    world.now += 100
    world.follow()

    assert world.is_honest()
    assert world.aside == []


def test_a_node_alone_on_its_fork_is_left_for_the_others_and_not_set_aside() -> None:
    world = World(3)
    world.follow()
    newest = len(world.chain.blocks)
    world.chain.mine(2)
    world.nodes[0].other_hash[newest] = Hash32(b"\x11" * 32)

    world.follow()

    assert world.is_honest()
    assert world.pool.name == "http://b"
    assert world.aside == []


# by chance


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32), st.integers(0, 2), st.sampled_from(LIES))
def test_with_one_liar_of_three_the_chain_is_whole_and_nobody_else_is_set_aside(
    seed: int, liar: int, lie: Callable[[int], Lie]
) -> None:
    chance = random.Random(seed)
    world = World(3)
    world.nodes[liar].lie = lie(chance.randrange(5, 30))
    for _ in range(12):
        node = chance.choice(world.nodes)
        match chance.randrange(5):
            case 0:
                node.down = down(node.name, chance.choice([None, 5.0]))
            case 1:
                node.behind = chance.randrange(4)
            case 2:
                world.chain.mine(chance.randrange(3))
            case 3:
                node.fail_at_block = chance.randrange(40)
            case _:
                node.down, node.behind = None, 0
        world.now += chance.uniform(0, 40)
        try:
            world.step()
        except SmartchainError as fault:
            assert fault.retryable, fault  # noqa: PT017
    for node in world.nodes:
        node.down, node.behind, node.fail_at_block = None, 0, None
    world.now += 1000
    world.follow()

    assert world.is_honest()
    assert set(world.aside) <= {world.nodes[liar].name}


def test_a_head_is_compared_once_a_block() -> None:
    world = World(2)
    world.follow()
    asked = world.nodes[1].asked
    for _ in range(5):
        world.step()

    assert world.nodes[1].asked == asked
    assert isinstance(world.pool.head(world.chain.blocks[-1].block), Head)
