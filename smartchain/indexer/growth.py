"""
The chain in memory while it grows: the log and the open block that the next entries go into.
"""

from __future__ import annotations

from smartchain.errors import ProofError
from smartchain.ledger.block import Assembler, Block, genesis_block
from smartchain.ledger.hash import anchor_of
from smartchain.ledger.merkle import STORED_LEVEL, MerkleLog
from smartchain.ledger.proof import Perfect, peaks_at, perfect_from
from smartchain.ports import Chunk, Head, HostBlock, LedgerInfo, LedgerStore, Step
from smartchain.types import Size


def genesis_of(info: LedgerInfo) -> Block:
    """Block 0 of a ledger's smart chain."""
    anchor = anchor_of(info.chain_id, info.address)
    return genesis_block(anchor, info.genesis.timestamp, info.genesis.size, info.genesis.root)


def tree_of(store: LedgerStore) -> Perfect:
    """Perfect subtrees of everything in the store, staged entries included."""
    return perfect_from(store.packed, store.nodes)


class Growth:
    """
    An assembler that goes on from what a store holds, and packs what it makes into steps.

    Whatever is grown but not taken by the store is forgotten with this object: make a new one then.
    """

    def __init__(self, store: LedgerStore) -> None:
        status = store.status()
        size, self._cursor = status.size, status.cursor
        last = store.block_below(Size(size + 1))
        self._blocks: list[Block] = []
        self._nodes: list[tuple[int, int, bytes]] = []
        if last is None:
            last = genesis_of(store.info)
            self._blocks.append(last)
        peaks = peaks_at(tree_of(store), last.size)
        log = MerkleLog(last.size, peaks, self._completed, STORED_LEVEL)
        self._assembler = Assembler(store.info.rule, last, log)
        # What the open block holds. A block closes here only after a rewind, which drops the one at its edge.
        self._blocks.extend(self._assembler.feed(store.packed(last.size, size)))
        self._nodes.clear()
        if self._assembler.log.size != size:
            raise ProofError(f"the store says it has {size} entries and gave {self._assembler.log.size}")

    def _completed(self, level: int, position: int, root: bytes) -> None:
        self._nodes.append((level, position, root))

    @property
    def head(self) -> Head:
        """Size and root of everything grown so far."""
        return Head(self._assembler.log.size, self._assembler.log.root())

    @property
    def blocks(self) -> int:
        """How many blocks there are, the genesis block included."""
        return self._assembler.last.number + 1

    def step(self, chunk: Chunk, cursor: HostBlock) -> Step:
        """Grow by a chunk; the step holds all that a store must take in for it."""
        self._blocks.extend(self._assembler.feed(chunk.packed))
        step = Step(chunk, cursor, self._blocks, self._nodes, after=self._cursor)
        self._blocks, self._nodes, self._cursor = [], [], cursor
        return step
