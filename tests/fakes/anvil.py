"""A ledger on a real anvil, and what happens on it: payments from accounts that anvil itself signs for."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from smartchain.devnet.anvil import Anvil, AnvilSettings, find_anvil
from smartchain.host import contracts
from smartchain.ports import Rpc
from smartchain.types import ZERO_HASH, Address, Hash32

GAS = 25_000_000


class OnAnvil:
    """A ledger on a host chain that is ours alone. Every transaction is a block, unless `block()` holds several."""

    def __init__(self, anvil: Anvil, rule: tuple[int, int] = (100, 0), fee_ppm: int = 0) -> None:
        self.url = anvil.url
        self.rpc: Rpc = anvil.rpc
        self.accounts = [Address(bytes.fromhex(account.address[2:])) for account in anvil.accounts]
        self.ledger = self.deploy(rule, fee_ppm)

    def deploy(self, rule: tuple[int, int] = (100, 0), fee_ppm: int = 0) -> Address:
        """One more ledger."""
        treasury = self.accounts[-1] if fee_ppm else None
        receipt = self.send(None, contracts.deploy_data(*rule, fee_ppm, treasury), gas=5_000_000)
        return Address(bytes.fromhex(receipt["contractAddress"][2:]))

    def send(self, to: Address | None, data: bytes, value: int = 0, sender: int = 0, gas: int = GAS) -> dict[str, Any]:
        """Send and mine; the receipt of what must have gone well."""
        receipt = self._receipt(self.submit(to, data, value, sender, gas))
        assert receipt["status"] == "0x1"
        return receipt

    def _receipt(self, transaction: str, timeout_s: float = 10.0) -> dict[str, Any]:
        """anvil answers before it mines; a busy machine shows it."""
        deadline = time.monotonic() + timeout_s
        while time.monotonic() < deadline:
            receipt: dict[str, Any] | None = self.rpc.call("eth_getTransactionReceipt", transaction)
            if receipt is not None:
                return receipt
            time.sleep(0.005)
        raise AssertionError(f"{transaction} was not mined")

    def submit(self, to: Address | None, data: bytes, value: int = 0, sender: int = 0, gas: int = GAS) -> str:
        """Send; the transaction's hash."""
        fields = {"from": "0x" + self.accounts[sender].hex(), "data": "0x" + data.hex(), "value": hex(value)}
        fields |= {"gas": hex(gas)} | ({} if to is None else {"to": "0x" + to.hex()})
        sent: str = self.rpc.call("eth_sendTransaction", fields)
        return sent

    def relay(self, recipient: Address, value: int, memo: Hash32 = ZERO_HASH, sender: int = 0) -> dict[str, Any]:
        return self.send(self.ledger, contracts.relay_data(recipient, memo), value, sender)

    def relay_batch(
        self, payments: Sequence[tuple[Address, int]], memo: Hash32 = ZERO_HASH, sender: int = 0
    ) -> dict[str, Any]:
        data = contracts.relay_batch_data(payments, memo)
        return self.send(self.ledger, data, sum(value for _, value in payments), sender)

    def seal(self) -> dict[str, Any]:
        return self.send(self.ledger, contracts.seal_data())

    @contextmanager
    def block(self) -> Iterator[None]:
        """What is submitted within is mined together, in one block, in this order."""
        self.rpc.call("evm_setAutomine", False)
        try:
            yield
        finally:
            self.rpc.call("evm_mine")
            self.rpc.call("evm_setAutomine", True)

    def fill(self, count: int, a_block: int = 50) -> None:
        """Record that many payments singly."""
        for start in range(0, count, a_block):
            with self.block():
                for at in range(start, min(count, start + a_block)):
                    recipient = Address((at % 997 + 10**6).to_bytes(20, "big"))
                    self.submit(self.ledger, contracts.relay_data(recipient), at + 1, at % 5, 200_000)

    def mine(self, blocks: int) -> None:
        """Let blocks pass in which nothing happens."""
        self.rpc.call("anvil_mine", hex(blocks))

    def newest(self) -> int:
        return int(self.rpc.call("eth_blockNumber"), 16)

    def number_of(self, block_hash: str) -> int | None:
        """Number of the block of that hash; None if it is not part of the chain."""
        found = self.rpc.call("eth_getBlockByHash", block_hash, False)
        return None if found is None else int(found["number"], 16)


@contextmanager
def on_anvil(rule: tuple[int, int] = (100, 0), fee_ppm: int = 0, executable: Path | None = None) -> Iterator[OnAnvil]:
    """A new chain with a new ledger, gone at the end."""
    with Anvil(executable or find_anvil(os.environ, Path.home()), AnvilSettings(port=0)) as anvil:
        yield OnAnvil(anvil, rule, fee_ppm)
