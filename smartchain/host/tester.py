"""
A host chain inside this process: py-evm behind the same JSON-RPC as a node, for the demo and for tests.

Every transaction is mined at once, in a block of its own, with the clock's time, or one second after the block
before. Needs the `demo` extra; it is imported when a chain is made and not before.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import msgspec

from smartchain.errors import SettingsError
from smartchain.host.pyevm import as_int, as_json, as_transaction, error_of
from smartchain.host.refusal import RpcError, refusal
from smartchain.types import Address, ChainId, Wei

CHAIN_ID = ChainId(131277322940537)
"""eth-tester's own."""

GAS_LIMIT = 36_000_000
PLENTY = Wei(10**24)
"""A million ether."""

ASKER = "0x" + "a5" * 20
"""Who asks a contract where a call names nobody."""


class TesterRpc:
    """
    Implements `ports.Rpc` over eth-tester; any number of threads may use it, one at a time is served.

    Raises `SettingsError` if the extra is not installed, and what a node's errors stand for.
    """

    name = "in-process"
    __test__ = False
    """Its name begins as a test's does; pytest shall not take it for one."""

    def __init__(self, funded: Iterable[Address] = (), balance: Wei = PLENTY, timestamp: int | None = None) -> None:
        """A new chain on which the accounts `funded` have that balance each; it begins now, or at `timestamp`."""
        self._chain = _new_chain(funded, balance, timestamp)
        self._lock = threading.RLock()
        self._methods = _methods(self)

    # ports.Rpc

    def call(self, method: str, *params: Any) -> Any:
        """Result of one call, as JSON decodes it."""
        serve = self._methods.get(method)
        if serve is None:
            raise self._refused(method, RpcError(f"the method {method} does not exist", -32601))
        with self._lock:
            try:
                return serve(*params)
            except Exception as exc:
                raise self._refused(method, error_of(exc)) from exc

    def batch(self, calls: Sequence[tuple[str, Sequence[Any]]]) -> list[Any]:
        """Results of several calls, in their order; the first error is raised."""
        return [self.call(method, *params) for method, params in calls]

    def body(self, method: str, *params: Any) -> bytes:
        """What a node would have sent for one call."""
        return msgspec.json.encode({"jsonrpc": "2.0", "id": 1, "result": self.call(method, *params)})

    # its clock

    def advance(self, seconds: int) -> None:
        """Let time pass: the next block is at least that much later than the newest."""
        self.call("evm_increaseTime", seconds)

    # what the methods do

    def block(self, where: Any, with_transactions: bool = False) -> Any:
        """A block as a node gives it; None for one that is not there."""
        number = self._number(where)
        if number is None:
            return None
        found = self._chain.get_block_by_number(number, bool(with_transactions))
        found["miner"] = found.pop("coinbase")
        found["logs_bloom"] = "0x" + found["logs_bloom"].to_bytes(256, "big").hex()
        return as_json(found)

    def block_by_hash(self, block_hash: str, with_transactions: bool = False) -> Any:
        return self.block({"blockHash": block_hash}, with_transactions)

    def logs(self, query: Mapping[str, Any]) -> Any:
        first, last = (self._known(query.get(end, "latest")) for end in ("fromBlock", "toBlock"))
        found = self._chain.get_logs(first, last, query.get("address"), query.get("topics"))
        for log in found:
            log.pop("type", None)
        return [{**as_json(log), "removed": False} for log in found]

    def contract_call(self, call: Mapping[str, Any], where: Any = "latest") -> str:
        answer: str = self._chain.call(self._affordable(call), self._known(where))
        return answer

    def estimate(self, call: Mapping[str, Any], where: Any = "latest") -> str:
        fields = self._affordable(call)
        self._chain.call(fields, self._known(where))  # a call says why it is refused; an estimate does not
        return hex(self._chain.estimate_gas(fields, self._known(where)))

    def receipt(self, transaction_hash: str) -> Any:
        found = self._absent(self._chain.get_transaction_receipt, transaction_hash)
        if found is None:
            return None
        found["logs"] = [{**as_json(log), "removed": False} for log in found["logs"]]
        return as_json(found)

    def transaction(self, transaction_hash: str) -> Any:
        found = self._absent(self._chain.get_transaction_by_hash, transaction_hash)
        return None if found is None else as_json({**found, "input": found["data"]})

    def balance(self, address: str, where: Any = "latest") -> str:
        return hex(self._chain.get_balance(address, self._known(where)))

    def nonce(self, address: str, where: Any = "latest") -> str:
        return hex(self._chain.get_nonce(address, "pending" if where == "pending" else self._known(where)))

    def code(self, address: str, where: Any = "latest") -> str:
        found: str = self._chain.get_code(address, self._known(where))
        return found

    def storage(self, address: str, slot: str, where: Any = "latest") -> str:
        found: str = self._chain.get_storage_at(address, slot, self._known(where))
        return "0x" + found.removeprefix("0x").rjust(64, "0")

    def fee_history(self, count: Any, newest: Any = "latest", percentiles: Sequence[float] = ()) -> Any:
        last = self._known(newest)
        blocks = [self._chain.get_block_by_number(n) for n in range(max(0, last - as_int(count) + 1), last + 1)]
        history = {
            "oldestBlock": hex(blocks[0]["number"]),
            "baseFeePerGas": [hex(block["base_fee_per_gas"]) for block in blocks] + [hex(self._base_fee())],
            "gasUsedRatio": [block["gas_used"] / block["gas_limit"] for block in blocks],
        }
        return {**history, "reward": [["0x0"] * len(percentiles) for _ in blocks]} if percentiles else history

    def gas_price(self) -> str:
        return hex(self._base_fee())

    def send(self, raw: str) -> str:
        sent: str = self._chain.send_raw_transaction(raw)
        return sent

    def mine(self, *_options: Any) -> str:
        self._chain.mine_block()
        return "0x0"

    def increase_time(self, seconds: Any) -> str:
        self._chain.time_travel(self._chain.get_block_by_number("latest")["timestamp"] + as_int(seconds))
        return hex(as_int(seconds))

    def set_next_timestamp(self, timestamp: Any) -> None:
        """Time of the next block, later than the newest: a chain whose every block is timed is the same each time."""
        backend = self._chain.backend
        backend.chain.header = backend.chain.header.copy(timestamp=as_int(timestamp))

    def newest(self) -> int:
        """Number of the newest block."""
        number: int = self._chain.get_block_by_number("latest")["number"]
        return number

    def snapshot(self) -> str:
        return hex(self._chain.take_snapshot())

    def revert(self, snapshot: str) -> bool:
        self._chain.revert_to_snapshot(as_int(snapshot))
        return True

    # small things

    def _affordable(self, call: Mapping[str, Any]) -> dict[str, Any]:
        """The call with gas that its sender can pay for: py-evm charges for calls too, where a node does not."""
        fields = as_transaction({"from": ASKER, **call})
        spare = self._chain.get_balance(fields["from"]) - fields.get("value", 0)
        return {"gas": max(0, min(GAS_LIMIT, spare // self._base_fee())), **fields}

    def _base_fee(self) -> int:
        fee: int = self._chain.get_block_by_number("pending")["base_fee_per_gas"]
        return fee

    def _number(self, where: Any) -> int | None:
        """The block that a tag, a number or an EIP-1898 object names; None if there is none."""
        if isinstance(where, Mapping):
            if "blockNumber" in where:
                return self._number(where["blockNumber"])
            found = self._absent(self._chain.get_block_by_hash, where["blockHash"])
            return None if found is None else int(found["number"])
        if where in ("latest", "pending", "safe", "finalized", None):
            return self.newest()
        number = 0 if where == "earliest" else as_int(where)
        return number if number <= self.newest() else None

    def _known(self, where: Any) -> int:
        number = self._number(where)
        if number is None:
            raise LookupError("block not found")
        return number

    def _absent(self, look: Callable[[str], Any], key: str) -> Any:
        from eth_tester.exceptions import BlockNotFound, TransactionNotFound

        try:
            return look(key)
        except (BlockNotFound, TransactionNotFound):
            return None

    def _refused(self, method: str, error: RpcError) -> Exception:
        return refusal(error, self.name, method)


def _new_chain(funded: Iterable[Address], balance: Wei, timestamp: int | None) -> Any:
    os.environ.setdefault("ETH_HASH_BACKEND", "pysha3")  # five times as fast as what eth-hash finds first
    try:
        from eth_tester import EthereumTester, PyEVMBackend
        from eth_tester.backends.pyevm.main import get_default_genesis_params
    except ImportError as exc:
        raise SettingsError("the in-process chain is not installed: pip install 'smartchain[demo]'") from exc
    balances = dict.fromkeys(funded, balance) | {Address(bytes.fromhex(ASKER[2:])): PLENTY}
    accounts = {a: {"balance": wei, "nonce": 0, "code": b"", "storage": {}} for a, wei in balances.items()}
    genesis = {**get_default_genesis_params(), "gas_limit": GAS_LIMIT}
    if timestamp is not None:
        genesis["timestamp"] = timestamp
    return EthereumTester(PyEVMBackend(genesis_parameters=genesis, genesis_state=accounts))


def _methods(rpc: TesterRpc) -> dict[str, Callable[..., Any]]:
    return {
        "eth_chainId": lambda: hex(CHAIN_ID),
        "net_version": lambda: str(CHAIN_ID),
        "web3_clientVersion": lambda: "py-evm",
        "eth_syncing": lambda: False,
        "eth_blockNumber": lambda: hex(rpc.newest()),
        "eth_getBlockByNumber": rpc.block,
        "eth_getBlockByHash": rpc.block_by_hash,
        "eth_getLogs": rpc.logs,
        "eth_call": rpc.contract_call,
        "eth_estimateGas": rpc.estimate,
        "eth_getTransactionReceipt": rpc.receipt,
        "eth_getTransactionByHash": rpc.transaction,
        "eth_getTransactionCount": rpc.nonce,
        "eth_getBalance": rpc.balance,
        "eth_getCode": rpc.code,
        "eth_getStorageAt": rpc.storage,
        "eth_feeHistory": rpc.fee_history,
        "eth_gasPrice": rpc.gas_price,
        "eth_maxPriorityFeePerGas": lambda: "0x0",
        "eth_sendRawTransaction": rpc.send,
        "evm_mine": rpc.mine,
        "evm_increaseTime": rpc.increase_time,
        "evm_setNextBlockTimestamp": rpc.set_next_timestamp,
        "evm_snapshot": rpc.snapshot,
        "evm_revert": rpc.revert,
    }
