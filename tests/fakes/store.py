"""A ledger store in lists: the plainest thing that keeps the protocol's promises."""

from __future__ import annotations

import bisect
from collections.abc import Iterator
from contextlib import contextmanager

from smartchain.errors import ProofError, StoreMoved
from smartchain.ledger.block import Block
from smartchain.ledger.entry import Entry
from smartchain.ledger.hash import ETHER, anchor_of, leaf_hash, transaction_hash
from smartchain.ledger.proof import perfect_of, root_at
from smartchain.ports import Account, EntryQuery, HostBlock, LedgerInfo, Point, Recorded, Settled, Status, Step
from smartchain.types import ZERO_ADDRESS, ZERO_HASH, Address, Hash32, Index, Size


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
        self.settled = Settled()

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
            settled=self.settled,
        )

    def take(self, step: Step) -> None:
        chunk = step.chunk
        if chunk.first != len(self.rows):
            raise StoreMoved(f"the store has {len(self.rows)} entries, the step begins at {chunk.first}")
        if step.after is not None and step.after != self.cursor:
            raise StoreMoved(f"the store has read up to {self.cursor}, the step goes on from {step.after}")
        if step.cursor is None:
            if self.cursor is not None or self.chain or chunk.host_blocks or chunk.hashes:
                raise StoreMoved("opening entries come first")
            numbers = [self._info.deployed_at] * len(chunk.packed)
        else:
            numbers = chunk.host_blocks
        self.rows += zip(chunk.packed, numbers, chunk.transactions, strict=True)
        assert [block.number for block in step.blocks] == list(
            range(len(self.chain), len(self.chain) + len(step.blocks))
        )
        self.chain += step.blocks
        self.subtrees.update({(level, at): root for level, at, root in step.nodes})
        if step.cursor is None:
            return
        self.seen |= chunk.hashes | {step.cursor.number: step.cursor.hash}
        self.cursor = step.cursor
        if step.verified:
            self.verify(Size(len(self.rows)), len(self.chain), step.cursor)

    def verify(self, size: Size, blocks: int, at: HostBlock | None) -> None:
        if not self.verified_size <= size <= len(self.rows) or self.chain[blocks - 1].size > size:
            raise StoreMoved(f"{size} entries in {blocks} blocks are not staged")
        self.verified_size, self.verified_blocks, self.verified_at = size, blocks, at

    def rewind(self, size: Size, cursor: HostBlock | None) -> None:
        del self.rows[size:]
        self.chain = [block for block in self.chain if block.size < size or block.number == 0 == size - block.size]
        self.subtrees = {key: root for key, root in self.subtrees.items() if (key[1] + 1) << key[0] <= size}
        last = cursor.number if cursor else -1
        self.seen = {number: known for number, known in self.seen.items() if number <= last}
        self.cursor = cursor
        if self.verified_at is not None and (cursor is None or cursor.number < self.verified_at.number):
            self.verified_at = cursor
        self.verified_size = min(self.verified_size, size)
        self.verified_blocks = min(self.verified_blocks, len(self.chain))

    def settle(self, settled: Settled) -> None:
        self.settled = settled

    def packed(self, start: int, stop: int) -> Iterator[bytes]:
        return iter([row[0] for row in self.rows[start:stop]])

    def nodes(self, level: int, start: int, stop: int) -> list[Hash32]:
        return [Hash32(self.subtrees[level, at]) for at in range(start, stop) if (level, at) in self.subtrees]

    def block_below(self, size: Size) -> Block | None:
        below = [block for block in self.chain if block.size < size]
        return below[-1] if below else None

    def host_blocks(self, below: int | None = None, most: int | None = None) -> list[tuple[int, Hash32]]:
        seen = [one for one in sorted(self.seen.items()) if one[1] != ZERO_HASH]
        known = [one for one in seen if below is None or one[0] < below]
        return known if most is None else known[max(0, len(known) - most) :]

    def size_at(self, host_block: int) -> Size:
        opening = min(self._info.genesis.size, len(self.rows))
        return Size(max(opening, bisect.bisect_right([row[1] for row in self.rows], host_block)))

    def host_block_of(self, index: Index) -> int:
        return self.rows[index][1]

    @contextmanager
    def view(self) -> Iterator[ListView]:
        yield ListView(self)

    def look_up(self, most: int) -> bool:
        return False

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

    def balance(self, address: Address, subject: Address = ETHER) -> int:
        return ListView(self).account(address, subject).balance


