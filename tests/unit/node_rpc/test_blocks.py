"""Blocks: by tag, number and hash, the open one too, with every field, and never without bound."""

from __future__ import annotations

import pytest

from smartchain.ledger.hash import anchor_of, keccak
from smartchain.node.rpc import blocks
from smartchain.node.rpc.chain import Chain
from smartchain.ports import Settled
from smartchain.types import Address
from tests.fakes.store import ListStore, ListView
from tests.store.making import ANNA, BEN, GENESIS, INFO, LEDGER, payment
from tests.unit.node_rpc.asking import ENTRIES, Asker, hexed, name_of, store_of, word

HEADER = {
    "number", "hash", "parentHash", "nonce", "sha3Uncles", "logsBloom", "transactionsRoot", "stateRoot", "receiptsRoot",
    "miner", "difficulty", "totalDifficulty", "extraData", "size", "gasLimit", "gasUsed", "timestamp", "uncles",
    "mixHash", "baseFeePerGas", "verified",
}  # fmt: skip


@pytest.mark.parametrize("method", ["eth_getBlockByNumber", "eth_getHeaderByNumber"])
@pytest.mark.parametrize("number", ["0x3", "0xffffffffffffffffffffffff"])
def test_a_block_past_the_newest_is_null(chain: Asker, method: str, number: str) -> None:
    assert chain.ask(method, number) is None


@pytest.mark.parametrize("method", ["eth_getBlockByHash", "eth_getHeaderByHash", "eth_getBlockTransactionCountByHash"])
def test_a_hash_that_is_no_block_is_null_the_anchor_too(chain: Asker, method: str) -> None:
    assert chain.ask(method, hexed(anchor_of(INFO.chain_id, INFO.address))) is None
    assert chain.ask(method, word(7)) is None


def test_nothing_of_a_chain_without_a_verified_block_is_given_but_its_id() -> None:
    empty = Asker(ListStore(INFO))

    asked: dict[str, list[object]] = {
        "eth_blockNumber": [], "eth_getBlockByNumber": ["latest", False], "eth_getBalance": [hexed(ANNA)],
    }  # fmt: skip
    for method, params in asked.items():
        code, said = empty.refusal(method, *params)
        assert (code, said.split(":")[0]) == (-32000, "no block is verified yet")
    assert int(empty.ask("eth_chainId"), 16) > 2**48


def test_a_block_has_every_field_of_a_header(chain: Asker, store: ListStore) -> None:
    found, block = chain.ask("eth_getBlockByNumber", "0x1", False), store.chain[1]

    assert found.keys() == HEADER | {"transactions"}
    assert (found["number"], found["hash"], found["parentHash"]) == ("0x1", hexed(block.hash), hexed(block.parent))
    assert (found["transactionsRoot"], found["timestamp"]) == (hexed(block.root), hex(block.timestamp))
    assert (found["miner"], found["size"], found["verified"]) == (hexed(LEDGER), hex(3 * 132), True)
    assert found["transactions"] == [name_of(0), name_of(1), name_of(2)]
    assert chain.ask("eth_getHeaderByNumber", "0x1") == {name: found[name] for name in HEADER}


def test_the_first_block_hangs_on_the_anchor(chain: Asker) -> None:
    first = chain.ask("eth_getBlockByNumber", "earliest", True)

    assert (first["number"], first["transactions"], first["timestamp"]) == ("0x0", [], hex(GENESIS.timestamp))
    assert first["parentHash"] == hexed(anchor_of(INFO.chain_id, INFO.address))


@pytest.mark.parametrize("tag", ["safe", "finalized"])
def test_a_block_is_safe_or_finalized_as_far_as_the_host_says_so(chain: Asker, store: ListStore, tag: str) -> None:
    code, said = chain.refusal("eth_getBlockByNumber", tag, False)
    assert (code, f"no block is {tag} yet" in said) == (-32000, True)

    store.settle(Settled(store.verified_at, store.verified_at))
    assert chain.ask("eth_getBlockByNumber", tag, False)["number"] == "0x2"


@pytest.mark.parametrize("tag", ["latest", "0x2"])
def test_the_newest_block_is_the_last_that_closed(chain: Asker, store: ListStore, tag: str) -> None:
    found = chain.ask("eth_getBlockByNumber", tag, False)

    assert (found["hash"], found["transactions"]) == (hexed(store.chain[2].hash), [name_of(3), name_of(4)])
    assert chain.ask("eth_blockNumber") == "0x2"
    assert chain.ask("eth_getBlockByHash", found["hash"], False) == found


def test_the_open_block_holds_what_is_pending_and_has_no_hash(chain: Asker, store: ListStore) -> None:
    found = chain.ask("eth_getBlockByNumber", "pending", True)

    assert (found["number"], found["hash"], found["nonce"]) == ("0x3", None, None)
    assert found["parentHash"] == hexed(store.chain[2].hash)
    assert [one["hash"] for one in found["transactions"]] == [name_of(5), name_of(6)]
    assert [one["nonce"] for one in found["transactions"]] == ["0x3", "0x0"]
    assert all(
        one["blockHash"] is one["blockNumber"] is one["transactionIndex"] is None for one in found["transactions"]
    )


