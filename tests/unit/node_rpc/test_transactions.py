"""Entries as transactions, receipts and accounts."""

from __future__ import annotations

from dataclasses import replace

import pytest

from smartchain.ledger.hash import ETHER, SEAL, keccak
from smartchain.types import ZERO_ADDRESS
from tests.fakes.store import ListStore
from tests.store.making import ANNA, BEN, CARL, INFO, LEDGER, payment
from tests.unit.node_rpc.asking import ENTRIES, TOKEN, Asker, hexed, name_of, store_of, word

UNKNOWN = word(7)


@pytest.mark.parametrize("method", ["eth_getTransactionByHash", "eth_getTransactionReceipt"])
def test_what_is_no_transaction_of_this_chain_is_null(chain: Asker, store: ListStore, method: str) -> None:
    on_the_host = hexed(store.rows[0][2])

    assert chain.ask(method, UNKNOWN) is None
    assert chain.ask(method, on_the_host) is None


@pytest.mark.parametrize(("block", "index"), [("0x1", "0x3"), ("0x0", "0x0"), ("0x9", "0x0"), ("pending", "0x2")])
def test_a_place_that_a_block_does_not_have_is_null(chain: Asker, block: str, index: str) -> None:
    assert chain.ask("eth_getTransactionByBlockNumberAndIndex", block, index) is None


def test_a_transaction_has_every_field(chain: Asker, store: ListStore) -> None:
    found = chain.ask("eth_getTransactionByHash", name_of(2))

    assert found == {
        "hash": name_of(2), "nonce": "0x0", "from": hexed(BEN), "to": hexed(ANNA), "value": "0x7", "input": "0x",
        "blockHash": hexed(store.chain[1].hash), "blockNumber": "0x1", "transactionIndex": "0x2",
        "chainId": chain.ask("eth_chainId"), "type": "0x0", "gas": "0x0", "gasPrice": "0x0",
        "v": "0x0", "r": "0x0", "s": "0x0", "subject": hexed(ETHER), "entry": "0x2", "verified": True,
    }  # fmt: skip
    assert chain.ask("eth_getTransactionByBlockHashAndIndex", hexed(store.chain[1].hash), "0x2") == found


def test_a_memo_is_the_input(chain: Asker) -> None:
    assert chain.ask("eth_getTransactionByHash", name_of(0))["input"] == hexed(b"rent".ljust(32, b"\0"))


def test_an_entry_of_another_subject_moves_no_ether_but_its_log_says_how_much(chain: Asker) -> None:
    token, seal = (chain.ask("eth_getTransactionByHash", name_of(index)) for index in (3, 4))

    assert (token["subject"], token["value"]) == (hexed(TOKEN), "0x0")
    assert chain.ask("eth_getTransactionReceipt", name_of(3))["logs"][0]["data"] == word(1)
    assert (seal["subject"], seal["to"]) == (hexed(SEAL), hexed(ZERO_ADDRESS))


def test_a_pending_entry_is_a_transaction_without_a_place_and_has_no_receipt(chain: Asker) -> None:
    found = chain.ask("eth_getTransactionByHash", name_of(5))

    assert (found["blockHash"], found["blockNumber"], found["transactionIndex"]) == (None, None, None)
    assert (found["nonce"], found["value"]) == ("0x3", "0x2")
    assert chain.ask("eth_getTransactionReceipt", name_of(5)) is None


def test_a_receipt_has_every_field_and_one_transfer(chain: Asker, store: ListStore) -> None:
    block = store.chain[2]
    place = {
        "transactionHash": name_of(4), "transactionIndex": "0x1", "blockHash": hexed(block.hash), "blockNumber": "0x2",
    }  # fmt: skip
    found = chain.ask("eth_getTransactionReceipt", name_of(4))
    bloom = found.pop("logsBloom")

    assert found == place | {
        "from": hexed(BEN), "to": hexed(ZERO_ADDRESS), "contractAddress": None, "status": "0x1", "type": "0x0",
        "gasUsed": "0x0", "cumulativeGasUsed": "0x0", "effectiveGasPrice": "0x0", "verified": True,
        "logs": [place | {
            "address": hexed(LEDGER), "data": word(0), "logIndex": "0x1", "removed": False,
            "blockTimestamp": hex(block.timestamp),
            "topics": [hexed(keccak(b"Transfer(address,address,uint256)")), word(BEN), word(ZERO_ADDRESS)],
        }],
    }  # fmt: skip
    assert int(bloom, 16).bit_count() <= 12


