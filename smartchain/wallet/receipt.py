"""
What the host says of a transaction that was mined, and which entry of a ledger it made.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from smartchain.errors import HostUnavailable, MalformedLog
from smartchain.ledger.address import checksum
from smartchain.ledger.hash import keccak
from smartchain.types import Address, Hash32, Index, Wei

_RECORDED = (
    keccak(b"TransferRecorded(uint64,address,address,address,uint256,uint64,bytes32)"),
    keccak(b"TransferBatchRecorded(uint64,address,address,uint64,bytes32,bytes32[])"),
)


@dataclass(frozen=True, slots=True)
class Log:
    """An event of a receipt: who said it, and what is indexed of it."""

    address: Address
    topics: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Receipt:
    """A transaction where it was mined."""

    transaction: Hash32
    ok: bool
    """False if it reverted: gas was paid, and nothing else happened."""
    block_number: int
    block_hash: Hash32
    gas_used: int
    gas_price: Wei
    """What a unit of gas cost in the end."""
    contract: Address | None = None
    """What it created."""
    logs: tuple[Log, ...] = ()

    @property
    def gas_wei(self) -> Wei:
        return Wei(self.gas_used * self.gas_price)


def read_receipt(answer: Mapping[str, Any]) -> Receipt:
    """The receipt that a node answered with. Raises `HostUnavailable` if it makes no sense: ask again."""
    try:
        contract = answer.get("contractAddress")
        return Receipt(
            transaction=Hash32(_bytes(answer["transactionHash"])),
            ok=int(answer["status"], 16) == 1,
            block_number=int(answer["blockNumber"], 16),
            block_hash=Hash32(_bytes(answer["blockHash"])),
            gas_used=int(answer["gasUsed"], 16),
            gas_price=Wei(int(answer.get("effectiveGasPrice") or "0x0", 16)),
            contract=Address(_bytes(contract)) if contract else None,
            logs=tuple(
                Log(Address(_bytes(log["address"])), tuple(_bytes(topic) for topic in log["topics"]))
                for log in answer["logs"]
            ),
        )
    except (LookupError, TypeError, ValueError, AttributeError) as exc:
        raise HostUnavailable(f"the host answered with a receipt that makes no sense ({exc!r})") from None


def recorded_index(receipt: Receipt, ledger: Address, sender: Address) -> Index:
    """
    Index of the entry (the first, of a batch) that this transaction recorded for its sender.

    A recipient that calls back records its own later, so the first one is the payment's.
    Raises `MalformedLog` if there is none.
    """
    for log in receipt.logs:
        if log.address == ledger and log.topics[:1] and log.topics[0] in _RECORDED and len(log.topics) == 4:
            if log.topics[2] == bytes(12) + sender:
                return Index(int.from_bytes(log.topics[1], "big"))
            break
    raise MalformedLog(
        f"transaction 0x{receipt.transaction.hex()} was mined and {checksum(ledger)} recorded no entry "
        f"of {checksum(sender)} in it: is it a ledger?",
        receipt.block_number,
        receipt.block_number,
    )


def _bytes(text: str) -> bytes:
    return bytes.fromhex(text.removeprefix("0x"))
