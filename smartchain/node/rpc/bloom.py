"""
The bloom filter of a block's logs: clients look into it to pass over blocks that cannot hold what they seek.
"""

from __future__ import annotations

from collections.abc import Iterable

from smartchain.ledger.identity import TRANSFER, bloom_bits, topic_of
from smartchain.types import Address

SATURATED = (1 << 2048) - 1
"""Says that everything may be in it, which is never wrong."""

_MOST = 2_000
"""Entries past which nearly every bit is set anyhow."""


def bloom(ledger: Address, packed: Iterable[bytes], count: int) -> str:
    """Of the logs of that many packed entries, as 256 bytes of data."""
    if count > _MOST:
        return _written(SATURATED)
    parties: set[bytes] = set()
    for entry in packed:
        parties |= {entry[20:40], entry[40:60]}
    bits = bloom_bits(ledger) | bloom_bits(TRANSFER) if count else 0
    for party in parties:
        bits |= bloom_bits(topic_of(Address(party)))
    return _written(bits)


def _written(bits: int) -> str:
    return f"0x{bits:0512x}"
