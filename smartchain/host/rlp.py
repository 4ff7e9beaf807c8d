"""
RLP, the encoding of headers, accounts and trie nodes. Source: the Ethereum yellow paper, appendix B.

Decoding accepts the canonical encoding alone, because what is decoded here is evidence.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias, Union

from smartchain.errors import ProofError

Item: TypeAlias = Union[bytes, "list[Item]"]

_SHORT = 56
"""Lengths below this fit the first byte."""


def encode(item: bytes | Sequence[bytes]) -> bytes:
    """The encoding of a byte string, or of a list of byte strings."""
    if isinstance(item, bytes):
        return item if len(item) == 1 and item[0] < 0x80 else _length(len(item), 0x80) + item
    content = b"".join(map(encode, item))
    return _length(len(content), 0xC0) + content


def encode_number(number: int) -> bytes:
    """A number as RLP has it: big-endian without leading zeros, nothing for zero."""
    return number.to_bytes((number.bit_length() + 7) // 8, "big")


def decode(data: bytes) -> Item:
    """The one item that these bytes encode. Raises `ProofError` for anything else."""
    item, end = _item(data, 0)
    if end != len(data):
        raise ProofError("bytes follow the end of an RLP item")
    return item


def _length(length: int, base: int) -> bytes:
    if length < _SHORT:
        return bytes([base + length])
    digits = encode_number(length)
    return bytes([base + _SHORT - 1 + len(digits)]) + digits


def _item(data: bytes, at: int) -> tuple[Item, int]:
    """The item that begins there, and where the next one does."""
    if at >= len(data):
        raise ProofError("an RLP item is cut off")
    first = data[at]
    if first < 0x80:
        return data[at : at + 1], at + 1
    start, length = _content(data, at, 0x80 if first < 0xC0 else 0xC0)
    end = start + length
    if end > len(data):
        raise ProofError("an RLP item is cut off")
    if first < 0xC0:
        if length == 1 and data[start] < 0x80:
            raise ProofError("an RLP byte is not in its shortest form")
        return data[start:end], end
    items: list[Item] = []
    while start < end:
        item, start = _item(data[:end], start)
        items.append(item)
    return items, end


def _content(data: bytes, at: int, base: int) -> tuple[int, int]:
    """Where an item's content starts and how long it is."""
    length = data[at] - base
    if length < _SHORT:
        return at + 1, length
    start = at + 1 + length - (_SHORT - 1)
    digits = data[at + 1 : start]
    length = int.from_bytes(digits, "big")
    if len(digits) != start - at - 1 or digits[:1] in (b"", b"\0") or length < _SHORT:
        raise ProofError("an RLP length is cut off or not in its shortest form")
    return start, length
