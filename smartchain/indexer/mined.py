"""
An entry beside the receipt of its host transaction: did that succeed, where, does it carry the entry, and did the
Ether move, as far as the host tells (EIP-7708).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

from smartchain.errors import HostUnavailable, SmartchainError
from smartchain.host.logs import BATCH, TRANSFER, decode
from smartchain.ledger.hash import keccak
from smartchain.ports import LedgerInfo, Recorded, Rpc
from smartchain.types import Address, Hash32, Index

ETHER_LOGS = "0x" + "ff" * 19 + "fe"
"""Where a host of EIP-7708 logs each movement of Ether."""

MOVED = "0x" + keccak(b"Transfer(address,address,uint256)").hex()
MILLION = 1_000_000


@dataclass(slots=True)
class Mined:
    """What a receipt says; `block` is None where there is no such transaction."""

    succeeded: bool = False
    block: int | None = None
    carried: dict[int, list[bytes]] = field(default_factory=dict)
    """Entries by index, packed; more than one of an index is one too many."""
    paid: Counter[tuple[bytes, int]] | None = None
    """How often the ledger sent whom how many wei, by the host's own logs; None where it logs no Ether."""

    def misfits(self, recorded: Recorded) -> Iterator[str]:
        """What does not fit about an entry, each as a sentence."""
        who = _who(recorded)
        if self.block is None:
            yield f"{who} is not on the host"
            return
        if not self.succeeded:
            yield f"{who} failed there"
        if self.block != recorded.host_block:
            yield f"{who} is in host block {self.block}, the store says {recorded.host_block}"
        carried = self.carried.get(recorded.index, [])
        if carried != [recorded.entry.pack()]:
            yield f"{who} carries {'another entry' if carried else 'no log'} of that index"


class Payments:
    """Ether logs, each good for one entry."""

    def __init__(self, info: LedgerInfo) -> None:
        self._info = info
        self._used: Counter[tuple[bytes, int]] = Counter()
        self._of: Hash32 | None = None

    def misfits(self, recorded: Recorded, paid: Counter[tuple[bytes, int]]) -> Iterator[str]:
        """Entries of one transaction must come one after another, as they stand in the log."""
        if recorded.transaction != self._of:
            self._of, self._used = recorded.transaction, Counter()
        entry = recorded.entry
        fee = 0 if entry.sender == self._info.address else entry.value * self._info.fee_ppm // MILLION
        payment = (bytes(entry.recipient), entry.value - fee)
        self._used[payment] += 1
        if self._used[payment] > paid[payment]:
            yield f"{_who(recorded)} has no Ether log of the payment"


class Receipts:
    """Asked for once each: entries of a transaction stand side by side, however many there are."""

    def __init__(self, rpc: Rpc, ledger: Address) -> None:
        self._rpc = rpc
        self._ledger = ledger
        self._known: dict[Hash32, Mined] = {}

    def of(self, entries: Sequence[Recorded]) -> list[tuple[Recorded, Mined]]:
        """Raises `HostUnavailable` for an answer that is no receipt."""
        names = dict.fromkeys(entry.transaction for entry in entries)
        fresh = [name for name in names if name not in self._known]
        answers = self._rpc.batch([("eth_getTransactionReceipt", ["0x" + name.hex()]) for name in fresh])
        known = self._known | {name: self._read(said) for name, said in zip(fresh, answers, strict=True)}
        self._known = {name: known[name] for name in names}
        return [(entry, known[entry.transaction]) for entry in entries]

    def _read(self, said: Any) -> Mined:
        if said is None:
            return Mined()
        try:
            mined = Mined(int(said["status"], 16) == 1, int(said["blockNumber"], 16))
            for log in said["logs"]:
                self._take(log, log["address"].lower(), [topic.lower() for topic in log["topics"]], mined)
        except (AttributeError, KeyError, TypeError, ValueError) as exc:
            raise HostUnavailable(
                f"{self._rpc.name} gave a receipt that is none; ask another node by --rpc-url"
            ) from exc
        return mined

    def _take(self, log: dict[str, Any], address: str, topics: list[str], mined: Mined) -> None:
        if address == "0x" + self._ledger.hex() and topics[:1] in ([TRANSFER], [BATCH]):
            for index, packed in enumerate(self._entries(log), int(topics[1], 16)):
                mined.carried.setdefault(index, []).append(packed)
        elif address == ETHER_LOGS and topics[:1] == [MOVED] and len(topics) == 3:
            mined.paid = Counter() if mined.paid is None else mined.paid
            if topics[1] == "0x" + bytes(12).hex() + self._ledger.hex():
                mined.paid[bytes.fromhex(topics[2][26:]), int(log["data"], 16)] += 1

    def _entries(self, log: dict[str, Any]) -> list[bytes]:
        """None of a log that is not canonical."""
        block = int(log["blockNumber"], 16)
        body = msgspec.json.encode({"result": [log]})
        try:
            return decode(body, self._ledger, block, block, Index(int(log["topics"][1], 16))).packed
        except SmartchainError:
            return []


def _who(recorded: Recorded) -> str:
    return f"entry {recorded.index}: host transaction 0x{recorded.transaction.hex()}"
