"""
The historical form of the chain, as text.

Clients check a chain by hashing each block as Python's `json` writes it once it has read it: `sha256(json.dumps(block,
sort_keys=True))`. Amounts are written exactly, with as many digits as they have; who reads them as floats, as those
programs did, may see fewer. So the hash is over what such a client sees, and every block fits for whoever follows the
recipe; the digits that a float drops are the one thing that this hash does not hold. The chain's own hashes do.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import lru_cache

from smartchain.ledger.address import checksum
from smartchain.ledger.block import Block
from smartchain.ledger.hash import ETHER
from smartchain.ports import LedgerInfo
from smartchain.types import ZERO_ADDRESS

FIRST = "1"
"""What stands for the hash of the block before the first."""

_ETHER_WEI = 10**18
_address = lru_cache(maxsize=16_384)(checksum)


def ether(wei: int) -> str:
    """Wei as a JSON number of ether, exactly: `1.5`, `0.000000000000000001`, `3`."""
    whole, rest = divmod(wei, _ETHER_WEI)
    return f"{whole}.{rest:018}".rstrip("0") if rest else str(whole)


def as_read(number: str) -> str:
    """A JSON number as Python writes it that has read it."""
    return repr(float(number)) if "." in number else number


class ChainText:
    """
    Writes blocks one after another, each over the one before it.

    `begin` a block, `add` its entries in any portions, `end` it; what they return, in a row, is the block's JSON.
    """

    def __init__(self, info: LedgerInfo, previous_hash: str = FIRST) -> None:
        self._info = info
        self._address = checksum(info.address)
        self._hash = hashlib.sha256()
        self._written = 0
        self.previous_hash = previous_hash
        """Of the block that is being written; after its end its own hash, which the next one names."""

    def begin(self, block: Block) -> str:
        self._hash, self._written = hashlib.sha256(), 0
        return self._same(
            f'{{"index": {block.number + 1}, "previous_hash": "{self.previous_hash}", '
            f'"timestamp": {block.timestamp}, "transactions": ['
        )

    def add(self, packed: Sequence[bytes], first: int) -> str:
        """The next entries of the block, `first` being the index of the first of them. What is no Ether is left out."""
        exact, read = list[str](), list[str]()
        for index, entry in enumerate(packed, first):
            if entry.startswith(ETHER):
                one, seen = self._transaction(entry, index)
                exact.append(one)
                read.append(seen)
        if not exact:
            return ""
        comma = ", " if self._written else ""
        self._written += len(exact)
        self._hash.update((comma + ", ".join(read)).encode())
        return comma + ", ".join(exact)

    def end(self) -> str:
        text = self._same("]}")
        self.previous_hash = self._hash.hexdigest()
        return text

    def _same(self, text: str) -> str:
        self._hash.update(text.encode())
        return text

    def _transaction(self, packed: bytes, index: int) -> tuple[str, str]:
        """As it is written, and as Python writes it that has read it."""
        sender, recipient, value = packed[20:40], packed[40:60], int.from_bytes(packed[60:92], "big")
        kept = fee_of(self._info, index, sender, value)
        sent, received, fee = ether(value), ether(value - kept), ether(kept)
        ends = f'"bpsc": "{self._address}", "recipient": "{_address(recipient)}", "sender": "{_address(sender)}"}}'
        exact = f'{{"amount_bpsc": {fee}, "amount_receive": {received}, "amount_send": {sent}, {ends}'
        fee, received, sent = as_read(fee), as_read(received), as_read(sent)
        return exact, f'{{"amount_bpsc": {fee}, "amount_receive": {received}, "amount_send": {sent}, {ends}'


def fee_of(info: LedgerInfo, index: int, sender: bytes, value: int) -> int:
    """What the contract kept of an entry. Source: the protocol, on the relay of Ether."""
    if not info.fee_ppm or index < info.genesis.size or sender in (ZERO_ADDRESS, info.address):
        return 0
    return value * info.fee_ppm // 1_000_000
