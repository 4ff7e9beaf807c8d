"""A host whose books can be altered one by one: receipts, balances and Ether logs of a ledger that a list holds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from smartchain.errors import RpcRefused, StateGone
from smartchain.host import contracts
from smartchain.host.logs import BATCH, TRANSFER
from smartchain.indexer.mined import ETHER_LOGS, MOVED
from smartchain.ledger.address import checksum
from smartchain.ledger.entry import Entry
from smartchain.types import Address
from tests.fakes.rpc import word
from tests.fakes.store import ListStore, ListView


class Books:
    """Implements `ports.Rpc`: it says what the store says, until a test makes it say something else."""

    name = "http://books"

    def __init__(self, store: ListStore, *, ether_logs: bool = False, batches: bool = False) -> None:
        self.store = store
        self.view = ListView(store)
        self.receipts = {row[2]: self._receipt(row[2], ether_logs, batches) for row in store.rows}
        self.balances: dict[str, int] = {}
        self.nonces: dict[str, int] = {}
        self.codes: dict[str, str] = {checksum(store.info.address): "0x60"}
        self.relays = True
        self.knows_hashes = True
        self.forgotten = False
        self.asked: list[tuple[str, Sequence[Any]]] = []

    def _receipt(self, transaction: bytes, ether_logs: bool, batches: bool) -> dict[str, Any]:
        here = [(index, row) for index, row in enumerate(self.store.rows) if row[2] == transaction]
        (_, (_, block, _)), *_ = here
        entries = [(index, Entry.unpack(packed)) for index, (packed, _, _) in here]
        logs = [batch_log(entries)] if batches and len(entries) > 1 else [single_log(*one) for one in entries]
        logs = [{"address": "0x" + self.store.info.address.hex(), "blockNumber": hex(block), **log} for log in logs]
        for log in logs:
            log |= {"blockHash": "0x" + bytes(32).hex(), "transactionHash": "0x" + transaction.hex(), "logIndex": "0x0"}
        if ether_logs:
            logs += [self.moved(entry) for _, entry in entries]
        return {"status": "0x1", "blockNumber": hex(block), "logs": logs}

    def moved(self, entry: Entry) -> dict[str, Any]:
        """The Ether log of a payment."""
        info = self.store.info
        fee = 0 if entry.sender == info.address else entry.value * info.fee_ppm // 1_000_000
        topics = [MOVED, *("0x" + (bytes(12) + one).hex() for one in (info.address, entry.recipient))]
        return {"address": ETHER_LOGS, "topics": topics, "data": "0x" + word(entry.value - fee).hex()}

    # ports.Rpc

    def batch(self, calls: Sequence[tuple[str, Sequence[Any]]]) -> list[Any]:
        return [self.call(method, *params) for method, params in calls]

    def body(self, method: str, *params: Any) -> bytes:
        raise NotImplementedError

    def call(self, method: str, *params: Any) -> Any:
        self.asked.append((method, params))
        if method == "eth_getTransactionReceipt":
            return self.receipts.get(bytes.fromhex(params[0][2:]))
        if method == "eth_getBlockByNumber":
            at = self.store.verified_at
            if at is None or int(params[0], 16) != at.number:
                return None
            return {"number": params[0], "hash": "0x" + at.hash.hex(), "timestamp": hex(at.timestamp)}
        if method == "eth_call" and params[0]["data"] == "0x" + contracts.FEE_PPM_DATA.hex() and self.relays:
            return "0x" + word(self.store.info.fee_ppm).hex()
        self._reach(params[-1])
        if method == "eth_call" and params[0]["data"] == "0x" + contracts.HEAD_DATA.hex():
            return "0x" + (word(self.store.verified_size) + self.view.root()).hex()
        return self._account(method, params[0])

    def _reach(self, where: Any) -> None:
        if isinstance(where, dict) and not self.knows_hashes:
            raise RpcRefused(f"{self.name} answers with: invalid argument 1: cannot unmarshal object", -32602)
        if self.forgotten:
            raise StateGone(f"{self.name} answers with: missing trie node")

    def _account(self, method: str, who: str) -> Any:
        match method:
            case "eth_getBalance":
                owed = self.view.account(Address(bytes.fromhex(who[2:])))
                return hex(self.balances.get(who, max(0, owed.balance)))
            case "eth_getTransactionCount":
                return hex(self.nonces.get(who, 0))
            case "eth_getCode":
                return self.codes.get(who, "0x")
        raise RpcRefused(f"{self.name} answers {method} with: execution reverted", 3)


def single_log(index: int, entry: Entry) -> dict[str, Any]:
    """`TransferRecorded`."""
    topics = ["0x" + one.hex() for one in (word(index), bytes(12) + entry.sender, bytes(12) + entry.recipient)]
    data = bytes(12) + entry.subject + word(entry.value) + word(entry.timestamp) + entry.memo
    return {"topics": [TRANSFER, *topics], "data": "0x" + data.hex()}


def batch_log(entries: Sequence[tuple[int, Entry]]) -> dict[str, Any]:
    """`TransferBatchRecorded` of entries that stand one after another."""
    first, entry = entries[0]
    topics = ["0x" + one.hex() for one in (word(first), bytes(12) + entry.sender, bytes(12) + entry.subject)]
    payments = b"".join(one.recipient + one.value.to_bytes(12, "big") for _, one in entries)
    data = word(entry.timestamp) + entry.memo + word(0x60) + word(len(entries)) + payments
    return {"topics": [BATCH, *topics], "data": "0x" + data.hex()}
