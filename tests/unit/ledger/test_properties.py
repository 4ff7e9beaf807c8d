"""What must hold of any log and any chain, whatever goes in."""

from __future__ import annotations

from typing import Any

import pymerkle
import pytest
from hypothesis import given
from hypothesis import strategies as st

from smartchain.errors import AddressError, EmptyLog, EntryError, ProofError
from smartchain.ledger.address import checksum, parse_address
from smartchain.ledger.block import Assembler, Block, BlockRule, assemble, genesis_block
from smartchain.ledger.entry import Entry, is_seal, timestamp_of
from smartchain.ledger.hash import SEAL, keccak, leaf_hash
from smartchain.ledger.merkle import MerkleLog, peak_ranges, root_of
from smartchain.ledger.proof import (
    consistency_proof,
    inclusion_proof,
    peaks_at,
    perfect_of,
    root_at,
    verify_consistency,
    verify_inclusion,
)
from smartchain.types import Address, Hash32, Size

hashes = st.binary(min_size=32, max_size=32).map(Hash32)
addresses = st.binary(min_size=20, max_size=20).map(Address)
entries = st.builds(
    Entry,
    subject=st.one_of(addresses, st.just(SEAL)),
    sender=addresses,
    recipient=addresses,
    value=st.integers(0, 2**256 - 1),
    timestamp=st.integers(0, 2**64 - 1),
    memo=hashes,
)
logs = st.lists(hashes, min_size=1, max_size=70)
rules = st.builds(BlockRule, st.integers(0, 5), st.integers(0, 40))


@st.composite
def chains(draw: st.DrawFn) -> list[bytes]:
    """Packed entries whose timestamps never fall, some of them seals."""
    now, packed = 1_700_000_000, list[bytes]()
    for step, seal in draw(st.lists(st.tuples(st.integers(0, 30), st.booleans()), max_size=30)):
        now += step
        subject = SEAL if seal and step % 3 == 0 else Address(b"\x11" * 20)
        entry = Entry(subject, Address(b"\x22" * 20), Address(bytes(20)), len(packed), now)
        packed.append(entry.pack())
    return packed


@given(entries)
def test_an_entry_survives_packing(entry: Entry) -> None:
    packed = entry.pack()
    assert Entry.unpack(packed) == entry
    assert (timestamp_of(packed), is_seal(packed)) == (entry.timestamp, entry.is_seal)


@pytest.mark.parametrize(
    "change",
    [
        {"value": 2**256},
        {"value": -1},
        {"timestamp": 2**64},
        {"sender": b"\x01" * 19},
        {"memo": b"\x01" * 31},
    ],
)
def test_an_entry_with_a_field_out_of_range_is_refused(change: dict[str, Any]) -> None:
    fields: dict[str, Any] = {
        "subject": bytes(20), "sender": bytes(20), "recipient": bytes(20), "value": 1, "timestamp": 1,
    }  # fmt: skip
    with pytest.raises(EntryError):
        Entry(**(fields | change))


@pytest.mark.parametrize("length", [0, 131, 133])
def test_bytes_of_another_length_are_no_entry(length: int) -> None:
    with pytest.raises(EntryError, match="132"):
        Entry.unpack(bytes(length))


@given(st.lists(st.binary(max_size=40), min_size=1, max_size=40), st.data())
def test_roots_and_proofs_equal_those_of_pymerkle(messages: list[bytes], data: st.DataObject) -> None:
    theirs = pymerkle.InmemoryTree(algorithm="keccak_256")
    theirs.append_entries(messages)
    leaves = [leaf_hash(message) for message in messages]
    perfect, size = perfect_of(leaves), len(leaves)
    first = data.draw(st.integers(1, size))
    assert [root_at(perfect, n) for n in (first, size)] == [theirs.get_root(n) for n in (first, size)]

    proof = inclusion_proof(perfect, first - 1, size)
    assert [leaves[first - 1], *proof] == theirs.prove_inclusion(first, size).path
    one, two = root_at(perfect, first), root_at(perfect, size)
    pymerkle.verify_consistency(one, two, theirs.prove_consistency(first, size))
    assert verify_consistency(first, size, one, two, consistency_proof(perfect, first, size))


