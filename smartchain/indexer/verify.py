"""
Compute a stored chain again, from its entries alone, and hold it to what is stored and to the contract.

Every leaf is hashed, every stored subtree and every block compared, and the root set against the contract's head
at the host block where it was last seen to fit. What is wrong is named: the first entry that is not what the
host's logs say, or the first block or subtree that does not follow from the entries.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from smartchain.errors import CorruptStore, HostError, InputError, RootMismatch, StateGone, UnknownBlock, Untrue
from smartchain.indexer.growth import genesis_of
from smartchain.ledger.block import Assembler, Block
from smartchain.ledger.hash import leaf_hash
from smartchain.ledger.merkle import STORED_LEVEL, MerkleLog, peak_ranges
from smartchain.ports import EntrySource, Head, HostBlock, LedgerStore
from smartchain.types import Hash32, Index

Progress = Callable[[int, int], None]
"""Told how many entries are hashed and how many there are."""

STRIDE = 5_000


@dataclass(frozen=True, slots=True)
class Verified:
    """A stored chain that is what follows from its entries, and whose root is the contract's."""

    head: Head
    blocks: int
    at: HostBlock
    """The host block at which the contract said the same."""


@dataclass(frozen=True, slots=True)
class Difference:
    """The first thing stored that does not follow from the stored entries."""

    what: str
    start: int
    """All entries below this one agree with what is stored about them."""
    stop: int
    """What differs commits to no entry from here on."""


class _Walk:
    """The chain computed again, compared on the way with every block and subtree that is stored."""

    def __init__(self, store: LedgerStore, size: int) -> None:
        self._store = store
        self._stored = store.blocks()
        self._agreed = 0
        self.difference: Difference | None = None
        self.log = MerkleLog(0, (), self._subtree, STORED_LEVEL)
        self.size = size
        self.blocks = 0

    def run(self, progress: Progress) -> None:
        """Raises `CorruptStore` if entries are missing."""
        genesis = self._store.info.genesis
        for packed in self._store.packed(0, genesis.size):
            self.log.append(leaf_hash(packed))
        if self.log.size != genesis.size or self.log.root() != genesis.root:
            raise CorruptStore("the genesis entries in the store are not those that the ledger opened with")
        first = genesis_of(self._store.info)
        self._block(first)
        for block in Assembler(self._store.info.rule, first, self.log).feed(self._packed(genesis.size, progress)):
            self._block(block)
        if self.log.size != self.size:
            raise CorruptStore(f"the store says it has {self.size} entries and gave {self.log.size}")
        if next(self._stored, None) is not None:
            self.differs(f"the store has more blocks than the {self.blocks} that follow from its entries")

    def _packed(self, start: int, progress: Progress) -> Iterator[bytes]:
        for at in range(start, self.size, STRIDE):
            yield from self._store.packed(at, min(at + STRIDE, self.size))
            progress(min(at + STRIDE, self.size), self.size)

    def _block(self, computed: Block) -> None:
        stored = next(self._stored, None)
        self.blocks += 1
        if stored == computed:
            self._agreed = computed.size if self.difference is None else self._agreed
        elif stored is None:
            self.differs(f"block {computed.number} is not in the store")
        else:
            self.differs(f"block {computed.number} in the store does not follow from the entries")

    def _subtree(self, level: int, position: int, root: Hash32) -> None:
        stored = self._store.nodes(level, position, position + 1)
        stop = (position + 1) << level
        if stored != [root]:
            self.differs(f"the subtree over entries {position << level} to {stop - 1} in the store is not theirs", stop)
        elif self.difference is None and position << level <= self._agreed:
            self._agreed = max(self._agreed, stop)

    def differs(self, what: str, stop: int | None = None) -> None:
        if self.difference is None:
            self.difference = Difference(what, self._agreed, stop or self.log.size)


def verify(source: EntrySource, store: LedgerStore, progress: Progress = lambda _done, _total: None) -> Verified:
    """
    The verified part of a store, computed again and compared.

    Raises `CorruptStore` or `RootMismatch` naming the first wrong entry or block; `InputError` where there is
    nothing to verify yet, `StateGone` or `UnknownBlock` where the chain has to be indexed on first.
    """
    status = store.status()
    if status.verified_at is None:
        raise InputError("nothing in the store is verified yet: run 'smartchain index' first")
    walk = _Walk(store, status.verified_size)
    walk.run(progress)
    ours = Head(walk.log.size, walk.log.root())
    at, contract = _contract_at(source, status.verified_at, ours)
    if contract != ours:
        raise _wrong_entry(source, store, walk, at, contract, ours)
    if walk.blocks != status.verified_blocks:
        walk.differs(f"the store says it has {status.verified_blocks} verified blocks, {walk.blocks} follow")
    if walk.difference:
        raise CorruptStore(
            f"{walk.difference.what}; the entries themselves are the contract's: move the database away and index again"
        )
    return Verified(ours, walk.blocks, at)


