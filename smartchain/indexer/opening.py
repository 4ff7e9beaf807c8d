"""
The opening entries of a ledger that began with a snapshot, on their way into the store.

They are the first of its log and no log of the host tells of them: they come from the snapshot's file, or from another
node. Either is a stranger. What makes them the ledger's is the root that the contract was deployed with.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from smartchain.errors import InputError, RootMismatch, SnapshotError
from smartchain.indexer.growth import tree_of
from smartchain.ledger.address import checksum
from smartchain.ledger.hash import leaf_hashes
from smartchain.ledger.merkle import STORED_LEVEL, MerkleLog
from smartchain.ledger.proof import peaks_at
from smartchain.ledger.snapshot import Header
from smartchain.ports import Chunk, LedgerInfo, LedgerStore, Step
from smartchain.types import ZERO_HASH, Index, Size

Progress = Callable[[int, int], None]


def lacks(store: LedgerStore) -> int:
    """How many opening entries the store does not have yet."""
    return max(0, store.info.genesis.size - store.status().size)


def needs_file(store: LedgerStore) -> InputError:
    """What to say to whoever has no other node to take the opening entries from."""
    size = store.info.genesis.size
    return InputError(
        f"the ledger {checksum(store.info.address)} opens with a snapshot of {size} wallets, which no host keeps: "
        "name its file with --snapshot, or a node that has it with --peer"
    )


def expect(header: Header, info: LedgerInfo) -> None:
    """Raises `SnapshotError` unless a snapshot is the one that a ledger was deployed with."""
    genesis = info.genesis
    if not genesis.size:
        raise SnapshotError(f"the ledger {checksum(info.address)} opens without a snapshot: leave --snapshot out")
    if (header.size, header.root, header.timestamp) != (genesis.size, genesis.root, genesis.timestamp):
        raise SnapshotError(
            f"that is another snapshot than the ledger {checksum(info.address)} opened with: it has {header.size} "
            f"wallets of second {header.timestamp} under 0x{header.root.hex()}, and genesis() says {genesis.size} of "
            f"second {genesis.timestamp} under 0x{genesis.root.hex()}"
        )


class Opening:
    """
    Packs opening entries into steps, from where the store stands.

    Whatever is not taken by the store is forgotten with this object: make a new one then.
    """

    def __init__(self, store: LedgerStore) -> None:
        self._info = store.info
        self._nodes: list[tuple[int, int, bytes]] = []
        size = store.status().size
        self._log = MerkleLog(size, peaks_at(tree_of(store), size), self._completed, STORED_LEVEL)

    def _completed(self, level: int, position: int, root: bytes) -> None:
        self._nodes.append((level, position, root))

    def step(self, packed: list[bytes]) -> Step:
        """The next ones. Raises `RootMismatch` with the last where all of them do not give the ledger's root."""
        first, at, genesis = self._log.size, self._info.deployed_at, self._info.genesis
        self._log.extend(leaf_hashes(packed))
        if self._log.size >= genesis.size and (self._log.size, self._log.root()) != (genesis.size, genesis.root):
            raise RootMismatch(
                f"the {self._log.size} opening entries give the root 0x{self._log.root().hex()}, and genesis() of the "
                f"ledger {checksum(self._info.address)} says {genesis.size} of 0x{genesis.root.hex()}"
            )
        step = Step(Chunk(at, at, Index(first), packed, [], [ZERO_HASH] * len(packed)), None, [], self._nodes)
        self._nodes = []
        return step


def open_with(
    store: LedgerStore,
    pieces: Iterable[list[bytes]],
    progress: Progress = lambda _done, _total: None,
    stopping: Callable[[], bool] = lambda: False,
) -> None:
    """
    Bring a snapshot's packed entries in, a piece at a time; killed at any moment, another run goes on.

    What an earlier run took from a file that was another is dropped on the way. Raises `SnapshotError` where the
    pieces do, `RootMismatch` where they are not the ledger's.
    """
    opening: Opening | None = None
    at, total = 0, store.info.genesis.size
    for packed in pieces:
        there = _same(store, at, packed) if opening is None else 0
        if new := packed[there:]:
            opening = opening or Opening(store)
            store.take(opening.step(new))
        at += len(packed)
        progress(at, total)
        if stopping():
            return


def _same(store: LedgerStore, first: int, packed: list[bytes]) -> int:
    """How many of these the store has already; where it has another, that one and what follows it are dropped."""
    count = 0
    for count, (there, given) in enumerate(zip(store.packed(first, first + len(packed)), packed, strict=False), 1):
        if there != given:
            store.rewind(Size(first + count - 1), None)
            return count - 1
    return count