@given(logs)
def test_a_log_is_its_size_and_peaks(leaves: list[Hash32]) -> None:
    log = MerkleLog.of(leaves)
    perfect = perfect_of(leaves)
    assert log.peaks() == peaks_at(perfect, len(leaves))
    assert MerkleLog(log.size, log.peaks()).root() == log.root() == root_at(perfect, len(leaves))
    for (start, stop), peak in zip(peak_ranges(log.size), log.peaks(), strict=True):
        assert MerkleLog.of(leaves[start:stop]).root() == peak


@given(logs, st.integers(0, 3))
def test_a_log_tells_of_each_perfect_subtree_once(leaves: list[Hash32], from_level: int) -> None:
    told: dict[tuple[int, int], Hash32] = {}
    log = MerkleLog(completed=lambda level, at, root: told.update({(level, at): root}), from_level=from_level)
    for leaf in leaves:
        log.append(leaf)
    perfect = perfect_of(leaves)
    lowest = max(from_level, 1)
    expected = {(k, p) for k in range(lowest, 8) for p in range(len(leaves) >> k)}
    assert told == {(level, position): perfect(level, position) for level, position in expected}


@given(st.lists(st.lists(hashes, max_size=20), max_size=8), st.integers(0, 3))
def test_extending_is_appending_each(pieces: list[list[Hash32]], from_level: int) -> None:
    told: list[list[tuple[int, int, Hash32]]] = [[], []]
    one, many = (MerkleLog(completed=lambda *node, to=to: to.append(node), from_level=from_level) for to in told)
    for piece in pieces:
        for leaf in piece:
            one.append(leaf)
        many.extend(piece)
        assert (many.size, many.peaks(), many.root()) == (one.size, one.peaks(), one.root())
    assert sorted(told[0]) == sorted(node for node in told[1] if node[0] > 0)


@given(logs, st.data())
def test_an_inclusion_proof_holds_for_its_entry_alone(leaves: list[Hash32], data: st.DataObject) -> None:
    size = len(leaves)
    index = data.draw(st.integers(0, size - 1))
    root, perfect = MerkleLog.of(leaves).root(), perfect_of(leaves)
    proof = inclusion_proof(perfect, index, size)
    assert verify_inclusion(leaves[index], index, size, proof, root)
    other = data.draw(st.integers(0, size + 1))
    assert verify_inclusion(leaves[index], other, size, proof, root) == (
        other == index or (other < size and leaves[other] == leaves[index]
                           and inclusion_proof(perfect, other, size) == proof)
    )  # fmt: skip
    assert not verify_inclusion(keccak(leaves[index]), index, size, proof, root)
    assert not verify_inclusion(leaves[index], index, size, [*proof, root], root)
    assert not verify_inclusion(leaves[index], index, size, proof, keccak(root))
    if proof:
        assert not verify_inclusion(leaves[index], index, size, proof[:-1], root)


@given(logs, st.data())
def test_a_consistency_proof_holds_for_its_two_roots_alone(leaves: list[Hash32], data: st.DataObject) -> None:
    second = len(leaves)
    first = data.draw(st.integers(1, second))
    perfect = perfect_of(leaves)
    one, two = root_at(perfect, first), root_at(perfect, second)
    proof = consistency_proof(perfect, first, second)
    assert verify_consistency(first, second, one, two, proof)
    assert not verify_consistency(first, second, keccak(one), two, proof)
    assert not verify_consistency(first, second, one, keccak(two), proof)
    assert not verify_consistency(first, second, one, two, [*proof, one])
    if proof:
        assert not verify_consistency(first, second, one, two, proof[:-1])


