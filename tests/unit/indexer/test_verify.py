"""The stored chain computed again: what is wrong in it is named, whoever changed it."""

import random
from dataclasses import replace

import pytest

from smartchain.errors import CorruptStore, InputError, RootMismatch, StateGone, UnknownBlock
from smartchain.indexer.follow import Follower
from smartchain.indexer.outcome import Waited
from smartchain.indexer.verify import Verified, verify
from smartchain.ledger.block import BlockRule
from smartchain.ledger.entry import Entry
from smartchain.ports import Head
from smartchain.types import Hash32
from tests.fakes.ledger_host import FakeHost
from tests.fakes.store import ListStore

RULE = BlockRule(5, 0)


def verified_store(blocks: int = 300, rule: BlockRule = RULE) -> tuple[FakeHost, ListStore]:
    host = FakeHost(random.Random(11), rule)
    for _ in range(blocks):
        host.mine(3)
    store = ListStore(host.info())
    follower = Follower(host, store)
    while not isinstance(follower.step(), Waited):
        pass
    assert store.verified_size == 3 * blocks
    return host, store


def change_amount(store: ListStore, index: int) -> None:
    packed, host_block, transaction = store.rows[index]
    entry = Entry.unpack(packed)
    store.rows[index] = (replace(entry, value=entry.value + 1).pack(), host_block, transaction)


def test_a_store_without_anything_verified_is_not_verified() -> None:
    host = FakeHost(random.Random(1))

    with pytest.raises(InputError, match="smartchain index"):
        verify(host, ListStore(host.info()))


@pytest.mark.parametrize("index", [0, 255, 256, 600, 899])
def test_the_first_changed_entry_is_named_with_its_block(index: int) -> None:
    host, store = verified_store()
    change_amount(store, index)
    if index < 700:
        change_amount(store, 777)

    with pytest.raises(CorruptStore, match=rf"entry {index} in the store \(in (block \d+|no block yet)\)"):
        verify(host, store)


def test_a_changed_entry_is_found_though_blocks_and_subtrees_were_made_to_fit() -> None:
    host, store = verified_store()
    change_amount(store, 300)
    liar = FakeHost(random.Random(11), RULE)
    for _ in range(300):
        liar.mine(3)
    for block in liar.blocks:
        block.logs = [replace(log, packed=store.rows[log.index][0]) for log in block.logs]
    made_to_fit = ListStore(store.info)
    follower = Follower(liar, made_to_fit)
    while not isinstance(follower.step(), Waited):
        pass

    with pytest.raises(CorruptStore, match="entry 300 in the store"):
        verify(host, made_to_fit)


def test_a_lost_entry_at_the_end_is_named() -> None:
    host, store = verified_store()
    store.rows.pop()
    store.verified_size -= 1

    with pytest.raises(CorruptStore, match="entry 899 in the store"):
        verify(host, store)


def test_an_entry_swapped_with_the_next_is_named() -> None:
    host, store = verified_store()
    store.rows[500], store.rows[501] = store.rows[501], store.rows[500]

    with pytest.raises(CorruptStore, match="entry 500 in the store"):
        verify(host, store)


def test_a_changed_block_is_named_and_the_entries_are_not_blamed() -> None:
    host, store = verified_store()
    store.chain[40] = replace(store.chain[40], timestamp=store.chain[40].timestamp + 1)

    with pytest.raises(CorruptStore, match=r"block 40 in the store .* the entries themselves are the contract's"):
        verify(host, store)


def test_a_missing_block_is_named() -> None:
    host, store = verified_store()
    del store.chain[-1]
    store.verified_blocks -= 1
    last = store.chain[-1].number + 1

    with pytest.raises(CorruptStore, match=f"block {last} is not in the store"):
        verify(host, store)


def test_a_changed_subtree_is_named() -> None:
    host, store = verified_store()
    store.subtrees[8, 1] = bytes(32)

    with pytest.raises(CorruptStore, match="the subtree over entries 256 to 511"):
        verify(host, store)


def test_logs_that_fit_the_store_and_not_the_contract_are_the_nodes_fault() -> None:
    host, store = verified_store()
    honest = host.head
    host.head = lambda at: Head(honest(at).size, Hash32(b"\x01" * 32))  # type: ignore[method-assign]

    with pytest.raises(RootMismatch, match="ask another node"):
        verify(host, store)


def test_a_reorganised_host_block_asks_for_the_indexer() -> None:
    host, store = verified_store(20)
    host.reorganise(1, keep=True)

    with pytest.raises(UnknownBlock, match="smartchain index"):
        verify(host, store)


def test_where_the_state_is_forgotten_the_newest_head_serves_if_nothing_was_recorded_since() -> None:
    host, store = verified_store(20)
    host.keeps_state = 1
    for _ in range(3):
        host.mine(0)

    found = verify(host, store)

    assert found.at == host.blocks[-1].block
    assert found.head.size == 60


def test_where_the_state_is_forgotten_and_the_ledger_grew_the_indexer_is_asked_for() -> None:
    host, store = verified_store(20)
    host.keeps_state = 1
    host.mine(1)

    with pytest.raises(StateGone, match="smartchain index"):
        verify(host, store)


@pytest.mark.parametrize("rule", [BlockRule(5, 0), BlockRule(0, 0), BlockRule(1, 0), BlockRule(0, 30)])
def test_a_sound_store_is_verified_under_any_rule(rule: BlockRule) -> None:
    host, store = verified_store(100, rule)
    seen: list[tuple[int, int]] = []

    found = verify(host, store, lambda done, total: seen.append((done, total)))

    assert found == Verified(host.head(host.blocks[-1].block), len(store.chain), host.blocks[-1].block)
    assert seen[-1] == (300, 300)


def test_where_the_state_is_forgotten_and_the_ledger_grew_a_checkpoint_serves() -> None:
    host, store = verified_store(20)
    host.keep()
    host.keeps_state = 1
    for _ in range(3):
        host.mine(2)

    found = verify(host, store)

    assert (found.head.size, found.at) == (60, host.blocks[-1].block)
    change_amount(store, 41)
    with pytest.raises(CorruptStore, match="entry 41 in the store"):
        verify(host, store)


@pytest.mark.parametrize("rule", [BlockRule(5, 0), BlockRule(0, 0), BlockRule(0, 1), BlockRule(4, 30)])
def test_the_part_that_a_checkpoint_verified_is_sound_by_itself(rule: BlockRule) -> None:
    host = FakeHost(random.Random(11), rule)
    for number in range(40):
        host.mine(3)
        if number == 19:
            host.keep()
    store = ListStore(host.info())
    host.blocks_a_chunk = 30
    read: list[int] = [0]
    Follower(host, store, lambda now, _total: read.append(now), lambda: read[-1] > 60).step()
    assert store.verified_size == 60 < len(store.rows)

    found = verify(host, store)

    assert (found.head.size, found.blocks) == (60, store.verified_blocks)
