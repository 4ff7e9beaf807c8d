"""
Blocks of the host chain, as places to stand on.
"""

from __future__ import annotations

from typing import Any

from smartchain.errors import HostUnavailable, UnknownBlock
from smartchain.ports import HostBlock, Rpc
from smartchain.types import Hash32


def block_at(rpc: Rpc, tag: str) -> HostBlock | None:
    """The block of a number in hex, or of a tag; None where there is none. Raises `HostUnavailable`."""
    try:
        found = rpc.call("eth_getBlockByNumber", tag, False)
    except UnknownBlock:
        return None
    return None if found is None else place_of(rpc.name, found)


def place_of(name: str, found: Any) -> HostBlock:
    """A block as a node called `name` gives it. Raises `HostUnavailable`."""
    try:
        return HostBlock(number_of(found["number"]), hash_of(found["hash"]), number_of(found["timestamp"]))
    except (KeyError, TypeError, ValueError, AttributeError) as exc:
        raise HostUnavailable(f"{name} gave a block without number, hash or time; it is asked again") from exc


def number_of(text: Any) -> int:
    """A quantity as a node gives it. Raises `ValueError` for what no host has reached, and a database cannot hold."""
    number = int(text, 16)
    if not 0 <= number < 1 << 63:
        raise ValueError("out of range")
    return number


def hash_of(text: str) -> Hash32:
    """Raises `ValueError`."""
    raw = bytes.fromhex(text.removeprefix("0x"))
    if len(raw) != 32:
        raise ValueError(text)
    return Hash32(raw)
