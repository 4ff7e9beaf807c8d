"""
A host chain that goes its way by a seed and a clock: it mines, jumps in time, reorganises, and loses its ledger.

Every branch that ever was canonical is remembered, so that whatever somebody committed to can be held to it. What
happens depends on seed and time alone, never on who looks: the same world can be built again at any moment of it.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

import msgspec

from smartchain.host.logs import BATCH, CHECKPOINT, TRANSFER
from smartchain.ledger.block import BlockRule
from smartchain.ledger.entry import Entry
from smartchain.ledger.hash import EMPTY_ROOT, ETHER, SEAL, keccak, leaf_hash
from smartchain.ledger.merkle import MerkleLog
from smartchain.ports import Genesis, Head, HostBlock, LedgerInfo
from smartchain.types import ZERO_ADDRESS, Address, ChainId, Hash32, Size

LEDGER = Address(b"\xbc" * 20)
LEDGER_HEX = "0x" + LEDGER.hex()
CHAIN = ChainId(31337)
BEGUN = 1_700_000_000
RULES = [BlockRule(0, 0), BlockRule(1, 0), BlockRule(3, 0), BlockRule(0, 25), BlockRule(4, 12), BlockRule(100, 0)]
DEEPEST = 100
CONFIRMED = 8
"""Blocks that stand on the deployment in the end: whoever waits for confirmations sees it."""

Json = dict[str, object]


@dataclass(slots=True)
class Record:
    """One log of the ledger: a payment, a batch of them, or the word that a root was kept (no entries)."""

    first: int
    packed: list[bytes]
    transaction: bytes
    is_batch: bool = False


@dataclass(eq=False)
class Block:
    """A host block, and all that the ledger is at its end."""

    number: int
    hash: Hash32
    timestamp: int
    parent: Block | None
    records: list[Record]
    size: int
    peaks: tuple[Hash32, ...]
    genesis_at: int | None
    """When the ledger was deployed, on this branch; None where it is not."""
    kept: dict[int, Hash32] = field(default_factory=dict)
    """Roots that the contract kept, by size."""
    kept_here: list[int] = field(default_factory=list)

    @property
    def place(self) -> HostBlock:
        return HostBlock(self.number, self.hash, self.timestamp)

    @cached_property
    def head(self) -> Head:
        return Head(Size(self.size), MerkleLog(self.size, self.peaks).root())

    @cached_property
    def logs(self) -> list[bytes]:
        """As JSON, each."""
        return [msgspec.json.encode(log) for log in logs_of(self)]

    def entries(self) -> list[bytes]:
        """Of the whole branch up to here."""
        blocks = list[Block]()
        at: Block | None = self
        while at is not None and at.size:
            blocks.append(at)
            at = at.parent
        return [packed for block in reversed(blocks) for record in block.records for packed in record.packed]


class World:
    """The chain at `now`; `advance` lets time pass. Calm from `storm_s` on, and still from `end_s` on."""

    def __init__(self, seed: int) -> None:
        self.chance = chance = random.Random(f"world {seed}")
        self.rule = chance.choice(RULES)
        self.fee_ppm = chance.choice([0, 0, 50, 100_000])
        self.now = 0.0
        self.storm_s = chance.choice([6, 12, 30])
        self.end_s = self.storm_s + 8
        self.finality: int | None = chance.choice([None, None, 2, 8, 32])
        """Host blocks behind the newest up to which the host calls its chain final; half as many: safe."""
        self.final = self.safe = -1
        self.breaks = self.finality is not None and chance.random() < 0.25
        """Whether a reorganisation may go past what was final; `broke` says how deep one did."""
        self.broke: int | None = None
        self.chain: list[Block] = []
        self.ever: dict[Hash32, Block] = {}
        self.seen: Counter[str] = Counter()
        self.former: list[list[Block]] = []
        """Chains that were canonical before a reorganisation, the newest last."""
        self._pace_s = chance.choice([0.5, 1.0, 4.0])
        self._busy = chance.choice([0.2, 0.7, 1.5, 4.0])
        self._trouble = chance.choice([0.0, 0.02, 0.1, 0.25])
        self._high = 0
        self._ended = False
        self._deploy_at = self._deployed_first = chance.randint(0, 4)
        for _ in range(self._deploy_at + 1 + chance.choice([0, 0, 3, 30, 120])):
            self.mine(chance.randint(0, 3))
        self._next_s = self._pace_s

    def advance(self, now: float) -> None:
        """Let happen what happens until then."""
        while self._next_s <= now and self._next_s < self.end_s:
            self.now = self._next_s
            self._happen()
        if now >= self.end_s and not self._ended:
            self._ended, past = True, self._high + 2
            while len(self.chain) <= past or self.chain[max(-CONFIRMED, -len(self.chain))].genesis_at is None:
                self.mine(1)
        self.now = max(self.now, now)

    def _happen(self) -> None:
        chance = self.chance
        self._next_s += self._pace_s * chance.choice([0.1, 1, 1, 1, 1.5])
        if self._next_s < self.storm_s and chance.random() < self._trouble:
            self.reorganise(self._depth())
            if chance.random() < 0.3:  # and again, before anybody looks
                self.seen["reorganised twice at once"] += 1
                self.reorganise(self._depth())
        else:
            self.mine(self._entries())
            if chance.random() < 0.1:
                self._keep()

    def _entries(self) -> int:
        chance = self.chance
        return chance.randint(40, 300) if chance.random() < 0.01 else int(chance.expovariate(1 / self._busy))

    def _depth(self) -> int:
        """Seldom to the first block, or to before the deployment."""
        chance, height = self.chance, len(self.chain)
        whole = height - self._deployed_first
        deep = chance.choice([1, 1, 2, 3, chance.randint(1, DEEPEST), min(DEEPEST, max(1, whole - 1)), whole])
        return min(deep, height if self.breaks else height - 1 - self.final)

    # blocks

    def mine(self, entries: int, timestamp: int | None = None, again: Sequence[Record] = ()) -> Block:
        """Add a block with so many new entries, after those of the records that are mined again."""
        parent = self.chain[-1] if self.chain else None
        number = len(self.chain)
        when = self._timestamp(parent) if timestamp is None else timestamp
        block_hash = keccak(self.chance.randbytes(32))
        genesis_at = parent.genesis_at if parent else None
        if genesis_at is None and number >= self._deploy_at:
            genesis_at = when
        peaks, size = (parent.peaks, parent.size) if parent else ((), 0)
        records = self._records(size, entries, when, again) if genesis_at is not None else []
        log = MerkleLog(size, peaks)
        log.extend([leaf_hash(packed) for record in records for packed in record.packed])
        kept = parent.kept if parent and genesis_at is not None else {}
        block = Block(number, block_hash, when, parent, records, log.size, tuple(log.peaks()), genesis_at, kept)
        self.chain.append(block)
        self.ever[block_hash] = block
        self._high = max(self._high, number)
        if self.finality is not None and genesis_at is not None:
            self.final = max(self.final, number - self.finality)
            self.safe = max(self.safe, number - self.finality // 2)
        return block

    def _timestamp(self, parent: Block | None) -> int:
        if parent is None:
            return BEGUN
        step = self.chance.choice([0, 1, 2, 12, 12, 12])
        return parent.timestamp + (self.chance.randint(1_000, 1_000_000) if self.chance.random() < 0.02 else step)

    def _records(self, size: int, entries: int, when: int, again: Sequence[Record]) -> list[Record]:
        records = list[Record]()
        for old in again:
            packed = [one[:92] + when.to_bytes(8, "big") + one[100:] for one in old.packed]
            records.append(Record(size, packed, old.transaction, old.is_batch))
            size += len(packed)
        while entries > 0:
            is_batch = entries > 1 and self.chance.random() < 0.3
            count = self.chance.randint(2, entries) if is_batch else 1
            sender, transaction = Address(self.chance.randbytes(20)), self.chance.randbytes(32)
            packed = [self._entry(sender, when, is_batch) for _ in range(count)]
            records.append(Record(size, packed, transaction, is_batch))
            size, entries = size + count, entries - count
        return records

    def _entry(self, sender: Address, when: int, is_batch: bool) -> bytes:
        chance = self.chance
        if not is_batch and chance.random() < 0.1:
            return Entry(SEAL, sender, ZERO_ADDRESS, 0, when).pack()
        return Entry(ETHER, sender, Address(chance.randbytes(20)), chance.getrandbits(64), when).pack()

    def _keep(self) -> None:
        """Have the contract keep its root at the end of the newest block."""
        newest = self.chain[-1]
        if newest.genesis_at is not None and newest.size and newest.size not in newest.kept:
            newest.kept = {**newest.kept, newest.size: newest.head.root}
            newest.kept_here.append(newest.size)

    # reorganisations

    def reorganise(self, depth: int) -> None:
        """Replace the newest blocks: by empty ones, by the same entries mined again, by others, or by fewer."""
        chance = self.chance
        first_dropped = len(self.chain) - depth
        if depth <= 0 or first_dropped < 0:
            return
        self.seen["reorganised"] += 1
        self.seen["reorganised, 50 blocks or more"] += depth >= 50
        self.seen["reorganised from the first block on"] += first_dropped == 0
        self.seen["deployment removed"] += first_dropped <= self._deployed_first
        if first_dropped <= self.final:
            self.broke = first_dropped if self.broke is None else min(self.broke, first_dropped)
            self.final = self.safe = first_dropped - 1
        self.safe = min(self.safe, first_dropped - 1)
        dropped = self.chain[-depth:]
        self.former = [*self.former[-3:], list(self.chain)]
        del self.chain[-depth:]
        how = chance.choice(["empty", "same", "same", "some", "new"])
        first, fewer = dropped[0], chance.random() < 0.1 and len(self.chain) > self._deployed_first
        if first.number <= self._deployed_first:
            self._move_deployment(first)
        for old in dropped[: len(dropped) // 2 if fewer else len(dropped)]:
            again = old.records if how == "same" or (how == "some" and chance.random() < 0.5) else []
            same_time = how == "same" or chance.random() < 0.5
            least = self.chain[-1].timestamp if self.chain else BEGUN
            self.mine(self._entries() if how == "new" else 0, max(least, old.timestamp) if same_time else None, again)

    def _move_deployment(self, first: Block) -> None:
        """The ledger is deployed again: where it was and at the same second, or later."""
        if self.chance.random() < 0.5:
            self._deploy_at = self._deployed_first
        else:
            self._deploy_at = self._deployed_first + self.chance.randint(0, 3)

    # what is so

    def info(self, deployed_at: int) -> LedgerInfo:
        genesis = Genesis(Size(0), EMPTY_ROOT, self.chain[-1].genesis_at or 0)
        return LedgerInfo(CHAIN, LEDGER, self.rule, genesis, deployed_at)


# logs, as a node tells them


def logs_of(block: Block) -> list[Json]:
    said = [_said_of(block, record) for record in block.records]
    said += [_log(block, [CHECKPOINT, _hex(_word(size))], b"\xab" * 32, b"\xcd" * 32) for size in block.kept_here]
    return [{**log, "logIndex": hex(at)} for at, log in enumerate(said)]


def _said_of(block: Block, record: Record) -> Json:
    entries = [Entry.unpack(packed) for packed in record.packed]
    first = entries[0]
    if not record.is_batch:
        topics = [TRANSFER, _hex(_word(record.first)), _hex(_padded(first.sender)), _hex(_padded(first.recipient))]
        data = _padded(first.subject) + _word(first.value) + _word(first.timestamp) + first.memo
        return _log(block, topics, data, record.transaction)
    topics = [BATCH, _hex(_word(record.first)), _hex(_padded(first.sender)), _hex(_padded(first.subject))]
    words = b"".join(entry.recipient + entry.value.to_bytes(12, "big") for entry in entries)
    data = _word(first.timestamp) + first.memo + _word(0x60) + _word(len(entries)) + words
    return _log(block, topics, data, record.transaction)


def _log(block: Block, topics: list[str], data: bytes, transaction: bytes) -> Json:
    return {
        "address": LEDGER_HEX,
        "topics": topics,
        "data": _hex(data),
        "blockNumber": hex(block.number),
        "blockHash": _hex(block.hash),
        "transactionHash": _hex(transaction),
        "removed": False,
    }


def _hex(raw: bytes) -> str:
    return "0x" + raw.hex()


def _word(number: int) -> bytes:
    return number.to_bytes(32, "big")


def _padded(address: bytes) -> bytes:
    return bytes(12) + address
