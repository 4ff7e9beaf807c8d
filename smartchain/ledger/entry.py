"""
An entry: `value` of `subject` went from `sender` to `recipient` at `timestamp`, with a `memo`.

Packed, it is the 132 bytes that its leaf commits to; bulk code handles those and never builds the object.
"""

from __future__ import annotations

from dataclasses import dataclass

from smartchain.errors import EntryError
from smartchain.ledger.hash import SEAL, leaf_hash
from smartchain.types import ZERO_ADDRESS, ZERO_HASH, Address, Hash32

PACKED_BYTES = 132
MAX_VALUE = 2**256 - 1
MAX_TIMESTAMP = 2**64 - 1
MAX_PAYMENT = 2**96 - 1
"""Largest value of a payment in a batch: one word holds the recipient and a uint96."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One record of a ledger. Source: the protocol's table of fields."""

    subject: Address
    sender: Address
    """Zero: created (a genesis allocation, a mint)."""
    recipient: Address
    """Zero: destroyed (a burn)."""
    value: int
    """Gross, before any fee, in the subject's smallest unit."""
    timestamp: int
    """Of the host block, seconds."""
    memo: Hash32 = ZERO_HASH

    def __post_init__(self) -> None:
        if not len(self.subject) == len(self.sender) == len(self.recipient) == 20 or len(self.memo) != 32:
            raise EntryError("an entry's addresses have 20 bytes and its memo 32")
        if not 0 <= self.value <= MAX_VALUE:
            raise EntryError(f"an entry's value fits a uint256, {self.value} does not")
        if not 0 <= self.timestamp <= MAX_TIMESTAMP:
            raise EntryError(f"an entry's timestamp fits a uint64, {self.timestamp} does not")

    def pack(self) -> bytes:
        """subject (20) ‖ sender (20) ‖ recipient (20) ‖ value (32) ‖ timestamp (8) ‖ memo (32)."""
        numbers = self.value.to_bytes(32, "big") + self.timestamp.to_bytes(8, "big")
        return self.subject + self.sender + self.recipient + numbers + self.memo

    @classmethod
    def unpack(cls, packed: bytes) -> Entry:
        """The entry of 132 packed bytes. Raises `EntryError` for any other length."""
        if len(packed) != PACKED_BYTES:
            raise EntryError(f"an entry packs into {PACKED_BYTES} bytes, these are {len(packed)}")
        return cls(
            subject=Address(packed[:20]),
            sender=Address(packed[20:40]),
            recipient=Address(packed[40:60]),
            value=int.from_bytes(packed[60:92], "big"),
            timestamp=timestamp_of(packed),
            memo=Hash32(packed[100:]),
        )

    @property
    def leaf(self) -> Hash32:
        """The hash by which the log commits to this entry."""
        return leaf_hash(self.pack())

    @property
    def is_seal(self) -> bool:
        """Whether this entry closes its block."""
        return self.subject == SEAL

    @property
    def is_creation(self) -> bool:
        """Whether the value came from nowhere: an allocation or a mint."""
        return self.sender == ZERO_ADDRESS


def timestamp_of(packed: bytes) -> int:
    """Timestamp of a packed entry, seconds."""
    return int.from_bytes(packed[92:100], "big")


def is_seal(packed: bytes) -> bool:
    """Whether a packed entry closes its block."""
    return packed.startswith(SEAL)
