"""The audit, beside a host whose books are altered one by one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from smartchain.errors import CorruptStore, HostUnavailable, UnknownBlock
from smartchain.indexer.audit import Audit, audit
from smartchain.ledger.address import checksum
from smartchain.ledger.entry import Entry
from smartchain.ledger.hash import keccak, subject_id
from smartchain.ports import LedgerInfo
from smartchain.types import ZERO_ADDRESS, Address, Size
from tests.fakes.books import Books
from tests.fakes.store import ListStore
from tests.store.making import ANNA, BEN, CARL, INFO, WALLETS, Story, host_block, payment

WITH_FEE = replace(INFO, fee_ppm=10_000)


def store_of(*transactions: Sequence[Entry], info: LedgerInfo = INFO, opening: Sequence[Entry] = ()) -> ListStore:
    """Each transaction alone in a host block, all verified; `opening` stands for the genesis."""
    store = ListStore(info)
    step = Story().step(opening, *transactions, verified=True)
    step.chunk.transactions = [
        keccak(b"transaction %d" % number) for number, entries in enumerate([opening, *transactions]) for _ in entries
    ]
    store.take(step)
    return store


def audited(books: Books, sample: int | None = None) -> Audit:
    with books.store.view() as view:
        return audit(books, view, sample, 7, lambda _done, _total: None)


def paid(*values: int) -> list[list[Entry]]:
    return [[payment(ANNA, BEN, value)] for value in values]


# receipts


def test_a_wrong_host_block_is_named() -> None:
    books = Books(store_of(*paid(5)))
    (receipt,) = books.receipts.values()
    receipt["blockNumber"] = hex(int(receipt["blockNumber"], 16) + 3)

    (finding,) = audited(books).findings

    assert finding.endswith("is in host block 11, the store says 8")


def test_a_transaction_that_failed_is_named() -> None:
    books = Books(store_of(*paid(5)))
    next(iter(books.receipts.values())).update(status="0x0", logs=[])

    failed, lost = audited(books).findings

    assert failed.endswith("failed there")
    assert lost.endswith("carries no log of that index")


def test_a_receipt_that_carries_another_entry_of_the_index_is_named() -> None:
    honest, other = Books(store_of(*paid(5))), Books(store_of(*paid(6)))
    honest.receipts = other.receipts

    (finding,) = audited(honest).findings

    assert finding.endswith("carries another entry of that index")


def test_an_entry_that_a_receipt_carries_twice_is_named() -> None:
    books = Books(store_of(*paid(5)))
    (receipt,) = books.receipts.values()
    receipt["logs"] *= 2

    assert [one.endswith("carries another entry of that index") for one in audited(books).findings] == [True]


def test_a_log_of_the_contract_that_is_not_canonical_carries_nothing() -> None:
    books = Books(store_of(*paid(5)))
    (receipt,) = books.receipts.values()
    receipt["logs"][0]["data"] += "00"

    assert [one.endswith("carries no log of that index") for one in audited(books).findings] == [True]


@pytest.mark.parametrize("topics", [[], ["0x" + "12" * 32], [ZERO_ADDRESS.hex()] * 4])
def test_other_logs_of_the_contract_are_not_taken_for_entries(topics: list[str]) -> None:
    books = Books(store_of(*paid(5)))
    (receipt,) = books.receipts.values()
    receipt["logs"].insert(0, receipt["logs"][0] | {"topics": topics})

    assert audited(books).findings == []


@pytest.mark.parametrize("rubbish", ["no", 7, {"status": "0x1"}, {"status": "0x1", "blockNumber": None, "logs": []}])
def test_an_answer_that_is_no_receipt_is_said_to_be_none(rubbish: Any) -> None:
    books = Books(store_of(*paid(5)))
    books.receipts = dict.fromkeys(books.receipts, rubbish)

    with pytest.raises(HostUnavailable, match="gave a receipt that is none"):
        audited(books)


def test_a_batch_is_found_whole_and_its_receipt_is_asked_for_once() -> None:
    recipients = [Address(keccak(b"%d" % number)[12:]) for number in range(120)]
    batch = [payment(ANNA, one, at + 1) for at, one in enumerate(recipients)]
    books = Books(store_of(batch, *paid(5), info=WITH_FEE), batches=True, ether_logs=True)

    found = audited(books)

    assert (found.entries, found.ether_logs, found.untouched, found.findings, found.doubts) == (121, 121, 121, [], [])
    assert [method for method, _ in books.asked].count("eth_getTransactionReceipt") == 2


def test_a_sample_is_drawn_from_what_the_ledger_recorded_and_not_from_its_genesis() -> None:
    genesis = replace(INFO.genesis, size=Size(3))
    opening = [payment(ZERO_ADDRESS, wallet, 10**18) for wallet in WALLETS[:3]]
    books = Books(store_of(*paid(5, 6, 7), info=replace(INFO, genesis=genesis), opening=opening))

    assert (audited(books).entries, audited(books, 2).entries, audited(books, 99).entries) == (3, 2, 3)


# Ether logs


def test_a_payment_without_its_ether_log_is_named_and_one_log_is_good_for_one_entry() -> None:
    twice = [payment(ANNA, BEN, 10**6), payment(ANNA, BEN, 10**6), payment(ANNA, CARL, 10**6)]
    books = Books(store_of(twice, info=WITH_FEE), ether_logs=True)
    assert (audited(books).findings, audited(books).ether_logs) == ([], 3)
    (receipt,) = books.receipts.values()
    receipt["logs"].remove(books.moved(twice[0]))

    (finding,) = audited(books).findings

    assert finding.startswith("entry 1: ")
    assert finding.endswith("has no Ether log of the payment")


def test_an_ether_log_of_the_whole_value_is_none_of_a_payment_that_a_fee_was_taken_of() -> None:
    entry = payment(ANNA, BEN, 10**6)
    books = Books(store_of([entry], info=WITH_FEE), ether_logs=True)
    (receipt,) = books.receipts.values()
    receipt["logs"][-1]["data"] = hex(entry.value)

    assert len(audited(books).findings) == 1


def test_what_the_ledger_itself_sends_has_no_fee_taken_of_it() -> None:
    collected = payment(INFO.address, BEN, 10**4)
    books = Books(store_of([payment(ANNA, CARL, 10**6)], [collected], info=WITH_FEE), ether_logs=True)

    assert audited(books).findings == []


def test_ether_logs_say_nothing_of_other_subjects_or_of_a_contract_that_is_no_relay() -> None:
    likes = payment(ANNA, BEN, 5, subject=subject_id("likes"))
    books = Books(store_of([likes, payment(ANNA, CARL, 5)]), ether_logs=True)
    (receipt,) = books.receipts.values()
    del receipt["logs"][2]
    assert audited(books).findings == []

    books.relays = False
    receipt["logs"][-1]["data"] = "0x63"
    found = audited(books)

    assert (found.findings, found.doubts, found.held, found.ether_logs) == ([], [], None, 0)


# balances


def test_a_contract_that_lacks_its_fees_is_named_and_what_was_forced_in_is_not() -> None:
    books = Books(store_of([payment(ANNA, BEN, 10**6)], info=WITH_FEE))
    here = checksum(INFO.address)
    books.balances[here] = 10_777
    assert (audited(books).held, audited(books).owed, audited(books).findings) == (10_777, 10_000, [])

    books.balances[here] = 9_999

    assert audited(books).findings == [f"the contract {here} has 9999 wei, and by its ledger at least 10000"]


def test_opening_balances_were_never_paid_and_are_asked_of_nobody() -> None:
    genesis = replace(WITH_FEE.genesis, size=Size(2))
    opening = [payment(ZERO_ADDRESS, BEN, 10**18), payment(ZERO_ADDRESS, INFO.address, 10**18)]
    books = Books(store_of(*paid(10**6), info=replace(WITH_FEE, genesis=genesis), opening=opening))
    books.balances = {checksum(BEN): 990_000, checksum(INFO.address): 10_000}

    found = audited(books)

    assert (found.findings, found.doubts, found.owed, found.untouched) == ([], [], 10_000, 1)


def test_who_seems_never_to_have_spent_and_has_less_is_a_doubt_and_no_finding() -> None:
    books = Books(store_of(*paid(2, 3)))
    books.balances[checksum(BEN)] = 4

    found = audited(books)

    assert (found.findings, found.untouched) == ([], 1)
    assert found.doubts == [
        f"{checksum(BEN)} received 5 wei, never sent a transaction, has no code, and has 4: "
        "it was a contract that destroyed itself, or the node's balances are wrong"
    ]


def test_a_recipient_that_can_have_spent_is_not_in_doubt() -> None:
    books = Books(store_of(*paid(5), [payment(ANNA, CARL, 5)], [payment(WALLETS[3], WALLETS[3], 5)]))
    books.balances = {checksum(one): 0 for one in WALLETS}
    books.nonces[checksum(BEN)], books.codes[checksum(CARL)] = 1, "0xef01"

    found = audited(books)

    assert (found.findings, found.doubts, found.untouched) == ([], [], 0)


def test_a_forgotten_state_is_a_doubt_and_the_receipts_are_compared_all_the_same() -> None:
    books = Books(store_of(*paid(5), info=WITH_FEE))
    books.forgotten = True

    found = audited(books)

    assert (found.entries, found.findings, found.held) == (1, [], None)
    assert len(found.doubts) == 1
    assert found.doubts[0].startswith("no balances were compared: http://books has forgotten the state of host block 8")


def test_balances_are_asked_for_by_the_hash_of_the_block_that_was_verified() -> None:
    books = Books(store_of(*paid(5)))
    audited(books)
    at = books.store.verified_at
    assert at is not None
    by_hash = {"blockHash": "0x" + at.hash.hex(), "requireCanonical": True}
    assert [params[1] for method, params in books.asked if method == "eth_getBalance"] == [by_hash, by_hash]

    books.knows_hashes, books.asked = False, []
    assert audited(books).untouched == 1

    assert [params[1] for method, params in books.asked if method == "eth_getBalance"][-2:] == [hex(at.number)] * 2


def test_a_balance_that_is_no_number_is_said_to_be_none() -> None:
    books = Books(store_of(*paid(5)))
    books.codes = dict.fromkeys(books.codes, "0x")
    books.nonces[checksum(BEN)] = 0
    books.balances[checksum(INFO.address)] = -1
    refusing = Refusing(books)

    with pytest.raises(HostUnavailable, match="no number"), books.store.view() as view:
        audit(refusing, view, None, 7, lambda _done, _total: None)


class Refusing(Books):
    """Says nothing where a balance is asked for."""

    def __init__(self, books: Books) -> None:
        super().__init__(books.store)

    def _account(self, method: str, who: str) -> Any:
        return None


def test_a_store_of_a_chain_that_the_host_left_is_refused_before_anything_is_called_a_finding() -> None:
    books = Books(store_of(*paid(5)))
    with books.store.view() as view:
        books.store.verified_at = host_block(8, fork=1)
        books.receipts.clear()

        with pytest.raises(UnknownBlock, match="run 'smartchain index' first"):
            audit(books, view, None, 7, lambda _done, _total: None)


def test_a_reorganisation_while_it_compares_is_no_finding_either() -> None:
    books = Books(store_of(*paid(5)))

    def reorganise(_done: int, _total: int) -> None:
        books.store.verified_at = host_block(8, fork=1)

    with books.store.view() as view, pytest.raises(UnknownBlock):
        audit(books, view, None, 7, reorganise)


def test_a_store_that_only_peers_vouched_for_has_no_balances_compared() -> None:
    store = store_of(*paid(5))
    store.verified_at = None

    found = audited(Books(store))

    assert (found.entries, found.held, found.findings) == (1, None, [])
    assert found.doubts == ["nobody has asked the contract yet, so no balances were compared: run 'smartchain index'"]


@pytest.mark.parametrize("relays", [True, False])
def test_a_head_that_is_not_the_stores_is_named_whatever_the_contract_is(relays: bool) -> None:
    books = Books(store_of(*paid(5)))
    books.view, books.relays = Books(store_of(*paid(6))).view, relays

    found = audited(books)

    assert (len(found.findings), found.held) == (1, None)
    assert found.findings[0].startswith("at host block 8 the contract has 1 entries with the root 0x")


@pytest.mark.parametrize("transaction", [b"", b"\1" * 31, "a" * 32, None], ids=["empty", "short", "text", "none"])
def test_a_row_that_is_damaged_is_said_to_be_so(transaction: Any) -> None:
    books = Books(store_of(*paid(5, 6)))
    packed, number, _ = books.store.rows[1]
    books.store.rows[1] = packed, number, transaction

    with pytest.raises(CorruptStore, match="entry 1 cannot be read from the store: 'smartchain fsck' says"):
        audited(books)


def test_an_empty_ledger_fits() -> None:
    found = audited(Books(store_of()))
    assert (found.entries, found.held, found.findings, found.doubts) == (0, 0, [], [])
