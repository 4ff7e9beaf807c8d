"""A ledger over JSON-RPC: what it asks, in which pieces, and what it makes of a node's answers."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest

from smartchain.errors import (
    BrokenSequence,
    HostError,
    HostUnavailable,
    NoContract,
    NotALedger,
    RangeTooLarge,
    RpcRefused,
    StateGone,
    UnknownBlock,
    WrongChain,
)
from smartchain.host.source import HostLedger
from smartchain.ledger.hash import keccak
from smartchain.ledger.merkle import MerkleLog
from smartchain.ports import Head, HostBlock, Settled
from smartchain.types import ChainId, Hash32, Index, Size
from tests.unit.host.test_logs import ENTRY, LEDGER, Raw, single, word


def selector(signature: str) -> str:
    return "0x" + keccak(signature.encode())[:4].hex()


class Node:
    """A node with one ledger, in lists: implements `ports.Rpc`."""

    name = "http://node"

    def __init__(self, blocks: int = 40, a_block: int = 2, created: int = 10) -> None:
        self.logs: list[Raw] = []
        self.count = blocks
        for number in range(created + 1, blocks):
            for _ in range(a_block):
                self.logs.append(single(len(self.logs), ENTRY, block=number))
        self.created = created
        self.code = "0x60"
        self.most_blocks = 10**9
        self.most_logs = 10**9
        self.suggests = False
        self.takes_hashes = True
        self.asked: list[tuple[int, int]] = []
        self.failing = 0
        self.header: dict[str, str] = {}
        """What every block's header says otherwise."""
        self.answers: dict[str, str] = {
            selector("blockRule()"): word(100) + word(0),
            selector("genesis()"): word(0) + MerkleLog().root().hex() + word(1000 + 12 * created),
            selector("head()"): word(len(self.logs)) + "ab" * 32,
            selector("feePpm()"): word(50),
            selector("peaks()"): word(32) + word(2) + "11" * 32 + "22" * 32,
        }

    def call(self, method: str, *params: Any) -> Any:
        match method:
            case "eth_chainId":
                return "0x7a69"
            case "eth_getCode":
                return self.code
            case "eth_blockNumber":
                return hex(self.count - 1)
            case "eth_getBlockByNumber":
                return self._block(params[0]) | self.header if self._block(params[0]) else None
            case "eth_call":
                return self._call(params[0], params[1])
        raise AssertionError(method)

    def _block(self, tag: str) -> Any:
        number = self.count - 1 if tag == "latest" else int(tag, 16)
        if number >= self.count:
            return None
        return {"number": hex(number), "hash": "0x" + word(number), "timestamp": hex(1000 + 12 * number)}

    def _call(self, call: dict[str, str], where: Any) -> str:
        if isinstance(where, dict):
            if not self.takes_hashes:
                raise RpcRefused("invalid argument 1: json: cannot unmarshal object", -32602)
            if int(where["blockHash"], 16) >= self.count:
                raise UnknownBlock("header for hash not found")
        if call["data"] not in self.answers:
            raise RpcRefused("execution reverted", 3)
        return "0x" + self.answers[call["data"]]

    def batch(self, calls: Sequence[tuple[str, Sequence[Any]]]) -> list[Any]:
        return [self.call(method, *params) for method, params in calls]

    def body(self, method: str, *params: Any) -> bytes:
        assert method == "eth_getLogs"
        first, last = (int(params[0][key], 16) for key in ("fromBlock", "toBlock"))
        self.asked.append((first, last))
        if self.failing:
            self.failing -= 1
            raise HostUnavailable("time-out")
        found = [log for log in self.logs if first <= int(log["blockNumber"], 16) <= last]
        if last - first + 1 > self.most_blocks or len(found) > self.most_logs:
            raise RangeTooLarge("too many results", first + self.most_blocks - 1 if self.suggests else None)
        return json.dumps({"jsonrpc": "2.0", "id": 1, "result": found}).encode()


def at(number: int) -> HostBlock:
    return HostBlock(number, Hash32(number.to_bytes(32, "big")), 1000 + 12 * number)


def read_all(node: Node, source: HostLedger) -> int:
    expected, next_block = 0, 0
    for chunk in source.chunks(0, node.count - 1, Index(0)):
        assert (chunk.first, chunk.first_block) == (expected, next_block)
        expected += len(chunk.packed)
        next_block = chunk.last_block + 1
    assert next_block == node.count
    return expected


