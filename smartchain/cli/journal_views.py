"""
A journal's notes as JSON and for people, and what is wrong with them as an error.

A note may be a stranger's, written through a node's API: on a terminal it is escaped like a memo.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from smartchain.cli.output import hexed, plural, when
from smartchain.errors import CorruptStore
from smartchain.ledger.entry import Entry
from smartchain.ledger.journal import fault_of
from smartchain.ledger.merkle import MerkleLog
from smartchain.ledger.proof import root_at
from smartchain.types import Address, Hash32
from smartchain.wallet.memo import escape

if TYPE_CHECKING:
    from smartchain.ports import Journal, Recorded

COLUMNS = f"{'index':>8}  {'time':20}  {'block':>7}  {'bytes':>9}  note"
_BEGINS = 60
"""Characters of a note that a list shows."""


class Blocks:
    """The block of each entry, for entries asked about in order."""

    def __init__(self, journal: Journal) -> None:
        self._blocks = iter(list(journal.blocks()))
        self._block = next(self._blocks, None)

    def of(self, index: int) -> int | None:
        """None while it waits for a seal."""
        while self._block is not None and self._block.size <= index:
            self._block = next(self._blocks, None)
        return self._block.number if self._block else None


def added_json(journal: Journal, recorded: Recorded) -> dict[str, Any]:
    with journal.view() as view:
        size = recorded.index + 1
        block = view.block_of(recorded.index)
        return {
            "index": recorded.index,
            "block": block.number if block else view.status.verified_blocks,
            "timestamp": recorded.entry.timestamp,
            "bytes": recorded.entry.value,
            "hash": hexed(recorded.entry.memo),
            "size": size,
            "root": hexed(view.root(size)),
        }


def added_fields(journal: Journal, recorded: Recorded) -> Iterator[tuple[str, str]]:
    added = added_json(journal, recorded)
    yield "note", f"{added['index']}, {plural(added['bytes'], 'byte')}, {when(added['timestamp'])}"
    yield "hash", added["hash"]
    yield "block", f"{added['block']}, once it is sealed"
    yield "root", f"{added['root']} of {plural(added['size'], 'entry', 'entries')}"


def note_json(recorded: Recorded, content: bytes | None, blocks: Blocks) -> dict[str, Any]:
    """`text` is null for what is no UTF-8, and for a note that was lost."""
    return {
        "index": recorded.index,
        "block": blocks.of(recorded.index),
        "timestamp": recorded.entry.timestamp,
        "bytes": recorded.entry.value,
        "hash": hexed(recorded.entry.memo),
        "text": None if content is None else _text(content),
    }


def whole_json(content: bytes) -> dict[str, Any]:
    """The bytes themselves, where they are no text."""
    return {} if _text(content) is not None else {"base64": base64.b64encode(content).decode()}


def note_fields(recorded: Recorded, content: bytes, blocks: Blocks) -> Iterator[tuple[str, str]]:
    block = blocks.of(recorded.index)
    yield "note", f"{recorded.index}, {plural(len(content), 'byte')}"
    yield "written", when(recorded.entry.timestamp)
    yield "hash", hexed(recorded.entry.memo)
    yield "block", "none yet: it waits for a seal" if block is None else str(block)


def note_line(recorded: Recorded, content: bytes | None, blocks: Blocks) -> str:
    block = blocks.of(recorded.index)
    where, began = "-" if block is None else str(block), _beginning(content)
    entry = recorded.entry
    return f"{recorded.index:>8}  {when(entry.timestamp):20}  {where:>7}  {entry.value:>9,}  {began}".rstrip()


def whole_lines(content: bytes) -> Iterator[str]:
    """A note line by line, escaped; in hex where it is no text."""
    text = _text(content)
    if text is None:
        yield hexed(content)
    else:
        yield from (escape(line) for line in text.split("\n"))


def _beginning(content: bytes | None) -> str:
    if content is None:
        return "(lost)"
    text = _text(content)
    first = hexed(content[: _BEGINS // 2]) if text is None else escape(text[: 2 * _BEGINS].partition("\n")[0])
    whole = text is not None and first == text
    return first if whole and len(first) <= _BEGINS else first[: _BEGINS - 1] + "…"


def _text(content: bytes) -> str | None:
    try:
        return content.decode()
    except UnicodeDecodeError:
        return None


# what is wrong


def expect_sound(index: int, entry: Entry, journal: Address, content: bytes | None) -> None:
    """Raises `CorruptStore` unless a note is as it was written."""
    fault = fault_of(entry, journal, content)
    if fault is not None:
        raise CorruptStore(f"note {index} of the journal {fault}")


def expect_none(wrong: Sequence[tuple[int, str]], most: int) -> None:
    """Raises `CorruptStore`, which names what is wrong, unless nothing is."""
    if not wrong:
        return
    named = ", ".join(f"note {index} {fault}" for index, fault in wrong[:most])
    more = f", and {len(wrong) - most:,} more" if len(wrong) > most else ""
    raise CorruptStore(f"the journal is not as it was written: {named}{more}")


def expect_same(journal: Journal, log: MerkleLog) -> None:
    """Raises `CorruptStore` unless what the store proves with is what follows from the entries."""
    with journal.view() as view:
        if (view.status.verified_size, view.root()) != (log.size, log.root()):
            raise CorruptStore(
                f"the journal's subtrees give the root {hexed(view.root())}, its entries {hexed(log.root())}: "
                "a receipt made from it would not hold"
            )


def expect_root(journal: Journal, size: int, root: Hash32) -> None:
    """Raises `CorruptStore` unless the journal had that root at that size."""
    there = journal.status().size
    if size > there:
        raise CorruptStore(f"the journal has {there} entries, and a root of {size} is known: the newest were lost")
    found = root_at_size(journal, size)
    if found != root:
        raise CorruptStore(
            f"the journal's root of {size} entries is {hexed(found)}, not {hexed(root)}: "
            "it was changed and computed anew, or the root is another journal's"
        )


def root_at_size(journal: Journal, size: int) -> Hash32:
    with journal.view() as view:
        return root_at(view.perfect, size)
