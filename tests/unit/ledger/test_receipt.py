"""A receipt's file and what it proves: each lie is named, the truth is said in one sentence."""

from __future__ import annotations

import json
import random
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smartchain.errors import EntryError, ProofError, ReceiptError
from smartchain.ledger.block import Block, make_block
from smartchain.ledger.entry import MAX_VALUE, Entry
from smartchain.ledger.hash import ETHER, SEAL, anchor_of, keccak
from smartchain.ledger.proof import perfect_of, root_at
from smartchain.ledger.receipt import HostAnchor, HostHint, Receipt, Whose, make, parse, verify
from smartchain.types import ZERO_ADDRESS, Address, ChainId, Hash32, Index, Size
from tests.parity.making import forged, some_cases

ANN, BOB, LEDGER = Address(b"\xaa" * 20), Address(b"\xbb" * 20), Address(b"\x11" * 20)
CHAIN = ChainId(31337)
START = 1_700_000_000
ENTRIES = [Entry(ETHER, ANN, BOB, 10**17 * at, START + at) for at in range(11)]
PERFECT = perfect_of([entry.leaf for entry in ENTRIES])


def block(number: int, size: int, parent: bytes = bytes(32), timestamp: int | None = None) -> Block:
    at = ENTRIES[size - 1].timestamp if timestamp is None else timestamp
    return make_block(Hash32(parent), number, at, Size(size), root_at(PERFECT, size))


def receipt(index: int = 7, size: int = 10, held: Block | None = None, opening: int = 0) -> Receipt:
    """Of an entry of the log, in the block of nine entries."""
    whose = Whose(CHAIN, LEDGER, Size(opening))
    host, anchor = HostHint(14, Hash32(b"\x77" * 32)), HostAnchor(20, Hash32(b"\x88" * 32))
    return make(whose, PERFECT, size, index, ENTRIES[index], held or block(3, 9), host, anchor)


GOOD = receipt()
TEXT = GOOD.to_json().decode()


def resealed(body: str) -> str:
    """A file with these fields and a checksum that fits."""
    return f'{body},"checksum":"0x{keccak(body.encode()).hex()}"}}\n'


