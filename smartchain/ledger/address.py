"""
Addresses as people write them: hex with the checksum of ERC-55 in its capitals.
"""

from __future__ import annotations

import re
from functools import lru_cache

from smartchain.errors import AddressError
from smartchain.ledger.hash import keccak
from smartchain.types import Address

_FORM = re.compile(r"0[xX][0-9a-fA-F]{40}")


def checksum(address: Address) -> str:
    """`0x…` with the checksum of ERC-55 in the case of its letters."""
    return _checksum(address)


@lru_cache(maxsize=1 << 14)
def _checksum(address: bytes) -> str:
    digits = address.hex()
    digest = keccak(digits.encode()).hex()
    return "0x" + "".join(d.upper() if int(h, 16) > 7 else d for d, h in zip(digits, digest, strict=False))


def parse_address(text: str) -> Address:
    """
    The address that a person wrote: all lower case, all upper case, or with a right checksum.

    Raises `AddressError` for anything else; a wrong checksum is a wrong address until shown otherwise.
    """
    text = text.strip()
    if not _FORM.fullmatch(text):
        raise AddressError(f"{text!r} is not an address: write 0x and 40 hex digits")
    digits = text[2:]
    address = Address(bytes.fromhex(digits))
    if digits not in (digits.lower(), digits.upper()) and checksum(address)[2:] != digits:
        raise AddressError(f"{text} has a wrong checksum: compare it with where you copied it from")
    return address
