"""
From a peer into the store: only what a trusted head proves, a part at a time.

What is staged here is a part of the log under the trusted root. The hints that came with it are a stranger's: host
blocks are kept by number, without a hash, so that nothing ever goes back to one of them, and never past the block at
which the head was read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from smartchain.errors import NoMajority, PeerError, PeerLied, PeerUnusable, ProofError
from smartchain.indexer.growth import Growth, tree_of
from smartchain.indexer.opening import Opening
from smartchain.indexer.outcome import Rewound
from smartchain.indexer.writer import Writer
from smartchain.ledger.hash import leaf_hashes
from smartchain.ledger.merkle import MerkleLog
from smartchain.ledger.proof import Perfect
from smartchain.peer.outline import Outline, Part, Peak
from smartchain.ports import Chunk, HostBlock, LedgerStore, PeerSource, Portion
from smartchain.types import ZERO_HASH, Hash32, Index, Size


@dataclass(frozen=True, slots=True)
class Anchor:
    """A head that is trusted, and where it was read."""

    outline: Outline
    bound: int
    """No entry under it stands in a later host block."""
    at: HostBlock | None = None
    """Where the contract said it; None where other nodes did."""


@dataclass(slots=True)
class _Rows:
    """Entries on their way into a part."""

    packed: list[bytes] = field(default_factory=list)
    transactions: list[bytes] = field(default_factory=list)
    host_blocks: list[int] = field(default_factory=list)

    def add(self, portion: Portion) -> None:
        self.packed += portion.packed
        self.transactions += portion.transactions
        self.host_blocks += portion.host_blocks

    def cut(self, count: int) -> _Rows:
        """The first so many, taken away."""
        front = _Rows(self.packed[:count], self.transactions[:count], self.host_blocks[:count])
        del self.packed[:count], self.transactions[:count], self.host_blocks[:count]
        return front


class _Stage:
    """What is proven, packed into steps and handed to the writer: opening entries first, then what was recorded."""

    def __init__(self, store: LedgerStore, writer: Writer) -> None:
        self._store, self._writer = store, writer
        self._opening: Opening | None = None
        self._growth: Growth | None = None

    def open_with(self, packed: list[bytes]) -> None:
        self._opening = self._opening or Opening(self._store)
        self._writer.put(self._opening.step(packed))

    def grow(self, chunk: Chunk, cursor: HostBlock) -> None:
        if self._growth is None:
            self._writer.flush()
            self._growth = Growth(self._store)
        self._writer.put(self._growth.step(chunk, cursor))


class Intake:
    """
    Fills one store up to one trusted head, from any number of peers in turn.

    Entries below `least` are known better than the head is, and are not replaced.
    """

    def __init__(
        self,
        store: LedgerStore,
        anchor: Anchor,
        progress: Callable[[int, int], None] = lambda _done, _total: None,
        stopping: Callable[[], bool] = lambda: False,
        least: int = 0,
    ) -> None:
        self._store = store
        self._anchor = anchor
        self._outline = anchor.outline
        self._progress = progress
        self._stopping = stopping
        self._least = least
        self._floor = 0

    def fill_from(self, peer: PeerSource, size: int) -> Rewound | None:
        """
        Take in what a peer with a log of that size can give; what is proven stays, whatever comes after it.

        Where the trusted head replaces entries that are in the store, those are dropped, and nothing more is done
        this time. Raises `PeerError`.
        """
        reach = self._outline.reach(size)
        start = self._shared(peer, reach)
        if start >= reach:
            return None
        self._learn(peer, self._outline.unknown(start, reach))
        status = self._store.status()
        have: int = status.size
        self._floor = _after(status.cursor)
        download = self._proven(peer, list(self._outline.parts(start, reach)))
        with Writer(self._store.take) as writer:
            stage = _Stage(self._store, writer)
            for part, rows in download:
                if part.start < have:
                    if (same := self._same(part, rows, have)) < have:
                        writer.flush()
                        return self._replace(same)
                    rows.cut(have - part.start)
                if rows.packed:
                    self._put(stage, max(have, part.start), rows)
                if self._stopping():
                    break
        return None

    # what the store and the trusted head share

    def _shared(self, peer: PeerSource, reach: int) -> int:
        """Where the first part begins that the store does not have as the trusted head has it."""
        have, tree, shared = self._store.status().size, tree_of(self._store), 0
        for peak in self._outline.peaks:
            if peak.stop <= have and _root(tree, peak) == peak.root:
                shared = peak.stop
                continue
            known = peak.stop <= reach or self._outline.knows(peak)
            if peak.level > self._outline.part_level and peak.start < have and known:
                self._learn(peer, self._outline.unknown(peak.start, peak.stop))
                for part in self._outline.parts(peak.start, peak.stop):
                    if part.stop > have or _root(tree, part) != part.root:
                        break
                    shared = part.stop
            break
        return shared

    def _learn(self, peer: PeerSource, peaks: list[Peak]) -> None:
        for peak in peaks:
            roots = peer.outline(peak.start, peak.stop)
            try:
                self._outline.learn(peak, roots)
            except ProofError as error:
                raise self._false(f"{peer.name} gives a false outline: {error}") from error

    def _false(self, said: str) -> PeerError:
        """Under the contract's root that is a lie; under a root that peers agree on it may be another history."""
        if self._anchor.at is not None:
            return PeerLied(f"{said}: it lies")
        return PeerUnusable(f"{said}: it lies, or follows another history")

    def _proven(self, peer: PeerSource, parts: list[Part]) -> Iterator[tuple[Part, _Rows]]:
        """The parts, downloaded from a peer. Raises `PeerLied` or `PeerUnusable` at the first of another root."""
        waiting, due = _Rows(), iter(parts[1:])
        part: Part | None = parts[0]
        for portion in peer.portions(parts[0].start, parts[-1].stop):
            waiting.add(portion)
            while part is not None and len(waiting.packed) >= part.stop - part.start:
                rows = waiting.cut(part.stop - part.start)
                if _root_of(rows.packed) != part.root:
                    raise self._false(
                        f"{peer.name} gives entries {part.start} to {part.stop - 1} not as the root has them"
                    )
                yield part, rows
                part = next(due, None)

    def _same(self, part: Part, rows: _Rows, have: int) -> int:
        """Index of the first entry in the store that is not the proven one; all of them where there is none."""
        own = self._store.packed(part.start, min(have, part.stop))
        for index, (ours, proven) in enumerate(zip(own, rows.packed, strict=False), part.start):
            if ours != proven:
                return index
        return have

    def _replace(self, size: int) -> Rewound:
        """Go back to what stays; what is left was said at no host block that is known to stand."""
        if size < self._least:
            raise NoMajority(
                f"what most of the named peers agree on has another entry {size}, and the contract verified "
                f"{self._least} entries here: give --rpc-url to ask the contract again"
            )
        before = self._store.status()
        recorded = size > self._store.info.genesis.size
        number = self._store.host_block_of(Index(size - 1)) if recorded else None
        self._store.rewind(Size(size), None if number is None else HostBlock(number, ZERO_HASH, 0))
        after = self._store.status()
        if after.verified_at is not None:
            self._store.verify(after.verified_size, after.verified_blocks, None)
        read_to = before.cursor.number if before.cursor else 0
        return Rewound(number, max(0, read_to - (number or 0)), before.size - size)

    # staging

    def _put(self, stage: _Stage, first: int, rows: _Rows) -> None:
        opening = rows.cut(max(0, self._store.info.genesis.size - first))
        if opening.packed:
            stage.open_with(opening.packed)
            first += len(opening.packed)
        if rows.packed:
            self._put_recorded(stage, first, rows)
        self._progress(first + len(rows.packed), self._outline.size)

    def _put_recorded(self, stage: _Stage, first: int, rows: _Rows) -> None:
        numbers = self._bounded(rows.host_blocks)
        chunk = Chunk(
            numbers[0], numbers[-1], Index(first), rows.packed, numbers, rows.transactions,
            dict.fromkeys(numbers, ZERO_HASH),
        )  # fmt: skip
        stage.grow(chunk, HostBlock(numbers[-1], ZERO_HASH, 0))

    def _bounded(self, hints: list[int]) -> list[int]:
        """A stranger's numbers of host blocks, made to go up and not past where the head was read."""
        numbers, floor = [], self._floor
        for number in hints:
            floor = max(floor, min(number, self._anchor.bound))
            numbers.append(floor)
        self._floor = floor
        return numbers


def _after(cursor: HostBlock | None) -> int:
    """The first host block in which the next entry can stand; a cursor that was seen first-hand is read whole."""
    if cursor is None:
        return 0
    return cursor.number if cursor.hash == ZERO_HASH else cursor.number + 1


def _root_of(packed: list[bytes]) -> Hash32:
    log = MerkleLog()
    log.extend(leaf_hashes(packed))
    return log.root()


def _root(tree: Perfect, part: Part | Peak) -> Hash32:
    level = (part.stop - part.start).bit_length() - 1
    return tree(level, part.start >> level)
