"""A host chain in a list, with one ledger on it: it grows, reorganises, forgets, and lies when told to."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from smartchain.errors import BrokenSequence, HostUnavailable, StateGone, UnknownBlock
from smartchain.indexer.growth import genesis_of
from smartchain.ledger.block import Block, BlockRule, assemble
from smartchain.ledger.entry import Entry
from smartchain.ledger.hash import ETHER, SEAL, keccak, leaf_hash
from smartchain.ledger.merkle import MerkleLog
from smartchain.ports import Chunk, Genesis, Head, HostBlock, LedgerInfo, Settled
from smartchain.types import ZERO_ADDRESS, Address, ChainId, Hash32, Index, Size

LEDGER = Address(b"\xbc" * 20)
BY_THREES = BlockRule(3, 0)


@dataclass
class FakeLog:
    """One entry as a log of the host: `index` is what its topic says."""

    index: int
    packed: bytes
    transaction: bytes


@dataclass
class FakeBlock:
    block: HostBlock
    logs: list[FakeLog] = field(default_factory=list)
    kept: list[int] = field(default_factory=list)
    """Sizes at which a checkpoint was kept in it."""


Lie = Callable[[FakeBlock], list[FakeLog]]
"""What a lying host gives in place of a block's logs."""


class FakeHost:
    """Implements `ports.EntrySource`. Everything random comes from `chance`."""

    def __init__(
        self,
        chance: random.Random,
        rule: BlockRule = BY_THREES,
        deployed_at: int = 2,
        opening: Sequence[bytes] = (),
    ) -> None:
        self.chance = chance
        self.opening = list(opening)
        """Packed entries that the ledger was deployed with; no log has them."""
        self.rule = rule
        self.deployed_at = deployed_at
        self.blocks: list[FakeBlock] = []
        self.sizes: list[int] = []
        self.lie: Lie | None = None
        self.depths: tuple[int | None, int | None] = (None, None)
        """How many of the newest blocks are not safe, and not finalized, counting the last that is; None: no tag."""
        self.keeps_state = 10**9
        """How many of the newest blocks' states the host still has."""
        self.blocks_a_chunk = 3
        self.faults: list[Exception] = []
        """Raised one by one by the next calls."""
        self.fail_at_block: int | None = None
        """The next reading of logs that reaches this block fails there."""
        self.before_head: list[Callable[[], None]] = []
        """Run one by one just before the next calls of `head`: what happens behind the reader's back."""
        self.before_chunk: list[Callable[[], None]] = []
        """Run one by one just before the next answers with logs."""
        self.forged_checkpoint: Hash32 | None = None
        """What the host says of any checkpoint that there is."""
        self.asked_checkpoints: list[int] = []
        self._salt = 0
        for _ in range(deployed_at + 1):
            self.mine(0)

    # the honest chain

    def mine(self, entries: int, timestamp: int | None = None) -> None:
        """Add a block with some random entries."""
        number = len(self.blocks)
        parent = self.blocks[-1].block if self.blocks else HostBlock(-1, Hash32(bytes(32)), 1_700_000_000)
        if timestamp is None:
            timestamp = parent.timestamp + self.chance.randint(1, 12)
        self._salt += 1
        block_hash = keccak(parent.hash + number.to_bytes(8, "big") + self._salt.to_bytes(8, "big"))
        first = self.sizes[-1] if self.sizes else len(self.opening)
        packed = [self._random_entry(timestamp) for _ in range(entries)]
        self._add(HostBlock(number, block_hash, timestamp), packed, first)

    def _add(self, block: HostBlock, packed: list[bytes], first: int) -> None:
        logs = [FakeLog(first + at, entry, keccak(entry)) for at, entry in enumerate(packed)]
        self.blocks.append(FakeBlock(block, logs))
        self.sizes.append(first + len(packed))

    def _random_entry(self, timestamp: int) -> bytes:
        if self.chance.random() < 0.1:
            return Entry(SEAL, Address(self.chance.randbytes(20)), ZERO_ADDRESS, 0, timestamp).pack()
        sender, recipient = Address(self.chance.randbytes(20)), Address(self.chance.randbytes(20))
        return Entry(ETHER, sender, recipient, self.chance.getrandbits(64), timestamp).pack()

    def reorganise(self, depth: int, *, keep: bool = False, shift_s: int = 0) -> None:
        """Replace the newest blocks: by empty ones, or with `keep` by ones with the same entries."""
        dropped = self.blocks[-depth:]
        del self.blocks[-depth:], self.sizes[-depth:]
        for old in dropped:
            timestamp = old.block.timestamp + shift_s
            self.mine(0, timestamp)
            if keep:
                new = self.blocks.pop()
                first = self.sizes[-2] if len(self.sizes) > 1 else len(self.opening)
                self.sizes.pop()
                packed = [replace(Entry.unpack(log.packed), timestamp=timestamp).pack() for log in old.logs]
                self._add(new.block, packed, first)
                self.blocks[-1].kept = list(old.kept)

    def cut_back(self, depth: int) -> None:
        """Take the newest blocks away and give nothing in their place."""
        keep = len(self.blocks) - depth
        del self.blocks[keep:], self.sizes[keep:]

    def keep(self) -> int:
        """Have the contract keep its root at the end of the newest block; at which size that is."""
        self.blocks[-1].kept.append(self.sizes[-1])
        return self.sizes[-1]

    def entries(self) -> list[bytes]:
        return [*self.opening, *(log.packed for block in self.blocks for log in block.logs)]

    def chain(self, info: LedgerInfo) -> list[Block]:
        """The blocks that follow from the entries."""
        genesis, count = genesis_of(info), len(self.opening)
        log = MerkleLog.of(leaf_hash(packed) for packed in self.opening)
        return list(assemble(self.rule, genesis, log, self.entries()[count:]))

    # ports.EntrySource

    @property
    def name(self) -> str:
        return "http://fake"

    def info(self) -> LedgerInfo:
        log = MerkleLog.of(leaf_hash(packed) for packed in self.opening)
        genesis = Genesis(log.size, log.root(), 1_700_000_000)
        return LedgerInfo(ChainId(31337), LEDGER, self.rule, genesis, self.deployed_at)

    def origin(self, at: HostBlock) -> tuple[BlockRule, Genesis]:
        info = self.info()
        return info.rule, info.genesis

    def target(self) -> HostBlock:
        self._fault()
        return self.blocks[-1].block

    def settled(self) -> Settled:
        return Settled(
            *(None if it is None else FakeHost.block(self, max(0, len(self.blocks) - it)) for it in self.depths)
        )

    def block(self, number: int) -> HostBlock | None:
        return self.blocks[number].block if 0 <= number < len(self.blocks) else None

    def chunks(self, first_block: int, last_block: int, expected: Index) -> Iterator[Chunk]:
        while first_block <= last_block:
            if self.before_chunk:
                self.before_chunk.pop(0)()
            self._fault()
            last = min(last_block, first_block + self.blocks_a_chunk - 1)
            if self.fail_at_block is not None and last >= self.fail_at_block:
                self.fail_at_block = None
                raise unavailable()
            chunk = self._chunk(first_block, last, expected)
            expected = Index(expected + len(chunk.packed))
            yield chunk
            first_block = last + 1

    def _chunk(self, first_block: int, last_block: int, expected: Index) -> Chunk:
        chunk = Chunk(first_block, last_block, expected)
        at: int = expected
        for block in self.blocks[first_block : last_block + 1]:
            for log in self.lie(block) if self.lie else block.logs:
                if log.index != at:
                    number = block.block.number
                    said = f"entry {at} was expected and {log.index} came"
                    raise BrokenSequence(said, first_block, number, chunk.host_blocks, lacks=log.index > at)
                at += 1
                chunk.packed.append(log.packed)
                chunk.host_blocks.append(block.block.number)
                chunk.transactions.append(log.transaction)
                chunk.hashes[block.block.number] = block.block.hash
            chunk.checkpoints += block.kept
        return chunk

    def head(self, at: HostBlock) -> Head:
        if self.before_head:
            self.before_head.pop(0)()
        self._fault()
        log = self._log_at(at)
        return Head(log.size, log.root())

    def peaks(self, at: HostBlock) -> list[Hash32]:
        return self._log_at(at).peaks()

    def checkpoint(self, size: Size, at: HostBlock) -> Hash32 | None:
        self._fault()
        self.asked_checkpoints.append(size)
        if self.block(at.number) != at:
            raise UnknownBlock(f"block {at.number} is not known here")
        if not any(size in block.kept for block in self.blocks):
            return None
        return self.forged_checkpoint or MerkleLog.of(leaf_hash(entry) for entry in self.entries()[:size]).root()

    def _log_at(self, at: HostBlock) -> MerkleLog:
        if self.block(at.number) != at:
            raise UnknownBlock(f"block {at.number} is not known here")
        if at.number < len(self.blocks) - self.keeps_state:
            raise StateGone("missing trie node")
        packed = [log.packed for block in self.blocks[: at.number + 1] for log in block.logs]
        return MerkleLog.of(leaf_hash(entry) for entry in [*self.opening, *packed])

    def _fault(self) -> None:
        if self.faults:
            raise self.faults.pop(0)


def unavailable() -> HostUnavailable:
    return HostUnavailable("http://fake does not answer: 503")
