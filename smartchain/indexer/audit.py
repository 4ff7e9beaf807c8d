"""
Reconciles the stored, verified ledger with the host chain itself: receipts, balances, the host's own Ether logs.

A root proves what the contract recorded. The hints beside it, and the Ether that moved, are known to the host alone.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

from smartchain.errors import HostUnavailable, RpcRefused, SmartchainError
from smartchain.host.contracts import FEE_PPM_DATA
from smartchain.host.logs import BATCH, TRANSFER, decode
from smartchain.ledger.address import checksum
from smartchain.ledger.entry import Entry
from smartchain.ledger.hash import ETHER, keccak
from smartchain.ports import Recorded, Rpc, View
from smartchain.types import ZERO_ADDRESS, Address, Index

AT_ONCE = 50
"""Calls in one request."""

ETHER_LOGS = "0x" + "ff" * 19 + "fe"
"""Where a host of EIP-7708 logs each movement of Ether."""

MOVED = "0x" + keccak(b"Transfer(address,address,uint256)").hex()
MILLION = 1_000_000


@dataclass
class Audit:
    """What was compared, and what does not fit."""

    entries: int = 0
    untouched: int = 0
    """Recipients that never spent: they must still have what they received."""
    ether_logs: int = 0
    """Entries for which the host has Ether logs."""
    held: int | None = None
    """What the contract has, in wei; None where that says nothing."""
    owed: int = 0
    """What it has by the ledger: fees less what was collected."""
    findings: list[str] = field(default_factory=list)


def audit(rpc: Rpc, view: View, sample: int | None, seed: int, progress: Callable[[int, int], None]) -> Audit:
    """
    Compares that many entries, drawn by the seed, or all, and the balances. Raises `HostError`s, never for a misfit.

    Balances are read at the host block where the ledger was verified.
    """
    found = Audit()
    first, size = view.info.genesis.size, view.status.verified_size
    indexes: Sequence[int] = range(first, size)
    if sample is not None and sample < len(indexes):
        indexes = sorted(random.Random(seed).sample(indexes, sample))  # noqa: S311  (no secret)
    recipients: set[Address] = set()
    for at in range(0, len(indexes), AT_ONCE):
        entries = [entry for index in indexes[at : at + AT_ONCE] if (entry := view.entry(index)) is not None]
        _receipts(rpc, view, entries, found)
        recipients.update(one.entry.recipient for one in entries if one.entry.subject == ETHER)
        progress(at + len(entries), len(indexes))
    if view.status.verified_at is not None and _is_relay(rpc, view.info.address):
        tag = hex(view.status.verified_at.number)
        _contract(rpc, view, tag, found)
        _parties(rpc, view, sorted(recipients - {ZERO_ADDRESS, view.info.address}), tag, found)
    return found


def _is_relay(rpc: Rpc, ledger: Address) -> bool:
    """Only a relay moves the Ether that it records; another contract's entries say nothing of its balance."""
    call = {"to": checksum(ledger), "data": "0x" + FEE_PPM_DATA.hex()}
    try:
        return len(str(rpc.call("eth_call", call, "latest"))) == 66
    except RpcRefused:
        return False


def _contract(rpc: Rpc, view: View, tag: str, found: Audit) -> None:
    here = checksum(view.info.address)
    found.owed = view.account(view.info.address).balance
    found.held = _number(rpc.call("eth_getBalance", here, tag))
    if found.held < found.owed:
        found.findings.append(f"the contract {here} has {found.held} wei, and by its ledger at least {found.owed}")


def _parties(rpc: Rpc, view: View, parties: Sequence[Address], tag: str, found: Audit) -> None:
    """Who never sent a transaction and has no code cannot have spent; of others a balance says nothing."""
    for at in range(0, len(parties), AT_ONCE):
        some = parties[at : at + AT_ONCE]
        methods = ("eth_getTransactionCount", "eth_getCode", "eth_getBalance")
        said = rpc.batch([(method, [checksum(party), tag]) for party in some for method in methods])
        for party, nonce, code, balance in zip(some, said[::3], said[1::3], said[2::3], strict=True):
            if _number(nonce) or code != "0x":
                continue
            found.untouched += 1
            received = view.account(party).received
            if _number(balance) < received:
                found.findings.append(
                    f"{checksum(party)} received {received} wei, never spent any and has {_number(balance)}"
                )


def _receipts(rpc: Rpc, view: View, entries: Sequence[Recorded], found: Audit) -> None:
    hashes = list(dict.fromkeys(entry.transaction for entry in entries))
    answers = rpc.batch([("eth_getTransactionReceipt", ["0x" + name.hex()]) for name in hashes])
    receipts = dict(zip(hashes, answers, strict=True))
    for entry in entries:
        found.entries += 1
        try:
            found.findings.extend(_one(view, entry, receipts[entry.transaction], found))
        except (AttributeError, KeyError, TypeError, ValueError) as exc:
            raise HostUnavailable(f"{rpc.name} gave a receipt that is none; ask another node by --rpc-url") from exc


def _one(view: View, recorded: Recorded, receipt: Any, found: Audit) -> Iterator[str]:
    """What does not fit about one entry."""
    who = f"entry {recorded.index}: host transaction 0x{recorded.transaction.hex()}"
    if receipt is None:
        yield f"{who} is not on the host"
        return
    if _number(receipt["status"]) != 1:
        yield f"{who} failed there"
    if _number(receipt["blockNumber"]) != recorded.host_block:
        yield f"{who} is in host block {_number(receipt['blockNumber'])}, the store says {recorded.host_block}"
    carried = [packed for log in receipt["logs"] for packed in _carried(view.info.address, log, recorded.index)]
    if carried != [recorded.entry.pack()]:
        yield f"{who} carries {'another entry' if carried else 'no log'} of that index"
    moved = [log for log in receipt["logs"] if log["address"].lower() == ETHER_LOGS]
    if moved and recorded.entry.subject == ETHER:
        found.ether_logs += 1
        if not any(_is_payment(log, view, recorded.entry) for log in moved):
            yield f"{who} has no Ether log of the payment"


def _carried(ledger: Address, log: dict[str, Any], index: int) -> list[bytes]:
    """The entry of that index, if this log has it."""
    if log["address"].lower() != "0x" + ledger.hex() or log["topics"][0] not in (TRANSFER, BATCH):
        return []
    first, block = _number(log["topics"][1]), _number(log["blockNumber"])
    try:
        packed = decode(msgspec.json.encode({"result": [log]}), ledger, block, block, Index(first)).packed
    except SmartchainError:
        return []
    return packed[index - first : index - first + 1] if first <= index else []


def _is_payment(log: dict[str, Any], view: View, entry: Entry) -> bool:
    fee = 0 if entry.sender == view.info.address else entry.value * view.info.fee_ppm // MILLION
    parties = ["0x" + address.rjust(32, b"\0").hex() for address in (view.info.address, entry.recipient)]
    return log["topics"] == [MOVED, *parties] and _number(log["data"]) == entry.value - fee


def _number(text: Any) -> int:
    return int(text, 16)
