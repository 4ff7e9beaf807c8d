"""
Payments between a devnet's accounts, so many a second, the same ones for the same seed.

The node signs for them by itself: these are accounts whose keys everybody knows.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from smartchain.errors import RpcRefused, SmartchainError
from smartchain.host.contracts import relay_batch_data, relay_data
from smartchain.ledger.address import checksum, parse_address
from smartchain.ports import Rpc
from smartchain.types import Address, Hash32

MEMOS = ("", "", "rent", "lunch", "thank you", "invoice 1042", "grant, round 3", "payroll")
BATCH_SHARE = 20
"""Of so many payments one is a batch of a few."""

GAS = 2_000_000


@dataclass(frozen=True, slots=True)
class Deed:
    """One transaction of the traffic."""

    sender: str
    data: bytes
    value: int


def deed(accounts: Sequence[str], chance: random.Random) -> Deed:
    """The next payment, or batch of payments."""
    sender, *others = chance.sample(list(accounts), len(accounts))
    memo = Hash32(chance.choice(MEMOS).encode().ljust(32, b"\0"))
    if chance.randrange(BATCH_SHARE) == 0:
        payments = [(_party(other), _amount(chance)) for other in others[:5]]
        return Deed(sender, relay_batch_data(payments, memo), sum(amount for _, amount in payments))
    return Deed(sender, relay_data(_party(others[0]), memo), _amount(chance))


class Traffic:
    """
    Pays on a thread of its own until it is stopped.

    A node that does not answer is waited for; a payment that is refused is left out. `sent` counts those that went out.
    """

    def __init__(
        self,
        rpc: Rpc,
        ledger: Address,
        accounts: Sequence[str],
        per_second: float,
        seed: int = 1,
        trouble: Callable[[SmartchainError], None] = lambda _: None,
    ) -> None:
        self._rpc = rpc
        self._ledger = checksum(ledger)
        self._accounts = accounts
        self._pause_s = 1.0 / per_second
        self._chance = random.Random(seed)  # noqa: S311  (no secret)
        self._trouble = trouble
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="traffic", daemon=True)
        self.sent = 0

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Pay no more; returns when the last payment went out."""
        self._stop.set()
        if self._thread.ident is not None:
            self._thread.join()

    def _run(self) -> None:
        due = time.monotonic()
        while not self._stop.wait(max(0.0, due - time.monotonic())):
            due = max(due + self._pause_s, time.monotonic() - 1.0)
            try:
                self._pay(deed(self._accounts, self._chance))
            except RpcRefused as refused:
                self._trouble(refused)
            except SmartchainError as fault:
                self._trouble(fault)
                self._stop.wait(1.0)

    def _pay(self, paid: Deed) -> None:
        transaction = {"from": paid.sender, "to": self._ledger, "value": hex(paid.value), "gas": hex(GAS)}
        self._rpc.call("eth_sendTransaction", transaction | {"data": "0x" + paid.data.hex()})
        self.sent += 1


def _party(account: str) -> Address:
    return parse_address(account)


def _amount(chance: random.Random) -> int:
    """From a thousandth of an ether to a tenth."""
    return chance.randrange(1, 101) * 10**15
