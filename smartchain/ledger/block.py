"""
The smart chain: which blocks follow from the entries and the rule.

`Assembler` takes entries one by one and yields each block as it closes; it can go on from any block.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

from smartchain.errors import EntryError
from smartchain.ledger.entry import timestamp_of
from smartchain.ledger.hash import SEAL, block_hash, leaf_hashes
from smartchain.ledger.merkle import MerkleLog
from smartchain.types import Hash32, Size

_PIECE = 4096
"""Entries that are hashed in one go."""


@dataclass(frozen=True, slots=True)
class BlockRule:
    """When a block closes: `(1, 0)` is a block for each entry, `(0, 0)` closes on a seal alone."""

    max_entries: int
    """Entries at which a block closes; 0 for no such bound."""
    interval: int
    """Seconds after its first entry at which a block closes, once a later entry arrives; 0 for never."""

    def __post_init__(self) -> None:
        if not (0 <= self.max_entries < 2**32 and 0 <= self.interval < 2**32):
            raise EntryError("a block rule's two numbers fit a uint32 each")


@dataclass(frozen=True, slots=True)
class Block:
    """A block of the smart chain: it commits to the whole log up to and with its last entry."""

    number: int
    hash: Hash32
    parent: Hash32
    timestamp: int
    """Of its last entry, seconds; for the genesis block the ledger's genesis timestamp."""
    size: Size
    """Entries in the log up to and with this block's last."""
    root: Hash32


def make_block(parent: Hash32, number: int, timestamp: int, size: Size, root: Hash32) -> Block:
    """A block with its hash."""
    return Block(number, block_hash(parent, number, timestamp, size, root), parent, timestamp, size, root)


def genesis_block(anchor: Hash32, timestamp: int, size: Size, root: Hash32) -> Block:
    """Block 0: the genesis entries, none as a rule, whatever the block rule says."""
    return make_block(anchor, 0, timestamp, size, root)


class Assembler:
    """
    Blocks from entries, streaming.

    `log` is the Merkle log the entries go into and `last` the newest block; entries past `last.size` are the
    open block, recorded but in no block yet. To go on from a stored chain, give the block that was last, the
    log as it was at that block, and feed the entries from there.
    """

    __slots__ = ("_due", "_newest", "last", "log", "rule")

    def __init__(self, rule: BlockRule, last: Block, log: MerkleLog) -> None:
        if log.size != last.size:
            raise EntryError(f"the log has {log.size} entries and the block to go on from {last.size}")
        self.rule = rule
        self.last = last
        self.log = log
        self._due = 0
        self._newest = b""

    @property
    def pending(self) -> int:
        """Entries in the open block."""
        return self.log.size - self.last.size

    def feed(self, packed: Iterable[bytes]) -> Iterator[Block]:
        """Take packed entries in, in order; yield each block when it closes."""
        entries = iter(packed)
        while piece := list(islice(entries, _PIECE)):
            leaves, at = leaf_hashes(piece), 0
            for stop in self._cuts(piece):
                self.log.extend(leaves[at:stop])
                yield self._close(piece[stop - 1] if stop else self._newest)
                at = stop
            self.log.extend(leaves[at:])
            self._newest = piece[-1]

    def _cuts(self, piece: list[bytes]) -> Iterator[int]:
        """
        Positions before which a block closes.

        Source: the protocol's block rule, steps 2 and 3.
        """
        most, interval, pending = self.rule.max_entries, self.rule.interval, self.pending
        for position, entry in enumerate(piece):
            if interval:
                timestamp = timestamp_of(entry)
                if pending and timestamp >= self._due:
                    yield position
                    pending = 0
                if not pending:
                    self._due = timestamp + interval
            pending += 1
            if pending == most or entry.startswith(SEAL):
                yield position + 1
                pending = 0

    def _close(self, newest: bytes) -> Block:
        log, last = self.log, self.last
        self.last = make_block(last.hash, last.number + 1, timestamp_of(newest), log.size, log.root())
        return self.last


def assemble(rule: BlockRule, genesis: Block, log: MerkleLog, packed: Iterable[bytes]) -> Iterator[Block]:
    """Every block from the genesis block on that follows from these entries."""
    yield genesis
    yield from Assembler(rule, genesis, log).feed(packed)
