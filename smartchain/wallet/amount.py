"""
Amounts as people write and read them: exact, with their unit, never a float. Of Ether, and of what a ledger counts.
"""

from __future__ import annotations

import re
from decimal import Context, Decimal, Inexact, InvalidOperation

from smartchain.errors import AmountError
from smartchain.ledger.unit import RAW, Unit, decimal
from smartchain.types import Wei

UNITS = {
    "wei": 0,
    "kwei": 3,
    "mwei": 6,
    "gwei": 9,
    "szabo": 12,
    "finney": 15,
    "eth": 18,
    "ether": 18,
}
"""Powers of ten of wei, by the names that cast knows them by."""

MOST_WEI = 2**256 - 1

_FORM = re.compile(r"(?P<number>[0-9]+(?:\.[0-9]+)?|\.[0-9]+)(?P<power>[eE][+-]?[0-9]{1,3})?\s*(?P<unit>[a-zA-Z]*)")
_COUNTED = re.compile(r"(?P<number>[0-9]+(?:\.[0-9]+)?|\.[0-9]+)(?P<power>[eE][+-]?[0-9]{1,3})?(?P<unit>(?![0-9.,]).*)")
_EXACT = Context(prec=2_000, traps=[Inexact, InvalidOperation])
_MOST_CHARACTERS = 200


def parse_amount(text: str, *, zero: bool = False) -> Wei:
    """
    Wei of `0.1ether`, `0.1 ether`, `1gwei`, `1e18` or plain wei.

    Raises `AmountError` for a negative amount, an unknown unit, a fraction of a wei, more than a uint256,
    and for nothing at all unless `zero` allows it.
    """
    match = _FORM.fullmatch(text.strip()) if len(text) <= _MOST_CHARACTERS else None
    if match is None:
        raise AmountError(_why_not(text))
    unit = match["unit"].lower() or "wei"
    if unit not in UNITS:
        raise AmountError(f"{match['unit']!r} is no unit of Ether: use wei, gwei or ether")
    wei = Decimal(match["number"] + (match["power"] or "")).scaleb(UNITS[unit], _EXACT)
    if wei.adjusted() > len(str(MOST_WEI)) or wei > MOST_WEI:
        raise AmountError(f"{text.strip()} is more than a uint256 holds")
    if wei != (whole := int(wei)):
        raise AmountError(_too_fine(text.strip(), match["unit"]))
    if whole == 0 and not zero:
        raise AmountError("an amount of zero pays nobody: write what is to be paid, such as 0.1ether")
    return Wei(whole)


def parse_in(unit: Unit, text: str) -> Wei:
    """
    Smallest units of what a person typed, in what a ledger counts: `12.5`, `12.5 USDC` or `12500000 raw`.

    Of Ether as `parse_amount` reads it. Raises `AmountError` for a unit of Ether where no Ether is paid, and for
    anything but whole smallest units of a subject that nobody described.
    """
    if unit.is_ether:
        return parse_amount(text)
    number, said = _taken_apart(text, unit)
    if said and said != RAW:
        raise AmountError(f"{said!r} is not what this ledger counts, which is {unit.name}: write {number} alone")
    power = 0 if said == RAW or not unit.is_known else unit.decimals or 0
    value = Decimal(number).scaleb(power, _EXACT)
    if value.adjusted() > len(str(MOST_WEI)) or value > MOST_WEI:
        raise AmountError(f"{number} is more than a uint256 holds")
    if value != (whole := int(value)):
        raise AmountError(_finer_than(unit, number, power))
    if whole == 0:
        raise AmountError("an amount of zero pays nobody: write what is to be paid, such as 12.5")
    return Wei(whole)


def _taken_apart(text: str, unit: Unit) -> tuple[str, str]:
    """The number and what is left behind it, once the subject's own symbol is taken away."""
    match = _COUNTED.fullmatch(text.strip()) if len(text) <= _MOST_CHARACTERS else None
    if match is None:
        raise AmountError(_why_not(text, "12.5", "1234.5"))
    said = match["unit"].strip()
    is_own = unit.is_known and said == unit.symbol and said.lower() not in {*UNITS, RAW}
    return match["number"] + (match["power"] or ""), "" if is_own else said


def _finer_than(unit: Unit, number: str, power: int) -> str:
    if unit.is_known and power:
        return f"{number} has more digits than the {power} decimals of {unit.name}"
    if unit.is_known:
        return f"{number} is not a whole number of smallest units"
    return f"{number} is not a whole number, and nobody says how many decimals there are: write smallest units"


def format_ether(value: int) -> str:
    """`1.5 ether`: all significant digits and the unit; negative for what a wallet gave more than it got."""
    return f"{decimal(value, UNITS['ether'])} ether"


def format_gwei(value: int) -> str:
    """`0.000000007 gwei`: a price of gas, all significant digits and the unit."""
    return f"{decimal(value, UNITS['gwei'])} gwei"


def _too_fine(text: str, unit: str) -> str:
    if unit:
        return f"{text} is not a whole number of wei, the smallest unit there is"
    return f"{text} without a unit is wei, which has no fractions: write {text}ether if that is meant"


def _why_not(text: str, forms: str = "0.1ether, 1gwei, 1e18 or plain wei", plain: str = "1234.5ether") -> str:
    shown = text.strip() if len(text) <= _MOST_CHARACTERS else text[:20] + "…"
    if shown.startswith(("-", "−")):
        return f"{shown!r} is negative: an amount is what is to be paid"
    if "," in shown:
        return f"{shown!r} is not an amount: write it with a point and without separators, such as {plain}"
    return f"{shown!r} is not an amount: write {forms}"
