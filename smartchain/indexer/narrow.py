"""
Where is the lie? The narrowest range of host blocks in which what was read and the contract part ways.

Two ways lead there. The contract's peaks against ours say which range of entries differs, with nothing but the
state at the target. Where the host still has older state, `head()` at host blocks in between, by bisection,
says which single block it is.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from smartchain.errors import BrokenSequence, NoContract, NotALedger, RootMismatch, RpcRefused, StateGone, Untrue
from smartchain.indexer.growth import tree_of
from smartchain.ledger.merkle import peak_ranges, root_of
from smartchain.ledger.proof import Perfect, root_at
from smartchain.ports import EntrySource, Head, HostBlock, LedgerStore
from smartchain.types import Index

_NO_STATE = (StateGone, RpcRefused)
"""What a host answers that has forgotten the state, or will not be asked about it."""


@dataclass(frozen=True, slots=True)
class Suspicion:
    """A range of host blocks whose logs cannot be what the contract recorded, and what they gave."""

    first_block: int
    last_block: int
    ours: Head
    """Size and root of what was read up to `last_block`."""

    def __str__(self) -> str:
        if self.first_block == self.last_block:
            return f"the logs of host block {self.first_block} are not what the contract recorded"
        return f"the fault is in the logs of host blocks {self.first_block} to {self.last_block}"

    def stands(self, store: LedgerStore) -> bool:
        """Whether reading again gave the very same: then it is no passing fault."""
        return head_at(store, self.last_block) == self.ours


def head_at(store: LedgerStore, host_block: int) -> Head:
    """Size and root of what the store has up to and with a host block, staged entries included."""
    size = store.size_at(host_block)
    return Head(size, root_at(tree_of(store), size))


def narrow(source: EntrySource, store: LedgerStore, lie: Untrue, target: HostBlock) -> Suspicion:
    """
    The narrowest range of host blocks that can be shown to hold a lie told on the way to `target`.

    Starts from everything past the last verified host block, or from the ledger's first.
    """
    verified = store.status().verified_at
    first = verified.number + 1 if verified else store.info.deployed_at
    last = target.number if lie.last_block is None else min(lie.last_block, target.number)
    if isinstance(lie, RootMismatch):
        first = max(first, min(lie.first_block or first, last))
        first, last = _by_peaks(source, store, target, first, last)
        first, last = _by_heads(source, store, first, max(first, last))
    elif isinstance(lie, BrokenSequence) and lie.given is not None:
        first, last = _by_sizes(source, store, lie.given, first, max(first, last))
    elif lie.first_block is not None:
        first = max(first, min(lie.first_block, last))
    return Suspicion(first, max(first, last), head_at(store, max(first, last)))


def _by_sizes(source: EntrySource, store: LedgerStore, given: Sequence[int], first: int, last: int) -> tuple[int, int]:
    """
    Bisect for the first host block up to which the logs gave more or fewer entries than the contract then had.

    `given` are the host blocks of entries that were read and are not in the store; it ends within `last`.
    """
    probe = first
    while probe < last:
        middle = (probe + last) // 2
        size = _size_at(source, middle, store.info.genesis.size)
        if size is None:
            probe = middle + 1
        elif size == store.size_at(middle) + bisect_right(given, middle):
            first = probe = middle + 1
        else:
            last = middle
    return first, last


def _size_at(source: EntrySource, host_block: int, before: int) -> int | None:
    """How many entries the contract then had, `before` if it was not there yet; None where the host forgot."""
    block = source.block(host_block)
    try:
        return None if block is None else source.head(block).size
    except _NO_STATE:
        return None
    except (NoContract, NotALedger):
        return before


def _by_peaks(source: EntrySource, store: LedgerStore, target: HostBlock, first: int, last: int) -> tuple[int, int]:
    """Tighten a range of host blocks to those of the first peak's entries that differ."""
    size = store.status().size
    try:
        head, peaks = source.head(target), source.peaks(target)
    except _NO_STATE:
        return first, last
    if len(peaks) != head.size.bit_count() or (peaks and root_of(peaks) != head.root):
        return first, last  # the contract's own answers do not fit each other: the host lies about one of them
    tree = tree_of(store)
    ranges = zip(reversed(peak_ranges(head.size)), reversed(peaks), strict=True)
    for (start, stop), peak in ranges:
        if stop > size or _perfect_root(tree, start, stop) != peak:
            known = min(start, size)
            if known > store.info.genesis.size:
                first = max(first, store.host_block_of(Index(known - 1)))
            if stop <= size:
                last = min(last, store.host_block_of(Index(stop - 1)))
            return first, max(first, last)
    return first, last


def _perfect_root(tree: Perfect, start: int, stop: int) -> bytes:
    level = (stop - start).bit_length() - 1
    return tree(level, start >> level)


def _by_heads(source: EntrySource, store: LedgerStore, first: int, last: int) -> tuple[int, int]:
    """
    Bisect by `head()` at older host blocks, as far as the host has their state.

    Everything before `first` fits and `last` does not; blocks from `probe` on have not been asked about.
    """
    probe = first
    while probe < last:
        middle = (probe + last) // 2
        block = source.block(middle)
        same = None if block is None else fits(source, store, block)
        if same is None:
            probe = middle + 1
        elif same:
            first = probe = middle + 1
        else:
            last = middle
    return first, last


def fits(source: EntrySource, store: LedgerStore, block: HostBlock) -> bool | None:
    """Whether the contract then had just what the store has up to there; None where the host cannot tell."""
    ours = head_at(store, block.number)
    try:
        return source.head(block) == ours
    except _NO_STATE:
        return None
    except (NoContract, NotALedger):
        return ours.size == store.info.genesis.size
