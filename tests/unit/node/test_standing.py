"""How much of the chain is safe and finalized, block by block: a block counts where nothing later closed it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from smartchain.ledger.block import BlockRule, assemble
from smartchain.ledger.entry import Entry
from smartchain.ledger.hash import SEAL
from smartchain.ledger.merkle import MerkleLog
from smartchain.node.standing import standing
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
