"""
What an address line asks for, as types: FastAPI reads them, and describes them to clients.

Everything is written in one way only: a number in decimal digits, an address as `0x` and 40 hex digits (with its
checksum, or in one case throughout), a hash as `0x` and 64. A parameter that is not known, or that is given twice,
is refused: one that was misspelled would otherwise go unnoticed.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Annotated, Any, Literal

from fastapi import Path, Query, Request
from fastapi.routing import APIRoute
from pydantic import BeforeValidator, WithJsonSchema

from smartchain.errors import AddressError, InputError
from smartchain.ledger.address import parse_address
from smartchain.types import Address, Hash32

MOST_NUMBER = 2**53 - 1
"""What JavaScript counts to; no ledger is longer."""

MOST_ROWS = 1000
ROWS = 100
MOST_POINTS = 1000

_HASH = re.compile(r"0x[0-9a-fA-F]{64}")
_ADDRESS_FORM = "^0x([0-9a-f]{40}|[0-9A-F]{40})$"
_HASH_FORM = "^0x[0-9a-f]{64}$"


def number(text: str, most: int = MOST_NUMBER, least: int = 0) -> int:
    """Raises `InputError` for anything but decimal digits in range."""
    if not (isinstance(text, str) and text.isascii() and text.isdecimal() and len(text) <= 20):
        raise InputError("write a whole number in decimal digits")
    if not least <= int(text) <= most:
        raise InputError(f"the number goes from {least} to {most}")
    return int(text)


def hash_of(text: str) -> Hash32:
    """Raises `InputError` for anything but 32 bytes in hex."""
    if not _HASH.fullmatch(text):
        raise InputError("write 0x and 64 hex digits")
    return Hash32(bytes.fromhex(text[2:]))


def _address(text: str) -> Address:
    if len(text) != 42:
        raise AddressError("an address is 0x and 40 hex digits")
    return parse_address(text)


def _read_by(read: Callable[[str], object]) -> BeforeValidator:
    """A reader of ours; its sentence becomes the answer's."""

    def validate(given: Any) -> object:
        try:
            return read(given) if isinstance(given, str) else given
        except InputError as error:
            raise ValueError(str(error)) from error

    return BeforeValidator(validate)


def _numeric(least: int, most: int) -> tuple[BeforeValidator, WithJsonSchema]:
    reader = _read_by(lambda text: number(text, most, least))
    return reader, WithJsonSchema({"type": "integer", "minimum": least, "maximum": most})


_any = _numeric(0, MOST_NUMBER)
_rows = _numeric(1, MOST_ROWS)
_points = _numeric(1, MOST_POINTS)
_address_schema = WithJsonSchema({"type": "string", "pattern": _ADDRESS_FORM})
_hash_schema = WithJsonSchema({"type": "string", "pattern": _HASH_FORM})

Number = Annotated[int, _any[0], _any[1]]
Rows = Annotated[int, _rows[0], _rows[1], Query(description="Rows in the piece.")]
Points = Annotated[int, _points[0], _points[1], Query(description="At most so many points.")]
AddressText = Annotated[bytes, _read_by(_address), _address_schema]
HashText = Annotated[bytes, _read_by(hash_of), _hash_schema]
BlockName = Annotated[
    str,
    WithJsonSchema({"type": "string", "pattern": "^(0x[0-9a-f]{64}|0|[1-9][0-9]{0,14})$"}),
    Path(description="A number or a hash."),
]
InPath = Annotated[int, _any[0], _any[1], Path()]
Order = Literal["ascending", "descending"]


def only_known(request: Request) -> None:
    """Raises `InputError` for a parameter that the route does not have, or that is there twice."""
    route = request.scope["route"]
    known = {field.alias for field in route.dependant.query_params} if isinstance(route, APIRoute) else set()
    seen: set[str] = set()
    for name, _ in request.query_params.multi_items():
        if name not in known:
            raise InputError(f"there is no parameter {name[:40]!r} here: {_listed(known)}")
        if name in seen:
            raise InputError(f"the parameter {name!r} is given twice")
        seen.add(name)


def _listed(known: set[str]) -> str:
    return f"known are {', '.join(sorted(known))}" if known else "none is known"
