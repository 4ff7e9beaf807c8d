"""
What an honest node answers: JSON-RPC over one branch of the world, in the words of real nodes where it refuses.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from smartchain.ledger.block import BlockRule
from smartchain.ledger.hash import EMPTY_ROOT, keccak
from smartchain.types import ZERO_HASH, Hash32
from tests.simulation.world import CHAIN, Block

HEAD, PEAKS, RULE, GENESIS, FEE, KEPT = (
    keccak(text)[:4].hex()
    for text in (b"head()", b"peaks()", b"blockRule()", b"genesis()", b"feePpm()", b"checkpointAt(uint64)")
)
NULL = b"null"


class Refusal(Exception):
    """An error in JSON-RPC."""

    def __init__(self, code: int, message: str, data: object = None) -> None:
        super().__init__(message)
        self.body = {"code": code, "message": message} | ({} if data is None else {"data": data})


@dataclass(frozen=True, slots=True)
class Kind:
    """How a node is set up."""

    rule: BlockRule
    fee_ppm: int
    keeps_state: int
    """Blocks of which it has the contract's state."""
    knows_hashes: bool
    """Whether it takes a block's hash where a block is named (EIP-1898)."""


@dataclass(frozen=True, slots=True)
class Node:
    """One replica, as it is for one request."""

    kind: Kind
    chain: Sequence[Block]
    final: int = -1
    """Number of the newest block that it calls final, and safe; -1 for none."""
    safe: int = -1
    hides_lag: bool = False
    """Whether it gives what logs it has where it was asked past its newest block."""

    def answer(self, method: str, params: Sequence[Any]) -> bytes:
        """The result as JSON. Raises `Refusal`."""
        match method:
            case "eth_chainId":
                return _text(hex(CHAIN))
            case "eth_blockNumber":
                return _text(hex(len(self.chain) - 1))
            case "eth_getBlockByNumber":
                return self._header(params[0])
            case "eth_getCode":
                return _text("0x60" if self.chain[-1].genesis_at is not None else "0x")
            case "eth_call":
                return _text("0x" + self._call(params[0]["data"][2:], self._block(params[1])).hex())
            case "eth_getLogs":
                return b"[" + b",".join(self.logs(params[0])) + b"]"
        raise Refusal(-32601, f"the method {method} does not exist/is not available")

    def _header(self, tag: str) -> bytes:
        number = self._number(tag)
        if not 0 <= number < len(self.chain):
            return NULL
        block = self.chain[number]
        said = {"number": hex(number), "hash": "0x" + block.hash.hex(), "timestamp": hex(block.timestamp)}
        return msgspec.json.encode(said)

    def _number(self, tag: str) -> int:
        """A host that has no such words as `safe` says null, and one without such a block yet."""
        newest = len(self.chain) - 1
        match tag:
            case "latest":
                return newest
            case "safe":
                return min(self.safe, newest)
            case "finalized":
                return min(self.final, newest)
        return int(tag, 16)

    def _block(self, where: Any) -> Block:
        newest = self.chain[-1]
        if where == "latest":
            return newest
        if isinstance(where, str):
            number = int(where, 16)
            if number > newest.number:
                raise Refusal(-32000, "header not found")
            return self._with_state(self.chain[number])
        if not self.kind.knows_hashes:
            raise Refusal(-32602, "invalid argument 1: json: cannot unmarshal object into Go value of type string")
        wanted = bytes.fromhex(where["blockHash"][2:])
        found = next((block for block in reversed(self.chain) if block.hash == wanted), None)
        if found is None:
            raise Refusal(-32000, f"hash {where['blockHash']} is not currently canonical")
        return self._with_state(found)

    def _with_state(self, block: Block) -> Block:
        if len(self.chain) - block.number > self.kind.keeps_state:
            raise Refusal(-32000, f"missing trie node {block.hash.hex()} (path ) state is not available")
        return block

    def _call(self, data: str, block: Block) -> bytes:
        if block.genesis_at is None:
            return b""
        match data[:8]:
            case selector if selector == HEAD:
                return _word(block.size) + block.head.root
            case selector if selector == PEAKS:
                return _word(32) + _word(len(block.peaks)) + b"".join(block.peaks)
            case selector if selector == RULE:
                return _word(self.kind.rule.max_entries) + _word(self.kind.rule.interval)
            case selector if selector == GENESIS:
                return _word(0) + EMPTY_ROOT + _word(block.genesis_at)
            case selector if selector == FEE:
                return _word(self.kind.fee_ppm)
            case selector if selector == KEPT:
                return bytes(block.kept.get(int(data[8:], 16), ZERO_HASH))
        raise Refusal(3, "execution reverted", "0x")

    def logs(self, query: dict[str, Any]) -> list[bytes]:
        """Of a range of blocks, in order."""
        first, last = int(query["fromBlock"], 16), int(query["toBlock"], 16)
        if last >= len(self.chain) and not self.hides_lag:
            raise Refusal(-32000, "block range extends beyond current head block")
        return [log for block in self.chain[first : last + 1] for log in block.logs]


def _text(text: str) -> bytes:
    return b'"' + text.encode() + b'"'


def _word(number: int) -> Hash32:
    return Hash32(number.to_bytes(32, "big"))
