"""
A host chain inside this process, and contracts on it: from the committed artifacts, by web3, with no compiler.
"""

from __future__ import annotations

import ast
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from eth_abi.abi import encode
from eth_tester import EthereumTester, PyEVMBackend
from eth_tester.exceptions import TransactionFailed
from web3 import EthereumTesterProvider, Web3

from smartchain.host.reverts import selector
from smartchain.ledger.entry import Entry
from smartchain.ledger.merkle import MerkleLog
from smartchain.types import Address, Hash32

ROOT = Path(__file__).resolve().parents[2]
SHIPPED = ROOT / "smartchain" / "host" / "artifacts"
MOCKS = ROOT / "tests" / "contracts" / "artifacts"
CONTRACTS = [path.stem for folder in (SHIPPED, MOCKS) for path in sorted(folder.glob("*.json"))]

NOBODY = "0x" + "00" * 20
NO_MEMO = bytes(32)
NO_GENESIS: tuple[int, int, list[bytes]] = (0, 0, [])
GAS = 16_000_000

Contract = Any
"""web3's; its functions and events come from the ABI, which no checker reads."""


def artifact(name: str) -> dict[str, Any]:
    """The committed artifact of a contract, shipped or mock."""
    places = (folder / f"{name}.json" for folder in (SHIPPED, MOCKS))
    loaded: dict[str, Any] = json.loads(next(place for place in places if place.is_file()).read_text())
    return loaded


def word(recipient: str, value: int) -> bytes:
    """A payment of a batch."""
    return raw(recipient) + value.to_bytes(12, "big")


def raw(address: str) -> Address:
    """An address as bytes."""
    return Address(bytes.fromhex(address[2:]))


def root_of(entries: Sequence[Entry]) -> bytes:
    """The root over these entries, by the package."""
    return bytes(MerkleLog.of(entry.leaf for entry in entries).root())


def _tester() -> EthereumTester:
    return EthereumTester(PyEVMBackend())


@dataclass
class Evm:
    """The chain: every transaction is a block of its own."""

    tester: Any = field(default_factory=_tester)

    def __post_init__(self) -> None:
        self.eth: Any = Web3(EthereumTesterProvider(self.tester)).eth
        self.accounts = [str(account) for account in self.eth.accounts]

    def creation(self, name: str, *arguments: Any) -> Any:
        """The call that makes a contract by its artifact."""
        found = artifact(name)
        return self.eth.contract(abi=found["abi"], bytecode=found["bytecode"]).constructor(*arguments)

    def deploy(self, name: str, *arguments: Any) -> Contract:
        """A new contract, from the first account."""
        receipt = self.mined(self.creation(name, *arguments).transact(self._from(0)))
        return self.eth.contract(receipt["contractAddress"], abi=artifact(name)["abi"])

    def bpsc(
        self,
        max_entries: int = 100,
        interval: int = 0,
        fee_ppm: int = 0,
        treasury: str = NOBODY,
        genesis: tuple[int, int, list[bytes]] = NO_GENESIS,
    ) -> Contract:
        """A new ledger that relays Ether."""
        return self.deploy("BPSC", max_entries, interval, fee_ppm, treasury, genesis)

    def token_bpsc(
        self,
        token: str,
        fee_ppm: int = 0,
        treasury: str = NOBODY,
        genesis: tuple[int, int, list[bytes]] = NO_GENESIS,
    ) -> Contract:
        """A new ledger that relays a token, of blocks of 100 entries."""
        return self.deploy("TokenBPSC", token, 100, 0, fee_ppm, treasury, genesis)

    def send(self, call: Any, value: int = 0, sender: int = 0) -> Any:
        """Send a call as a transaction, after asking what it returns: (that, the receipt)."""
        returned = call.call(self._from(sender, value))
        return returned, self.mined(call.transact(self._from(sender, value)))

    def mined(self, transaction: Any) -> Any:
        """The receipt of a transaction that went well."""
        receipt = self.eth.wait_for_transaction_receipt(transaction, poll_latency=0)
        assert receipt["status"] == 1
        return receipt

    def refuses(self, call: Any, error: str, *values: Any, value: int = 0, sender: int = 0) -> None:
        """
        Hold a call to the custom error that it must end with: its signature and its values.

        It is simulated for the error, and sent to see that nothing is left of it.
        """
        types = [one for one in error[error.index("(") + 1 : -1].split(",") if one]
        assert self.refusal(call, value, sender) == selector(error) + encode(types, values)
        sent = self.eth.send_transaction(self._built(call, value, sender))
        receipt = self.eth.wait_for_transaction_receipt(sent, poll_latency=0)
        assert (receipt["status"], receipt["logs"]) == (0, [])

    def refusal(self, call: Any, value: int = 0, sender: int = 0) -> bytes:
        """What a call that must revert reverts with."""
        with pytest.raises(TransactionFailed) as refused:
            self.eth.call(self._built(call, value, sender))
        data: bytes = ast.literal_eval(str(refused.value).removeprefix("execution reverted: "))
        return data

    def force(self, address: str, value: int) -> None:
        """Ether that comes by no call: out of a contract that destroys itself while it is made."""
        with pytest.warns(DeprecationWarning, match="SELFDESTRUCT"):
            self.mined(self.eth.send_transaction({**self._from(9, value), "data": "0x73" + address[2:] + "ff"}))

    def balance(self, address: str) -> int:
        return int(self.eth.get_balance(address))

    def now(self) -> int:
        """The newest block's timestamp."""
        return int(self.eth.get_block("latest")["timestamp"])

    def slot(self, contract: Contract, number: int) -> int:
        """A word of a contract's storage."""
        return int.from_bytes(self.eth.get_storage_at(contract.address, number), "big")

    def entries(self, ledger: Contract, opening: int = 0) -> list[Entry]:
        """Every entry after the `opening` ones, from the ledger's events: their order is that of the indexes."""
        found: list[Entry] = []
        for log in self.eth.get_logs({"address": ledger.address, "fromBlock": 0}):
            found.extend(entries_of(ledger, log, opening + len(found)))
        return found

    def _built(self, call: Any, value: int, sender: int) -> Any:
        return call.build_transaction({**self._from(sender, value), "gasPrice": 10**10})

    def _from(self, sender: int, value: int = 0) -> dict[str, Any]:
        return {"from": self.accounts[sender], "value": value, "gas": GAS}


def entries_of(ledger: Contract, log: Any, index: int) -> list[Entry]:
    """The entries of one log, which begin at `index`; none for another event."""
    single, batch = ledger.events.TransferRecorded(), ledger.events.TransferBatchRecorded()
    topic = "0x" + bytes(log["topics"][0]).hex()
    if topic not in {single.topic, batch.topic}:
        return []
    said = (single if topic == single.topic else batch).process_log(log)["args"]
    subject, sender, at, memo = raw(said["subject"]), raw(said["sender"]), said["timestamp"], Hash32(said["memo"])
    if topic == single.topic:
        assert said["index"] == index
        return [Entry(subject, sender, raw(said["recipient"]), said["value"], at, memo)]
    assert said["firstIndex"] == index
    paid = [(Address(payment[:20]), int.from_bytes(payment[20:], "big")) for payment in said["payments"]]
    return [Entry(subject, sender, recipient, value, at, memo) for recipient, value in paid]
