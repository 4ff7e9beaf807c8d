"""How things are written: exact where they are whole, harmless whoever wrote them."""

import re
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smartchain.node.explorer import forms
from smartchain.types import Hash32

NOW = 1_700_000_000


@given(st.binary(min_size=32, max_size=32))
def test_whatever_bytes_a_memo_has_its_text_is_printable(memo: bytes) -> None:
    assert forms.memo_text(Hash32(memo)).isprintable()


TEXTS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=8)


@given(TEXTS)
def test_the_text_of_a_memo_can_be_told_from_what_is_shown_so_no_two_look_the_same(text: str) -> None:
    shown = forms.memo_text(Hash32(text.encode().ljust(32, b"\0")))
    told = re.sub(r"\\(x..|u.{4}|U.{8}|.)", lambda found: found[0].encode().decode("unicode_escape"), shown)

    assert told == text


@given(TEXTS.filter(lambda text: text.isprintable() and "\\" not in text))
def test_a_memo_of_plain_words_is_shown_as_it_is(text: str) -> None:
    assert forms.memo_text(Hash32(text.encode().ljust(32, b"\0"))) == text


@given(st.integers(-(2**256), 2**256))
def test_an_amount_of_ether_is_exact_for_people_and_programs(wei: int) -> None:
    assert Fraction(forms.plain_ether(wei)) * 10**18 == wei
    assert forms.ether(wei).replace(",", "").replace("−", "-") == forms.plain_ether(wei)


@pytest.mark.parametrize(
    ("wei", "whole", "cut"),
    [
        (0, "0", "0"),
        (1, "0.000000000000000001", "0.000000…"),
        (-(15 * 10**17), "−1.5", "−1.5"),
        (1_234_567 * 10**18, "1,234,567", "1,234,567"),
        (1_123_456_789 * 10**9, "1.123456789", "1.123456…"),
    ],
)
def test_what_is_left_out_of_an_amount_leaves_a_mark(wei: int, whole: str, cut: str) -> None:
    assert (forms.ether(wei), forms.short_ether(wei)) == (whole, cut)


@pytest.mark.parametrize(
    ("seconds", "says"),
    [
        (0, "just now"),
        (-30, "just now"),
        (5, "5 seconds ago"),
        (60, "1 minute ago"),
        (7_200, "2 hours ago"),
        (86_400 * 3, "3 days ago"),
        (86_400 * 60, "2023-09-15"),
        (-7_200, "2023-11-15"),
    ],
)
def test_a_time_is_told_from_now_while_that_says_something(seconds: int, says: str) -> None:
    assert forms.ago(NOW - seconds, NOW) == says


@pytest.mark.parametrize("timestamp", [forms.LAST_TIMESTAMP + 1, 2**64 - 1])
def test_a_time_past_every_calendar_is_the_number_that_it_is(timestamp: int) -> None:
    assert forms.clock(timestamp) == forms.ago(timestamp, NOW) == f"second {timestamp}"
    assert forms.machine_time(timestamp) == ""


def test_a_hash_is_shown_by_its_ends() -> None:
    assert forms.short("0x" + "ab" * 32) == "0xabab…abab"
    assert forms.short("0xabcd") == "0xabcd"
