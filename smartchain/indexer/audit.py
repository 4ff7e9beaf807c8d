"""
Reconciles the stored, verified ledger with the host chain itself: receipts, balances, the host's own Ether logs.

A root proves what the contract recorded. The hints beside it, and the Ether that moved, are known to the host alone.
What cannot be so is a finding; what a host cannot tell, or what has an innocent explanation too, is a doubt.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from smartchain.errors import CorruptStore, RpcRefused, StateGone, UnknownBlock
from smartchain.host.contracts import FEE_PPM_DATA
from smartchain.host.source import HostLedger
from smartchain.indexer.mined import Payments, Receipts
from smartchain.indexer.standing import Standing, reconcile
from smartchain.ledger.address import checksum
from smartchain.ledger.hash import ETHER
from smartchain.ports import HostBlock, Recorded, Rpc, View
from smartchain.types import ZERO_ADDRESS, Address, Hash32

AT_ONCE = 50
"""Entries whose receipts are asked for in one request."""


@dataclass
class Audit:
    """What was compared, and what does not fit."""

    entries: int = 0
    untouched: int = 0
    """Recipients that never sent a transaction and have no code, so that nothing they received was spent by them."""
    ether_logs: int = 0
    """Entries for which the host has Ether logs."""
    held: int | None = None
    """What the contract has, in wei; None where that says nothing."""
    owed: int = 0
    """What it has by the ledger: fees less what was collected."""
    findings: list[str] = field(default_factory=list)
    doubts: list[str] = field(default_factory=list)
    """What could not be checked, or may be in order."""


def audit(rpc: Rpc, view: View, sample: int | None, seed: int, progress: Callable[[int, int], None]) -> Audit:
    """
    Compares that many entries, drawn by the seed, or all, the contract's head, and the balances.

    Raises `HostError`s, never for a misfit, and `CorruptStore` for what is not there to be compared.

    Balances are read at the host block where the ledger was verified, which must still stand when all is done.
    """
    found, at = Audit(), view.status.verified_at
    source = HostLedger(rpc, view.info.address)
    _stands(source, at)
    relays = _is_relay(rpc, view)
    recipients = _entries(rpc, view, _drawn(view, sample, seed), relays, found, progress)
    if relays and at is None:
        found.doubts.append("nobody has asked the contract yet, so no balances were compared: run 'smartchain index'")
    elif at is not None:
        _state(rpc, view, source, at, recipients if relays else None, found)
    _stands(source, at)
    return found


def _drawn(view: View, sample: int | None, seed: int) -> Sequence[int]:
    indexes = range(view.info.genesis.size, view.status.verified_size)
    if sample is None or sample >= len(indexes):
        return indexes
    return sorted(random.Random(seed).sample(indexes, sample))  # noqa: S311  (no secret)


def _stands(source: HostLedger, at: HostBlock | None) -> None:
    """Raises `UnknownBlock` for a store that another chain than the host's is in: all would be findings, none true."""
    if at is not None and source.block(at.number) != at:
        raise UnknownBlock(
            f"host block {at.number}, where the store was verified, is not the one that {source.name} has: "
            "run 'smartchain index' first, then audit again"
        )


def _is_relay(rpc: Rpc, view: View) -> bool:
    """Only a relay moves the Ether that it records."""
    call = {"to": checksum(view.info.address), "data": "0x" + FEE_PPM_DATA.hex()}
    try:
        return view.info.fee_ppm > 0 or len(str(rpc.call("eth_call", call, "latest"))) == 66
    except RpcRefused:
        return False


def _entries(
    rpc: Rpc,
    view: View,
    indexes: Sequence[int],
    relays: bool,
    found: Audit,
    progress: Callable[[int, int], None],
) -> set[Address]:
    """Each entry beside its receipt; whom they say was paid in Ether."""
    recipients: set[Address] = set()
    receipts, payments = Receipts(rpc, view.info.address), Payments(view.info)
    for at in range(0, len(indexes), AT_ONCE):
        some = [_recorded(view, index) for index in indexes[at : at + AT_ONCE]]
        for recorded, mined in receipts.of(some):
            found.findings.extend(mined.misfits(recorded))
            if relays and recorded.entry.subject == ETHER and mined.paid is not None:
                found.ether_logs += 1
                found.findings.extend(payments.misfits(recorded, mined.paid))
        found.entries += len(some)
        recipients.update(one.entry.recipient for one in some if one.entry.subject == ETHER)
        progress(at + len(some), len(indexes))
    return recipients - {ZERO_ADDRESS, view.info.address}


def _recorded(view: View, index: int) -> Recorded:
    """An entry of the store. Raises `CorruptStore` where a row is lost, or holds what it cannot."""
    try:
        recorded = view.entry(index)
    except (TypeError, AttributeError, ValueError) as exc:
        raise _damaged(f"entry {index}") from exc
    if recorded is None or type(recorded.transaction) is not bytes or len(recorded.transaction) != 32:
        raise _damaged(f"entry {index}")
    return recorded


def _root(view: View) -> Hash32:
    try:
        return view.root()
    except (TypeError, AttributeError, ValueError) as exc:
        raise _damaged("what the root follows from") from exc


def _damaged(what: str) -> CorruptStore:
    return CorruptStore(f"{what} cannot be read from the store: 'smartchain fsck' says what is broken")


def _state(
    rpc: Rpc, view: View, source: HostLedger, at: HostBlock, recipients: set[Address] | None, found: Audit
) -> None:
    """What the host's state says at that block: the contract's head and, of a relay, the balances."""
    try:
        head, root = source.head(at), _root(view)
        if (head.size, head.root) != (view.status.verified_size, root):
            found.findings.append(
                f"at host block {at.number} the contract has {head.size} entries with the root 0x{head.root.hex()}, "
                f"and the store {view.status.verified_size} with 0x{root.hex()}"
            )
            return
        if recipients is None:
            return
        said = reconcile(Standing(rpc, at), view, sorted(recipients))
    except StateGone:
        found.doubts.append(
            f"no balances were compared: {rpc.name} has forgotten the state of host block {at.number}; "
            "run 'smartchain index' just before, or ask a node that keeps more by --rpc-url"
        )
        return
    found.held, found.owed, found.untouched = said.held, said.owed, said.untouched
    found.findings += said.findings
    found.doubts += said.doubts
