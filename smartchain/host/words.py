"""
The ABI as far as the protocol needs it: words of 32 bytes, and text behind an offset.

What is read is read strictly: another length, a number with high bits, text that ends early are `NotALedger`; what
is no hex at all is the host's fault and no contract's.
"""

from __future__ import annotations

from typing import Any

from smartchain.errors import HostUnavailable, NotALedger
from smartchain.types import Address

WORD = 32


def number(value: int) -> bytes:
    return value.to_bytes(WORD, "big")


def address(raw: Address) -> bytes:
    return bytes(12) + raw


def words(answer: bytes, count: int) -> list[bytes]:
    """So many words and nothing else."""
    if len(answer) != count * WORD:
        raise unlike(answer)
    return [answer[at : at + WORD] for at in range(0, len(answer), WORD)]


def small(word: bytes, bits: int) -> int:
    """A number of no more than so many bits."""
    value = int.from_bytes(word, "big")
    if value >> bits:
        raise unlike(word)
    return value


def address_of(word: bytes) -> Address:
    return Address(small(word, 160).to_bytes(20, "big"))


def text(answer: bytes, offset: bytes) -> str:
    """The string at an offset; bytes that are no UTF-8 are replaced."""
    start = int.from_bytes(offset, "big")
    length = int.from_bytes(answer[start : start + WORD], "big")
    raw = answer[start + WORD : start + WORD + length]
    if len(raw) != length or start + WORD > len(answer):
        raise unlike(answer)
    return raw.decode(errors="replace")


def raw(answer: Any) -> bytes:
    """The bytes that a host says a contract answered."""
    try:
        return bytes.fromhex(answer.removeprefix("0x"))
    except (AttributeError, ValueError) as exc:
        raise HostUnavailable("the host's answer to a call is no hex: ask again, or another node") from exc


def quantity(answer: Any) -> int:
    """A number that a host says of its own chain."""
    try:
        return int(answer, 16)
    except (TypeError, ValueError) as exc:
        raise HostUnavailable("the host's answer is no number in hex: ask again, or another node") from exc


def unlike(answer: bytes) -> NotALedger:
    return NotALedger(f"the contract's answer of {len(answer)} bytes is not what a ledger says: check the address")