def test_a_ledger_says_who_it_is_and_where_it_begins() -> None:
    info = HostLedger(Node(), LEDGER).info()
    assert (info.chain_id, info.address, info.fee_ppm) == (31337, LEDGER, 50)
    assert (info.rule.max_entries, info.rule.interval) == (100, 0)
    assert HostLedger(Node(), LEDGER, from_block=3).info().deployed_at == 3


@pytest.mark.parametrize("created", [10, 256, 257, 1000])
def test_a_ledger_is_looked_for_some_blocks_before_its_deployment_which_may_move_there(created: int) -> None:
    node = Node(blocks=created + 30, created=created)
    assert HostLedger(node, LEDGER).info().deployed_at == max(0, created - 256)


def test_a_ledger_without_a_fee_function_takes_none() -> None:
    node = Node()
    del node.answers[selector("feePpm()")]
    assert HostLedger(node, LEDGER).info().fee_ppm == 0


def test_an_address_without_code_is_no_contract() -> None:
    node = Node()
    node.code = "0x"
    with pytest.raises(NoContract, match="there is no contract at 0xABaB"):
        HostLedger(node, LEDGER).info()


@pytest.mark.parametrize("signature", ["blockRule()", "genesis()", "head()"])
@pytest.mark.parametrize("answer", [None, "", "00" * 31])
def test_a_contract_that_does_not_answer_as_a_ledger_is_none(signature: str, answer: str | None) -> None:
    node = Node()
    if answer is None:
        del node.answers[selector(signature)]
    else:
        node.answers[selector(signature)] = answer
    with pytest.raises(NotALedger, match="does not answer as a ledger"):
        HostLedger(node, LEDGER).info()


def test_another_chain_than_expected_is_refused() -> None:
    with pytest.raises(WrongChain, match="chain 31337, not of chain 1"):
        HostLedger(Node(), LEDGER, expected_chain=ChainId(1)).info()


def test_the_target_is_as_far_below_the_newest_block_as_confirmations_say() -> None:
    assert HostLedger(Node(), LEDGER).target() == at(39)
    assert HostLedger(Node(), LEDGER, confirmations=5).target() == at(34)
    assert HostLedger(Node(), LEDGER, confirmations=500).target() == at(0)


class Tagging(Node):
    """A node whose chain is safe and finalized up to a number each, or that answers these tags by an error."""

    def __init__(self, **tags: int | HostError) -> None:
        super().__init__()
        self.tags = tags

    def _block(self, tag: str) -> Any:
        said = self.tags.get(tag)
        if isinstance(said, HostError):
            raise said
        return super()._block(tag if said is None else hex(said))


def test_what_a_host_calls_safe_and_finalized_is_asked_by_these_names() -> None:
    assert HostLedger(Tagging(safe=30, finalized=20), LEDGER).settled() == Settled(at(30), at(20))


def test_a_tag_that_a_host_refuses_is_none_for_as_long_as_it_does_and_takes_no_other_with_it() -> None:
    node = Tagging(safe=RpcRefused("invalid block tag", -32602), finalized=20)
    source = HostLedger(node, LEDGER)
    assert source.settled() == Settled(None, at(20))

    node.tags["safe"], node.tags["finalized"] = 30, UnknownBlock("finalized block not found")
    assert source.settled() == Settled(at(30), None)


def test_a_host_that_fails_at_a_tag_has_not_said_that_it_has_none() -> None:
    with pytest.raises(HostUnavailable, match="overloaded"):
        HostLedger(Tagging(safe=30, finalized=HostUnavailable("overloaded")), LEDGER).settled()


def test_everything_comes_in_order_and_the_last_chunk_ends_with_the_last_block() -> None:
    node = Node(blocks=1000, a_block=3)
    assert read_all(node, HostLedger(node, LEDGER)) == len(node.logs)


@pytest.mark.parametrize("suggests", [True, False])
@pytest.mark.parametrize(("most_blocks", "most_logs"), [(7, 10**9), (10**9, 50), (1, 10**9), (30, 20)])
def test_hosts_with_bounds_are_read_whole(most_blocks: int, most_logs: int, suggests: bool) -> None:
    node = Node(blocks=400, a_block=3)
    node.most_blocks, node.most_logs, node.suggests = most_blocks, most_logs, suggests
    assert read_all(node, HostLedger(node, LEDGER)) == len(node.logs)


def test_a_host_that_refuses_a_single_block_is_said_by_number() -> None:
    node = Node()
    node.most_logs = 1
    with pytest.raises(RpcRefused, match="single block 11"):
        read_all(node, HostLedger(node, LEDGER))