def test_a_proof_outside_the_log_is_refused_or_false() -> None:
    perfect = perfect_of([keccak(b"a"), keccak(b"b")])
    for index, size in ((2, 2), (-1, 2), (0, 0)):
        with pytest.raises(ProofError):
            inclusion_proof(perfect, index, size)
        assert not verify_inclusion(keccak(b"a"), index, size, [], keccak(b"a"))
    for first, second in ((0, 2), (3, 2)):
        with pytest.raises(ProofError):
            consistency_proof(perfect, first, second)
        assert not verify_consistency(first, second, keccak(b"a"), keccak(b"a"), [])


def test_nothing_has_no_peaks_to_make_a_root_of() -> None:
    with pytest.raises(EmptyLog):
        root_of([])
    with pytest.raises(ProofError, match="2 peaks"):
        MerkleLog(3, [keccak(b"")])


def _blocks_by_definition(rule: BlockRule, genesis: Block, packed: list[bytes]) -> list[tuple[int, int]]:
    """(size, timestamp) of each block, from the rule's text, entry by entry."""
    blocks: list[tuple[int, int]] = []
    open_block: list[int] = []
    for index, entry in enumerate(packed):
        now = timestamp_of(entry)
        if rule.interval > 0 and open_block and now >= timestamp_of(packed[open_block[0]]) + rule.interval:
            blocks.append((open_block[-1] + 1, timestamp_of(packed[open_block[-1]])))
            open_block = []
        open_block.append(index)
        if is_seal(entry) or (rule.max_entries > 0 and len(open_block) == rule.max_entries):
            blocks.append((index + 1, now))
            open_block = []
    return blocks


@given(rules, chains())
def test_the_blocks_are_those_of_the_rules_own_words(rule: BlockRule, packed: list[bytes]) -> None:
    genesis = genesis_block(keccak(b"anchor"), 1, Size(0), MerkleLog().root())
    _, *blocks = assemble(rule, genesis, MerkleLog(), packed)
    assert [(block.size, block.timestamp) for block in blocks] == _blocks_by_definition(rule, genesis, packed)


@given(rules, chains(), st.data())
def test_feeding_in_pieces_gives_the_same_chain(rule: BlockRule, packed: list[bytes], data: st.DataObject) -> None:
    genesis = genesis_block(keccak(b"anchor"), 1, Size(0), MerkleLog().root())
    whole = list(assemble(rule, genesis, MerkleLog(), packed))[1:]
    assembler, pieces, at = Assembler(rule, genesis, MerkleLog()), [], 0
    while at < len(packed):
        step = data.draw(st.integers(1, len(packed)))
        pieces += list(assembler.feed(packed[at : at + step]))
        at += step
    assert pieces == whole


def test_a_chain_goes_on_only_from_a_log_of_its_size() -> None:
    genesis = genesis_block(keccak(b"anchor"), 1, Size(0), MerkleLog().root())
    with pytest.raises(EntryError, match="1 entries"):
        Assembler(BlockRule(0, 0), genesis, MerkleLog.of([keccak(b"")]))
    with pytest.raises(EntryError, match="uint32"):
        BlockRule(2**32, 0)


@pytest.mark.parametrize(
    "text",
    [
        "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
        "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359",
        "0xdbF03B407c01E7cD3CBea99509d93f8DDDC8C6FB",
        "0xD1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb",
    ],
)
def test_checksums_are_those_of_erc_55(text: str) -> None:
    assert checksum(parse_address(text)) == text
    assert parse_address(text.lower()) == parse_address("0x" + text[2:].upper()) == parse_address(text)
    letter = next(letter for letter in text[2:] if letter.isalpha())
    with pytest.raises(AddressError, match="checksum"):
        parse_address("0x" + text[2:].replace(letter, letter.swapcase(), 1))


@pytest.mark.parametrize("text", ["", "0x", "5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed", "0x" + "g" * 40, "vitalik.eth"])
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(AddressError, match="40 hex digits"):
        parse_address(text)
