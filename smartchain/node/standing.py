"""
Three heads: what is served (unsafe), and how much of it the host calls safe, and finalized.

The names are the OP Stack's: an unsafe block may still go with a reorganisation of the host, a safe one is not expected
to, a finalized one cannot.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from smartchain.ledger.hash import SEAL
from smartchain.ports import HostBlock, View


class Head(StrEnum):
    """The furthest of the three heads that something has come to."""

    UNSAFE = "unsafe"
    SAFE = "safe"
    FINALIZED = "finalized"


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


@dataclass(frozen=True, slots=True)
class Heads:
    """How much of a chain is served, how much of that safe, and how much of that finalized; None for nothing."""

    unsafe: Standing | None = None
    safe: Standing | None = None
    finalized: Standing | None = None

    def of_entry(self, index: int) -> Head:
        """How far the host has settled an entry."""
        return self._furthest(lambda reached: index < reached.size)

    def of_block(self, number: int) -> Head:
        """How far the host has settled all that makes a block."""
        return self._furthest(lambda reached: number < reached.blocks)

    def _furthest(self, is_within: Callable[[Standing], bool]) -> Head:
        if self.finalized is not None and is_within(self.finalized):
            return Head.FINALIZED
        return Head.SAFE if self.safe is not None and is_within(self.safe) else Head.UNSAFE


def heads(view: View) -> Heads:
    """The heads of what a view shows."""
    status = view.status
    at, settled = status.verified_at, status.settled
    served = Standing(at.number, status.verified_size, status.verified_blocks) if at else None
    return Heads(served, standing(view, settled.safe), standing(view, settled.finalized))


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
