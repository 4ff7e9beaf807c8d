"""
Contracts that are asked about receipts: ledgers that open with any log by its peaks, and one that asks them in bulk.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from eth_abi.abi import decode, encode

from smartchain.host.contracts import verify_entry_data
from smartchain.host.reverts import selector
from smartchain.ledger.receipt import Receipt
from smartchain.types import Address
from tests.contracts.evm import artifact
from tests.fakes.anvil import GAS, OnAnvil
from tests.parity.making import SparseLog

CHANGE = "(uint256,bytes32,uint256,bytes32)"
CHANGES_AT_ONCE = 250
BYTES_AT_ONCE = 3000

Change = tuple[int, bytes, int, bytes]


def call_of(receipt: Receipt) -> bytes:
    """The call of `verifyEntry` that the receipt stands for."""
    return verify_entry_data(receipt.entry, receipt.index, receipt.size, receipt.proof)


def change_between(old: bytes, new: bytes) -> Change:
    """The one or two words in which two calls differ."""
    places = [at for at in range(4, len(old), 32) if old[at : at + 32] != new[at : at + 32]]
    assert len(old) == len(new)
    assert 1 <= len(places) <= 2
    first, last = places[0], places[-1]
    return first, new[first : first + 32], last, new[last : last + 32]


@dataclass
class Contracts:
    """Everything on one anvil."""

    chain: OnAnvil
    asker: Address = field(init=False)
    _ledgers: dict[bytes, Address] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.asker = self._deploy("MockReceipts", b"")

    def ledger(self, log: SparseLog) -> Address:
        """A ledger whose log is this one."""
        if log.seed not in self._ledgers:
            genesis = (log.size, 1, log.peaks)
            arguments = encode(["uint32", "uint32", "(uint64,uint64,bytes32[])"], [1, 0, genesis])
            self._ledgers[log.seed] = self._deploy("MockLedger", arguments)
        return self._ledgers[log.seed]

    def accepted(self, ledger: Address, receipts: Sequence[Receipt]) -> list[bool]:
        """What `verifyEntry` answers to each."""
        data = encode(["address", "bytes[]"], [ledger, [call_of(receipt) for receipt in receipts]])
        return list(decode(["bool[]"], self._ask("accepted(address,bytes[])", data))[0])

    def still_accepted(self, ledger: Address, receipt: Receipt, changes: Sequence[Change]) -> int:
        """How many changes of a receipt's call `verifyEntry` still answers with true."""
        found = 0
        for at in range(0, len(changes), CHANGES_AT_ONCE):
            some = changes[at : at + CHANGES_AT_ONCE]
            data = encode(["address", "bytes", f"{CHANGE}[]"], [ledger, call_of(receipt), some])
            found += self._count(f"stillAccepted(address,bytes,{CHANGE}[])", data)
        return found

    def sound(self, file: bytes) -> bool:
        """Whether the file ends with its checksum."""
        return bool(self._count("sound(bytes)", encode(["bytes"], [file])))

    def still_sound(self, file: bytes, others: bytes) -> int:
        """How many files still end with their checksum of those in which one byte is another."""
        found = 0
        for at in range(0, len(file), BYTES_AT_ONCE):
            data = encode(["bytes", "uint256", "bytes"], [file, at, others[at : at + BYTES_AT_ONCE]])
            found += self._count("stillSound(bytes,uint256,bytes)", data)
        return found

    def _deploy(self, name: str, arguments: bytes) -> Address:
        made = self.chain.send(None, bytes.fromhex(artifact(name)["bytecode"][2:]) + arguments, gas=5_000_000)
        return Address(bytes.fromhex(made["contractAddress"][2:]))

    def _count(self, signature: str, data: bytes) -> int:
        return int.from_bytes(self._ask(signature, data), "big")

    def _ask(self, signature: str, data: bytes) -> bytes:
        call = {"to": "0x" + self.asker.hex(), "data": "0x" + (selector(signature) + data).hex(), "gas": hex(GAS)}
        return bytes.fromhex(self.chain.rpc.call("eth_call", call, "latest")[2:])
