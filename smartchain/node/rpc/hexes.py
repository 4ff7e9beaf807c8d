"""
Ethereum's hexadecimal: quantities without leading zeros, data of a fixed length, and what may name a block.

The readers take one value out of `params` and raise `BadParams`, which says what would have been right.
"""

from __future__ import annotations

import re
from enum import StrEnum

from smartchain.errors import AddressError
from smartchain.ledger.address import parse_address
from smartchain.node.rpc.faults import BadParams
from smartchain.types import Address, Hash32

_QUANTITY = re.compile(r"0x(0|[1-9a-fA-F][0-9a-fA-F]{0,63})")
_HASH = re.compile(r"0x[0-9a-fA-F]{64}")
_SHOWN = 80


class Tag(StrEnum):
    """Names for a block that move with the chain."""

    EARLIEST = "earliest"
    LATEST = "latest"
    SAFE = "safe"
    FINALIZED = "finalized"
    PENDING = "pending"


_TAGS = frozenset(tag.value for tag in Tag)

At = Tag | int | bytes
"""What names a block: a tag, a number, or its hash."""


def quantity(number: int) -> str:
    """`0x0`, `0x1f`: an integer that is not negative."""
    return hex(number)


def data(content: bytes) -> str:
    """`0x` and two digits a byte."""
    return "0x" + content.hex()


def shown(given: object) -> str:
    """A value of a stranger's in a sentence: never long."""
    text = repr(given)
    return text if len(text) <= _SHOWN else text[:_SHOWN] + "…"


def number_in(given: object) -> int:
    """A quantity."""
    if isinstance(given, str) and _QUANTITY.fullmatch(given):
        return int(given, 16)
    raise BadParams(f"{shown(given)} is not a quantity: write 0x and hex digits without leading zeros, as 0x0 or 0x1f")


def hash_in(given: object) -> Hash32:
    """32 bytes of data."""
    if isinstance(given, str) and _HASH.fullmatch(given):
        return Hash32(bytes.fromhex(given[2:]))
    raise BadParams(f"{shown(given)} is not a hash: write 0x and 64 hex digits")


def address_in(given: object) -> Address:
    """20 bytes of data; in mixed case the checksum must be right."""
    try:
        return parse_address(given if isinstance(given, str) else "")
    except AddressError as error:
        wrong_sum = isinstance(given, str) and "checksum" in str(error)
        raise BadParams(
            str(error) if wrong_sum else f"{shown(given)} is not an address: write 0x and 40 hex digits"
        ) from error


def flag_in(given: object) -> bool:
    """true or false."""
    if isinstance(given, bool):
        return given
    raise BadParams(f"{shown(given)} is neither true nor false")


def at_in(given: object) -> At:
    """A tag or a number; or, after EIP-1898, an object with a `blockNumber` or a `blockHash`; or a bare hash."""
    if isinstance(given, dict):
        return _at_in_object(given)
    if isinstance(given, str):
        if given in _TAGS:
            return Tag(given)
        if _HASH.fullmatch(given):
            return Hash32(bytes.fromhex(given[2:]))
        if _QUANTITY.fullmatch(given):
            return int(given, 16)
    raise BadParams(f"{shown(given)} names no block: write a quantity as 0x1f, or one of {', '.join(Tag)}")


def numbered_in(given: object) -> At:
    """A tag or a number."""
    if isinstance(given, str) and not _HASH.fullmatch(given):
        return at_in(given)
    raise BadParams(f"{shown(given)} is no block number: write a quantity as 0x1f, or one of {', '.join(Tag)}")


def _at_in_object(given: dict[str, object]) -> At:
    if ("blockHash" in given) == ("blockNumber" in given):
        raise BadParams("a block is named by an object with either a blockHash or a blockNumber, not both")
    if "blockHash" in given:
        return hash_in(given["blockHash"])
    return numbered_in(given["blockNumber"])
