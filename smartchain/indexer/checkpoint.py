"""
Roots that the contract kept, met on the way of a long backfill.

A host forgets old state, but a checkpoint is state of today: `checkpointAt(size)` answers at the target for a log as
small as it once was. So what has been read can be held to the contract long before its end: what fits is verified at
once, and what does not is known to be a lie, and roughly where. The event only says which sizes to ask for.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from smartchain.errors import HostError, RootMismatch
from smartchain.indexer.growth import tree_of
from smartchain.indexer.past import Past
from smartchain.ledger.hash import SEAL
from smartchain.ledger.proof import root_at
from smartchain.ports import EntrySource, HostBlock, LedgerStore
from smartchain.types import Hash32, Index, Size

APART = 8_192
"""Entries between two checkpoints that are compared: anybody can have one kept after every entry."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A root that the contract kept, asked of the contract itself."""

    size: Size
    root: Hash32


class Checkpoints:
    """
    Compares what is staged with the contract's checkpoints, as far as `target` answers for them.

    A host that does not is no reason to stop: the root at the target decides all the same.
    """

    def __init__(self, source: EntrySource, store: LedgerStore, target: HostBlock) -> None:
        self._source = source
        self._store = store
        self._target = target
        self._agreed = Size(0)
        """So many entries are the contract's."""

    def are_due(self, sizes: Sequence[int]) -> bool:
        """Whether any of these sizes is worth a question, now that the log grew past all of them."""
        return bool(sizes) and (self._agreed == 0 or max(sizes) >= self._agreed + APART)

    def compare(self, sizes: Sequence[int]) -> None:
        """
        Hold the store to the newest of these checkpoints; what it proves is verified from then on.

        All that was read up to them must be in the store. Raises `RootMismatch` at the first that does not fit.
        """
        status = self._store.status()
        sizes = sorted({size for size in sizes if max(self._agreed, status.verified_size) < size <= status.size})
        kept = self._newest(sizes)
        if kept is None:
            return
        if root_at(tree_of(self._store), kept.size) != kept.root:
            raise self._mismatch(self._first_wrong([size for size in sizes if size < kept.size]) or kept)
        self._agreed = kept.size
        self._raise_verified(kept.size)

    def _newest(self, sizes: Sequence[int]) -> Kept | None:
        """The newest one that the contract has; a few that it has not are passed over."""
        asked = (self._ask(size) for size in sizes[:-4:-1])
        return next((kept for kept in asked if kept is not None), None)

    def _ask(self, size: int) -> Kept | None:
        try:
            root = self._source.checkpoint(Size(size), self._target)
        except HostError:
            return None
        return None if root is None else Kept(Size(size), root)

    def _first_wrong(self, sizes: Sequence[int]) -> Kept | None:
        """The smallest of these sizes at which the store and the contract part; by halves."""
        low, high, wrong = 0, len(sizes), None
        while low < high:
            middle = (low + high) // 2
            kept = self._ask(sizes[middle])
            if kept is not None and root_at(tree_of(self._store), kept.size) != kept.root:
                high, wrong = middle, kept
            else:
                low = middle + 1
                self._agreed = Size(sizes[middle]) if kept else self._agreed
        return wrong

    def _mismatch(self, kept: Kept) -> RootMismatch:
        ours = root_at(tree_of(self._store), kept.size)
        first = self._store.host_block_of(Index(self._agreed - 1)) if self._agreed > self._genesis else None
        return RootMismatch(
            f"the root of the first {kept.size} entries read is 0x{ours.hex()}, and the contract, which kept its own "
            f"of that size, says 0x{kept.root.hex()} at host block {self._target.number}",
            first,
            self._store.host_block_of(Index(kept.size - 1)),
        )

    @property
    def _genesis(self) -> int:
        return self._store.info.genesis.size

    # what a checkpoint proves

    def _raise_verified(self, size: Size) -> None:
        """
        Verify what a checkpoint of that size proves: up to the newest host block that ends within it.

        Where more is verified than is new, it waits: raising the size has its price, by how much there is. So it does
        where the host replaced a block meanwhile: the end of the backfill finds out from where to read again.
        """
        verified = self._store.status().verified_size
        place = self._last_whole(size)
        if place is None:
            return
        reached = self._store.size_at(place.number)
        if reached <= verified or reached - verified < verified // 2:
            return
        if Past(self._source, self._store).first_replaced_since(place) is None:
            self._store.verify(reached, self._blocks_of(reached), place)

    def _last_whole(self, size: Size) -> HostBlock | None:
        """The newest host block whose entries are all among the first `size`, if the host still has it."""
        number = self._store.host_block_of(Index(size - 1))
        if self._store.size_at(number) > size:
            number -= 1
        known = self._store.host_blocks(number + 1, 1)
        block = self._source.block(known[0][0]) if known else None
        return block if block is not None and block.hash == known[0][1] else None

    def _blocks_of(self, size: Size) -> int:
        """
        How many blocks follow from the first `size` entries alone.

        One that ends there because its interval was over follows from a later entry, which nothing proves yet.
        """
        last = self._store.block_below(Size(size + 1))
        if last is None or last.number == 0 or last.size < size:
            return 0 if last is None else last.number + 1
        before = self._store.block_below(last.size)
        full = before is not None and last.size - before.size == self._store.info.rule.max_entries
        newest = next(iter(self._store.packed(size - 1, size)))
        return last.number + (1 if full or newest.startswith(SEAL) else 0)
