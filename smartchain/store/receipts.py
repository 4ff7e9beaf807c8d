"""
A receipt from a store's view.
"""

from __future__ import annotations

from smartchain.errors import InputError
from smartchain.ledger.receipt import HostAnchor, HostHint, Receipt, Whose, make
from smartchain.ports import Recorded, View
from smartchain.types import ZERO_HASH


def receipt_of(view: View, index: int, size: int | None = None, kept_at: HostAnchor | None = None) -> Receipt:
    """
    The receipt of a verified entry, in the log as it is or as it was at `size`.

    `kept_at` is where the host chain has a checkpoint of that size. Raises `InputError` for an entry that is not there.
    """
    status, info = view.status, view.info
    now = status.verified_size
    recorded = view.entry(index)
    if recorded is None:
        there = f"it has entries 0 to {now - 1}" if now else "it has none yet"
        raise InputError(f"there is no entry {index} in the verified part of the log: {there}")
    size = now if size is None else size
    seen = HostAnchor(status.verified_at.number, status.verified_at.hash) if status.verified_at else None
    return make(
        Whose(info.chain_id, info.address, info.genesis.size),
        view.perfect,
        size,
        index,
        recorded.entry,
        view.block_of(index),
        _hint(recorded),
        kept_at or (seen if size == now else None),
    )


def _hint(recorded: Recorded) -> HostHint | None:
    """Opening entries and a journal's have no transaction."""
    return None if recorded.transaction == ZERO_HASH else HostHint(recorded.host_block, recorded.transaction)
