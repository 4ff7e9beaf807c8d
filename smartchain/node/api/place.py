"""
A place in the chain, as the id of an event: enough to go on from there, and to see whether that was replaced.

It names the size of the log and its root, how many blocks there are, and the hashes of some of them: of the newest
ones nearly all, further back ever fewer, down to the first. A node that has another chain by now finds by them how
far the two are the same, whoever gave out the id and whenever; nothing is remembered for it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from smartchain.errors import InputError
from smartchain.ports import View
from smartchain.types import Hash32

MARK = 8
"""Hex digits of a hash that an id has: it is no proof, it finds what was replaced."""

_FORM = re.compile(r"(0|[1-9][0-9]{0,14})-(0|[1-9][0-9]{0,14})-((?:[0-9a-f]{8}){1,60})")

HashOf = Callable[[int], Hash32]
"""Hash of the block of that number."""


@dataclass(frozen=True, slots=True)
class Place:
    """Everything before it was told: so many entries, and so many blocks."""

    size: int
    blocks: int
    root: str
    marks: tuple[str, ...]
    """Of the blocks `marked(blocks)`."""

    @classmethod
    def of(cls, size: int, blocks: int, root: Hash32, hash_of: HashOf) -> Place:
        return cls(size, blocks, mark(root), tuple(mark(hash_of(number)) for number in marked(blocks)))

    @classmethod
    def parse(cls, text: str) -> Place:
        """Raises `InputError` for what is no id of an event."""
        found = _FORM.fullmatch(text)
        size, blocks = (int(found[1]), int(found[2])) if found else (0, 0)
        pieces = [found[3][at : at + MARK] for at in range(0, len(found[3]), MARK)] if found else []
        if len(pieces) != 1 + sum(1 for _ in marked(blocks)):
            raise InputError("Last-Event-ID is not the id of an event of this stream: leave it out to begin now")
        return cls(size, blocks, pieces[0], tuple(pieces[1:]))

    def __str__(self) -> str:
        return f"{self.size}-{self.blocks}-{self.root}{''.join(self.marks)}"

    def holds_in(self, view: View) -> bool:
        """Whether the chain is still the one that leads here."""
        status = view.status
        if self.size > status.verified_size or self.blocks > status.verified_blocks:
            return False
        if mark(view.root(self.size)) != self.root:
            return False
        last = view.block(self.blocks - 1) if self.blocks else None
        return last is None or (bool(self.marks) and mark(last.hash) == self.marks[0])

    def common_with(self, view: View) -> int:
        """A size up to which that chain and this one are surely the same, as near below the fork as the marks are."""
        for number, known in zip(marked(self.blocks), self.marks, strict=True):
            block = view.block(number)
            if block is not None and mark(block.hash) == known and block.size <= self.size:
                return block.size
        return 0


def place_at(view: View, size: int) -> Place:
    """The place where an entry of that index comes next, with the blocks that end there or before."""
    return Place.of(size, blocks_within(view, size), view.root(size), lambda number: hash_of(view, number))


def hash_of(view: View, number: int) -> Hash32:
    """Of a block that is there."""
    block = view.block(number)
    if block is None:
        raise InputError(f"there is no block {number}")
    return block.hash


def blocks_within(view: View, size: int) -> int:
    """How many blocks end within the first `size` entries."""
    if size >= view.status.verified_size:
        return view.status.verified_blocks
    if size == 0 or size < view.info.genesis.size:
        return 0
    holding = view.block_of(size)
    return view.status.verified_blocks if holding is None else holding.number


def marked(blocks: int) -> Iterator[int]:
    """Numbers of the blocks that an id has marks of, the newest first: the distance doubles."""
    if not blocks:
        return
    last, before = blocks - 1, blocks
    yield last
    for level in range(blocks.bit_length()):
        number = ((last >> level) - 1) << level
        if 0 <= number < min(before, last):
            yield number
            before = number
    if before and last:
        yield 0


def mark(value: Hash32) -> str:
    return value.hex()[:MARK]
