"""
The chain of one view, in the words that a call uses: blocks by tag, number or hash, with their place in the log.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from smartchain.ledger.block import Block
from smartchain.ledger.entry import Entry
from smartchain.ledger.hash import anchor_of, transaction_hash
from smartchain.ledger.identity import chain_id_of
from smartchain.node.rpc.faults import NOT_FOUND, NOT_READY, Fault
from smartchain.node.rpc.hexes import At, Tag, data
from smartchain.node.standing import standing
from smartchain.ports import Recorded, View
from smartchain.types import Hash32


@dataclass(frozen=True, slots=True)
class Span:
    """A block and its part of the log: the entries from `start` up to `size`."""

    number: int
    hash: Hash32 | None
    """None for the open block, which has none yet."""
    parent: Hash32
    timestamp: int
    root: Hash32
    start: int
    size: int

    @property
    def count(self) -> int:
        return self.size - self.start


class Chain:
    """A view, read as Ethereum's clients read a chain."""

    def __init__(self, view: View) -> None:
        self.view = view
        self.info = view.info
        self.anchor = anchor_of(view.info.chain_id, view.info.address)
        self.id = chain_id_of(self.anchor)
        self.verified = view.status.verified_at is not None

    def name(self, index: int, entry: Entry) -> Hash32:
        """The transaction hash of an entry."""
        return transaction_hash(self.anchor, index, entry.leaf)

    # blocks

    @property
    def height(self) -> int:
        """Number of the newest block. Raises `Fault` before the first."""
        if not self.view.status.verified_blocks:
            raise Fault(NOT_READY, "no block is verified yet: the node is still reading the ledger, ask again later")
        return self.view.status.verified_blocks - 1

    def find(self, at: At) -> Span | None:
        """The block of that name; None where there is none."""
        if at == Tag.PENDING:
            return self._open()
        block = self._by_hash(at) if isinstance(at, bytes) else self.view.block(self.number_of(at))
        return None if block is None else self.span(block)

    def need(self, at: At) -> Span:
        """The same. Raises `Fault` where there is none."""
        found = self.find(at)
        if found is None:
            named = f"of hash {data(at)}" if isinstance(at, bytes) else f"{int(at)}"
            raise Fault(NOT_FOUND, f"there is no block {named}: the newest is {self.height}")
        return found

    def number_of(self, at: Tag | int) -> int:
        """The number that a tag stands for; pending is past the newest."""
        if isinstance(at, int):
            return at
        if at in (Tag.SAFE, Tag.FINALIZED) and not self.verified:
            raise Fault(NOT_READY, f"no block is {at}: this chain is agreed by peers and not verified by its contract")
        if at == Tag.EARLIEST:
            return 0
        if at in (Tag.SAFE, Tag.FINALIZED):
            return self._settled(at)
        return self.height + (at == Tag.PENDING)

    def _settled(self, tag: Tag) -> int:
        settled = self.view.status.settled
        found = standing(self.view, settled.safe if tag == Tag.SAFE else settled.finalized)
        if found is None or not found.blocks:
            raise Fault(NOT_READY, f"no block is {tag} yet: the host chain has called none so that is of this ledger")
        return found.blocks - 1

    def span(self, block: Block) -> Span:
        """A block with its place."""
        before = self.view.block(block.number - 1) if block.number else None
        return self._span(block, before.size if before else 0)

    @staticmethod
    def _span(block: Block, start: int) -> Span:
        return Span(block.number, block.hash, block.parent, block.timestamp, block.root, start, block.size)

    def _by_hash(self, block_hash: bytes) -> Block | None:
        return self.view.block_by_hash(Hash32(block_hash))

    def _open(self) -> Span:
        """What is recorded and in no block yet."""
        last = self.need(Tag.LATEST)
        size = self.view.status.verified_size
        newest = self.view.entry(size - 1) if size > last.size else None
        timestamp = newest.entry.timestamp if newest else last.timestamp
        return Span(last.number + 1, None, last.hash or self.anchor, timestamp, self.view.root(), last.size, size)

    # entries

    def place(self, index: int) -> Span | None:
        """The block that holds an entry; None while it is pending."""
        block = self.view.block_of(index)
        return None if block is None else self.span(block)

    def places(self, entries: Iterable[Recorded]) -> Iterator[tuple[Span, Recorded]]:
        """Each entry, ascending, with its block, up to the first that is pending. Neighbours cost one read a block."""
        span: Span | None = None
        for recorded in entries:
            if span is None:
                span = self.place(recorded.index)
            elif recorded.index >= span.size:
                span = self._place_past(span, recorded.index)
            if span is None:
                return
            yield span, recorded

    def _place_past(self, last: Span, index: int) -> Span | None:
        """
        The block of an entry past that one.

        As every block holds at least one entry and at most what the rule says, it is not far to seek.
        """
        gap, most = index - last.size, self.info.rule.max_entries
        low = last.number + 1 + (gap // most if most else 0)
        high = min(last.number + 1 + gap, self.height)
        found = bisect_right(range(low, high), index, key=self._end) + low
        block = self.view.block(found)
        if block is None or index >= block.size:
            return None
        return self._span(block, last.size) if found == last.number + 1 else self.span(block)

    def _end(self, number: int) -> int:
        block = self.view.block(number)
        return block.size if block else self.view.status.verified_size