BODY = TEXT[: TEXT.rindex(',"checksum"')]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "not JSON"),
        ("{}", "field format is missing"),
        ("[]", "not a JSON object"),
        ("null", "not a JSON object"),
        ("[" * 5000, "not JSON"),
        ('{"a":' * 1000 + "1" + "}" * 1000, "not"),
        ("1" * 5000, "not JSON"),
        (" " * 9000, "longer than a receipt can be"),
        ("é", "ASCII"),
        (TEXT[:-1], "one form"),
        (TEXT + "\n", "one form"),
        (TEXT + "x", "not JSON"),
        (" " + TEXT, "one form, from character 0"),
        (TEXT.replace("\n", "\r\n"), "one form"),
        (TEXT.replace(",", ", ", 1), "one form"),
        (TEXT.replace('"index":7', '"index":8'), "checksum is not that of the rest: the proof does not lead from this"),
        (TEXT.replace('"number":3', '"number":4'), "checksum is not that of the rest: the block's hash is not"),
        (TEXT.replace('"chain_id":3', '"chain_id":4'), "rest: chain_id, ledger, genesis_size, host, anchor or the"),
        (TEXT.replace('{"block":14', '{"block":15'), "rest: chain_id, ledger, genesis_size, host, anchor or the"),
        (resealed(BODY.replace('"index":7', '"index":07')), "not JSON"),
        (resealed(BODY.replace('"index":7', '"index":7.0')), "index is not a whole number"),
        (resealed(BODY.replace('"index":7', '"index":7e0')), "index is not a whole number"),
        (resealed(BODY.replace('"index":7', '"index":-7')), "index is not a whole number"),
        (resealed(BODY.replace('"index":7', '"index":true')), "index is not a whole number"),
        (resealed(BODY.replace('"index":7', '"index":"7"')), "index is not a whole number"),
        (resealed(BODY.replace('"index":7', '"index":9007199254740992')), "below 2"),
        (resealed(BODY.replace('"index":7', '"index":7,"index":7')), "'index' is there twice"),
        (resealed(BODY.replace('"index":7', '"index":7,"more":1')), "'more' is not known"),
        (resealed(BODY.replace('"index":7', '"index":7,"\\u001b[2J":1')), r"x1b"),
        (resealed(BODY.replace('"index":7,', "")), "field index is missing"),
        (resealed(BODY.replace('"index"', '"\\u0069ndex"')), "one form"),
        (resealed(BODY.replace('"value":"7', '"value":"07')), "entry.value is not a uint256"),
        (resealed(BODY.replace('"value":"700000000000000000"', f'"value":"{MAX_VALUE + 1}"')), "not a uint256"),
        (resealed(BODY.replace('"value":"700000000000000000"', '"value":700000000000000000')), "not a uint256"),
        (resealed(BODY.replace("0xaAaA", "0xaaaa")), "entry.sender is not an address with its checksum"),
        (resealed(BODY.replace("0x7777", "0x777")), "host.transaction is not 0x and 64 hex digits"),
        (resealed(BODY.replace('"proof":"', '"proof":"AAAA')), "proof is not base64"),
        (resealed(BODY.replace('"proof":"', '"proof":"!')), "proof is not base64"),
        (resealed(BODY.replace('=","block"', '","block"')), "proof is not base64"),
        (resealed(BODY.replace('"host":{', '"host":[{').replace("},\"anchor", '}],"anchor')), "host is not a JSON obj"),
        (resealed(BODY.replace("smartchain-receipt/1", "smartchain-receipt/2")), "field format is not"),
        (TEXT.replace('"checksum":"0x', '"checksum":"0X'), "checksum is not 0x and 64 hex digits in lower case"),
    ],
)  # fmt: skip
def test_a_file_that_is_not_in_a_receipts_one_form_is_refused_and_the_reason_named(text: str, reason: str) -> None:
    assert text != TEXT
    with pytest.raises(ReceiptError, match=reason):
        parse(text)
    with pytest.raises(ReceiptError, match=reason):
        parse(text.encode())


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        (replace(GOOD, index=Index(10)), "no entry 10 in a log of 10"),
        (replace(GOOD, index=Index(6)), "does not lead from this entry at index 6"),
        (replace(GOOD, root=Hash32(bytes(32))), "does not lead"),
        (replace(GOOD, genesis_size=Size(11)), "genesis_size is above size"),
        (replace(GOOD, genesis_size=Size(8)), "opening entries are in block 0"),
        (replace(GOOD, block=replace(block(3, 9), number=4)), "hash is not that of its header"),
        (replace(GOOD, block=block(3, 7)), "does not hold entry 7"),
        (replace(GOOD, block=block(3, 11)), "does not hold entry 7 at size 10"),
        (replace(GOOD, block=block(3, 8)), "not one that the log went through"),
        (replace(GOOD, block_proof=GOOD.block_proof[1:]), "not one that the log went through"),
        (receipt(held=block(0, 9, anchor_of(CHAIN, LEDGER))), "opening entries are in block 0 and no others"),
        (receipt(held=block(0, 9, anchor_of(CHAIN, LEDGER)), opening=8), "size is not genesis_size"),
        (receipt(held=block(0, 9, anchor_of(CHAIN, ANN)), opening=9), "does not hang on this ledger"),
        (receipt(8, held=block(3, 9, timestamp=START)), "timestamp is not that of its last entry"),
    ],
)  # fmt: skip
def test_a_receipt_that_does_not_hold_says_what_in_it_is_wrong(wrong: Receipt, reason: str) -> None:
    with pytest.raises(ReceiptError, match=reason):
        verify(parse(wrong.to_json()))


def test_a_receipt_for_another_root_or_block_than_is_known_is_refused() -> None:
    with pytest.raises(ReceiptError, match="not for the root that was given"):
        verify(GOOD, root=Hash32(bytes(32)))
    with pytest.raises(ReceiptError, match="not in the block that was given"):
        verify(GOOD, block=Hash32(bytes(32)))
    with pytest.raises(ReceiptError, match="no block yet"):
        verify(replace(GOOD, block=None), block=block(3, 9).hash)


