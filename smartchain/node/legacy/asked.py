"""
What a client sends: JSON of a bounded size, amounts exactly as they were written.
"""

from __future__ import annotations

import json
from decimal import Context, Decimal, Inexact, InvalidOperation
from typing import Any, NoReturn

from starlette.requests import Request

from smartchain.errors import AmountError, InputError
from smartchain.ledger.nesting import is_too_deep
from smartchain.types import Wei

MOST_BYTES = 8 * 2**20
"""The longest note has 1 MiB, which JSON can make six of."""

MOST_WEI = 2**256 - 1

_EXACT = Context(prec=200, traps=[Inexact, InvalidOperation])


class TooLarge(InputError):
    """A body past the bound."""


async def body_of(request: Request, most: int = MOST_BYTES) -> bytes:
    """The whole body. Raises `TooLarge`."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > most:
            raise TooLarge(f"the body is longer than {most:,} bytes")
    return bytes(body)


def read_json(body: bytes, *, exact: bool) -> dict[str, Any]:
    """
    The object of a body; with `exact` a number with a fraction is a `Decimal`.

    What is no object has no values. Raises `InputError` for what is no JSON.
    """
    if is_too_deep(body):
        raise InputError("the body nests deeper than any request does")
    try:
        found = json.loads(body.decode(), parse_float=Decimal if exact else None, parse_constant=_refuse)
    except (ValueError, ArithmeticError, RecursionError):
        raise InputError("the body is not JSON that can be read") from None
    return found if isinstance(found, dict) else {}


def _refuse(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")


def wei_of(amount: object) -> Wei:
    """Wei of a JSON number of ether. Raises `AmountError` for all that cannot be paid."""
    if isinstance(amount, bool) or not isinstance(amount, int | Decimal):
        raise AmountError("amount is a JSON number, of ether, such as 0.1")
    if amount <= 0:
        raise AmountError("amount is what is to be paid: a number of ether above zero")
    number = Decimal(amount)
    if number.adjusted() > 60 or number.adjusted() < -18:
        raise AmountError("amount is more than 2^256 wei, or less than one")
    try:
        wei = number.scaleb(18, _EXACT)
        whole = int(wei.to_integral_exact(context=_EXACT))
    except (Inexact, InvalidOperation):
        raise AmountError("amount has more digits than ether has: a wei is 0.000000000000000001 ether") from None
    if whole > MOST_WEI:
        raise AmountError("amount is more than 2^256 wei")
    return Wei(whole)
