"""The historical form: amounts to the last digit, and hashes that the historical check accepts."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smartchain.errors import StoreMoved
from smartchain.ledger.address import checksum
from smartchain.ledger.block import Assembler, Block, BlockRule, genesis_block
from smartchain.ledger.entry import Entry
from smartchain.ledger.hash import EMPTY_ROOT, SEAL, anchor_of
from smartchain.ledger.merkle import MerkleLog
from smartchain.node.legacy.text import ChainText, as_read, ether, fee_of
from smartchain.node.legacy.walk import Past, parts, written
from smartchain.ports import Genesis, LedgerInfo
from smartchain.types import ZERO_ADDRESS, Address, Size
from tests.fakes.store import ListStore
from tests.store.making import ANNA, BEN, INFO, Story, host_block, payment

ETHER_WEI = 10**18
amounts = st.integers(0, 2**256 - 1) | st.integers(0, 10**19) | st.sampled_from([1, 10**18, 5 * 10**17, 10**14])


def stored(*blocks: list[Entry], info: LedgerInfo = INFO) -> ListStore:
    """A store that verified these host blocks."""
    store, story = ListStore(info), Story(info)
    for entries in blocks:
        store.take(story.step(entries, verified=True))
    return store


def chain_text(store: ListStore, stop: int | None = None) -> str:
    found = parts(store, None, store.verified_blocks if stop is None else stop)
    return "[" + "".join(written(ChainText(store.info), found)) + "]"


def historical_hash(block: dict[str, Any]) -> str:
    """As the historical programs have it."""
    return hashlib.sha256(json.dumps(block, sort_keys=True).encode()).hexdigest()


def holds(chain: list[dict[str, Any]]) -> bool:
    return chain[0]["previous_hash"] == "1" and all(
        later["previous_hash"] == historical_hash(earlier) and later["index"] == earlier["index"] + 1
        for earlier, later in pairwise(chain)
    )


@pytest.mark.parametrize(
    ("wei", "text"),
    [
        (0, "0"),
        (1, "0.000000000000000001"),
        (10**18, "1"),
        (15 * 10**17, "1.5"),
        (10**23, "100000"),
        (123456789012345678901234567890, "123456789012.34567890123456789"),
    ],
)
def test_an_amount_is_written_in_ether_with_every_digit_that_it_has(wei: int, text: str) -> None:
    assert ether(wei) == text


@given(amounts)
def test_an_amount_reads_back_exactly_and_is_a_json_number(wei: int) -> None:
    assert Fraction(ether(wei)) * ETHER_WEI == wei
    assert isinstance(json.loads(ether(wei)), int | float)
    assert json.dumps(json.loads(ether(wei))) == as_read(ether(wei))


@given(st.lists(amounts, min_size=1, max_size=9), st.sampled_from([0, 1, 50, 100_000]))
def test_a_client_that_reads_floats_finds_every_block_fitting(values: list[int], fee_ppm: int) -> None:
    info = replace(INFO, fee_ppm=fee_ppm)
    store = stored([payment(ANNA, BEN, value, b"memo") for value in values], info=info)

    chain = json.loads(chain_text(store))

    assert holds(chain)
    assert len(chain) == store.verified_blocks
    exact = json.loads(chain_text(store), parse_float=Fraction)
    sent = [one["amount_send"] * ETHER_WEI for block in exact for one in block["transactions"]]
    assert sent == values[: len(values) // 3 * 3]


def test_a_transaction_has_the_six_historical_fields_and_the_fee_stays_with_the_contract() -> None:
    info = replace(INFO, fee_ppm=50)
    store = stored([payment(ANNA, BEN, 10**18)] * 3, info=info)

    first, second = json.loads(chain_text(store), parse_float=str)

    assert list(second) == ["index", "previous_hash", "timestamp", "transactions"]
    assert (first["index"], first["transactions"], first["previous_hash"]) == (1, [], "1")
    assert (second["index"], second["timestamp"]) == (2, 1_700_000_100)
    assert second["transactions"][0] == {
        "sender": checksum(ANNA),
        "amount_send": 1,
        "bpsc": checksum(INFO.address),
        "amount_bpsc": "0.00005",
        "recipient": checksum(BEN),
        "amount_receive": "0.99995",
    }


def test_a_chain_of_plain_amounts_is_the_very_text_that_a_client_hashes() -> None:
    store = stored([payment(ANNA, BEN, 10**17 * at) for at in range(1, 7)])

    text = chain_text(store)

    assert text == json.dumps(json.loads(text), sort_keys=True)


def test_no_fee_is_kept_of_an_opening_balance_or_of_what_the_contract_itself_sends() -> None:
    info = replace(INFO, fee_ppm=100_000, genesis=Genesis(Size(2), EMPTY_ROOT, 1))

    assert fee_of(info, 2, ANNA, 1000) == 100
    assert fee_of(info, 1, ANNA, 1000) == 0
    assert fee_of(info, 2, ZERO_ADDRESS, 1000) == 0
    assert fee_of(info, 2, info.address, 1000) == 0


def test_seals_and_tokens_are_no_transfers_of_ether_and_are_left_out() -> None:
    token = Address(b"\x70" * 20)
    seal = Entry(SEAL, ANNA, ZERO_ADDRESS, 0, 1_700_000_100)
    store = stored([payment(ANNA, BEN, 5, subject=token), payment(BEN, ANNA, 7), seal])

    chain = json.loads(chain_text(store))

    assert [len(block["transactions"]) for block in chain] == [0, 1]
    assert holds(chain)


def test_what_is_pending_or_staged_is_in_no_block() -> None:
    store = stored([payment(ANNA, BEN, 1)] * 4)
    story = Story(INFO)
    story.step([payment(ANNA, BEN, 1)] * 4)
    store.take(story.step([payment(ANNA, BEN, 1)] * 3))

    assert [len(block["transactions"]) for block in json.loads(chain_text(store))] == [0, 3]


# long chains


class OneBlock(ListStore):
    """Verified blocks of the sizes given, made without a host."""

    def __init__(self, *sizes: int, genesis: int = 0) -> None:
        super().__init__(INFO)
        anchor = anchor_of(INFO.chain_id, INFO.address)
        rule = BlockRule(0, 0)
        assembler = Assembler(rule, genesis_block(anchor, 1_700_000_000, Size(0), EMPTY_ROOT), MerkleLog())
        self.chain: list[Block] = [assembler.last]
        at = 0
        for size in sizes:
            entries = [payment(ANNA, BEN, at + one + 1) for one in range(size - 1)]
            packed = [entry.pack() for entry in [*entries, Entry(SEAL, ANNA, ZERO_ADDRESS, 0, 1_700_000_100)]]
            self.chain += assembler.feed(packed)
            self.rows += [(one, 0, b"") for one in packed]
            at += size
        self.verify(Size(len(self.rows)), len(self.chain), host_block(0))


def test_a_block_larger_than_one_read_comes_in_parts_that_fit() -> None:
    store = OneBlock(5000, 1, 2500, 2)

    chain = json.loads(chain_text(store))

    assert holds(chain)
    assert [len(block["transactions"]) for block in chain] == [0, 4999, 0, 2499, 1]
    found = list(parts(store, None, 5))
    assert [(part.block.number, part.begins, part.ends) for part in found] == [
        (0, True, True), (1, True, False), (1, False, False), (1, False, True),
        (2, True, True), (3, True, False), (3, False, True), (4, True, True),
    ]  # fmt: skip


def test_more_blocks_than_one_read_takes_are_all_there() -> None:
    chain = json.loads(chain_text(OneBlock(*[2] * 1300)))

    assert holds(chain)
    assert [block["index"] for block in chain] == list(range(1, 1302))


def test_a_chain_that_was_replaced_while_it_was_read_is_not_mixed_with_the_new_one() -> None:
    store = OneBlock(5000, 5000)
    reading = parts(store, None, 3)
    next(reading)
    next(reading)

    other = OneBlock(4999, 5001)
    store.chain, store.rows = other.chain, other.rows

    with pytest.raises(StoreMoved):
        list(reading)


def test_a_chain_that_became_shorter_is_not_taken_for_whole() -> None:
    store = OneBlock(3000, 2)

    def cut() -> Iterator[str]:
        for part in parts(store, None, 3):
            store.verified_blocks, store.verified_size = 1, 0
            yield str(part.block.number)

    with pytest.raises(StoreMoved):
        list(cut())


def test_hashes_that_are_known_are_not_made_again_and_lead_to_the_same() -> None:
    store = OneBlock(3, 4, 5, 6)
    past = Past(store, lambda text_hash: ChainText(store.info, text_hash))
    chain = json.loads(chain_text(store))

    for number in (2, 4, 3, 5, 1, 0):
        text, last = past.before(number)
        assert text.previous_hash == ("1" if number == 0 else historical_hash(chain[number - 1]))
        assert last == (store.chain[number - 1] if number else None)


def test_known_hashes_of_blocks_that_were_replaced_are_forgotten() -> None:
    store = OneBlock(3, 4, 5, 6)
    past = Past(store, lambda text_hash: ChainText(store.info, text_hash))
    past.before(4)
    other = OneBlock(3, 5, 4, 6)
    store.chain, store.rows = other.chain, other.rows

    text, _ = past.before(4)

    assert text.previous_hash == historical_hash(json.loads(chain_text(other))[3])
