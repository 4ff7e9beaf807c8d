"""
The demo's host chain: wallets with names who pay each other, the same ones for the same seed; and nodes that lie.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from smartchain.host.tester import TesterRpc
from smartchain.ledger.hash import keccak
from smartchain.ports import Rpc
from smartchain.types import Address, Hash32, Wei
from smartchain.wallet.amount import format_ether
from smartchain.wallet.batch import Row
from smartchain.wallet.keys import KeyOptions, KeySigner, open_key
from smartchain.wallet.memo import parse_memo
from smartchain.wallet.pay import Deployed, Payer, deploy, send
from smartchain.wallet.plan import Planned
from smartchain.wallet.sender import Sender
from smartchain.wallet.transaction import Call

NAMES = ("Ada", "Ben", "Cleo", "Dan", "Eve", "Finn", "Gita", "Hugo")
MEMOS = ("rent", "coffee", "invoice 1047", "thank you", "tickets", "book club", "")
OPENS = 1_767_225_600
"""2026-01-01T00:00:00Z: the demo's clock is its own, so that its blocks are the same each time."""

PURSE = Wei(100 * 10**18)
FINNEY = 10**15
LARGEST_BATCH = 40
SINGLES = 0.3
"""How many of the transactions pay one recipient."""


@dataclass(frozen=True, slots=True)
class Wallet:
    """Somebody with a key."""

    name: str
    signer: KeySigner

    @property
    def address(self) -> Address:
        return self.signer.address


@dataclass(slots=True)
class DemoChain:
    """A host chain with a ledger, and wallets that pay each other through it."""

    seed: int
    rpc: TesterRpc = field(init=False)
    wallets: list[Wallet] = field(init=False)
    deployed: Deployed = field(init=False)
    gas: dict[Address, int] = field(init=False)
    """Wei that each wallet spent on gas."""
    _chance: random.Random = field(init=False)
    _payers: list[Payer] = field(init=False)
    _now: int = field(init=False, default=OPENS)

    def __post_init__(self) -> None:
        self._chance = random.Random(self.seed)  # noqa: S311 (no secret: everybody may know these keys)
        self.wallets = [Wallet(name, _signer(self.seed, name)) for name in NAMES]
        self.gas = {wallet.address: 0 for wallet in self.wallets}
        self.rpc = TesterRpc([wallet.address for wallet in self.wallets], PURSE, OPENS)

    def deploy(self, max_entries: int) -> Deployed:
        """The first wallet deploys the ledger."""
        senders = [Sender(self.rpc, wallet.signer) for wallet in self.wallets]
        self._pass_time()
        before = self.purse(self.wallets[0])
        self.deployed = deploy(senders[0], max_entries=max_entries)
        self.gas[self.wallets[0].address] += before - self.purse(self.wallets[0])
        self._payers = [Payer(sender, self.deployed.ledger) for sender in senders]
        return self.deployed

    def pay(self, transfers: int) -> Iterator[tuple[int, str]]:
        """Make that many payments, and in the middle a seal; yields how many each transaction made, and its story."""
        made = 0
        sealed = False
        while made < transfers:
            if not sealed and 2 * made >= transfers:
                sealed = True
                yield 0, self._seal()
            count = min(transfers - made, self._how_many())
            yield count, self._pay(count)
            made += count

    def purse(self, wallet: Wallet) -> int:
        """What it has on the host chain, in wei."""
        return int(self.rpc.call("eth_getBalance", "0x" + wallet.address.hex(), "latest"), 16)

    def _how_many(self) -> int:
        return 1 if self._chance.random() < SINGLES else self._chance.randint(8, LARGEST_BATCH)

    def _pay(self, count: int) -> str:
        at = self._chance.randrange(len(self.wallets))
        others = [wallet for wallet in self.wallets if wallet is not self.wallets[at]]
        paid = [self._chance.choice(others) for _ in range(count)]
        memo = self._chance.choice(MEMOS)
        rows = [self._row(line, wallet, parse_memo(memo)) for line, wallet in enumerate(paid)]
        planned = Planned(tuple(rows))
        self._send(at, self._payers[at].planned(planned))
        whom = paid[0].name if count == 1 else f"{count} payments at once"
        told = f"{self.wallets[at].name} → {whom}, {format_ether(planned.value)}"
        return f'{told}, "{memo}"' if memo else told

    def _row(self, line: int, wallet: Wallet, memo: Hash32) -> Row:
        return Row(line, wallet.address, Wei(self._chance.randint(1, 400) * FINNEY // 4), memo)

    def _seal(self) -> str:
        at = self._chance.randrange(len(self.wallets))
        self._send(at, self._payers[at].seal_call())
        return f"{self.wallets[at].name} seals the open block"

    def _send(self, at: int, call: Call) -> None:
        self._pass_time()
        _, receipt = send(self._payers[at].sender, call)
        if receipt is not None:
            self.gas[self.wallets[at].address] += receipt.gas_wei

    def _pass_time(self) -> None:
        self._now += self._chance.randint(12, 900)
        self.rpc.call("evm_setNextBlockTimestamp", hex(self._now))


def names_of(seed: int) -> dict[Address, str]:
    """Whose address is whose."""
    return {_signer(seed, name).address: name for name in NAMES}


def _signer(seed: int, name: str) -> KeySigner:
    return open_key(KeyOptions(private_key=keccak(f"smartchain demo {seed} {name}".encode()).hex()), home=Path())


Logs = list[dict[str, Any]]
Lie = Callable[[Logs], Logs]


class LyingRpc:
    """Implements `ports.Rpc`: a node that is honest but for its logs."""

    name = "a lying node"

    def __init__(self, honest: Rpc, lie: Lie) -> None:
        self._honest = honest
        self._lie = lie

    def call(self, method: str, *params: Any) -> Any:
        return self._honest.call(method, *params)

    def batch(self, calls: Sequence[tuple[str, Sequence[Any]]]) -> list[Any]:
        return self._honest.batch(calls)

    def body(self, method: str, *params: Any) -> bytes:
        answer = json.loads(self._honest.body(method, *params))
        if method == "eth_getLogs":
            answer["result"] = self._lie(answer["result"])
        return json.dumps(answer).encode()


def leave_out(transaction: str) -> Lie:
    """Say nothing of one transaction."""
    return lambda logs: [log for log in logs if log["transactionHash"] != transaction]


def one_wei_more(transaction: str) -> Lie:
    """Change an amount: the last payment of a batch, or the value of a single payment."""

    def lie(logs: Logs) -> Logs:
        return [_add_a_wei(log) if log["transactionHash"] == transaction else log for log in logs]

    return lie


def _add_a_wei(log: dict[str, Any]) -> dict[str, Any]:
    raw = bytes.fromhex(log["data"][2:])
    end = 64 if len(raw) == 128 else len(raw)
    value = (int.from_bytes(raw[end - 32 : end], "big") + 1).to_bytes(32, "big")
    return {**log, "data": "0x" + (raw[: end - 32] + value + raw[end:]).hex()}
