"""What every backend owes to `ports.Store` and `ports.LedgerStore`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from smartchain.errors import BrokenSequence, EntryError, LedgerNotChosen, StoreError, StoreMoved, WrongStore
from smartchain.ledger.address import checksum
from smartchain.ledger.block import BlockRule
from smartchain.ledger.hash import SEAL, keccak
from smartchain.ledger.merkle import MerkleLog
from smartchain.ledger.proof import perfect_from, root_at
from smartchain.ports import Genesis, LedgerInfo, LedgerStore, Status, Step, Store
from smartchain.types import ZERO_ADDRESS, Address, ChainId, Hash32, Index, Size
from tests.store.conftest import Opened
from tests.store.making import INFO, LEDGER, WALLETS, Story, host_block, long_story, payment, payments

ANNA, BEN, CARL = WALLETS[:3]
UNTOUCHED = Status(Size(0), None, Size(0), 0, None, 0)


@pytest.fixture
def ledger(store: Store) -> LedgerStore:
    return store.ledger(INFO)


def everything(ledger: LedgerStore) -> tuple[object, ...]:
    """All that a store says of a ledger."""
    size = ledger.status().size
    return (
        ledger.status(),
        list(ledger.packed(0, size)),
        [ledger.nodes(level, 0, size) for level in range(8, 14)],
        list(ledger.blocks()),
        list(ledger.entries()),
        ledger.host_blocks(),
        ledger.block_below(Size(size + 1)),
        [ledger.balance(wallet) for wallet in WALLETS],
    )


# ledgers


def test_a_contract_that_says_something_else_than_what_is_stored_is_another_ledger(store: Store) -> None:
    store.ledger(INFO)

    with pytest.raises(WrongStore, match="its interval is 0, the contract's 60"):
        store.ledger(replace(INFO, rule=BlockRule(3, 60)))
    with pytest.raises(WrongStore, match="its fee per million is 0, the contract's 50"):
        store.ledger(replace(INFO, fee_ppm=50))
    with pytest.raises(WrongStore, match="genesis root"):
        store.ledger(replace(INFO, genesis=replace(INFO.genesis, root=keccak(b"other"))))


def test_an_empty_store_has_no_ledger_to_open(store: Store) -> None:
    assert store.ledgers() == []
    with pytest.raises(WrongStore, match="holds no ledger yet; `smartchain index` takes one up"):
        store.open()


def test_a_ledger_that_is_not_there_is_said_with_those_that_are(store: Store) -> None:
    store.ledger(INFO)

    with pytest.raises(WrongStore, match=f"does not hold ledger 0x2222.*; it holds {checksum(LEDGER)} on chain 31337"):
        store.open(Address(b"\x22" * 20))


def test_one_of_several_ledgers_has_to_be_chosen(store: Store) -> None:
    other = replace(INFO, address=Address(b"\x2e" * 20))
    store.ledger(INFO)
    store.ledger(other)

    with pytest.raises(
        LedgerNotChosen, match=f"--ledger: {checksum(LEDGER)} on chain 31337, {checksum(other.address)} on chain 31337"
    ):
        store.open()
    assert store.open(other.address).info == other
    assert store.ledgers() == [INFO, other]


def test_the_same_address_on_two_chains_is_two_ledgers(store: Store) -> None:
    store.ledger(INFO).take(Story().step(payments(1, 5)))
    elsewhere = store.ledger(replace(INFO, chain_id=ChainId(1)))

    assert elsewhere.status() == UNTOUCHED
    with pytest.raises(LedgerNotChosen, match="several ledgers"):
        store.open(LEDGER)


def test_a_lone_ledger_need_not_be_named_and_is_there_after_closing(opened: Opened) -> None:
    store = opened()
    store.ledger(INFO)
    store.close()

    assert opened().open().info == INFO


@pytest.mark.parametrize("chain_id", [1, 2**53, 2**63 - 37])
def test_what_was_said_about_a_ledger_is_kept_to_the_last_bit(store: Store, chain_id: int) -> None:
    genesis = Genesis(Size(2**47), keccak(b"genesis"), 2**64 - 1)
    rule = BlockRule(2**32 - 1, 2**32 - 1)
    info = LedgerInfo(ChainId(chain_id), LEDGER, rule, genesis, 2**40, 100_000)

    assert store.ledger(info).info == info
    assert store.ledgers() == [info]


def test_the_block_to_read_from_may_be_corrected_until_something_is_read(store: Store) -> None:
    store.ledger(INFO)
    corrected = replace(INFO, deployed_at=5)
    ledger = store.ledger(corrected)
    assert ledger.info == corrected

    ledger.take(Story(corrected, at=4).step(payments(1, 2)))

    assert store.ledger(INFO).info == corrected


# steps


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


def test_a_size_that_is_not_the_staged_one_is_never_verified(ledger: LedgerStore) -> None:
    ledger.take(Story().step(payments(1, 4)))

    for size, blocks in [(3, 2), (5, 2), (4, 1), (4, 3)]:
        with pytest.raises(StoreMoved, match=f"has 4 entries in 2 blocks, not {size} in {blocks}"):
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


# reads


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
    assert ledger.balance(BEN, token) == 7  # type: ignore[call-arg]


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


# going back


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
