"""What every backend owes to `ports.LedgerStore` when it goes back, and with writers side by side."""

from __future__ import annotations

from dataclasses import replace

import pytest

from smartchain.errors import StoreError, StoreMoved
from smartchain.ports import LedgerStore, Status, Store
from smartchain.types import Address, ChainId, Hash32, Size
from tests.store.conftest import Opened
from tests.store.making import (
    ANNA,
    BEN,
    CARL,
    INFO,
    WALLETS,
    Story,
    everything,
    host_block,
    long_story,
    payment,
    payments,
)


def test_going_back_past_the_end_is_refused(ledger: LedgerStore) -> None:
    ledger.take(Story().step(payments(1, 4)))

    with pytest.raises(StoreMoved, match="has 4 entries and cannot go back to 5"):
        ledger.rewind(Size(5), host_block(7))


def test_going_back_drops_everything_past_the_fork(ledger: LedgerStore) -> None:
    story = Story()
    ledger.take(story.step(payments(1, 300), payments(2, 200), verified=True))
    fork = everything(ledger)
    ledger.take(story.step(payments(3, 300), payments(4, 700), verified=True))

    ledger.rewind(Size(500), host_block(8))

    # blocks of just that size go too: the log's next entry decides whether they are closed
    assert everything(ledger)[1:3] == fork[1:3]
    assert everything(ledger)[3:] == fork[3:]
    status = ledger.status()
    assert (status.size, status.cursor, status.verified_size, status.verified_at) == (
        500, host_block(8), 500, host_block(8),
    )  # fmt: skip


def test_a_block_that_ends_where_the_log_was_cut_is_dropped(ledger: LedgerStore) -> None:
    story = Story()
    ledger.take(story.step(payments(1, 6), payments(2, 6), verified=True))

    ledger.rewind(Size(6), host_block(7))

    assert list(ledger.blocks()) == story.blocks[:2]
    assert ledger.status().verified_blocks == ledger.status().blocks == 2
    assert ledger.block_by_hash(story.blocks[2].hash) is None


def test_the_last_entry_alone_can_be_replaced(ledger: LedgerStore) -> None:
    story = Story()
    ledger.take(story.step([payment(ANNA, BEN, 1)] * 4, [payment(ANNA, BEN, 1)], verified=True))
    ledger.rewind(Size(4), host_block(7))
    assert [recorded.index for recorded in ledger.entries(address=BEN)] == [0, 1, 2, 3]
    again = Story()
    again.step([payment(ANNA, BEN, 1)] * 4)

    ledger.take(again.step([payment(ANNA, CARL, 1)], verified=True))

    assert [recorded.index for recorded in ledger.entries(address=BEN)] == [0, 1, 2, 3]
    assert [recorded.index for recorded in ledger.entries(address=CARL)] == [4]
    assert [recorded.index for recorded in ledger.entries(address=ANNA)] == [0, 1, 2, 3, 4]


def test_going_back_to_nothing_leaves_a_ledger_to_begin_with(ledger: LedgerStore) -> None:
    story = Story()
    ledger.take(story.step(payments(1, 300), verified=True))

    ledger.rewind(Size(0), None)

    assert ledger.status() == Status(Size(0), None, Size(0), 1, None, 1)
    assert [*ledger.entries(), *ledger.packed(0, 999), *ledger.host_blocks(), *ledger.nodes(8, 0, 9)] == []
    assert list(ledger.blocks()) == story.blocks[:1]
    assert list(ledger.entries(address=ANNA)) == []


def test_another_fork_takes_the_place_of_the_one_that_was_dropped(ledger: LedgerStore, opened: Opened) -> None:
    first = Story()
    kept = payments(1, 300)
    ledger.take(first.step(kept, payments(2, 100), verified=True))
    ledger.rewind(Size(300), host_block(7))
    second = Story()
    second.step(kept)
    second.fork = 1
    step = second.step(payments(3, 150), payments(4, 150), verified=True)
    ledger.take(replace(step, blocks=second.blocks[ledger.status().blocks :]))

    straight = opened().ledger(replace(INFO, chain_id=ChainId(5)))
    again = Story()
    straight.take(again.step(kept))
    again.fork = 1
    straight.take(again.step(payments(3, 150), payments(4, 150), verified=True))

    assert everything(ledger)[1:3] == everything(straight)[1:3]
    assert everything(ledger)[4:] == (*everything(straight)[4:6], second.blocks[-1], *everything(straight)[7:])
    assert list(ledger.blocks()) == second.blocks
    for wallet in WALLETS:
        assert list(ledger.entries(address=wallet)) == list(straight.entries(address=wallet))


# writers and readers side by side


def test_of_two_writers_the_second_is_told_that_the_store_moved(opened: Opened) -> None:
    one, two = opened().ledger(INFO), opened().ledger(INFO)
    step = Story().step(payments(1, 4))
    one.take(step)

    with pytest.raises(StoreMoved, match="the store has 4 entries and the step begins at 0"):
        two.take(step)
    with pytest.raises(StoreMoved, match="another writer was here"):
        two.verify(Size(0), 0, host_block(7))

    assert two.status() == one.status()


def test_two_ledgers_in_one_database_do_not_touch_each_other(opened: Opened) -> None:
    one = opened().ledger(INFO)
    other_info = replace(INFO, address=Address(b"\x2e" * 20))
    two = opened().ledger(other_info)
    for step, other in zip(long_story(1, 8), long_story(2, 8, other_info), strict=True):
        one.take(step)
        two.take(other)
    before = everything(one)

    two.rewind(Size(100), host_block(8))

    assert everything(one) == before
    assert len(list(two.entries())) == 100


def test_host_blocks_without_entries_are_forgotten_when_they_are_far_behind(ledger: LedgerStore) -> None:
    story = Story()
    for number in range(1100):
        ledger.take(story.step(payments(number, 2) if number in (3, 20) else []))
    ledger.take(story.step([], after=900))

    numbers = [number for number, _ in ledger.host_blocks()]
    cursor = ledger.status().cursor
    assert cursor is not None
    assert [number for number in numbers if number < cursor.number - 1024] == [7, 10, 27]
    assert [number for number in numbers if number >= cursor.number - 1024] == [
        *range(cursor.number - 1024, 1107), cursor.number,
    ]  # fmt: skip
    assert ledger.size_at(500) == 4
    assert ledger.size_at(15) == 2


def test_a_closed_store_says_so(store: Store) -> None:
    ledger = store.ledger(INFO)
    store.close()
    store.close()

    with pytest.raises(StoreError, match="is closed"):
        ledger.status()
    with pytest.raises(StoreError, match="is closed"):
        ledger.take(Story().step(payments(1, 1)))


def test_hashes_are_what_they_are_called_by(ledger: LedgerStore) -> None:
    assert ledger.block_by_hash(Hash32(bytes(32))) is None
    assert ledger.info == INFO
