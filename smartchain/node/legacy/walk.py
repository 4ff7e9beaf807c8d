"""
Going through the chain from its first block, in short reads.

A client may take its time over a chain of a million entries, and a store must not be held open for it: so each read
takes some blocks and entries out, and sees that the chain still goes on from what was written before.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

from smartchain.errors import StoreMoved
from smartchain.ledger.block import Block
from smartchain.node.legacy.text import FIRST, Text
from smartchain.ports import LedgerStore

BLOCKS = 512
ENTRIES = 2048
"""Taken out by one read, at most."""

PIECE = 64 * 1024
"""Characters that are worth sending."""

HEADER = 150
"""Characters that a block has besides its entries, about."""


@dataclass(frozen=True, slots=True)
class Part:
    """Some entries of a block; a large block comes in several parts, one without entries in one."""

    block: Block
    first: int
    """Index of the first entry."""
    packed: list[bytes]
    begins: bool
    ends: bool


def parts(store: LedgerStore, after: Block | None, stop: int) -> Iterator[Part]:
    """
    The verified blocks after one, or from the first on, up to number `stop`.

    Raises `StoreMoved` where the chain was replaced meanwhile.
    """
    last, begun = after, None
    number, at = (after.number + 1, int(after.size)) if after else (0, 0)
    while number < stop:
        blocks, packed = _read(store, begun or last, number, at, stop)
        base = at
        for block in blocks:
            piece = packed[at - base : block.size - base]
            if not piece and block.size > at:
                break
            first, at = at, at + len(piece)
            yield Part(block, first, piece, begun is None, at == block.size)
            if at < block.size:
                begun = block
                break
            last, begun, number = block, None, number + 1


def _read(store: LedgerStore, known: Block | None, number: int, at: int, stop: int) -> tuple[list[Block], list[bytes]]:
    with store.view() as view:
        blocks = list(islice(view.blocks(number, stop), BLOCKS))
        if not blocks or (known is not None and view.block(known.number) != known):
            raise StoreMoved("the host chain replaced blocks while the chain was being read: ask again")
        return blocks, list(view.packed(at, min(at + ENTRIES, blocks[-1].size)))


def written(text: Text, found: Iterable[Part]) -> Iterator[str]:
    """The blocks' JSON, in pieces that are worth sending."""
    waiting, length, comma = list[str](), 0, ""
    for part in found:
        if part.begins:
            waiting += [comma, text.begin(part.block)]
            comma = ", "
        waiting.append(entries := text.add(part.packed, part.first))
        if part.ends:
            waiting.append(text.end())
        length += len(entries) + HEADER
        if length >= PIECE:
            yield "".join(waiting)
            waiting, length = [], 0
    yield "".join(waiting)


class Past:
    """Hashes of a chain's historical form as far as they are known, so that a new block needs only what is new."""

    def __init__(self, store: LedgerStore, text: Callable[[str], Text]) -> None:
        """`text` makes one that goes on from a hash."""
        self._store = store
        self._text = text
        self._lock = threading.Lock()
        self._known = list[tuple[Block, str]]()

    def text(self) -> Text:
        """One that begins with the first block."""
        return self._text(FIRST)

    def before(self, number: int) -> tuple[Text, Block | None]:
        """A text that goes on with the block of that number, and the block before it. Raises `StoreMoved`."""
        with self._lock:
            last, previous_hash = self._newest_below(number)
            text = self._text(previous_hash)
            for part in parts(self._store, last, number):
                if part.begins:
                    text.begin(part.block)
                text.add(part.packed, part.first)
                if part.ends:
                    text.end()
                    last = part.block
            if last is not None:
                self._known = [*self._known[-1:], (last, text.previous_hash)]
            return text, last

    def _newest_below(self, number: int) -> tuple[Block | None, str]:
        with self._store.view() as view:
            for block, text_hash in reversed(self._known):
                if block.number < number and view.block(block.number) == block:
                    return block, text_hash
        return None, FIRST

    def forged(self, number: int) -> Iterator[str]:
        """What is answered about a block that was just made, in pieces. Raises `StoreMoved`."""
        text, last = self.before(number)
        return self._forged(text, last, number)

    def _forged(self, text: Text, last: Block | None, number: int) -> Iterator[str]:
        closing = ""
        for part in parts(self._store, last, number + 1):
            if part.begins:
                opening, closing = text.forged(part.block)
                text.begin(part.block)
                yield opening
            yield text.add(part.packed, part.first)
        yield closing
