"""A ledger's story from a seed: the steps that an indexer would hand to a store."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from smartchain.ledger.block import Assembler, Block, BlockRule, genesis_block
from smartchain.ledger.entry import Entry
from smartchain.ledger.hash import EMPTY_ROOT, ETHER, anchor_of, keccak
from smartchain.ledger.merkle import STORED_LEVEL, MerkleLog
from smartchain.ports import Chunk, Genesis, HostBlock, LedgerInfo, LedgerStore, Status, Step
from smartchain.types import Address, ChainId, Hash32, Index, Size

LEDGER = Address(b"\x1e" * 20)
GENESIS = Genesis(Size(0), EMPTY_ROOT, 1_700_000_000)
INFO = LedgerInfo(ChainId(31337), LEDGER, BlockRule(3, 0), GENESIS, 7)
WALLETS = [Address(keccak(b"wallet %d" % number)[12:]) for number in range(6)]
ANNA, BEN, CARL = WALLETS[:3]
UNTOUCHED = Status(Size(0), None, Size(0), 0, None, 0)


def host_block(number: int, fork: int = 0) -> HostBlock:
    """The host's block of that number, on one of its forks."""
    return HostBlock(number, keccak(b"host block %d of %d" % (number, fork)), 1_700_000_000 + 12 * number)


def payment(sender: Address, recipient: Address, value: int, memo: bytes = b"", subject: Address = ETHER) -> Entry:
    return Entry(subject, sender, recipient, value, 1_700_000_100, Hash32(memo.ljust(32, b"\0")))


def payments(seed: int, count: int) -> list[Entry]:
    """Payments between a few wallets, some to themselves, some with a memo."""
    chance = random.Random(seed)
    return [
        payment(
            chance.choice(WALLETS),
            chance.choice(WALLETS),
            chance.choice([0, 1, chance.randrange(2**96), 2**256 - 1]),
            chance.choice([b"", b"", b"rent \0", chance.randbytes(32)]),
        )
        for _ in range(count)
    ]


@dataclass
class Story:
    """Grows the log and the blocks as the indexer does; each call gives the next step."""

    info: LedgerInfo = INFO
    at: int = INFO.deployed_at - 1
    """The host block that the last step ended with."""
    fork: int = 0
    size: int = 0
    entries: list[Entry] = field(default_factory=list)
    blocks: list[Block] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._nodes: list[tuple[int, int, bytes]] = []
        genesis = self.info.genesis
        anchor = anchor_of(self.info.chain_id, self.info.address)
        first = genesis_block(anchor, genesis.timestamp, genesis.size, genesis.root)
        log = MerkleLog(0, (), lambda *node: self._nodes.append(node), STORED_LEVEL)
        self._assembler = Assembler(self.info.rule, first, log)

    def step(self, *host_blocks: Iterable[Entry], verified: bool = False, after: int = 0) -> Step:
        """
        The step of these host blocks, one after another, each with its entries.

        `after` is how many host blocks without entries stand before them.
        """
        first_block, first = self.at + 1, Index(self.size)
        chunk = Chunk(first_block, first_block, first)
        fresh = [] if self.blocks else [self._assembler.last]
        self.at += after
        for entries in host_blocks:
            self.at += 1
            for entry in entries:
                self._put(chunk, entry)
        chunk.last_block = max(self.at, first_block)
        fresh += self._assembler.feed(chunk.packed)
        self.blocks += fresh
        nodes, self._nodes[:] = list(self._nodes), []
        self.size += len(chunk.packed)
        return Step(chunk, host_block(chunk.last_block, self.fork), fresh, nodes, verified)

    def _put(self, chunk: Chunk, entry: Entry) -> None:
        chunk.packed.append(entry.pack())
        chunk.host_blocks.append(self.at)
        chunk.transactions.append(keccak(b"transaction %d of %d" % (len(self.entries), self.fork)))
        chunk.hashes[self.at] = host_block(self.at, self.fork).hash
        self.entries.append(entry)


def long_story(seed: int, steps: int, info: LedgerInfo = INFO) -> Iterator[Step]:
    """Steps of a few hundred entries; every fourth is verified."""
    chance, story = random.Random(seed), Story(info)
    for number in range(steps):
        sizes = [chance.randrange(120) for _ in range(chance.randrange(1, 5))]
        blocks = [payments(chance.randrange(2**32), size) for size in sizes]
        yield story.step(*blocks, verified=number % 4 == 3, after=chance.randrange(3))


def everything(ledger: LedgerStore) -> tuple[object, ...]:
    """All that a store says of a ledger."""
    size = ledger.status().size
    return (
        ledger.status(),
        list(ledger.packed(0, size)),
        [ledger.nodes(level, 0, size) for level in range(8, 14)],
        list(ledger.blocks()),
        list(ledger.entries()),
        ledger.host_blocks(),
        ledger.block_below(Size(size + 1)),
        [ledger.balance(wallet) for wallet in WALLETS],
    )