class ListView:
    """Implements `ports.View` by looking at every entry for every answer."""

    def __init__(self, store: ListStore) -> None:
        self.info = store.info
        self.status = store.status()
        self._chain = store.chain[: self.status.verified_blocks]
        self._recorded = list(store.entries())

    def root(self, size: int | None = None) -> Hash32:
        size = self.status.verified_size if size is None else size
        self._within(size)
        return root_at(self.perfect, size)

    def perfect(self, level: int, position: int) -> Hash32:
        self._within((position + 1) << level)
        return perfect_of([leaf_hash(recorded.entry.pack()) for recorded in self._recorded])(level, position)

    def _within(self, size: int) -> None:
        if not 0 <= size <= self.status.verified_size:
            raise ProofError(f"the log has {self.status.verified_size} entries, not {size}")

    def block(self, number: int) -> Block | None:
        return self._chain[number] if 0 <= number < len(self._chain) else None

    def blocks(self, start: int = 0, stop: int | None = None) -> Iterator[Block]:
        return iter(self._chain[start:stop])

    def block_by_hash(self, block_hash: Hash32) -> Block | None:
        return next((block for block in self._chain if block.hash == block_hash), None)

    def block_of(self, index: int) -> Block | None:
        return next((block for block in self._chain if 0 <= index < block.size), None)

    def entry(self, index: int) -> Recorded | None:
        return self._recorded[index] if 0 <= index < len(self._recorded) else None

    def entries(self, query: EntryQuery = EntryQuery()) -> Iterator[Recorded]:  # noqa: B008
        found = [recorded for recorded in self._recorded[query.start : query.stop] if _fits(recorded.entry, query)]
        return iter(found[::-1] if query.descending else found)

    def packed(self, start: int, stop: int) -> Iterator[bytes]:
        return (recorded.entry.pack() for recorded in self._recorded[start:stop])

    def size_at(self, host_block: int) -> Size:
        return Size(sum(one.host_block <= host_block for one in self._recorded))

    def hints(self, start: int, stop: int) -> tuple[list[bytes], list[int]]:
        found = self._recorded[start:stop]
        return [one.transaction for one in found], [one.host_block for one in found]

    def named(self, name: Hash32) -> list[Index]:
        anchor = anchor_of(self.info.chain_id, self.info.address)
        return [
            recorded.index
            for recorded in self._recorded
            if name != ZERO_HASH
            and name
            in (transaction_hash(anchor, recorded.index, leaf_hash(recorded.entry.pack())), recorded.transaction)
        ]

    def account(self, address: Address, subject: Address = ETHER, size: int | None = None) -> Account:
        seen = self._recorded[:size]
        touching = [one.entry for one in seen if address in (one.entry.sender, one.entry.recipient)]
        paid = [one for one in seen if one.entry.subject == subject]
        sent = [entry for entry in touching if entry.sender == address]
        return Account(
            received=sum(self._credited(one, address) for one in paid),
            sent=sum(entry.value for entry in sent if entry.subject == subject),
            count_sent=len(sent),
            count=len(touching),
        )

    def subjects(self, address: Address) -> list[Address]:
        fees = address == self.info.address and self.info.fee_ppm > 0
        touching = [one.entry for one in self._recorded if fees or address in (one.entry.sender, one.entry.recipient)]
        found = {entry.subject for entry in touching if not entry.is_seal}
        return sorted(found, key=lambda subject: (subject != ETHER, subject))

    def count_sent(self, address: Address, size: int | None = None) -> int:
        return self.account(address, size=size).count_sent

    def balances(self, address: Address, subject: Address = ETHER, points: int = 200) -> list[Point]:
        there = [one for one in self.entries(EntryQuery(address=address)) if one.entry.subject == subject]
        step = max(1, -(-len(there) // points))
        chosen = there[::-1][::step][::-1]
        return [
            Point(one.index, one.entry.timestamp, self.account(address, subject, one.index + 1).balance)
            for one in chosen
        ]

    def _credited(self, one: Recorded, address: Address) -> int:
        entry, info = one.entry, self.info
        pays = one.index >= info.genesis.size and entry.sender not in (ZERO_ADDRESS, info.address)
        fee = entry.value * info.fee_ppm // 1_000_000 if pays else 0
        return (entry.value - fee) * (entry.recipient == address) + fee * (address == info.address)


def _fits(entry: Entry, query: EntryQuery) -> bool:
    return (
        (query.address is None or query.address in (entry.sender, entry.recipient))
        and (query.subject is None or query.subject == entry.subject)
        and (query.memo is None or query.memo == entry.memo)
        and (query.since is None or entry.timestamp >= query.since)
        and (query.until is None or entry.timestamp < query.until)
    )
