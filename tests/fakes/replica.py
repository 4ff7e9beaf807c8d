"""Several nodes of one chain: each sees it as far as it is, fails, lies, or has a fork of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from smartchain.errors import HostUnavailable, UnknownBlock
from smartchain.ledger.hash import leaf_hash
from smartchain.ledger.merkle import MerkleLog
from smartchain.ports import Chunk, Head, HostBlock, LedgerInfo
from smartchain.types import ChainId, Hash32, Index
from tests.fakes.ledger_host import FakeBlock, FakeHost, FakeLog


class Replica(FakeHost):
    """One node of the chain that another `FakeHost` has."""

    def __init__(self, chain: FakeHost, name: str) -> None:
        super().__init__(chain.chance, chain.rule, chain.deployed_at)
        self.blocks, self.sizes = chain.blocks, chain.sizes
        self._name = name
        self.behind = 0
        """Newest blocks that it does not have yet."""
        self.down: Exception | None = None
        self.chain_id = ChainId(31337)
        self.forge: Callable[[Head], Head] = lambda head: head
        self.other_hash: dict[int, Hash32] = {}
        """Blocks of which it has another one than the chain."""
        self.asked = 0

    @property
    def name(self) -> str:
        return self._name

    @property
    def _newest(self) -> int:
        return len(self.blocks) - 1 - self.behind

    def info(self) -> LedgerInfo:
        self._ask()
        return replace(super().info(), chain_id=self.chain_id)

    def target(self) -> HostBlock:
        self._ask()
        super().target()
        return self._seen(self._newest)

    def block(self, number: int) -> HostBlock | None:
        self._ask()
        return self._seen(number) if 0 <= number <= self._newest else None

    def chunks(self, first_block: int, last_block: int, expected: Index) -> Iterator[Chunk]:
        self._ask()
        if last_block > self._newest:
            raise UnknownBlock(f"{self.name} has no block {last_block} yet")
        yield from super().chunks(first_block, last_block, expected)

    def head(self, at: HostBlock) -> Head:
        self._ask()
        if self.block(at.number) != at:
            raise UnknownBlock(f"{self.name} has no such block {at.number}")
        return self.forge(super().head(at))

    def _seen(self, number: int) -> HostBlock:
        block = self.blocks[number].block
        return replace(block, hash=self.other_hash[number]) if number in self.other_hash else block

    def _ask(self) -> None:
        self.asked += 1
        if self.down is not None:
            raise self.down


def down(name: str, retry_after_s: float | None = None) -> HostUnavailable:
    return HostUnavailable(f"{name} cannot be reached", retry_after_s)


def forger(replica: Replica, number: int) -> None:
    """Have it change an amount in a block, and say the head that follows from that."""

    def lie(block: FakeBlock) -> list[FakeLog]:
        if block.block.number != number or not block.logs:
            return block.logs
        packed = bytearray(block.logs[0].packed)
        packed[91] ^= 1
        return [replace(block.logs[0], packed=bytes(packed)), *block.logs[1:]]

    def forge(head: Head) -> Head:
        logs = [log.packed for block in replica.blocks for log in lie(block)][: head.size]
        return Head(head.size, MerkleLog.of(map(leaf_hash, logs)).root())

    replica.lie, replica.forge = lie, forge