def test_there_is_no_receipt_of_an_entry_past_the_size_or_of_numbers_that_javascript_rounds() -> None:
    with pytest.raises(ProofError):
        make(Whose(CHAIN, LEDGER, Size(0)), PERFECT, 7, 7, ENTRIES[7], None)
    with pytest.raises(ReceiptError, match="below 2"):
        make(Whose(ChainId(2**53), LEDGER, Size(0)), PERFECT, 8, 7, ENTRIES[7], None)
    with pytest.raises(EntryError):
        replace(ENTRIES[0], value=MAX_VALUE + 1)


@given(st.integers(0, 2**32))
def test_what_was_written_reads_back_and_whoever_changes_what_is_committed_is_found_out(seed: int) -> None:
    chance = random.Random(seed)
    (case,) = some_cases(chance, 1, a_log=2)[:1]
    file = case.receipt.to_json()
    wrong = forged(chance, case.receipt)

    assert parse(file) == parse(file.decode()) == case.receipt
    assert verify(case.receipt, root=case.log.root).receipt == case.receipt
    assert list(json.loads(file)) == list(json.loads(TEXT))
    with pytest.raises(ReceiptError):
        verify(parse(wrong.to_json()))


@pytest.mark.parametrize(
    ("entry", "says"),
    [
        (ENTRIES[7], "0.7 ether went from 0xaAaAaAaaAaAaAaaAaAAAAAAAAaaaAaAaAaaAaaAa to 0xbB"),
        (replace(ENTRIES[0], sender=ZERO_ADDRESS, value=10**18), "1 ether came into being for 0xbB"),
        (replace(ENTRIES[0], recipient=ZERO_ADDRESS, value=1), "0.000000000000000001 ether of 0xaAaAaAaa"),
        (replace(ENTRIES[0], subject=BOB, value=12), "12 of 0xbBbBBBBbbBBBbbbBbbBbbbbBBbBbbbbBbBbbBBbB went from"),
        (Entry(SEAL, ANN, ZERO_ADDRESS, 0, START), "sealed a block at 2023-11-14T22:13:20Z"),
        (replace(ENTRIES[0], memo=Hash32(b"\x1b" * 32)), "with the memo 0x1b1b"),
        (replace(ENTRIES[0], timestamp=2**53 - 1), "at second 9007199254740991"),
    ],
)  # fmt: skip
def test_one_sentence_says_what_is_proven_and_by_what(entry: Entry, says: str) -> None:
    leaves = perfect_of([entry.leaf])
    made = make(Whose(CHAIN, LEDGER, Size(0)), leaves, 1, 0, entry, None)

    alone, known = verify(made), verify(made, root=made.root)

    assert (alone.against, known.against) == (None, "root")
    assert alone.says.startswith("Sound in itself, and as good as the root it names: if the ledger 0x1111")
    assert known.says.startswith(
        f"Proven against the root that was given, 0x{made.root.hex()} of 1 entries: entry 0 says"
    )
    for sentence in (alone.says, known.says):
        assert says in sentence
        assert sentence.endswith(".")
        assert "\n" not in sentence


def test_an_opening_entry_is_called_an_assertion_and_a_journals_receipt_a_journals() -> None:
    opening = receipt(held=block(0, 9, anchor_of(CHAIN, LEDGER)), opening=9)
    journal = make(Whose(ChainId(0), LEDGER, Size(0)), PERFECT, 8, 7, ENTRIES[7], None)

    assert "the deployer's assertion and no evidence of a payment" in verify(opening).says
    assert "if the journal 0x1111" in verify(journal).says


def test_a_block_that_closed_later_than_the_receipts_size_is_left_out() -> None:
    made = receipt(7, 8)

    assert (made.block, made.block_proof) == (None, ())
    assert verify(made, root=root_at(PERFECT, 8)).against == "root"


def test_a_blocks_hash_is_enough_to_prove_what_it_holds() -> None:
    proven = verify(GOOD, block=block(3, 9).hash)

    assert proven.against == "block"
    assert f"0x{block(3, 9).hash.hex()} of 9 entries" in proven.says
