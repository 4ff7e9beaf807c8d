"""Amounts: exact, refused where they are not, read back as they were written."""

from __future__ import annotations

import re
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smartchain.errors import AmountError
from smartchain.ledger.unit import ETHER_UNIT, Unit
from smartchain.types import Address
from smartchain.wallet.amount import MOST_WEI, UNITS, format_ether, format_gwei, parse_amount, parse_in


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("", "is not an amount"),
        ("ether", "is not an amount"),
        ("0", "zero pays nobody"),
        ("0.0ether", "zero pays nobody"),
        ("-1ether", "negative"),
        ("−1ether", "negative"),
        ("+1ether", "is not an amount"),
        ("1 euro", "'euro' is no unit"),
        ("1ethers", "'ethers' is no unit"),
        ("1e", "'e' is no unit"),
        ("1,000ether", "without separators"),
        ("0,1 ether", "without separators"),
        ("0.5", "write 0.5ether"),
        ("1.5wei", "whole number of wei"),
        ("0.0000000000000000001ether", "whole number of wei"),
        ("1e-1", "which has no fractions"),
        ("1e-999ether", "whole number of wei"),
        ("0x10", "is not an amount"),
        ("1_000", "is not an amount"),
        ("١ether", "is not an amount"),
        ("NaN", "is not an amount"),
        ("Infinity", "is not an amount"),
        ("1e77ether", "uint256"),
        ("1e999", "uint256"),
        ("1e9999", "is no"),
        (str(MOST_WEI + 1), "uint256"),
        ("1" * 1000, "is not an amount"),
        ("1\x1b[2Jether", "is not an amount"),
    ],
)
def test_an_amount_that_cannot_be_meant_is_refused_with_a_hint(text: str, hint: str) -> None:
    with pytest.raises(AmountError) as caught:
        parse_amount(text)
    assert hint in str(caught.value)
    assert "\x1b" not in str(caught.value)
    assert len(str(caught.value)) < 300


@pytest.mark.parametrize(
    ("text", "wei"),
    [
        ("1", 1),
        ("0.1ether", 10**17),
        ("0.1 ether", 10**17),
        (".5eth", 5 * 10**17),
        (" 1 ETH ", 10**18),
        ("1gwei", 10**9),
        ("1e18", 10**18),
        ("1E18", 10**18),
        ("1.5e18", 15 * 10**17),
        ("25e-1ether", 25 * 10**17),
        ("2 finney", 2 * 10**15),
        ("123456789.123456789012345678ether", 123456789123456789012345678),
        (str(MOST_WEI), MOST_WEI),
    ],
)
def test_every_way_to_write_an_amount_gives_exact_wei(text: str, wei: int) -> None:
    assert parse_amount(text) == wei


def test_zero_is_an_amount_where_it_is_allowed() -> None:
    assert parse_amount("0gwei", zero=True) == 0


@given(st.integers(1, MOST_WEI))
def test_what_is_shown_reads_back_as_the_same_wei(value: int) -> None:
    assert parse_amount(format_ether(value)) == value
    assert parse_amount(format_gwei(value)) == value


@given(st.integers(1, 10**30), st.sampled_from(sorted(UNITS)))
def test_a_unit_is_its_power_of_ten(number: int, unit: str) -> None:
    assert parse_amount(f"{number}{unit}") == number * 10 ** UNITS[unit]


@given(st.integers(-(10**40), 10**40))
def test_ether_is_shown_with_its_sign_and_every_significant_digit(value: int) -> None:
    number, unit = format_ether(value).split(" ")
    assert unit == "ether"
    assert Fraction(number) * 10**18 == value
    assert "." not in number or not number.endswith("0")
    assert not number.endswith(".")


def test_amounts_look_as_people_write_them() -> None:
    assert format_ether(0) == "0 ether"
    assert format_ether(15 * 10**17) == "1.5 ether"
    assert format_ether(-1) == "-0.000000000000000001 ether"
    assert format_gwei(7) == "0.000000007 gwei"


TOKEN = Unit(Address(b"\xab" * 20), "USDC", 6)
UNKNOWN = Unit(Address(b"\xab" * 20))


@pytest.mark.parametrize(
    ("unit", "text", "why"),
    [
        (TOKEN, "1ether", "'ether' is not what this ledger counts, which is USDC: write 1 alone"),
        (TOKEN, "1 usdc", "'usdc' is not what this ledger counts"),
        (TOKEN, "12.5\u202eUSDC", "is not what this ledger counts"),
        (TOKEN, "0.1234567", "0.1234567 has more digits than the 6 decimals of USDC"),
        (TOKEN, "12.5raw", "12.5 is not a whole number of smallest units"),
        (TOKEN, "0", "an amount of zero pays nobody"),
        (TOKEN, "-1", "is negative"),
        (TOKEN, "1,5", "write it with a point and without separators, such as 1234.5"),
        (TOKEN, "USDC", "is not an amount: write 12.5"),
        (TOKEN, "1" * 73, "is more than a uint256 holds"),
        (TOKEN, "1e999", "is more than a uint256 holds"),
        (UNKNOWN, "12.5", "nobody says how many decimals there are: write smallest units"),
        (UNKNOWN, "12 USDC", "'USDC' is not what this ledger counts"),
        (Unit(TOKEN.subject, "ether", 6), "1ether", "'ether' is not what this ledger counts"),
        (ETHER_UNIT, "12.5", "write 12.5ether if that is meant"),
    ],
)
def test_what_is_no_amount_of_what_a_ledger_counts_is_refused(unit: Unit, text: str, why: str) -> None:
    with pytest.raises(AmountError, match=re.escape(why)):
        parse_in(unit, text)


@pytest.mark.parametrize(
    ("unit", "text", "value"),
    [
        (TOKEN, "12.5", 12_500_000),
        (TOKEN, " 12.5 USDC ", 12_500_000),
        (TOKEN, "12.5USDC", 12_500_000),
        (TOKEN, "1e3", 1_000_000_000),
        (TOKEN, "12500000raw", 12_500_000),
        (Unit(TOKEN.subject, "raw", 6), "7raw", 7),
        (Unit(TOKEN.subject, "000 X", 2), "1 000 X", 100),
        (Unit(TOKEN.subject, "N", 0), "7", 7),
        (UNKNOWN, "12500000", 12_500_000),
        (ETHER_UNIT, "12.5ether", 12_500_000_000_000_000_000),
        (ETHER_UNIT, "7", 7),
    ],
)
def test_an_amount_is_of_what_the_ledger_counts(unit: Unit, text: str, value: int) -> None:
    assert parse_in(unit, text) == value


@given(st.integers(1, 2**256 - 1), st.integers(0, 77))
def test_what_is_shown_of_a_token_is_read_again_as_it_was(value: int, decimals: int) -> None:
    unit = Unit(TOKEN.subject, "USDC", decimals)

    assert parse_in(unit, unit.shown(value)) == value
