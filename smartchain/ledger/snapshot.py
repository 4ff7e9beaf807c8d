"""
A snapshot: the opening balances of a new chain, which are the first entries of its log.

A header of 108 bytes says what the balances are of, when they were, how many there are, their sum and the log's root;
then come the wallets in strictly ascending order, 52 bytes each:

    magic (8) ‖ subject (20) ‖ timestamp (8) ‖ size (8) ‖ total (32) ‖ root (32)
    wallet (20) ‖ value (32)

Numbers are big-endian. The same balances give the same bytes, whoever wrote them down and in whatever order. Source:
the protocol's `Genesis`; the root is what `genesis()` of the contract says.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from struct import Struct

from smartchain.errors import SnapshotError
from smartchain.ledger.entry import MAX_TIMESTAMP
from smartchain.ledger.hash import SEAL, leaf_hashes
from smartchain.ledger.merkle import MerkleLog
from smartchain.types import ZERO_ADDRESS, ZERO_HASH, Address, Hash32, Size

MAGIC = b"\x89SNAP\r\n\x01"
"""Version 1. The bytes around the letters show a file that was sent as text."""

_HEADER = Struct(">8s20sQQ32s32s")
HEADER_BYTES = _HEADER.size
RECORD_BYTES = 52
MOST_WALLETS = 2**48 - 1
"""More no contract opens with."""


@dataclass(frozen=True, slots=True)
class Header:
    """What a snapshot says of itself; `total` is in the subject's smallest unit."""

    subject: Address
    timestamp: int
    size: Size
    total: int
    root: Hash32

    def pack(self) -> bytes:
        total = self.total.to_bytes(32, "big")
        return _HEADER.pack(MAGIC, self.subject, self.timestamp, self.size, total, self.root)

    @classmethod
    def unpack(cls, data: bytes) -> Header:
        """Raises `SnapshotError` for anything that is no header."""
        if len(data) < HEADER_BYTES or data[: len(MAGIC)] != MAGIC:
            raise SnapshotError("this is no snapshot: such a file is written by 'smartchain snapshot create'")
        _, subject, timestamp, size, total, root = _HEADER.unpack(data[:HEADER_BYTES])
        if not 0 < size <= MOST_WALLETS:
            raise SnapshotError(f"a snapshot holds 1 to {MOST_WALLETS} wallets, this one says {size}")
        return cls(Address(subject), timestamp, Size(size), int.from_bytes(total, "big"), Hash32(root))

    @property
    def file_bytes(self) -> int:
        """How long the file is."""
        return HEADER_BYTES + RECORD_BYTES * self.size


class Tally:
    """Takes records in, in the file's order, and knows the log that they begin."""

    def __init__(self, subject: Address, timestamp: int) -> None:
        """Raises `SnapshotError` for what no balance can be of."""
        if subject in (SEAL, ZERO_ADDRESS):
            raise SnapshotError(f"0x{subject.hex()} is no subject that a wallet can have a balance of")
        if not 0 <= timestamp <= MAX_TIMESTAMP:
            raise SnapshotError(f"{timestamp} is no second: a timestamp is a number from 0 to {MAX_TIMESTAMP}")
        self._before, self._after = subject + ZERO_ADDRESS, timestamp.to_bytes(8, "big") + ZERO_HASH
        self._subject, self._timestamp = subject, timestamp
        self._log = MerkleLog()
        self._last = ZERO_ADDRESS
        self._total = 0

    def take(self, records: bytes) -> list[bytes]:
        """
        The packed entries of whole records.

        Raises `SnapshotError` for a wallet that is zero, there already or out of order, a value of nothing, and a sum
        that no token can have.
        """
        packed = []
        for at in range(0, len(records), RECORD_BYTES):
            wallet, value = records[at : at + 20], records[at + 20 : at + RECORD_BYTES]
            self._check(Address(wallet), int.from_bytes(value, "big"))
            packed.append(self._before + wallet + value + self._after)
        self._log.extend(leaf_hashes(packed))
        return packed

    def _check(self, wallet: Address, value: int) -> None:
        if wallet <= self._last:
            if wallet == ZERO_ADDRESS:
                raise SnapshotError("the zero address is no wallet: what it holds is gone")
            which = "is there twice" if wallet == self._last else "stands after a greater one"
            raise SnapshotError(f"wallet 0x{wallet.hex()} {which}; wallets stand in ascending order, each once")
        if not value:
            raise SnapshotError(f"wallet 0x{wallet.hex()} holds nothing: leave it out")
        self._last = wallet
        self._total += value
        if self._total >> 256:
            raise SnapshotError(f"up to wallet 0x{wallet.hex()} the values make 2^256 or more, which nothing has")

    @property
    def header(self) -> Header:
        """What the header has to say of all that was taken. Raises `SnapshotError` where that is nothing."""
        if not self._log.size:
            raise SnapshotError("there is no wallet in it: a ledger without opening balances needs no snapshot")
        return Header(self._subject, self._timestamp, self._log.size, self._total, self._log.root())

    def expect(self, said: Header) -> None:
        """Raises `SnapshotError` unless what was taken is what a header says."""
        if (found := self.header) != said:
            raise SnapshotError(_difference(said, found))

    @property
    def peaks(self) -> list[Hash32]:
        """Roots of the perfect subtrees, lowest level first: what the contract is deployed with."""
        return self._log.peaks()


def record_of(packed: bytes) -> bytes:
    """The record of an opening entry, whose packed form this is."""
    return packed[40:92]


def value_of(packed: bytes) -> int:
    return int.from_bytes(packed[60:92], "big")


def subject_of(packed: bytes) -> Address:
    return Address(packed[:20])


def checked(header: Header, pieces: Iterable[bytes]) -> Iterator[list[bytes]]:
    """
    The packed entries of a snapshot's records, piece by piece; the last one only when all of it fits the header.

    Raises `SnapshotError` for anything else than what the header says.
    """
    tally = Tally(header.subject, header.timestamp)
    waiting: list[bytes] = []
    rest = b""
    for piece in pieces:
        rest += piece
        whole = len(rest) // RECORD_BYTES * RECORD_BYTES
        if not whole:
            continue
        if waiting:
            yield waiting
        waiting, rest = tally.take(rest[:whole]), rest[whole:]
    if rest:
        raise SnapshotError("the file is cut off in the middle of a wallet: copy it again")
    tally.expect(header)
    yield waiting


def _difference(said: Header, found: Header) -> str:
    if found.size != said.size:
        return f"the file says {said.size} wallets and holds {found.size}: copy it again, it is not whole"
    if found.total != said.total:
        return f"the values make {found.total}, and the file says {said.total}: it was altered"
    return f"the wallets give the root 0x{found.root.hex()}, and the file says 0x{said.root.hex()}: it was altered"
