"""What amounts are written in: symbols of strangers are harmless, and decimals are never guessed."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smartchain.ledger.address import checksum
from smartchain.ledger.hash import ETHER
from smartchain.ledger.unit import ETHER_UNIT, MOST_SYMBOL, Unit, raw_unit, shown_symbol
from smartchain.types import Address

TOKEN = Address(b"\xab" * 20)
WHERE = checksum(TOKEN)


@pytest.mark.parametrize(
    ("symbol", "shown"),
    [
        ("USDC", "USDC"),
        ("US\x1b[31mDC", r"US\x1b[31mDC"),
        ("US\u202eCD", r"US\u202eCD"),
        ("<b>USD</b>", '"<b>USD</b>"'),
        ("000 USDC", '"000 USDC"'),
        ("1INCH", '"1INCH"'),
        ('A"B', r"A\"B"),
        ("A\nB", r"A\nB"),
        ("a\u0301\u0301", r"a\u0301\u0301"),
        ("\U0001f415", '"\U0001f415"'),
        ("A\u200dB", r"A\u200dB"),
        ("X" * 10_000, "X" * MOST_SYMBOL + "…"),
        ("  ", ""),
    ],
)
def test_a_hostile_symbol_is_short_and_harmless(symbol: str, shown: str) -> None:
    assert shown_symbol(symbol) == shown


@given(st.text(max_size=60))
def test_whatever_a_contract_calls_itself_it_is_one_short_line_that_is_seen(symbol: str) -> None:
    shown = shown_symbol(symbol)

    assert shown.isprintable()
    assert len(shown) <= 10 * MOST_SYMBOL + 3
    assert not any(unicodedata.category(character).startswith("M") for character in shown)
    assert shown[:1].isalpha() or shown[:1] in ("", '"')


@pytest.mark.parametrize("symbol", ["ETH", "ether", " Eth ", "\uff25\uff34\uff28", "raw", "wei"])
def test_a_symbol_that_poses_as_ether_is_shown_with_its_address(symbol: str) -> None:
    assert Unit(TOKEN, symbol, 18).shown(5 * 10**17).endswith(f" of {WHERE}")
    assert Unit(TOKEN, symbol, 18).shown(5 * 10**17).startswith("0.5 ")


@pytest.mark.parametrize("unit", [Unit(TOKEN), Unit(TOKEN, "USDC"), Unit(TOKEN, "USDC", 78), Unit(TOKEN, "A", 255)])
def test_without_decimals_or_with_more_than_there_can_be_amounts_are_raw(unit: Unit) -> None:
    assert unit.shown(12_500_000) == f"12500000 of {WHERE}"


def test_ether_is_ether_whatever_anybody_says() -> None:
    assert raw_unit(ETHER) == ETHER_UNIT
    assert Unit(ETHER, "SCAM", 18).shown(15 * 10**17) == ETHER_UNIT.shown(15 * 10**17) == "1.5 ether"
    assert raw_unit(TOKEN).shown(1) == f"1 of {WHERE}"


@given(st.integers(-(2**256), 2**256), st.integers(0, 77))
def test_no_digit_of_an_amount_is_lost(value: int, decimals: int) -> None:
    number = Unit(TOKEN, "T", decimals).number(value)

    whole, _, fraction = number.removeprefix("-").partition(".")
    assert int(whole + fraction.ljust(decimals, "0")) == abs(value)
    assert number.startswith("-") == (value < 0)
    assert not fraction.endswith("0")
