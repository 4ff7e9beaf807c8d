"""Memos: what goes in comes out, and nothing that comes out plays with a terminal."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smartchain.errors import MemoError
from smartchain.ledger.hash import keccak
from smartchain.types import ZERO_HASH, Hash32
from smartchain.wallet.memo import hash_memo, parse_memo, show_memo


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("x" * 33, "--memo-hash"),
        ("é" * 17, "this text has 34"),
        ("0x", "0 characters"),
        ("0x" + "ab" * 31, "62 characters"),
        ("0x" + "ab" * 33, "66 characters"),
        ("0x" + "zz" * 32, "64 digits"),
        ("a\0b", "NUL"),
        ("\0", "NUL"),
        ("\udcff", "UTF-8"),
    ],
)
def test_a_memo_that_would_not_read_back_is_refused(text: str, hint: str) -> None:
    with pytest.raises(MemoError) as caught:
        parse_memo(text)
    assert hint in str(caught.value)


def test_text_is_padded_right_and_hex_taken_as_it_is() -> None:
    assert parse_memo("") == ZERO_HASH
    assert parse_memo("rent") == b"rent" + bytes(28)
    assert parse_memo("x" * 32) == b"x" * 32
    assert parse_memo("0x" + "Ab" * 32) == b"\xab" * 32
    assert parse_memo("0X" + "00" * 31 + "01") == bytes(31) + b"\x01"


def test_a_long_text_is_recorded_by_its_hash() -> None:
    assert hash_memo("x" * 100) == keccak(b"x" * 100)


@given(st.text(alphabet=st.characters(codec="utf-8", exclude_characters="\0\\"), max_size=32))
def test_printable_text_is_shown_as_it_was_written(text: str) -> None:
    if len(text.encode()) <= 32 and text.isprintable() and not text.startswith(("0x", "0X")):
        assert show_memo(parse_memo(text)) == text


@given(st.binary(min_size=32, max_size=32))
def test_whatever_is_recorded_is_shown_in_printable_characters(memo: bytes) -> None:
    assert show_memo(Hash32(memo)).isprintable()


def test_what_could_move_a_cursor_or_turn_a_line_around_is_escaped() -> None:
    assert show_memo(parse_memo("\x1b[2J\r\n")) == r"\x1b[2J\r\n"
    assert show_memo(parse_memo("a\u202eb")) == r"a\u202eb"
    assert show_memo(parse_memo(r"\x1b")) == r"\\x1b"


def test_what_is_no_text_is_shown_as_hex() -> None:
    assert show_memo(ZERO_HASH) == ""
    assert show_memo(Hash32(bytes(31) + b"\x01")) == "0x" + "00" * 31 + "01"
    assert show_memo(Hash32(b"\xff" * 32)) == "0x" + "ff" * 32