def test_an_open_block_without_entries_stands_on_the_newest() -> None:
    chain = Asker(store_of(ENTRIES[:5]))
    latest, found = (
        chain.ask("eth_getBlockByNumber", "latest", False),
        chain.ask("eth_getBlockByNumber", "pending", False),
    )

    assert (found["transactions"], found["timestamp"]) == ([], latest["timestamp"])
    assert found["transactionsRoot"] == latest["transactionsRoot"]


def test_transactions_of_a_block_are_those_that_are_asked_for_one_by_one(chain: Asker) -> None:
    for number in ("0x1", "0x2", "pending"):
        whole = chain.ask("eth_getBlockByNumber", number, True)["transactions"]
        single = [chain.ask("eth_getTransactionByHash", one["hash"]) for one in whole]
        placed = [chain.ask("eth_getTransactionByBlockNumberAndIndex", number, hex(at)) for at in range(len(whole))]
        assert whole == single == placed
        assert chain.ask("eth_getBlockTransactionCountByNumber", number) == hex(len(whole))


def test_receipts_of_a_block_are_those_that_are_asked_for_one_by_one(chain: Asker, store: ListStore) -> None:
    found = chain.ask("eth_getBlockReceipts", "0x2")

    assert found == [chain.ask("eth_getTransactionReceipt", name_of(index)) for index in (3, 4)]
    assert chain.ask("eth_getBlockReceipts", hexed(store.chain[2].hash)) == found
    assert chain.ask("eth_getBlockReceipts", {"blockHash": hexed(store.chain[2].hash)}) == found
    assert chain.ask("eth_getBlockReceipts", "pending") is chain.ask("eth_getBlockReceipts", "0x9") is None


def test_there_are_no_uncles(chain: Asker, store: ListStore) -> None:
    assert chain.ask("eth_getUncleCountByBlockNumber", "0x1") == "0x0"
    assert chain.ask("eth_getUncleCountByBlockHash", hexed(store.chain[1].hash)) == "0x0"
    assert chain.ask("eth_getUncleCountByBlockNumber", "0x9") is None


def in_bloom(bloom: str, item: bytes) -> bool:
    """Whether an Ethereum client would look for the item in this block. Source: the yellow paper, section 4.3.1."""
    content, digest = bytes.fromhex(bloom[2:]), keccak(item)
    places = [int.from_bytes(digest[at : at + 2], "big") % 2048 for at in (0, 2, 4)]
    return all(content[255 - place // 8] & (1 << place % 8) for place in places)


def test_the_bloom_holds_the_ledger_the_event_and_the_parties_and_few_others(chain: Asker) -> None:
    bloom = chain.ask("eth_getBlockByNumber", "0x1", False)["logsBloom"]
    event = keccak(b"Transfer(address,address,uint256)")

    assert len(bloom) == 2 + 512
    assert all(in_bloom(bloom, item) for item in (LEDGER, event, bytes(12) + ANNA, bytes(12) + BEN))
    assert sum(in_bloom(bloom, keccak(b"%d" % number)) for number in range(100)) < 3


def test_an_empty_block_has_an_empty_bloom_and_a_huge_one_a_full_one() -> None:
    huge = Asker(store_of([payment(ANNA, BEN, 1)] * 2001, (2001, 0)))

    assert int(huge.ask("eth_getHeaderByNumber", "0x0")["logsBloom"], 16) == 0
    assert int(huge.ask("eth_getHeaderByNumber", "0x1")["logsBloom"], 16) == 2**2048 - 1


def test_a_block_too_long_for_one_answer_says_how_to_read_it() -> None:
    most = blocks.MOST_WHOLE
    long = Asker(store_of([payment(ANNA, BEN, 1)] * (most + 1), (most + 1, 0)))

    for method, *params in (("eth_getBlockByNumber", "0x1", True), ("eth_getBlockReceipts", "0x1")):
        code, said = long.refusal(method, *params)
        assert (code, said.split(",")[0]) == (-32005, f"block 1 holds {most + 1} transactions")
    assert len(long.ask("eth_getBlockByNumber", "0x1", False)["transactions"]) == most + 1
    assert long.ask("eth_getHeaderByNumber", "0x1")["size"] == hex(132 * (most + 1))


class Counting(ListView):
    """Knows whose account was asked for."""

    def __init__(self, store: ListStore) -> None:
        super().__init__(store)
        self.asked: list[Address] = []

    def count_sent(self, address: Address, size: int | None = None) -> int:
        self.asked.append(address)
        return super().count_sent(address, size)


def test_nonces_of_a_block_are_read_once_a_sender() -> None:
    entries = [payment(ANNA, BEN, 1)] * 50 + [payment(BEN, ANNA, 1)] * 50
    store = store_of([*entries, *entries], (100, 0))
    view = Counting(store)

    found = blocks.block(Chain(view), 2, True)

    assert found is not None
    assert [one.nonce for one in found.transactions] == [hex(50 + at) for at in range(50)] * 2  # type: ignore[union-attr]
    assert view.asked == [ANNA, BEN]
