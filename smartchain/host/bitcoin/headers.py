"""
Bitcoin's headers and the rules that they follow: targets, work, times.

Pure, and the same as `contracts/libraries/HeaderChain.sol` and `Difficulty.sol`: what is checked here before it is
submitted is checked there again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from smartchain.host.bitcoin.hashing import BurnError, hash256, shown
from smartchain.types import Hash32

HEADER_BYTES = 80
PERIOD = 2016
"""How many blocks share a target."""

PERIOD_S = 14 * 24 * 3600
MEDIAN_OF = 11
MAIN_LIMIT = 0xFFFF << 208
"""The easiest target of Bitcoin's main network."""


def target_of(bits: int) -> int:
    """The target of a compact form; 0 for a negative one, or one past 2^256."""
    size, mantissa = bits >> 24, bits & 0x7FFFFF
    if bits & 0x800000 or size > 32:
        return 0
    return mantissa >> 8 * (3 - size) if size <= 3 else (mantissa << 8 * (size - 3)) % 2**256


def bits_of(target: int) -> int:
    """The compact form of a target, which keeps its first 15 to 23 bits."""
    size = (target.bit_length() + 7) // 8
    mantissa = target << 8 * (3 - size) if size <= 3 else target >> 8 * (size - 3)
    if mantissa & 0x800000:
        mantissa, size = mantissa >> 8, size + 1
    return size << 24 | mantissa


def work_of(target: int) -> int:
    """The hashes that a block of this target takes on average."""
    return 2**256 // (target + 1)


def retarget(bits: int, start: int, end: int, limit: int) -> int:
    """The compact target of the next period, after one from `start` to `end`: first and last block's times."""
    span = min(max(end - start, PERIOD_S // 4), PERIOD_S * 4)
    return bits_of(min(target_of(bits) * span // PERIOD_S, limit))


@dataclass(frozen=True, slots=True)
class Header:
    """A block's header, as it is hashed."""

    version: int
    parent: Hash32
    root: Hash32
    time: int
    bits: int
    nonce: int

    @classmethod
    def unpack(cls, raw: bytes) -> Header:
        """Raises `BurnError` for another length than 80 bytes."""
        if len(raw) != HEADER_BYTES:
            raise BurnError(f"a Bitcoin header has 80 bytes, this one has {len(raw)}")
        version, time, bits, nonce = (int.from_bytes(raw[at : at + 4], "little") for at in (0, 68, 72, 76))
        return cls(version, Hash32(raw[4:36]), Hash32(raw[36:68]), time, bits, nonce)

    def pack(self) -> bytes:
        """The 80 bytes."""
        words = (self.time, self.bits, self.nonce)
        start = self.version.to_bytes(4, "little") + self.parent + self.root
        return start + b"".join(word.to_bytes(4, "little") for word in words)

    @property
    def hash(self) -> Hash32:
        """The block's hash, in internal byte order."""
        return hash256(self.pack())

    @property
    def has_work(self) -> bool:
        """Whether the hash is at or under the target that the header names."""
        return int.from_bytes(self.hash, "little") <= target_of(self.bits)


def split_headers(raw: bytes) -> list[Header]:
    """Headers that stand one after the other. Raises `BurnError` where one is cut off."""
    return [Header.unpack(raw[at : at + HEADER_BYTES]) for at in range(0, len(raw), HEADER_BYTES)]


def check_run(headers: Sequence[Header]) -> None:
    """Raises `BurnError` unless each header follows the one before it and was mined; targets and times are not held."""
    for number, header in enumerate(headers):
        if number and header.parent != headers[number - 1].hash:
            raise BurnError(f"Bitcoin header {number} ({shown(header.hash)}) does not follow the one before it")
        if not header.has_work:
            raise BurnError(f"Bitcoin header {number} ({shown(header.hash)}) is above its target: nobody mined it")
