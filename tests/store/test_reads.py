"""What every backend owes to `ports.LedgerStore` when it is read: ranges, addresses, subtrees, balances."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from smartchain.ledger.merkle import MerkleLog
from smartchain.ledger.proof import perfect_from, root_at
from smartchain.ports import EntryQuery, Genesis, LedgerStore, Store
from smartchain.types import ZERO_ADDRESS, Address, Hash32, Index, Size
from tests.store.conftest import Opened
from tests.store.making import ANNA, BEN, CARL, INFO, LEDGER, WALLETS, Story, host_block, payment, payments


def test_each_entry_knows_its_host_block(ledger: LedgerStore) -> None:
    story = Story()
    ledger.take(story.step(payments(1, 3), [], payments(2, 2), [], verified=True))
    ledger.take(story.step([], payments(3, 1), verified=True))

    expected = [7, 7, 7, 9, 9, 12]
    assert [recorded.host_block for recorded in ledger.entries()] == expected
    assert [ledger.host_block_of(Index(index)) for index in range(6)] == expected
    assert [ledger.size_at(number) for number in (0, 6, 7, 8, 9, 10, 11, 12, 99)] == [0, 0, 3, 3, 5, 5, 5, 6, 6]
    assert [number for number, _ in ledger.host_blocks()] == [7, 9, 10, 12]


def test_ranges_are_cut_to_what_there_is(ledger: LedgerStore) -> None:
    story = Story()
    ledger.take(story.step(payments(1, 10), verified=True))

    assert [recorded.index for recorded in ledger.entries(3, 5)] == [3, 4]
    assert [*ledger.entries(5, 3), *ledger.entries(10), *ledger.packed(4, 4)] == []
    assert list(ledger.blocks(1, 3)) == story.blocks[1:3]
    assert list(ledger.blocks(9)) == []
    assert list(ledger.packed(8, 99)) == [entry.pack() for entry in story.entries[8:]]
    assert ledger.block_below(Size(0)) is None


def test_a_range_may_begin_and_end_past_every_number_that_an_engine_knows(ledger: LedgerStore) -> None:
    story = Story()
    ledger.take(story.step(payments(1, 300), verified=True))

    for far in (300, 2**63 - 1, 2**63, 10**19):
        with ledger.view() as view:
            for query in (EntryQuery(), EntryQuery(address=ANNA), EntryQuery(memo=Hash32(b"rent".ljust(32, b"\0")))):
                for descending in (False, True):
                    asked = replace(query, start=far, stop=2 * far, since=far, until=far, descending=descending)
                    assert list(view.entries(asked)) == []
            assert [*view.packed(far, 2 * far), *view.blocks(far, 2 * far)] == []
            assert view.hints(far, 2 * far) == ([], [])
            assert len(list(view.packed(299, far))) == len(list(view.entries(EntryQuery(start=299, stop=far)))) == 1
            assert (view.entry(far), view.block(far), view.block_of(far)) == (None, None, None)


def test_an_address_finds_what_it_sent_and_received_once_and_in_order(ledger: LedgerStore) -> None:
    story = Story()
    mixed = [payment(ANNA, BEN, 1), payment(CARL, ANNA, 2), payment(BEN, CARL, 3), payment(ANNA, ANNA, 4)]
    ledger.take(story.step(mixed * 3, verified=True))

    assert [recorded.index for recorded in ledger.entries(address=ANNA)] == [0, 1, 3, 4, 5, 7, 8, 9, 11]
    assert [recorded.index for recorded in ledger.entries(2, 8, address=BEN)] == [2, 4, 6]
    assert list(ledger.entries(address=WALLETS[5])) == []


def test_a_long_iteration_sees_the_store_as_it_was_when_it_began(ledger: LedgerStore) -> None:
    story = Story()
    ledger.take(story.step(payments(1, 3000), verified=True))
    reading = ledger.entries()
    first = next(reading)

    ledger.rewind(Size(1), host_block(7))

    assert [recorded.entry for recorded in (first, *reading)] == story.entries
    assert len(list(ledger.entries())) == 1


def test_an_iteration_that_is_given_up_does_not_stand_in_the_way(opened: Opened) -> None:
    store = opened()
    ledger = store.ledger(INFO)
    story = Story()
    ledger.take(story.step(payments(1, 100), verified=True))
    given_up: list[Iterator[object]] = [ledger.entries(), ledger.blocks(), ledger.packed(0, 9)]
    for reading in given_up:
        next(reading)

    ledger.take(story.step(payments(2, 100), verified=True))
    store.close()

    assert opened().open().status().verified_size == 200


def test_subtrees_prove_the_root_at_any_size(ledger: LedgerStore) -> None:
    story = Story()
    for count in (300, 400, 700):
        ledger.take(story.step(payments(count, count)))

    tree = perfect_from(ledger.packed, ledger.nodes)
    for size in (1, 255, 256, 300, 1024, 1400):
        assert root_at(tree, size) == MerkleLog.of(entry.leaf for entry in story.entries[:size]).root()
    assert ledger.nodes(8, 3, 9) == ledger.nodes(8, 0, 99)[3:]
    assert ledger.nodes(11, 0, 9) == []


# balances


def test_a_balance_is_signed_and_exact(ledger: LedgerStore) -> None:
    most = 2**256 - 1
    entries = [payment(ANNA, BEN, most), payment(ANNA, BEN, most), payment(BEN, BEN, 5), payment(BEN, CARL, 1)]
    ledger.take(Story().step(entries, verified=True))

    assert ledger.balance(ANNA) == -2 * most
    assert ledger.balance(BEN) == 2 * most - 1
    assert ledger.balance(CARL) == 1
    assert ledger.balance(WALLETS[5]) == 0


def test_other_subjects_are_other_balances(store: Store) -> None:
    ledger = store.ledger(INFO)
    token = Address(b"\x70" * 20)
    ledger.take(Story().step([payment(ANNA, BEN, 5), payment(ANNA, BEN, 7, subject=token)], verified=True))

    assert ledger.balance(BEN) == 5
    assert ledger.balance(BEN, token) == 7


def test_fees_go_to_the_ledger_to_the_last_wei(store: Store) -> None:
    info = replace(INFO, fee_ppm=50)
    ledger = store.ledger(info)
    entries = [payment(ANNA, BEN, 999_999), payment(BEN, CARL, 20_000), payment(ANNA, ANNA, 40_001)]
    entries += [payment(ZERO_ADDRESS, CARL, 10**6), payment(LEDGER, CARL, 30)]
    ledger.take(Story(info).step(entries, verified=True))

    assert ledger.balance(LEDGER) == 49 + 1 + 2 - 30
    assert ledger.balance(ANNA) == -999_999 - 2
    assert ledger.balance(BEN) == 999_950 - 20_000
    assert ledger.balance(CARL) == 19_999 + 10**6 + 30
    assert sum(map(ledger.balance, [ANNA, BEN, CARL, LEDGER, ZERO_ADDRESS])) == 0


def test_the_genesis_entries_are_free_of_fee(store: Store) -> None:
    opening = [payment(ZERO_ADDRESS, ANNA, 10**6), payment(BEN, CARL, 10**6)]
    root = MerkleLog.of(entry.leaf for entry in opening).root()
    info = replace(INFO, fee_ppm=1000, genesis=Genesis(Size(2), root, 5))
    ledger = store.ledger(info)
    story = Story(replace(info, genesis=INFO.genesis))
    ledger.take(story.step(opening, [payment(BEN, CARL, 10**6)], verified=True))

    assert ledger.balance(CARL) == 10**6 + 999_000
    assert ledger.balance(LEDGER) == 1000


def test_genesis_entries_stand_before_any_host_block(store: Store) -> None:
    opening = payments(1, 2)
    root = MerkleLog.of(entry.leaf for entry in opening).root()
    info = replace(INFO, genesis=Genesis(Size(2), root, 5))
    ledger = store.ledger(info)
    story = Story(replace(info, genesis=INFO.genesis))
    ledger.take(story.step(opening, payments(2, 3), verified=True))
    assert ledger.size_at(6) == 2

    ledger.rewind(Size(2), None)

    assert ledger.size_at(0) == ledger.size_at(99) == 2
    assert ledger.host_block_of(Index(1)) == info.deployed_at
    assert [recorded.host_block for recorded in ledger.entries()] == [info.deployed_at] * 2
