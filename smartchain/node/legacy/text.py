"""
The historical form of a chain, as text.

Clients check a chain by hashing each block as Python's `json` writes it once it has read it: `sha256(json.dumps(block,
sort_keys=True))`. Amounts are written exactly, with as many digits as they have; who reads them as floats, as those
programs did, may see fewer. So the hash is over what such a client sees, and every block fits for whoever follows the
recipe; the digits that a float drops are the one thing that this hash does not hold. The chain's own hashes do.
"""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from functools import lru_cache

from smartchain.ledger.address import checksum
from smartchain.ledger.block import Block
from smartchain.ledger.hash import ETHER
from smartchain.ledger.journal import NOTE
from smartchain.node.legacy.information import shown
from smartchain.ports import Journal, LedgerInfo
from smartchain.types import ZERO_ADDRESS

FIRST = "1"
"""What stands for the hash of the block before the first."""

FORGED = "New Block Forged"

_ETHER_WEI = 10**18
_address = lru_cache(maxsize=16_384)(checksum)


def ether(wei: int) -> str:
    """Wei as a JSON number of ether, exactly: `1.5`, `0.000000000000000001`, `3`."""
    whole, rest = divmod(wei, _ETHER_WEI)
    return f"{whole}.{rest:018}".rstrip("0") if rest else str(whole)


def as_read(number: str) -> str:
    """A JSON number as Python writes it that has read it."""
    return repr(float(number)) if "." in number else number


class Text(ABC):
    """
    Writes blocks one after another, each over the one before it.

    `begin` a block, `add` its entries in any portions, `end` it; what they return, in a row, is the block's JSON. A
    kind of chain says what comes before and after the entries, and what of an entry is shown.
    """

    def __init__(self, previous_hash: str = FIRST) -> None:
        self.previous_hash = previous_hash
        """Of the block that is being written; after its end its own hash, which the next one names."""
        self._hash = hashlib.sha256()
        self._block: Block | None = None
        self._written = 0

    def begin(self, block: Block) -> str:
        self._hash, self._written, self._block = hashlib.sha256(), 0, block
        return self._same(self.opening(block))

    def add(self, packed: Sequence[bytes], first: int) -> str:
        """The next entries of the block, `first` being the index of the first of them."""
        both = list(self.entries(packed, first))
        if not both:
            return ""
        comma = ", " if self._written else ""
        self._written += len(both)
        self._hash.update((comma + ", ".join([read for _, read in both])).encode())
        return comma + ", ".join([exact for exact, _ in both])

    def end(self) -> str:
        if self._block is None:
            raise ValueError("no block was begun")
        text = self._same(self.closing(self._block))
        self.previous_hash = self._hash.hexdigest()
        return text

    def _same(self, text: str) -> str:
        self._hash.update(text.encode())
        return text

    # what a kind of chain says

    @abstractmethod
    def opening(self, block: Block) -> str:
        """What a block begins with."""

    @abstractmethod
    def closing(self, block: Block) -> str:
        """What it ends with."""

    @abstractmethod
    def entries(self, packed: Sequence[bytes], first: int) -> Iterator[tuple[str, str]]:
        """Each entry that is shown: as it is written, and as Python writes it that has read it."""

    @abstractmethod
    def forged(self, block: Block) -> tuple[str, str]:
        """What stands around the entries where a block has just been made."""


class ChainText(Text):
    """The smart chain: transfers of Ether; seals and other subjects are in no list of amounts in ether."""

    def __init__(self, info: LedgerInfo, previous_hash: str = FIRST) -> None:
        super().__init__(previous_hash)
        self._info = info
        self._contract = checksum(info.address)

    def opening(self, block: Block) -> str:
        return (
            f'{{"index": {block.number + 1}, "previous_hash": "{self.previous_hash}", '
            f'"timestamp": {block.timestamp}, "transactions": ['
        )

    def closing(self, block: Block) -> str:  # noqa: ARG002
        return "]}"

    def forged(self, block: Block) -> tuple[str, str]:
        opening = f'{{"index": {block.number + 1}, "message": "{FORGED}", "previous_hash": "{self.previous_hash}", '
        return f'{opening}"transactions": [', "]}"

    def entries(self, packed: Sequence[bytes], first: int) -> Iterator[tuple[str, str]]:
        return (self._transfer(entry, index) for index, entry in enumerate(packed, first) if entry.startswith(ETHER))

    def _transfer(self, packed: bytes, index: int) -> tuple[str, str]:
        sender, recipient, value = packed[20:40], packed[40:60], int.from_bytes(packed[60:92], "big")
        kept = fee_of(self._info, index, sender, value)
        sent, received, fee = ether(value), ether(value - kept), ether(kept)
        ends = f'"bpsc": "{self._contract}", "recipient": "{_address(recipient)}", "sender": "{_address(sender)}"}}'
        exact = f'{{"amount_bpsc": {fee}, "amount_receive": {received}, "amount_send": {sent}, {ends}'
        fee, received, sent = as_read(fee), as_read(received), as_read(sent)
        return exact, f'{{"amount_bpsc": {fee}, "amount_receive": {received}, "amount_send": {sent}, {ends}'


class NotesText(Text):
    """A member's personal chain: what it wrote into its journal."""

    def __init__(self, journal: Journal, previous_hash: str = FIRST) -> None:
        super().__init__(previous_hash)
        self._journal = journal

    def opening(self, block: Block) -> str:
        return f'{{"index2": {block.number + 1}, "information": ['

    def closing(self, block: Block) -> str:
        return f'], "previous_hash": "{self.previous_hash}", "timestamp": {block.timestamp}}}'

    def forged(self, block: Block) -> tuple[str, str]:
        return self.opening(block), f'], "message": "{FORGED}", "previous_hash": "{self.previous_hash}"}}'

    def entries(self, packed: Sequence[bytes], first: int) -> Iterator[tuple[str, str]]:
        for index, entry in enumerate(packed, first):
            if entry.startswith(NOTE):
                found = self._journal.note(index)
                text = f'{{"information": {shown(found[1] if found else None)}}}'
                yield text, text


def fee_of(info: LedgerInfo, index: int, sender: bytes, value: int) -> int:
    """What the contract kept of an entry. Source: the protocol, on the relay of Ether."""
    if not info.fee_ppm or index < info.genesis.size or sender in (ZERO_ADDRESS, info.address):
        return 0
    return value * info.fee_ppm // 1_000_000
