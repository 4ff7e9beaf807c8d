"""
Bitcoin's transactions and blocks, read from their bytes; what a transaction's id is the hash of leaves witnesses out.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from smartchain.host.bitcoin.hashing import BurnError, hash256, merkle_root, shown
from smartchain.host.bitcoin.headers import HEADER_BYTES, Header
from smartchain.types import Hash32

NODE_BYTES = 64
"""What an inner node of the tree hashes, and so no transaction may be as long."""

COINBASE_INPUT = b"\1" + bytes(32) + b"\xff" * 4


@dataclass(frozen=True, slots=True)
class Transaction:
    """A transaction without its witnesses."""

    raw: bytes
    """What its id is the hash of."""

    outputs: list[tuple[int, bytes]] = field(repr=False)
    """Satoshis and script of each."""

    @property
    def id(self) -> Hash32:
        return hash256(self.raw)

    @property
    def is_coinbase(self) -> bool:
        return len(self.raw) > NODE_BYTES and self.raw[4:41] == COINBASE_INPUT


class _Reader:
    """Takes bytes off a transaction, in order."""

    def __init__(self, raw: bytes) -> None:
        self.raw, self.at = raw, 0

    def take(self, count: int) -> bytes:
        if self.at + count > len(self.raw):
            raise BurnError(f"the Bitcoin transaction is cut off at byte {len(self.raw)}")
        self.at += count
        return self.raw[self.at - count : self.at]

    def number(self) -> int:
        first = self.take(1)[0]
        return first if first < 0xFD else int.from_bytes(self.take(1 << first - 0xFC), "little")


def read_transaction(raw: bytes) -> Transaction:
    """A raw transaction, with witnesses or without. Raises `BurnError` unless it is whole."""
    transaction, end = _read_one(raw, 0)
    if end != len(raw):
        raise BurnError(f"the Bitcoin transaction ends at byte {end}, and {len(raw) - end} more follow")
    return transaction


def _read_one(raw: bytes, at: int) -> tuple[Transaction, int]:
    """The transaction that begins there, and where it ends."""
    reader = _Reader(raw)
    reader.at = at
    version = reader.take(4)
    witnesses = raw[reader.at : reader.at + 2] == b"\0\1"
    reader.take(2 * witnesses)
    start = reader.at
    inputs = reader.number()
    for _ in range(inputs):
        reader.take(36)
        reader.take(reader.number() + 4)
    outputs = [(int.from_bytes(reader.take(8), "little"), reader.take(reader.number())) for _ in range(reader.number())]
    middle = raw[start : reader.at]
    for _ in range(inputs * witnesses):
        for _ in range(reader.number()):
            reader.take(reader.number())
    return Transaction(version + middle + reader.take(4), outputs), reader.at


def read_block(raw: bytes) -> tuple[Header, list[Transaction]]:
    """A raw block. Raises `BurnError` unless it is whole and its transactions have the header's root."""
    header, reader = Header.unpack(raw[:HEADER_BYTES]), _Reader(raw)
    reader.at = HEADER_BYTES
    transactions = []
    for _ in range(reader.number()):
        transaction, reader.at = _read_one(raw, reader.at)
        transactions.append(transaction)
    if reader.at != len(raw) or not transactions or merkle_root([one.id for one in transactions]) != header.root:
        raise BurnError(f"the Bitcoin block {shown(header.hash)} does not hold the transactions that it commits to")
    return header, transactions
