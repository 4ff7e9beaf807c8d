"""How much of the chain is safe and finalized, block by block: a block counts where nothing later closed it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from smartchain.ledger.block import BlockRule, assemble
from smartchain.ledger.entry import Entry
from smartchain.ledger.hash import SEAL
from smartchain.ledger.merkle import MerkleLog
from smartchain.node.standing import Head, heads, standing
from smartchain.ports import Settled
from smartchain.types import ZERO_ADDRESS
from tests.fakes.store import ListStore
from tests.store.making import ANNA, BEN, INFO, Story, host_block, payment


def entries(count: int) -> list[Entry]:
    """One a host block, four seconds apart, each fifth a seal."""
    some = [payment(ANNA, BEN, number) for number in range(count)]
    some[4::5] = [payment(BEN, ZERO_ADDRESS, 0, subject=SEAL)] * len(some[4::5])
    return [replace(entry, timestamp=entry.timestamp + 4 * number) for number, entry in enumerate(some)]


@pytest.mark.parametrize("rule", [(0, 0), (1, 0), (3, 0), (0, 10), (4, 9)])
def test_the_blocks_that_stand_are_those_that_follow_from_the_entries_that_stand(rule: tuple[int, int]) -> None:
    info = replace(INFO, rule=BlockRule(*rule))
    story, store, some = Story(info), ListStore(info), entries(23)
    store.take(story.step(*([entry] for entry in some), verified=True))

    with store.view() as view:
        for size in range(len(some) + 1):
            place = host_block(INFO.deployed_at + size - 1)
            packed = [entry.pack() for entry in some[:size]]
            follow = list(assemble(info.rule, store.chain[0], MerkleLog(), packed))
            found = standing(view, place)
            assert found is not None
            assert (found.host_block, found.size, found.blocks) == (place.number, size, len(follow))
        assert standing(view, None) is None


def test_an_entry_and_its_block_are_as_settled_as_the_furthest_head_that_has_all_of_them() -> None:
    info = replace(INFO, rule=BlockRule(3, 0))
    story, store, some = Story(info), ListStore(info), entries(9)
    store.take(story.step(*([entry] for entry in some), verified=True))
    with store.view() as view:
        assert {heads(view).of_entry(index) for index in range(9)} == {Head.UNSAFE}

    store.settle(Settled(safe=host_block(INFO.deployed_at + 6), finalized=host_block(INFO.deployed_at + 2)))
    with store.view() as view:
        reached = heads(view)
    assert [reached.of_entry(index) for index in range(9)] == [Head.FINALIZED] * 3 + [Head.SAFE] * 4 + [Head.UNSAFE] * 2
    assert [reached.of_block(number) for number in range(4)] == [Head.FINALIZED] * 2 + [Head.SAFE, Head.UNSAFE]
    assert reached.unsafe is not None
    assert (reached.unsafe.size, reached.unsafe.blocks) == (9, len(store.chain))
