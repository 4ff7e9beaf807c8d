"""A ledger store in lists: the plainest thing that keeps the protocol's promises."""

from __future__ import annotations

import bisect
from collections.abc import Iterator

from smartchain.errors import StoreMoved
from smartchain.ledger.block import Block
from smartchain.ledger.entry import Entry
from smartchain.ports import HostBlock, LedgerInfo, Recorded, Status, Step
from smartchain.types import Address, Hash32, Index, Size


class ListStore:
    """Implements `ports.LedgerStore` without a disk."""

    def __init__(self, info: LedgerInfo) -> None:
        self._info = info
        self.rows: list[tuple[bytes, int, bytes]] = []
        self.chain: list[Block] = []
        self.subtrees: dict[tuple[int, int], bytes] = {}
        self.seen: dict[int, Hash32] = {}
        self.cursor: HostBlock | None = None
        self.verified_size = 0
        self.verified_blocks = 0
        self.verified_at: HostBlock | None = None

    @property
    def info(self) -> LedgerInfo:
        return self._info

    def status(self) -> Status:
        return Status(
            size=Size(len(self.rows)),
            cursor=self.cursor,
            verified_size=Size(self.verified_size),
            verified_blocks=self.verified_blocks,
            verified_at=self.verified_at,
            blocks=len(self.chain),
        )

    def take(self, step: Step) -> None:
        chunk = step.chunk
        if chunk.first != len(self.rows):
            raise StoreMoved(f"the store has {len(self.rows)} entries, the step begins at {chunk.first}")
        self.rows += zip(chunk.packed, chunk.host_blocks, chunk.transactions, strict=True)
        assert [block.number for block in step.blocks] == list(
            range(len(self.chain), len(self.chain) + len(step.blocks))
        )
        self.chain += step.blocks
        self.subtrees.update({(level, at): root for level, at, root in step.nodes})
        self.seen |= chunk.hashes | {step.cursor.number: step.cursor.hash}
        self.cursor = step.cursor
        if step.verified:
            self.verify(Size(len(self.rows)), len(self.chain), step.cursor)

    def verify(self, size: Size, blocks: int, at: HostBlock) -> None:
        if size != len(self.rows):
            raise StoreMoved("sizes differ")
        self.verified_size, self.verified_blocks, self.verified_at = size, blocks, at

    def rewind(self, size: Size, cursor: HostBlock | None) -> None:
        del self.rows[size:]
        self.chain = [block for block in self.chain if block.size < size or block.number == 0]
        self.subtrees = {key: root for key, root in self.subtrees.items() if (key[1] + 1) << key[0] <= size}
        last = cursor.number if cursor else -1
        self.seen = {number: known for number, known in self.seen.items() if number <= last}
        self.cursor = cursor
        if self.verified_at is not None and (cursor is None or cursor.number < self.verified_at.number):
            self.verified_at = cursor
        self.verified_size = min(self.verified_size, size)
        self.verified_blocks = min(self.verified_blocks, len(self.chain))

    def prepare(self, expected: int) -> None:
        assert expected > 0

    def packed(self, start: int, stop: int) -> Iterator[bytes]:
        return iter([row[0] for row in self.rows[start:stop]])

    def nodes(self, level: int, start: int, stop: int) -> list[Hash32]:
        return [Hash32(self.subtrees[level, at]) for at in range(start, stop) if (level, at) in self.subtrees]

    def block_below(self, size: Size) -> Block | None:
        below = [block for block in self.chain if block.size < size]
        return below[-1] if below else None

    def host_blocks(self) -> list[tuple[int, Hash32]]:
        return sorted(self.seen.items())

    def size_at(self, host_block: int) -> Size:
        return Size(bisect.bisect_right([row[1] for row in self.rows], host_block))

    def host_block_of(self, index: Index) -> int:
        return self.rows[index][1]

    def blocks(self, start: int = 0, stop: int | None = None) -> Iterator[Block]:
        end = self.verified_blocks if stop is None else min(stop, self.verified_blocks)
        return iter(self.chain[start:end])

    def block_by_hash(self, block_hash: Hash32) -> Block | None:
        return next((block for block in self.blocks() if block.hash == block_hash), None)

    def entries(self, start: int = 0, stop: int | None = None, address: Address | None = None) -> Iterator[Recorded]:
        end = self.verified_size if stop is None else min(stop, self.verified_size)
        for index in range(start, end):
            packed, host_block, transaction = self.rows[index]
            entry = Entry.unpack(packed)
            if address is None or address in (entry.sender, entry.recipient):
                yield Recorded(Index(index), entry, host_block, Hash32(transaction))

    def balance(self, address: Address) -> int:
        return sum(
            recorded.entry.value * ((recorded.entry.recipient == address) - (recorded.entry.sender == address))
            for recorded in self.entries()
        )
