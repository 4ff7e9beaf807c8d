"""
What a trusted head says about every part of the log, before a single entry has come.

A head's peaks are the roots of its perfect subtrees. The large ones are cut into parts of `PART` entries, whose
roots any peer may name, since they must give the peak. From then on a part of a download is held to its own root
as it arrives: a lie costs one part, and what came before it is proven and stays.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from smartchain.errors import ProofError
from smartchain.ledger.hash import EMPTY_ROOT, node_hashes
from smartchain.ledger.merkle import peak_ranges, root_of
from smartchain.types import Hash32

PART_LEVEL = 12
PART = 1 << PART_LEVEL
"""Entries in a part of a download: half a megabyte."""


@dataclass(frozen=True, slots=True)
class Part:
    """A perfect subtree of at most `PART` entries and its root."""

    start: int
    stop: int
    root: Hash32


@dataclass(frozen=True, slots=True)
class Peak:
    """One peak of the trusted head: the root over entries `start` up to `stop`."""

    start: int
    stop: int
    root: Hash32

    @property
    def level(self) -> int:
        return (self.stop - self.start).bit_length() - 1


class Outline:
    """
    The parts of a log of that size, as far as they are known; all of them proven by its root.

    Parts are of 2^`part_level` entries, or smaller. Raises `ProofError` if the peaks do not give the root.
    """

    def __init__(self, size: int, root: Hash32, peaks: Sequence[Hash32], part_level: int = PART_LEVEL) -> None:
        if len(peaks) != size.bit_count() or (root_of(peaks) if peaks else EMPTY_ROOT) != root:
            raise ProofError(f"the peaks do not give the root of the {size} entries")
        self.size = size
        self.root = root
        self.part_level = part_level
        ranges = reversed(peak_ranges(size))
        self.peaks = [Peak(*range_, peak) for range_, peak in zip(ranges, reversed(peaks), strict=True)]
        """Highest level first, so in the order of the entries."""
        self._parts: dict[int, list[Hash32]] = {}

    def unknown(self, start: int, stop: int) -> list[Peak]:
        """Peaks over some of these entries, and over none past them, whose parts are not known yet."""
        return [
            peak
            for peak in self.peaks
            if peak.level > self.part_level and peak.stop > start and peak.stop <= stop and not self.knows(peak)
        ]

    def learn(self, peak: Peak, parts: Sequence[Hash32]) -> None:
        """Take in the roots of a peak's parts. Raises `ProofError` unless they give the peak."""
        nodes = list(parts)
        if len(nodes) != (peak.stop - peak.start) >> self.part_level:
            raise ProofError(f"entries {peak.start} to {peak.stop - 1} have other than {len(nodes)} parts")
        while len(nodes) > 1:
            nodes = node_hashes(nodes)
        if nodes[0] != peak.root:
            raise ProofError(f"the parts of entries {peak.start} to {peak.stop - 1} do not give the trusted root")
        self._parts[peak.start] = list(parts)

    def reach(self, size: int) -> int:
        """How many of the entries a log of that size can give in parts that can be checked."""
        end = 0
        for peak in self.peaks:
            if peak.stop <= size:
                end = peak.stop
            elif self.knows(peak) and size > peak.start:
                return peak.start + ((size - peak.start) >> self.part_level << self.part_level)
            else:
                break
        return end

    def knows(self, peak: Peak) -> bool:
        """Whether the parts of a peak are known."""
        return peak.start in self._parts

    def parts(self, start: int, stop: int) -> Iterator[Part]:
        """
        The parts over these entries, in order, the first one from its own beginning.

        Raises `ProofError` where one is not known.
        """
        for peak in self.peaks:
            if peak.stop <= start or peak.start >= stop:
                continue
            if peak.level <= self.part_level:
                yield Part(peak.start, peak.stop, peak.root)
                continue
            if not self.knows(peak):
                raise ProofError(f"the parts of entries {peak.start} to {peak.stop - 1} are not known yet")
            roots = self._parts[peak.start]
            for at in range(max(0, start - peak.start) >> self.part_level, len(roots)):
                first = peak.start + (at << self.part_level)
                if first >= stop:
                    break
                yield Part(first, first + (1 << self.part_level), roots[at])
