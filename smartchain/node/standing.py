"""
Three heads: what is served (unsafe), and how much of it the host calls safe, and finalized.

The names are the OP Stack's: an unsafe block may still go with a reorganisation of the host, a safe one is not expected
to, a finalized one cannot.
"""

from __future__ import annotations

from dataclasses import dataclass

from smartchain.ledger.hash import SEAL
from smartchain.ports import HostBlock, View


@dataclass(frozen=True, slots=True)
class Standing:
    """How much of the chain stands in host blocks up to and with one."""

    host_block: int
    size: int
    blocks: int


def standing(view: View, place: HostBlock | None) -> Standing | None:
    """None where the host names no such block of the ledger."""
    if place is None:
        return None
    size = view.size_at(place.number)
    return Standing(place.number, size, _blocks_of(view, size))


def _blocks_of(view: View, size: int) -> int:
    """
    How many blocks follow from the first entries alone.

    A block that closes as its time is over does so by the entry after it: that one has to be among them.
    """
    if size <= view.info.genesis.size:
        return min(1, view.status.verified_blocks)
    block, last = view.block_of(size - 1), view.entry(size - 1)
    if block is None or last is None:
        return view.status.verified_blocks
    before = view.block(block.number - 1) if block.number else None
    is_full = before is not None and block.size - before.size == view.info.rule.max_entries
    return block.number + (block.size == size and (is_full or last.entry.subject == SEAL))
