"""A node whose chain is a list: what `FakeHost` holds, told by JSON-RPC."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

from smartchain.errors import RangeTooLarge, RpcRefused, UnknownBlock
from smartchain.host import contracts
from smartchain.host.logs import CHECKPOINT, TRANSFER
from smartchain.ledger.entry import Entry
from smartchain.ledger.hash import EMPTY_ROOT
from smartchain.ports import Head, HostBlock
from smartchain.types import Hash32, Size
from tests.fakes.ledger_host import LEDGER, FakeBlock, FakeHost, FakeLog


class ListRpc:
    """
    Implements `ports.Rpc` over a `FakeHost`: its reorganisations, lies, faults and forgotten states show here too.

    `forge`, if set, has the last word on what `head()` answers.
    """

    def __init__(self, host: FakeHost, name: str = "http://list") -> None:
        self.host = host
        self.name = name
        self.most_blocks = 10**9
        """Host blocks in one answer to `eth_getLogs`, at most."""
        self.forge: Callable[[Head], Head] = lambda head: head
        self.asked: list[str] = []

    def call(self, method: str, *params: Any) -> Any:
        self.asked.append(method)
        self.host._fault()
        match method:
            case "eth_chainId":
                return hex(self.host.info().chain_id)
            case "eth_blockNumber":
                return hex(len(self.host.blocks) - 1)
            case "eth_getCode":
                return "0x60"
            case "eth_getBlockByNumber":
                return self._block(self._at(params[0]))
            case "eth_getBlockByHash":
                return self._block(self._at({"blockHash": params[0]}))
            case "eth_getLogs":
                return self._logs(int(params[0]["fromBlock"], 16), int(params[0]["toBlock"], 16))
            case "eth_call":
                return "0x" + self._answer(bytes.fromhex(params[0]["data"][2:]), self._known(params[1])).hex()
        raise RpcRefused(f"{self.name} answers {method} with: method not found", -32601)

    def batch(self, calls: Sequence[tuple[str, Sequence[Any]]]) -> list[Any]:
        return [self.call(method, *params) for method, params in calls]

    def body(self, method: str, *params: Any) -> bytes:
        return json.dumps({"jsonrpc": "2.0", "id": 1, "result": self.call(method, *params)}).encode()

    def _at(self, where: Any) -> HostBlock | None:
        if isinstance(where, dict):
            wanted = bytes.fromhex(where["blockHash"][2:])
            return next((block.block for block in self.host.blocks if block.block.hash == wanted), None)
        return self.host.blocks[-1].block if where == "latest" else self.host.block(int(where, 16))

    def _known(self, where: Any) -> HostBlock:
        found = self._at(where)
        if found is None:
            raise UnknownBlock(f"{self.name} answers with: unknown block")
        return found

    def _block(self, block: HostBlock | None) -> dict[str, str] | None:
        if block is None:
            return None
        return {"number": hex(block.number), "hash": "0x" + block.hash.hex(), "timestamp": hex(block.timestamp)}

    def _logs(self, first: int, last: int) -> list[dict[str, Any]]:
        if last - first >= self.most_blocks:
            raise RangeTooLarge(f"{self.name} answers with: block range is too wide")
        blocks = self.host.blocks[first : last + 1]
        found = []
        for block in blocks:
            found += [log_of(block, log) for log in (self.host.lie(block) if self.host.lie else block.logs)]
            found += [checkpoint_log(block, size) for size in block.kept]
        return found

    def _answer(self, data: bytes, at: HostBlock) -> bytes:
        info = self.host.info()
        match data:
            case contracts.HEAD_DATA:
                head = self.forge(self.host.head(at))
                return word(head.size) + head.root
            case contracts.PEAKS_DATA:
                peaks = self.host.peaks(at)
                return word(32) + word(len(peaks)) + b"".join(peaks)
            case contracts.BLOCK_RULE_DATA:
                return word(info.rule.max_entries) + word(info.rule.interval)
            case contracts.GENESIS_DATA:
                return word(0) + EMPTY_ROOT + word(self.host.blocks[self.host.deployed_at].block.timestamp)
        if data.startswith(contracts.CHECKPOINT_AT):
            kept = self.host.checkpoint(Size(int.from_bytes(data[4:], "big")), at)
            return kept or bytes(32)
        raise RpcRefused(f"{self.name} answers with: execution reverted", 3)


def log_of(block: FakeBlock, log: FakeLog) -> dict[str, Any]:
    """The `TransferRecorded` of one entry."""
    entry = Entry.unpack(log.packed)
    topics = [word(log.index), bytes(12) + entry.sender, bytes(12) + entry.recipient]
    data = bytes(12) + entry.subject + word(entry.value) + word(entry.timestamp) + entry.memo
    return {
        "address": "0x" + LEDGER.hex(),
        "topics": [TRANSFER, *("0x" + topic.hex() for topic in topics)],
        "data": "0x" + data.hex(),
        "blockNumber": hex(block.block.number),
        "blockHash": "0x" + block.block.hash.hex(),
        "transactionHash": "0x" + log.transaction.hex(),
        "logIndex": hex(log.index),
        "removed": False,
    }


def checkpoint_log(block: FakeBlock, size: int) -> dict[str, Any]:
    """The `CheckpointKept` of a size; its root is anything, for nobody is to believe it."""
    return {
        "address": "0x" + LEDGER.hex(),
        "topics": [CHECKPOINT, "0x" + word(size).hex()],
        "data": "0x" + "ab" * 32,
        "blockNumber": hex(block.block.number),
        "blockHash": "0x" + block.block.hash.hex(),
        "transactionHash": "0x" + "cd" * 32,
        "logIndex": "0x0",
        "removed": False,
    }


def word(number: int) -> bytes:
    return Hash32(number.to_bytes(32, "big"))
