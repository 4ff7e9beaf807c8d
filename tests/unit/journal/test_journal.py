"""The journal's own rules: what an entry says of a note, and what gives an altered one away."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smartchain.errors import CorruptStore, InputError
from smartchain.ledger.block import Block, assemble
from smartchain.ledger.entry import Entry
from smartchain.ledger.hash import ETHER, SEAL, keccak
from smartchain.ledger.journal import (
    MOST_BYTES,
    NOTE,
    RULE,
    check_chain,
    content_hash,
    fault_of,
    faults,
    first_block,
    journal_address,
    note_entry,
    prove_note,
    seal_entry,
)
from smartchain.ledger.merkle import MerkleLog
from smartchain.types import ZERO_ADDRESS, ZERO_HASH, Address

JOURNAL = journal_address(b"a test's")
BEGAN = 1_700_000_000

Kept = tuple[Entry, bytes | None]


def kept(*texts: bytes | None) -> list[Kept]:
    """Entries with their notes, a second apart; None is a seal."""
    return [
        (seal_entry(JOURNAL, BEGAN + at), None)
        if text is None
        else (note_entry(JOURNAL, text, BEGAN + at), text)
        for at, text in enumerate(texts)
    ]  # fmt: skip


def chain_of(notes: list[Kept]) -> tuple[list[bytes], list[Block]]:
    packed = [entry.pack() for entry, _ in notes]
    return packed, list(assemble(RULE, first_block(JOURNAL, BEGAN), MerkleLog(), packed))


def test_an_empty_note_is_refused() -> None:
    with pytest.raises(InputError, match="says nothing"):
        note_entry(JOURNAL, b"", BEGAN)


def test_a_note_of_more_than_a_mebibyte_is_refused_and_one_of_exactly_that_is_not() -> None:
    with pytest.raises(InputError, match=r"1,048,576 bytes, this one has 1,048,577"):
        note_entry(JOURNAL, bytes(MOST_BYTES + 1), BEGAN)

    assert note_entry(JOURNAL, bytes(MOST_BYTES), BEGAN).value == MOST_BYTES


def test_an_entry_holds_the_hash_of_the_whole_note_its_length_and_its_time() -> None:
    entry = note_entry(JOURNAL, b"rent is paid", BEGAN)

    assert entry == Entry(NOTE, JOURNAL, ZERO_ADDRESS, 12, BEGAN, keccak(b"rent is paid"))
    assert content_hash(b"rent is paid") == entry.memo
    assert len({NOTE, SEAL, ETHER}) == 3


def test_a_seal_is_the_ledgers_own() -> None:
    assert seal_entry(JOURNAL, BEGAN) == Entry(SEAL, JOURNAL, ZERO_ADDRESS, 0, BEGAN, ZERO_HASH)


@pytest.mark.parametrize(
    ("entry", "content", "says"),
    [
        (note_entry(JOURNAL, b"as it was", BEGAN), b"as it is.", "another text"),
        (note_entry(JOURNAL, b"as it was", BEGAN), b"shorter", "had 9 bytes when it was written and has 7"),
        (note_entry(JOURNAL, b"as it was", BEGAN), None, "lost its text"),
        (note_entry(Address(b"\1" * 20), b"foreign", BEGAN), b"foreign", "another journal"),
        (replace(note_entry(JOURNAL, b"x", BEGAN), recipient=JOURNAL), b"x", "another journal"),
        (replace(note_entry(JOURNAL, b"x", BEGAN), subject=ETHER), b"x", "neither a note nor a seal"),
        (seal_entry(JOURNAL, BEGAN), b"smuggled in", "is a seal and holds a text"),
    ],
)
def test_what_is_not_as_it_was_written_is_said(entry: Entry, content: bytes | None, says: str) -> None:
    assert says in str(fault_of(entry, JOURNAL, content))


def test_every_faulty_entry_is_named_by_its_index_and_no_other() -> None:
    notes = kept(b"one", b"two", None, b"three")
    notes[1] = (notes[1][0], b"2.0")
    notes[3] = (replace(notes[3][0], timestamp=BEGAN), b"three")

    assert list(faults(JOURNAL, notes)) == [
        (1, "holds another text than was written"),
        (3, "is older than the one before it"),
    ]


@given(st.lists(st.none() | st.binary(min_size=1, max_size=40), max_size=12))
def test_what_was_written_holds(texts: list[bytes | None]) -> None:
    notes = kept(*texts)
    packed, blocks = chain_of(notes)

    assert list(faults(JOURNAL, notes)) == []
    assert check_chain(JOURNAL, BEGAN, packed, blocks).size == len(texts)
    assert len(blocks) == 1 + texts.count(None)


@given(st.lists(st.binary(min_size=1, max_size=40), min_size=1, max_size=6), st.data())
def test_no_change_of_a_byte_of_a_text_goes_unseen(texts: list[bytes], data: st.DataObject) -> None:
    notes = kept(*texts)
    index = data.draw(st.integers(0, len(texts) - 1))
    at = data.draw(st.integers(0, len(texts[index]) - 1))
    change = data.draw(st.integers(1, 255))
    altered = bytearray(texts[index])
    altered[at] ^= change
    notes[index] = (notes[index][0], bytes(altered))

    assert [where for where, _ in faults(JOURNAL, notes)] == [index]


def test_a_block_that_was_altered_is_named() -> None:
    packed, blocks = chain_of(kept(b"one", None, b"two", None))
    blocks[1] = replace(blocks[1], timestamp=BEGAN + 99)

    with pytest.raises(CorruptStore, match="block 1 of the journal does not follow"):
        check_chain(JOURNAL, BEGAN, packed, blocks)


def test_a_block_that_is_missing_or_too_many_is_named() -> None:
    packed, blocks = chain_of(kept(b"one", None, b"two", None))

    with pytest.raises(CorruptStore, match="block 2 of the journal is missing"):
        check_chain(JOURNAL, BEGAN, packed, blocks[:2])
    with pytest.raises(CorruptStore, match="block 2 of the journal does not follow"):
        check_chain(JOURNAL, BEGAN, packed[:3], blocks)


def test_a_text_is_shown_to_be_the_one_that_a_receipts_entry_speaks_of() -> None:
    entry = note_entry(JOURNAL, b"the text", BEGAN)

    assert prove_note(b"the text", entry)
    assert not prove_note(b"the Text", entry)
    assert not prove_note(b"", seal_entry(JOURNAL, BEGAN))