def test_a_time_out_is_asked_again_for_less() -> None:
    node = Node(blocks=300)
    node.failing = 1
    source = HostLedger(node, LEDGER)
    with pytest.raises(HostUnavailable):
        read_all(node, source)
    before = max(last - first for first, last in node.asked)
    node.asked.clear()
    assert read_all(node, source) == len(node.logs)
    first, last = node.asked[0]
    assert last - first < before


def test_a_log_missing_between_two_ranges_is_found() -> None:
    node = Node(blocks=400, a_block=1)
    del node.logs[200]
    with pytest.raises(BrokenSequence, match="entry 200 was expected"):
        read_all(node, HostLedger(node, LEDGER))


def test_the_head_is_read_by_the_blocks_hash() -> None:
    node = Node()
    assert HostLedger(node, LEDGER).head(at(20)) == Head(Size(len(node.logs)), Hash32(b"\xab" * 32))
    assert HostLedger(node, LEDGER).peaks(at(20)) == [b"\x11" * 32, b"\x22" * 32]
    with pytest.raises(UnknownBlock):
        HostLedger(node, LEDGER).head(at(90))


def test_a_host_that_takes_no_hash_is_asked_by_number_and_its_block_looked_at() -> None:
    node = Node()
    node.takes_hashes = False
    source = HostLedger(node, LEDGER)
    assert source.head(at(20)).size == len(node.logs)
    with pytest.raises(UnknownBlock, match="replaced"):
        source.head(HostBlock(20, Hash32(b"\x99" * 32), 1240))


@pytest.mark.parametrize("answer", ["", word(32), word(32) + word(3) + "11" * 64, word(32) + word(1) + "11" * 33])
def test_peaks_of_another_form_are_no_ledgers(answer: str) -> None:
    node = Node()
    node.answers[selector("peaks()")] = answer
    with pytest.raises(NotALedger):
        HostLedger(node, LEDGER).peaks(at(20))


@pytest.mark.parametrize(
    "header",
    [
        {"number": "0x" + "f" * 40},
        {"number": "-0x5"},
        {"number": "0x" + "f" * 9_000},
        {"timestamp": "0x" + "f" * 17},
        {"timestamp": "-0x1"},
        {"hash": "0x12"},
        {"number": "seven"},
    ],
)
def test_a_header_that_cannot_be_is_asked_for_again(header: dict[str, str]) -> None:
    node = Node()
    node.header = header
    source = HostLedger(node, LEDGER)
    with pytest.raises(HostUnavailable, match="asked again"):
        source.target()
    with pytest.raises(HostUnavailable, match="asked again"):
        source.block(5)


def test_another_block_than_the_one_asked_for_is_none() -> None:
    node = Node()
    node.header = {"number": "0x7"}
    source = HostLedger(node, LEDGER)
    assert source.block(7) is not None
    with pytest.raises(HostUnavailable, match="gave block 7 for block 5"):
        source.block(5)


@pytest.mark.parametrize("answer", [None, "many", {}, "-0x1"])
def test_a_chain_id_that_is_no_number_is_asked_for_again(answer: Any) -> None:
    class Odd(Node):
        def call(self, method: str, *params: Any) -> Any:
            return answer if method == "eth_chainId" else super().call(method, *params)

    with pytest.raises(HostUnavailable, match="eth_chainId with what is no number"):
        HostLedger(Odd(), LEDGER).info()


def test_a_checkpoint_is_what_the_contract_says_of_that_size() -> None:
    node = Node()
    ask = selector("checkpointAt(uint64)")
    node.answers[ask + word(5)] = "cd" * 32
    node.answers[ask + word(6)] = "00" * 32
    source = HostLedger(node, LEDGER)
    assert source.checkpoint(Size(5), at(39)) == bytes.fromhex("cd" * 32)
    assert source.checkpoint(Size(6), at(39)) is None
    with pytest.raises(RpcRefused, match="reverted"):
        source.checkpoint(Size(7), at(39))


def test_a_checkpoint_outlives_the_state_of_the_block_it_is_asked_at() -> None:
    class Forgetful(Node):
        def _call(self, call: dict[str, str], where: Any) -> str:
            if isinstance(where, dict) and int(where["blockHash"], 16) < self.count - 1:
                raise StateGone("missing trie node")
            return super()._call(call, where)

    node = Forgetful()
    node.answers[selector("checkpointAt(uint64)") + word(5)] = "cd" * 32
    assert HostLedger(node, LEDGER).checkpoint(Size(5), at(12)) == bytes.fromhex("cd" * 32)