def _contract_at(source: EntrySource, at: HostBlock, ours: Head) -> tuple[HostBlock, Head]:
    """The contract's head at that block; where the host forgot, the newest one or a checkpoint, of the same size."""
    there = source.block(at.number)
    if there is None or there.hash != at.hash:
        raise UnknownBlock(
            f"host block {at.number}, up to which the store is verified, is not on {source.name} "
            "(a reorganisation, or another chain): run 'smartchain index' first"
        )
    try:
        return at, source.head(at)
    except StateGone:
        newest = source.target()
        head = source.head(newest)
        if head.size == ours.size:
            return newest, head
        kept = _kept(source, newest, ours)
        if kept is None:
            raise StateGone(
                f"{source.name} has forgotten the contract's state at host block {at.number}, and the ledger has "
                "grown since: run 'smartchain index' first"
            ) from None
        return newest, kept


def _kept(source: EntrySource, at: HostBlock, ours: Head) -> Head | None:
    """The checkpoint of our size that the contract has there, if it has one."""
    try:
        root = source.checkpoint(ours.size, at)
    except HostError:
        return None
    return None if root is None else Head(ours.size, root)


def _wrong_entry(
    source: EntrySource, store: LedgerStore, walk: _Walk, at: HostBlock, contract: Head, ours: Head
) -> Untrue | CorruptStore:
    """The error that names the first entry that is not as the host's logs say."""
    found = _search(source, store, at, *_suspects(source, walk, at))
    if found is None:
        return RootMismatch(
            f"the {ours.size} entries in the store are those of the logs of {source.name}, and their root "
            f"0x{ours.root.hex()} is not the contract's 0x{contract.root.hex()} of {contract.size} entries at host "
            f"block {at.number}: the node's logs or its state are false; ask another node",
            store.info.deployed_at,
            at.number,
        )
    block = next((block for block in store.blocks() if block.size > found), None)
    where = f"in block {block.number}" if block else "in no block yet"
    return CorruptStore(
        f"entry {found} in the store ({where}) is not what the contract recorded: "
        "move the database away and index again"
    )


def _suspects(source: EntrySource, walk: _Walk, at: HostBlock) -> tuple[int, int]:
    """The entries among which the first wrong one is, by what is stored, or by the contract's peaks."""
    if walk.difference:
        return walk.difference.start, walk.difference.stop
    try:
        theirs = source.peaks(at) if source.head(at).size == walk.size else []
    except StateGone:
        return 0, walk.size
    pairs = zip(reversed(peak_ranges(walk.size)), reversed(walk.log.peaks()), reversed(theirs), strict=False)
    return next(((start, stop) for (start, stop), own, their in pairs if own != their), (0, walk.size))


def _search(source: EntrySource, store: LedgerStore, at: HostBlock, start: int, stop: int) -> int | None:
    """Read the logs of these entries again, and of all entries if that finds nothing."""
    info = store.info
    start = max(start, info.genesis.size)
    if start < stop:
        first, last = store.host_block_of(Index(start)), store.host_block_of(Index(stop - 1))
        try:
            found = _compare(source, store, first, min(last, at.number))
        except Untrue:
            found = None  # the store's own hints led astray
        if found is not None:
            return found
    return _compare(source, store, info.deployed_at, at.number)


def _compare(source: EntrySource, store: LedgerStore, first_block: int, last_block: int) -> int | None:
    """Index of the first entry in these host blocks that the store has otherwise, or not at all."""
    size = store.status().verified_size
    expected: int = max(store.size_at(first_block - 1), store.info.genesis.size)
    for chunk in source.chunks(first_block, last_block, Index(expected)):
        ours = store.packed(chunk.first, min(chunk.first + len(chunk.packed), size))
        for index, packed in enumerate(chunk.packed, chunk.first):
            if next(ours, None) != packed:
                return index
        expected = chunk.first + len(chunk.packed)
    return expected if last_block and expected < size and _is_last(store, last_block) else None


def _is_last(store: LedgerStore, host_block: int) -> bool:
    verified = store.status().verified_at
    return verified is not None and verified.number <= host_block
