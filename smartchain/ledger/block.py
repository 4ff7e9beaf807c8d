"""
The smart chain: which blocks follow from the entries and the rule.

`Assembler` takes entries one by one and yields each block as it closes; it can go on from any block.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from smartchain.errors import EntryError
from smartchain.ledger.entry import is_seal, timestamp_of
from smartchain.ledger.hash import block_hash, leaf_hash
from smartchain.ledger.merkle import MerkleLog
from smartchain.types import Hash32, Size


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

    __slots__ = ("_first_timestamp", "_previous_timestamp", "last", "log", "rule")

    def __init__(self, rule: BlockRule, last: Block, log: MerkleLog) -> None:
        if log.size != last.size:
            raise EntryError(f"the log has {log.size} entries and the block to go on from {last.size}")
        self.rule = rule
        self.last = last
        self.log = log
        self._first_timestamp = 0
        self._previous_timestamp = last.timestamp

    @property
    def pending(self) -> int:
        """Entries in the open block."""
        return self.log.size - self.last.size

    def feed(self, packed: Iterable[bytes]) -> Iterator[Block]:
        """
        Take packed entries in, in order; yield each block when it closes.

        Source: the protocol's block rule, steps 2 and 3.
        """
        rule, log = self.rule, self.log
        most = rule.max_entries
        for entry in packed:
            if rule.interval:
                if self._interval_is_over(timestamp_of(entry)):
                    yield self._close()
                if log.size == self.last.size:
                    self._first_timestamp = timestamp_of(entry)
            log.append(leaf_hash(entry))
            self._previous_timestamp = timestamp_of(entry)
            if (most and log.size - self.last.size >= most) or is_seal(entry):
                yield self._close()

    def _interval_is_over(self, timestamp: int) -> bool:
        return self.pending > 0 and timestamp >= self._first_timestamp + self.rule.interval

    def _close(self) -> Block:
        self.last = make_block(
            self.last.hash, self.last.number + 1, self._previous_timestamp, self.log.size, self.log.root()
        )
        return self.last


def assemble(rule: BlockRule, genesis: Block, log: MerkleLog, packed: Iterable[bytes]) -> Iterator[Block]:
    """Every block from the genesis block on that follows from these entries."""
    yield genesis
    yield from Assembler(rule, genesis, log).feed(packed)
