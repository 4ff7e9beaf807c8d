"""
A host chain in memory for wallets: one ledger, a mempool, a price of gas, reorganisations, and faults on demand.

It answers as geth does, sentence for sentence where the wallet listens. What it is for: whoever was paid twice
shows it in `balances`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from eth_abi.abi import decode, encode

from smartchain.errors import RpcRefused
from smartchain.ledger.address import checksum
from smartchain.ledger.hash import ETHER, keccak
from smartchain.types import Address, Hash32
from smartchain.wallet.transaction import Signed, read_signed

LEDGER = Address(b"\x1e" * 20)
CHAIN_ID = 31337
GWEI = 10**9
PAYMENT_GAS, TRANSACTION_GAS = 10_600, 34_000

RELAY = keccak(b"relay(address,bytes32)")[:4]
BATCH = keccak(b"relayBatch(bytes32[],bytes32)")[:4]
HEAD = keccak(b"head()")[:4]
FEE_PPM = keccak(b"feePpm()")[:4]
REFUSED = keccak(b"PaymentRefused(address,uint256,uint256)")[:4]
TRANSFER = keccak(b"TransferRecorded(uint64,address,address,address,uint256,uint64,bytes32)")
TRANSFERS = keccak(b"TransferBatchRecorded(uint64,address,address,uint64,bytes32,bytes32[])")


@dataclass
class State:
    """What changes from block to block."""

    balances: dict[bytes, int] = field(default_factory=dict)
    nonces: dict[bytes, int] = field(default_factory=dict)
    size: int = 0

    def copy(self) -> State:
        return State(dict(self.balances), dict(self.nonces), self.size)

    def add(self, account: bytes, value: int) -> None:
        self.balances[account] = self.balances.get(account, 0) + value


@dataclass
class Block:
    hash: Hash32
    state: State
    receipts: dict[Hash32, dict[str, Any]] = field(default_factory=dict)
    included: list[Signed] = field(default_factory=list)


class FakeChain:
    """Implements `ports.Rpc`."""

    name = "http://fake"

    def __init__(self, *, automine: bool = False) -> None:
        self.automine = automine
        self.base_fee = GWEI
        self.tip = GWEI
        self.gas_limit = 30_000_000
        self.refusing: set[bytes] = set()
        self.pool: dict[tuple[bytes, int], Signed] = {}
        self.before: Callable[[str], None] = lambda method: None
        """Called ahead of every call; may raise what the call is to raise."""
        self.after: Callable[[str], None] = lambda method: None
        """Called when a call has had its effect and nobody knows its answer yet."""
        self.hides_pending = False
        self.calls: list[str] = []
        self.sent: list[bytes] = []
        self._salt = 0
        self.blocks: list[Block] = []
        self._add(State())

    # what a test does to it

    def endow(self, account: bytes, value: int) -> None:
        self.state.add(account, value)

    @property
    def state(self) -> State:
        return self.blocks[-1].state

    @property
    def balances(self) -> dict[bytes, int]:
        return self.state.balances

    def mine(self) -> None:
        """One block with all from the pool that is payable and next in line."""
        block = self._add(self.state.copy())
        for key in sorted(self.pool):
            signed = self.pool[key]
            payable = signed.transaction.fees.most >= self.base_fee
            if payable and signed.nonce == block.state.nonces.get(key[0], 0):
                self._execute(block, self.pool.pop(key))

    def reorganise(self, depth: int, *, keep: bool) -> None:
        """Replace the newest blocks by empty ones; with `keep` their transactions wait in the pool again."""
        dropped = [signed for block in self.blocks[-depth:] for signed in block.included]
        del self.blocks[-depth:]
        for _ in range(depth):
            self._add(self.state.copy())
        for signed in dropped:
            if keep:
                self.pool.setdefault((signed.sender, signed.nonce), signed)

    def use_nonce(self, account: bytes) -> None:
        """Another program of the same wallet had a transaction mined."""
        block = self._add(self.state.copy())
        nonce = block.state.nonces.get(account, 0)
        block.state.nonces[account] = nonce + 1
        self.pool.pop((account, nonce), None)

    # ports.Rpc

    def call(self, method: str, *params: Any) -> Any:
        self.calls.append(method)
        self.before(method)
        answer = getattr(self, "_" + method)(*params)
        self.after(method)
        return answer

    def batch(self, calls: Sequence[tuple[str, Sequence[Any]]]) -> list[Any]:
        return [self.call(method, *params) for method, params in calls]

    def body(self, method: str, *params: Any) -> bytes:
        raise NotImplementedError(f"a wallet reads no bodies: {method}")

    def _eth_chainId(self) -> str:  # noqa: N802
        return hex(CHAIN_ID)

    def _eth_blockNumber(self) -> str:  # noqa: N802
        return hex(len(self.blocks) - 1)

    def _eth_getCode(self, address: str, block: str) -> str:  # noqa: N802
        return "0x60" if _bytes(address) == LEDGER else "0x"

    def _eth_getBalance(self, address: str, block: str) -> str:  # noqa: N802
        return hex(self.balances.get(_bytes(address), 0))

    def _eth_getTransactionCount(self, address: str, block: str) -> str:  # noqa: N802
        account = _bytes(address)
        count = self.state.nonces.get(account, 0)
        while block == "pending" and not self.hides_pending and (account, count) in self.pool:
            count += 1
        return hex(count)

    def _eth_feeHistory(self, count: str, newest: str, percentiles: list[int]) -> dict[str, Any]:  # noqa: N802
        return {"baseFeePerGas": [hex(self.base_fee)] * 2, "gasUsedRatio": [0.5], "reward": [[hex(self.tip)]]}

    def _eth_getBlockByNumber(self, number: str, full: bool) -> dict[str, Any] | None:  # noqa: N802
        at = len(self.blocks) - 1 if number == "latest" else int(number, 16)
        if at >= len(self.blocks):
            return None
        return {"number": hex(at), "hash": _hex(self.blocks[at].hash), "gasLimit": hex(self.gas_limit)}

    def _eth_getTransactionReceipt(self, hash_: str) -> dict[str, Any] | None:  # noqa: N802
        found = (block.receipts.get(Hash32(_bytes(hash_))) for block in self.blocks)
        return next((receipt for receipt in found if receipt), None)

    def _eth_call(self, fields: dict[str, Any], block: str) -> str:
        data = _bytes(fields["data"])
        if data[:4] == HEAD:
            return _hex(encode(["uint64", "bytes32"], [self.state.size, bytes(32)]))
        if data[:4] == FEE_PPM:
            return "0x" + "00" * 32
        raise RpcRefused("execution reverted", 3, self._refusal(_payments(data, int(fields["value"], 16))))

    def _eth_estimateGas(self, fields: dict[str, Any]) -> str:  # noqa: N802
        value = int(fields["value"], 16)
        if value > self.balances.get(_bytes(fields["from"]), 0):
            raise RpcRefused("insufficient funds for transfer", -32000)
        payments = _payments(_bytes(fields["data"]), value)
        if refusal := self._refusal(payments):
            raise RpcRefused("execution reverted", 3, refusal)
        gas = TRANSACTION_GAS + PAYMENT_GAS * len(payments) - 100 * len(fields.get("accessList", []))
        if gas > self.gas_limit:
            raise RpcRefused(f"gas required exceeds allowance ({self.gas_limit})", -32000)
        return hex(gas)

    def _eth_createAccessList(self, fields: dict[str, Any]) -> dict[str, Any]:  # noqa: N802
        touched = [LEDGER, *(recipient for recipient, _ in _payments(_bytes(fields["data"]), 1))]
        return {"accessList": [{"address": checksum(Address(one)), "storageKeys": []} for one in touched]}

    def _eth_sendRawTransaction(self, raw: str) -> str:  # noqa: N802
        signed = read_signed(_bytes(raw))
        self._admit(signed)
        self.pool[signed.sender, signed.nonce] = signed
        self.sent.append(signed.raw)
        if self.automine:
            self.mine()
        return _hex(signed.hash)

    # how it works

    def _admit(self, signed: Signed) -> None:
        waiting = self.pool.get((signed.sender, signed.nonce))
        if waiting is not None and waiting.hash == signed.hash:
            raise RpcRefused("already known", -32000)
        if signed.nonce < self.state.nonces.get(signed.sender, 0):
            raise RpcRefused(f"nonce too low: next nonce is {self.state.nonces[signed.sender]}", -32000)
        fees = signed.transaction.fees
        if fees.most < self.base_fee:
            raise RpcRefused("max fee per gas less than block base fee", -32000)
        if signed.transaction.most_wei > self.balances.get(signed.sender, 0):
            raise RpcRefused("insufficient funds for gas * price + value", -32000)
        if waiting is not None:
            old = waiting.transaction.fees
            if fees.most * 10 < old.most * 11 or fees.priority * 10 < old.priority * 11:
                raise RpcRefused("replacement transaction underpriced", -32000)

    def _add(self, state: State) -> Block:
        self._salt += 1
        self.blocks.append(Block(keccak(self._salt.to_bytes(8, "big")), state))
        return self.blocks[-1]

    def _execute(self, block: Block, signed: Signed) -> None:
        state, call = block.state, signed.transaction.call
        payments = _payments(call.data, call.value)
        gas = TRANSACTION_GAS + PAYMENT_GAS * len(payments)
        price = min(signed.transaction.fees.most, self.base_fee + signed.transaction.fees.priority)
        state.nonces[signed.sender] = signed.nonce + 1
        state.add(signed.sender, -gas * price)
        ok = not self._refusal(payments)
        logs = [_log(call.data, state.size, signed.sender, payments)] if ok else []
        if ok:
            state.add(signed.sender, -call.value)
            state.size += len(payments)
            for recipient, value in payments:
                state.add(recipient, value)
        block.included.append(signed)
        block.receipts[signed.hash] = {
            "transactionHash": _hex(signed.hash),
            "status": hex(ok),
            "blockNumber": hex(len(self.blocks) - 1),
            "blockHash": _hex(block.hash),
            "gasUsed": hex(gas),
            "effectiveGasPrice": hex(price),
            "contractAddress": None,
            "logs": logs,
        }

    def _refusal(self, payments: list[tuple[bytes, int]]) -> bytes:
        for position, (recipient, value) in enumerate(payments):
            if recipient in self.refusing:
                return REFUSED + encode(["address", "uint256", "uint256"], [_hex(recipient), value, position])
        return b""


def _payments(data: bytes, value: int) -> list[tuple[bytes, int]]:
    if data[:4] == RELAY:
        recipient, _ = decode(["address", "bytes32"], data[4:])
        return [(_bytes(recipient), value)]
    if data[:4] == BATCH:
        words, _ = decode(["bytes32[]", "bytes32"], data[4:])
        return [(word[:20], int.from_bytes(word[20:], "big")) for word in words]
    raise AssertionError(f"the ledger has no function {data[:4].hex()}")


def _log(data: bytes, size: int, sender: bytes, payments: list[tuple[bytes, int]]) -> dict[str, Any]:
    event, last = (TRANSFER, payments[0][0]) if data[:4] == RELAY else (TRANSFERS, ETHER)
    topics = [event, size.to_bytes(32, "big"), bytes(12) + sender, bytes(12) + last]
    return {"address": _hex(LEDGER), "topics": [_hex(topic) for topic in topics], "data": "0x"}


def _bytes(text: str) -> bytes:
    return bytes.fromhex(text.removeprefix("0x"))


def _hex(data: bytes) -> str:
    return "0x" + data.hex()


class FakeClock:
    """Implements `wallet.flight.Clock`: time passes only where it is slept, and things happen meanwhile."""

    def __init__(self, every_s: float = 12.0, happen: Callable[[], None] = lambda: None) -> None:
        self.time = 0.0
        self.every_s = every_s
        self.happen = happen
        self._next = every_s

    def now(self) -> float:
        return self.time

    def sleep(self, seconds: float) -> None:
        self.time += seconds
        while self.time >= self._next:
            self._next += self.every_s
            self.happen()
