"""
The append-only log: a Merkle tree whose root commits to every entry and to their order.

Exactly the tree of RFC 9162 section 2.1 with keccak256. Of a log, its size and its peaks (the roots of its
perfect subtrees, one for each bit set in the size) are enough to append to it and to know its root; that is
all the contract keeps, and all `MerkleLog` keeps.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from smartchain.errors import EmptyLog, ProofError
from smartchain.ledger.hash import EMPTY_ROOT, node_hash, node_hashes
from smartchain.types import Hash32, Size

STORED_LEVEL = 8
"""Perfect subtrees of 2^8 entries and more are worth keeping: one hash for every 128 entries, all levels together."""

Completed = Callable[[int, int, Hash32], None]
"""Told (level, position, root) of a perfect subtree when its last entry arrives."""


def root_of(peaks: Sequence[Hash32]) -> Hash32:
    """
    Root of the log whose perfect subtrees have these roots, lowest level first.

    Raises `EmptyLog` if there is none. Source: RFC 9162 section 2.1.1; equals `MerkleLog.root` in Solidity.
    """
    if not peaks:
        raise EmptyLog("a log without entries has no peaks; its root is keccak256 of nothing")
    root = peaks[0]
    for peak in peaks[1:]:
        root = node_hash(peak, root)
    return root


def peak_levels(size: int) -> Iterator[int]:
    """Level of each peak of a log of that size, lowest first: the bits set in it."""
    while size:
        low = size & -size
        yield low.bit_length() - 1
        size ^= low


def peak_ranges(size: int) -> list[tuple[int, int]]:
    """First index and end of the entries under each peak, lowest level first; together the whole log."""
    ranges = []
    for level in peak_levels(size):
        stop = size >> level << level
        ranges.append((stop - (1 << level), stop))
    return ranges


class MerkleLog:
    """
    A log by its peaks: append in O(1) on average, the root in O(log size).

    `completed`, if given, is told of each perfect subtree of level `from_level` and up as it is completed, so
    that a store can keep those and prove anything later without hashing every entry again.
    """

    __slots__ = ("_completed", "_from_level", "_peaks", "_size")

    def __init__(
        self,
        size: int = 0,
        peaks: Sequence[Hash32] = (),
        completed: Completed | None = None,
        from_level: int = 0,
    ) -> None:
        if len(peaks) != size.bit_count():
            raise ProofError(f"a log of {size} entries has {size.bit_count()} peaks, not {len(peaks)}")
        self._size = size
        self._peaks = list(reversed(peaks))  # a stack: the lowest level last
        self._completed = completed
        self._from_level = from_level

    @classmethod
    def of(cls, leaves: Iterable[Hash32]) -> MerkleLog:
        """The log of these leaves."""
        log = cls()
        for leaf in leaves:
            log.append(leaf)
        return log

    @property
    def size(self) -> Size:
        return Size(self._size)

    def append(self, leaf: Hash32) -> None:
        """Take in the next leaf: as many hashes as the size has ones at its low end."""
        size, peaks, node, level = self._size, self._peaks, leaf, 0
        while size & 1:
            node = node_hash(peaks.pop(), node)
            size >>= 1
            level += 1
            if self._completed is not None and level >= self._from_level:
                self._completed(level, size, node)
        peaks.append(node)
        self._size += 1

    def extend(self, leaves: Sequence[Hash32]) -> None:
        """
        Take in many leaves: `append` of each, but level by level, in half the time.

        At each level the nodes pair up, after the peak that waits there if there is one; a node left over is the
        level's new peak.
        """
        if len(leaves) == 1:
            return self.append(leaves[0])
        size, nodes, level, left_over = self._size, list(leaves), 0, list[Hash32]()
        while nodes:
            if size >> level & 1:
                nodes.insert(0, self._peaks.pop())
            if len(nodes) & 1:
                left_over.append(nodes.pop())
            nodes = node_hashes(nodes)
            level += 1
            if self._completed is not None and level >= self._from_level:
                for position, node in enumerate(nodes, size >> level):
                    self._completed(level, position, node)
        self._peaks.extend(reversed(left_over))
        self._size += len(leaves)
        return None

    def peaks(self) -> list[Hash32]:
        """Roots of the perfect subtrees, lowest level first."""
        return self._peaks[::-1]

    def root(self) -> Hash32:
        """Root over all entries; `keccak256("")` of an empty log."""
        return root_of(self.peaks()) if self._size else EMPTY_ROOT

    def copy(self) -> MerkleLog:
        """A log that goes on from here by itself, telling nobody of its subtrees."""
        return MerkleLog(self._size, self.peaks())