def test_a_balance_is_the_one_of_any_block_and_never_below_zero(chain: Asker, store: ListStore) -> None:
    ben = [chain.ask("eth_getBalance", hexed(BEN), at) for at in ("0x0", "0x1", "0x2", "pending")]
    carl = [chain.ask("eth_getBalance", hexed(CARL), at) for at in ("earliest", "0x1", "latest", "pending")]

    assert ben == ["0x0", "0x3", "0x3", "0x3"]
    assert carl == ["0x0", "0x5", "0x5", "0x4"]
    assert chain.ask("eth_getBalance", hexed(ANNA), "latest") == "0x0"
    assert store.balance(ANNA) < 0
    assert chain.ask("eth_getBalance", hexed(BEN), {"blockHash": hexed(store.chain[1].hash)}) == "0x3"
    assert chain.ask("eth_getBalance", hexed(BEN), {"blockNumber": "0x0"}) == "0x0"


def test_a_fee_is_taken_from_what_arrives_and_credited_to_the_ledger() -> None:
    entries = [payment(ANNA, BEN, 1_000_000)] * 3
    chain = Asker(store_of(entries, info=replace(INFO, fee_ppm=50)))

    assert chain.ask("eth_getBalance", hexed(BEN)) == hex(3 * 999_950)
    assert chain.ask("eth_getBalance", hexed(LEDGER)) == hex(3 * 50)


def test_a_nonce_counts_what_was_sent_before_of_any_subject(chain: Asker) -> None:
    counts = [chain.ask("eth_getTransactionCount", hexed(ANNA), at) for at in ("0x0", "0x1", "latest", "pending")]

    assert counts == ["0x0", "0x2", "0x3", "0x4"]
    assert [chain.ask("eth_getTransactionByHash", name_of(at))["nonce"] for at in (0, 1, 3, 5)] == [
        "0x0", "0x1", "0x2", "0x3",
    ]  # fmt: skip


@pytest.mark.parametrize("method", ["eth_getBalance", "eth_getTransactionCount", "eth_getCode"])
def test_a_state_at_a_block_that_is_not_there_is_an_error_and_no_zero(chain: Asker, method: str) -> None:
    by_number = chain.refusal(method, hexed(ANNA), "0x9")
    by_hash = chain.refusal(method, hexed(ANNA), {"blockHash": UNKNOWN})

    assert by_number == (-32001, "there is no block 9: the newest is 2")
    assert by_hash == (-32001, f"there is no block of hash {UNKNOWN}: the newest is 2")


def test_there_is_no_code_and_no_storage(chain: Asker) -> None:
    assert chain.ask("eth_getCode", hexed(LEDGER), "latest") == "0x"
    assert chain.ask("eth_getStorageAt", hexed(LEDGER), "0x0", "latest") == word(0)
    assert chain.ask("eth_getStorageAt", hexed(LEDGER), word(3)) == word(0)


def test_an_allocation_comes_from_nobody_and_is_counted_as_sent_by_nobody() -> None:
    entries = [payment(ZERO_ADDRESS, BEN, 5), payment(ZERO_ADDRESS, CARL, 6), payment(BEN, CARL, 5)]
    found = Asker(store_of(entries)).ask("eth_getTransactionByHash", name_of(1, entries))

    assert (found["from"], found["nonce"], found["value"]) == (hexed(ZERO_ADDRESS), "0x1", "0x6")


def test_the_entries_of_a_test_are_what_its_texts_say(store: ListStore) -> None:
    assert [block.size for block in store.chain] == [0, 3, 5]
    assert len(ENTRIES) == 7
