"""
Amounts of Ether as people write and read them: exact, with their unit, never a float.
"""

from __future__ import annotations

import re
from decimal import Context, Decimal, Inexact, InvalidOperation

from smartchain.errors import AmountError
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


def format_ether(value: int) -> str:
    """`1.5 ether`: all significant digits and the unit; negative for what a wallet gave more than it got."""
    return f"{_decimal(value, UNITS['ether'])} ether"


def format_gwei(value: int) -> str:
    """`0.000000007 gwei`: a price of gas, all significant digits and the unit."""
    return f"{_decimal(value, UNITS['gwei'])} gwei"


def _decimal(value: int, power: int) -> str:
    whole, rest = divmod(abs(value), 10**power)
    fraction = f".{rest:0{power}}".rstrip("0").rstrip(".")
    return f"{'-' if value < 0 else ''}{whole}{fraction}"


def _too_fine(text: str, unit: str) -> str:
    if unit:
        return f"{text} is not a whole number of wei, the smallest unit there is"
    return f"{text} without a unit is wei, which has no fractions: write {text}ether if that is meant"


def _why_not(text: str) -> str:
    shown = text.strip() if len(text) <= _MOST_CHARACTERS else text[:20] + "…"
    if shown.startswith(("-", "−")):
        return f"{shown!r} is negative: an amount is what is to be paid"
    if "," in shown:
        return f"{shown!r} is not an amount: write it with a point and without separators, such as 1234.5ether"
    return f"{shown!r} is not an amount: write 0.1ether, 1gwei, 1e18 or plain wei"
