"""What every backend owes to `ports.LedgerStore` when steps go in: whole or not at all, unseen until verified."""

from __future__ import annotations

from dataclasses import replace

import pytest

from smartchain.errors import BrokenSequence, EntryError, ProofError, StoreError, StoreMoved
from smartchain.ledger.hash import SEAL, leaf_hash
from smartchain.ledger.merkle import MerkleLog
from smartchain.ports import LedgerStore, Status, Step
from smartchain.types import ZERO_ADDRESS, Size
from tests.store.making import ANNA, BEN, CARL, UNTOUCHED, Story, everything, host_block, payment, payments


def test_a_step_that_does_not_begin_where_the_store_ends_is_refused_whole(ledger: LedgerStore) -> None:
    story = Story()
    ledger.take(story.step(payments(1, 4)))
    before = everything(ledger)
    skipped, late = story.step(payments(2, 3)), story.step(payments(3, 3))

    with pytest.raises(StoreMoved, match="the store has 4 entries and the step begins at 7"):
        ledger.take(late)

    assert everything(ledger) == before
    ledger.take(skipped)
    with pytest.raises(StoreMoved, match="another writer was here"):
        ledger.take(skipped)


def test_a_step_whose_blocks_or_host_blocks_do_not_go_on_is_refused_whole(ledger: LedgerStore) -> None:
    story = Story()
    ledger.take(story.step(payments(1, 4), payments(2, 4)))
    before = everything(ledger)
    jumping = story.step(payments(3, 7))

    with pytest.raises(StoreMoved, match="has 3 blocks and the step brings number 4"):
        ledger.take(replace(jumping, blocks=jumping.blocks[1:]))
    with pytest.raises(StoreMoved, match="has read to host block 8 and the step brings 7"):
        ledger.take(replace(Story(at=6, size=8).step([payment(ANNA, BEN, 1)]), blocks=[]))

    assert everything(ledger) == before


def _with(step: Step, **changes: object) -> Step:
    return replace(step, chunk=replace(step.chunk, **changes))  # type: ignore[arg-type]


def test_a_chunk_that_is_not_what_it_says_is_refused_whole(ledger: LedgerStore) -> None:
    step = Story().step(payments(1, 2), payments(2, 2))

    with pytest.raises(EntryError, match="4 entries come as 132 bytes each"):
        ledger.take(_with(step, packed=[b"\1" * 131, *step.chunk.packed[1:]]))
    with pytest.raises(EntryError, match="a transaction hash of 32 bytes each"):
        ledger.take(_with(step, transactions=step.chunk.transactions[1:]))
    with pytest.raises(BrokenSequence, match="host blocks that go back"):
        ledger.take(_with(step, host_blocks=step.chunk.host_blocks[::-1]))
    with pytest.raises(BrokenSequence, match="host blocks that go back"):
        ledger.take(replace(step, cursor=host_block(7)))
    with pytest.raises(StoreError, match="the hash of each of those"):
        ledger.take(_with(step, hashes={}))

    assert ledger.status() == UNTOUCHED
    assert list(ledger.packed(0, 9)) == []


def test_a_number_past_what_a_column_holds_is_refused_whole(ledger: LedgerStore) -> None:
    step = Story().step(payments(1, 2))
    assert step.cursor is not None

    with pytest.raises(StoreError, match=r"numbers below 2\^63"):
        ledger.take(replace(step, cursor=replace(step.cursor, number=2**63)))

    assert ledger.status() == UNTOUCHED


def test_staged_entries_wait_unseen_until_they_are_verified(ledger: LedgerStore) -> None:
    story = Story()
    staged = story.step(payments(1, 4), payments(2, 4))
    ledger.take(staged)

    assert ledger.status() == Status(Size(8), staged.cursor, Size(0), 0, None, 3)
    assert list(ledger.packed(0, 99)) == [entry.pack() for entry in story.entries]
    assert ledger.block_below(Size(9)) == story.blocks[-1]
    assert [*ledger.entries(), *ledger.blocks(), *ledger.entries(address=ANNA)] == []
    assert ledger.block_by_hash(story.blocks[1].hash) is None
    assert ledger.balance(story.entries[0].recipient) == 0

    ledger.verify(Size(8), 3, host_block(9))

    assert ledger.status() == Status(Size(8), staged.cursor, Size(8), 3, host_block(9), 3)
    assert [recorded.entry for recorded in ledger.entries()] == story.entries
    assert list(ledger.blocks()) == story.blocks
    assert ledger.block_by_hash(story.blocks[1].hash) == story.blocks[1]


