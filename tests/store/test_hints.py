"""What a store hands on to another node beside the entries, and what it keeps of a host block that only others saw."""

from __future__ import annotations

from smartchain.ports import HostBlock, LedgerStore
from smartchain.types import ZERO_HASH, Size
from tests.store.making import INFO, Story, payments


def test_every_entry_of_a_range_comes_with_its_hints(ledger: LedgerStore) -> None:
    story = Story()
    sizes = [3, 0, 5, 1, 0, 0, 4]
    ledger.take(story.step(*[payments(n, size) for n, size in enumerate(sizes)], verified=True))
    ledger.take(story.step(payments(9, 2)))
    recorded = list(ledger.entries())

    with ledger.view() as view:
        for start in range(14):
            for stop in range(start, 16):
                transactions, host_blocks = view.hints(start, stop)
                assert transactions == [one.transaction for one in recorded[start:stop]]
                assert host_blocks == [one.host_block for one in recorded[start:stop]]


def test_a_host_block_whose_hash_nobody_knows_is_a_place_of_entries_and_none_to_go_back_to(ledger: LedgerStore) -> None:
    story = Story()
    step = story.step(payments(1, 2), payments(2, 3))
    step.chunk.hashes = dict.fromkeys(step.chunk.hashes, ZERO_HASH)
    ledger.take(step)
    ledger.take(story.step(payments(3, 1), verified=True))
    seen = Story().step(payments(1, 2), payments(2, 3), payments(3, 1))

    assert seen.cursor is not None
    assert [number for number, _ in ledger.host_blocks()] == [seen.cursor.number - 1, seen.cursor.number]
    assert [one.host_block for one in ledger.entries()] == seen.chunk.host_blocks
    assert ledger.size_at(INFO.deployed_at) == Size(2)


def test_a_cursor_without_a_hash_is_kept_as_it_is(ledger: LedgerStore) -> None:
    step = Story().step(payments(1, 2))
    step.chunk.hashes = dict.fromkeys(step.chunk.hashes, ZERO_HASH)
    assert step.cursor is not None
    step.cursor = HostBlock(step.cursor.number, ZERO_HASH, 0)
    ledger.take(step)

    assert ledger.status().cursor == step.cursor
    assert ledger.host_blocks() == []
