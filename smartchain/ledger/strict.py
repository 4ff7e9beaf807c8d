"""
JSON that has one form only: every field known, there once, and written in the one way that there is.

What reads here is what anyone may have altered, so each refusal names the field.
"""

from __future__ import annotations

import json
import re
from base64 import b64decode, b64encode
from binascii import Error as NotBase64
from collections.abc import Sequence
from typing import NoReturn

from smartchain.errors import ReceiptError
from smartchain.ledger.address import checksum
from smartchain.ledger.entry import MAX_VALUE
from smartchain.ledger.nesting import is_too_deep
from smartchain.types import Address, Hash32

MOST_NUMBER = 2**53 - 1
"""The largest whole number that every reader of JSON takes exactly."""

_ADDRESS = re.compile(r"0x[0-9a-fA-F]{40}")
_HASH = re.compile(r"0x[0-9a-f]{64}")
_VALUE = re.compile(r"0|[1-9][0-9]{0,77}")


class Fields:
    """The fields of one JSON object, taken one by one; `name` is where it stands in the file."""

    def __init__(self, found: object, known: Sequence[str], name: str = "") -> None:
        if not isinstance(found, dict):
            raise ReceiptError(f"{name or 'the receipt'} is not a JSON object")
        self._found: dict[str, object] = found
        self._name = name
        for field in found:
            if field not in known:
                raise ReceiptError(f"the field {self._path(shown(field))} is not known")
        for field in known:
            if field not in found:
                raise ReceiptError(f"the field {self._path(field)} is missing")

    def number(self, field: str) -> int:
        """A whole number from 0 to 2^53 - 1."""
        value = self._found[field]
        if type(value) is not int or not 0 <= value <= MOST_NUMBER:
            self._wrong(field, "a whole number below 2^53")
        return value

    def value(self, field: str) -> int:
        """A uint256 as a text of decimal digits."""
        text = self._text(field, "a uint256 in decimal digits, in quotation marks")
        if not _VALUE.fullmatch(text) or int(text) > MAX_VALUE:
            self._wrong(field, "a uint256 in decimal digits, in quotation marks")
        return int(text)

    def hash(self, field: str) -> Hash32:
        """32 bytes: 0x and 64 digits in lower case."""
        text = self._text(field, "0x and 64 hex digits in lower case")
        if not _HASH.fullmatch(text):
            self._wrong(field, "0x and 64 hex digits in lower case")
        return Hash32(bytes.fromhex(text[2:]))

    def address(self, field: str) -> Address:
        """An address with its checksum."""
        text = self._text(field, "an address with its checksum")
        address = Address(bytes.fromhex(text[2:]) if _ADDRESS.fullmatch(text) else b"")
        if not address or checksum(address) != text:
            self._wrong(field, "an address with its checksum")
        return address

    def hashes(self, field: str) -> tuple[Hash32, ...]:
        """Any number of hashes in a row, as base64."""
        text = self._text(field, "base64 of hashes in a row")
        try:
            row = b64decode(text, validate=True)
        except (NotBase64, ValueError):
            self._wrong(field, "base64 of hashes in a row")
        if len(row) % 32 or b64encode(row).decode() != text:
            self._wrong(field, "base64 of hashes in a row")
        return tuple(Hash32(row[at : at + 32]) for at in range(0, len(row), 32))

    def inner(self, field: str, known: Sequence[str]) -> Fields:
        """An object within."""
        return Fields(self._found[field], known, self._path(field))

    def optional(self, field: str, known: Sequence[str]) -> Fields | None:
        """An object within, or null."""
        return None if self._found[field] is None else self.inner(field, known)

    def constant(self, field: str, expected: str) -> None:
        """A field that can be nothing else."""
        if self._found[field] != expected:
            self._wrong(field, f'"{expected}"')

    def _text(self, field: str, what: str) -> str:
        value = self._found[field]
        if not isinstance(value, str):
            self._wrong(field, what)
        return value

    def _path(self, field: str) -> str:
        return f"{self._name}.{field}" if self._name else field

    def _wrong(self, field: str, expected: str) -> NoReturn:
        raise ReceiptError(f"the field {self._path(field)} is not {expected}")


def read_json(text: str) -> object:
    """What a text of JSON says. Raises `ReceiptError` for no JSON, and for a field that is there twice."""
    try:
        if is_too_deep(text.encode()):
            raise ValueError("nested too deep")
        return json.loads(text, object_pairs_hook=_once)
    except (ValueError, RecursionError):
        raise ReceiptError("this is not JSON: it was cut off or altered, or is no receipt") from None


def write_hashes(hashes: Sequence[Hash32]) -> str:
    """What `Fields.hashes` reads."""
    return b64encode(b"".join(hashes)).decode()


def shown(text: str) -> str:
    """A stranger's text in an error: short, and without what could play with a terminal."""
    return ascii(text if len(text) <= 40 else text[:40] + "...")


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        twice = next(name for at, (name, _) in enumerate(pairs) if name in dict(pairs[:at]))
        raise ReceiptError(f"the field {shown(twice)} is there twice")
    return found