def test_what_is_staged_on_top_of_the_verified_part_is_not_served(ledger: LedgerStore) -> None:
    story = Story()
    ledger.take(story.step([payment(ANNA, BEN, 5)] * 4, verified=True))
    ledger.take(story.step([payment(ANNA, BEN, 7)] * 4))

    assert [recorded.index for recorded in ledger.entries(address=BEN)] == [0, 1, 2, 3]
    assert [recorded.index for recorded in ledger.entries(2, 99)] == [2, 3]
    assert [block.number for block in ledger.blocks()] == [0, 1]
    assert ledger.balance(BEN) == 20
    assert ledger.block_by_hash(story.blocks[2].hash) is None


def test_a_part_of_what_is_staged_may_be_verified_and_is_all_that_is_served(ledger: LedgerStore) -> None:
    story = Story()
    ledger.take(story.step(payments(1, 8)))

    ledger.verify(Size(4), 2, host_block(7))

    assert ledger.status().verified_size == 4
    assert [recorded.index for recorded in ledger.entries()] == [0, 1, 2, 3]
    assert list(ledger.blocks()) == story.blocks[:2]
    with ledger.view() as view:
        assert view.entry(4) is None
        assert view.root() == MerkleLog.of(leaf_hash(entry.pack()) for entry in story.entries[:4]).root()
        with pytest.raises(ProofError, match="the verified log has 4 entries, and 5 were asked for"):
            view.root(5)
    with pytest.raises(StoreMoved):
        ledger.verify(Size(3), 2, host_block(7))


def test_what_only_peers_agree_on_is_served_and_never_called_verified_by_the_contract(ledger: LedgerStore) -> None:
    ledger.take(Story().step(payments(1, 4)))

    ledger.verify(Size(4), 2, None)

    assert ledger.status().verified_at is None
    assert len(list(ledger.entries())) == 4


def test_a_size_that_is_not_staged_is_never_verified(ledger: LedgerStore) -> None:
    ledger.take(Story().step(payments(1, 4)))

    for size, blocks in [(3, 3), (2, 2), (5, 2), (4, 1), (4, 3)]:
        with pytest.raises(StoreMoved, match=f"has 4 entries in 2 blocks, and {size} in {blocks} are none"):
            ledger.verify(Size(size), blocks, host_block(7))

    assert ledger.status().verified_at is None


def test_a_step_without_entries_moves_the_cursor_alone(ledger: LedgerStore) -> None:
    story = Story()
    ledger.take(story.step(payments(1, 4)))
    ledger.take(story.step([], []))
    again = story.step(verified=True)
    again.cursor = host_block(story.at)
    ledger.take(again)

    assert ledger.status() == Status(Size(4), host_block(9), Size(4), 2, host_block(9), 2)
    assert ledger.host_blocks() == [(number, host_block(number).hash) for number in (7, 9)]


def test_an_entry_comes_out_as_it_went_in_whatever_its_memo_and_value(ledger: LedgerStore) -> None:
    entries = [
        payment(ANNA, BEN, value, memo, subject)
        for value in (0, 1, 2**64, 2**256 - 1)
        for memo in (b"", b"\1", b"rent", b"\0" * 31 + b"\1", b"x" * 32)
        for subject in (SEAL, ZERO_ADDRESS, CARL)
    ]
    entries += [replace(entry, timestamp=2**64 - 1) for entry in entries]
    step = Story().step(entries, verified=True)
    ledger.take(step)

    found = list(ledger.entries())

    assert [recorded.entry for recorded in found] == entries
    assert [recorded.index for recorded in found] == list(range(len(entries)))
    assert [recorded.transaction for recorded in found] == step.chunk.transactions
    assert {recorded.host_block for recorded in found} == {7}


def test_a_block_keeps_every_bit_of_its_timestamp(ledger: LedgerStore) -> None:
    story = Story()
    entries = [replace(payment(ANNA, BEN, 1), timestamp=time) for time in (2**63 - 1, 2**63, 2**64 - 1)]
    ledger.take(story.step([entry for entry in entries for _ in range(3)], verified=True))

    assert list(ledger.blocks()) == story.blocks
    assert [block.timestamp for block in ledger.blocks(1)] == [2**63 - 1, 2**63, 2**64 - 1]


def test_chunks_of_any_size_go_in_whole(ledger: LedgerStore) -> None:
    story = Story()
    for count in (1, 2, 127, 128, 129, 1000, 5000):
        ledger.take(story.step(payments(count, count)))

    assert list(ledger.packed(0, 9999)) == [entry.pack() for entry in story.entries]
    assert [ledger.block_below(Size(block.size + 1)) for block in story.blocks] == story.blocks
