"""
One flipped bit, put back: what a CRC-32 is off by says which bit it was, and a hash which candidate is right.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from struct import unpack_from
from zlib import crc32

from smartchain.ledger.hash import leaf_hash, leaf_hashes, node_hash
from smartchain.store.rows import whole

_TABLE = [crc32(bytes((number,))) ^ crc32(b"\0") for number in range(256)]
_MOST_BYTES = 2**16
"""Of a text whose hash is tried for each bit."""


def is_one_bit(difference: int) -> bool:
    """Then the checksum itself was flipped: no bit of what it covers changes just one of its own."""
    return difference > 0 and difference & (difference - 1) == 0


def by_checksum(data: bytes, difference: int) -> bytes | None:
    """The data with the one bit put back by which the checksum differs; None if it was not one bit."""
    states = [_TABLE[1 << bit] for bit in range(8)]
    for at in range(len(data) - 1, -1, -1):
        if difference in states:
            return flipped(data, 8 * at + states.index(difference))
        states = [state >> 8 ^ _TABLE[state & 255] for state in states]
    return None


def by_hash(data: bytes, fits: Callable[[bytes], bool]) -> bytes | None:
    """The same of a text that is not too long, by trying every bit."""
    if len(data) > _MOST_BYTES:
        return None
    return next((other for other in _neighbours(data) if fits(other)), None)


def by_root(packed: Sequence[bytes], root: bytes, suspects: Iterable[int]) -> list[bytes] | None:
    """The entries of a whole part, as they are stored, with the one bit of one suspect put back that its root shows."""
    levels = [leaf_hashes([whole(one) for one in packed])]
    while len(levels[-1]) > 1:
        nodes = levels[-1]
        levels.append([node_hash(left, right) for left, right in zip(nodes[::2], nodes[1::2], strict=True)])
    for at in suspects:
        one = packed[at]
        siblings = [(at >> height & 1, nodes[(at >> height) ^ 1]) for height, nodes in enumerate(levels[:-1])]
        found = next((other for other in _neighbours(one) if _root(leaf_hash(whole(other)), siblings) == root), None)
        if found is not None:
            return [*packed[:at], found, *packed[at + 1 :]]
    return None


def _root(node: bytes, siblings: Sequence[tuple[int, bytes]]) -> bytes:
    for right, sibling in siblings:
        node = node_hash(sibling, node) if right else node_hash(node, sibling)
    return node


def _neighbours(data: bytes) -> Iterator[bytes]:
    return (flipped(data, bit) for bit in range(8 * len(data)))


def flipped(data: bytes, bit: int) -> bytes:
    return data[: bit // 8] + bytes((data[bit // 8] ^ 1 << bit % 8,)) + data[bit // 8 + 1 :]


def row_of(told: bytes) -> list[object] | None:
    """The row that `checksums.told_of` tells; None if it is none."""
    row: list[object] = []
    at = 0
    while at < len(told):
        kind = told[at : at + 1]
        if kind == b"n":
            row.append(None)
            at += 1
        elif kind == b"i" and at + 10 <= len(told):
            row.append(unpack_from(">q", told, at + 1)[0])
            at += 10
        elif kind == b"b" and at + 9 <= len(told):
            size = unpack_from(">q", told, at + 1)[0]
            row.append(told[at + 9 : at + 9 + size])
            at += 10 + size
        else:
            return None
    return row if at == len(told) else None
