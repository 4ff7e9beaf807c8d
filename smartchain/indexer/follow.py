"""
Follow one ledger: carry out what `plan` decides, a step at a time.

Nothing becomes part of the chain before the root of what was read equals the contract's `head()` at the same
host block. Until then it waits in the store as staged. A lie is told from a reorganisation by looking at the
host's own block hashes, and from a passing fault by reading once more; a lie that stands is an error that names
the narrowest range of host blocks known to hold it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from smartchain.errors import NotALedger, RootMismatch, SourcesDisagree, StateGone, UnknownBlock, Untrue
from smartchain.indexer import opening
from smartchain.indexer.birth import Birth
from smartchain.indexer.checkpoint import Checkpoints
from smartchain.indexer.growth import Growth
from smartchain.indexer.narrow import Suspicion, fits, narrow
from smartchain.indexer.outcome import Advanced, Outcome, Reread, Rewound, Waited
from smartchain.indexer.past import Past
from smartchain.indexer.plan import Advance, Rewind, Wait, plan
from smartchain.indexer.writer import Writer
from smartchain.ledger.entry import timestamp_of
from smartchain.ports import Chunk, EntrySource, Head, HostBlock, LedgerStore, Settled, Step
from smartchain.types import Hash32, Index, Size

Progress = Callable[[int, int], None]
"""Told how many entries are read and how many the contract has."""

MOST_REREADS = 6
"""Rereads in a row that each find something else, before a host that keeps changing its mind is called a liar."""

LATE_REREADS = 3
"""Rereads that find nothing new where logs are missing that a replica may not have yet."""

NEAR = 64
"""Host blocks below the target that a replica may not have yet."""


class Follower:
    """
    One ledger from one source into one store.

    `stopping` is asked between chunks; where it says yes a step ends early, with all that was read in the store.
    `writer` makes what writes while the next chunk is read.
    """

    def __init__(
        self,
        source: EntrySource,
        store: LedgerStore,
        progress: Progress = lambda _read, _total: None,
        stopping: Callable[[], bool] = lambda: False,
        writer: Callable[[Callable[[Step], None]], Writer] = Writer,
    ) -> None:
        self._source = source
        self._store = store
        self._progress = progress
        self._stopping = stopping
        self._writer = writer
        self._past = Past(source, store)
        self._growth: Growth | None = None
        self._suspicions: list[Suspicion | None] = []
        """One for each time in a row that something was read again; None where host blocks were replaced meanwhile."""
        self._settled_at: HostBlock | None = None
        self._birth = Birth(source, store)
        if opening.lacks(store):
            raise opening.needs_file(store)

    def step(self) -> Outcome:
        """
        Look at the host, decide, act.

        Raises `Untrue` for a lie that stood up to being read again, and every error of the host and the store;
        those with `retryable` pass, and the next call goes on from what the store holds.
        """
        try:
            return self._act()
        except BaseException:
            self._growth = None
            raise

    def _act(self) -> Outcome:
        target = self._source.target()
        status = self._store.status()
        at_cursor, newest_known = self._look_at_cursor(status.cursor, target)
        match plan(status, self._store.info.deployed_at, target, at_cursor, newest_known):
            case Wait(reason, caught_up):
                self._settle(target)
                return Waited(reason, caught_up)
            case Rewind():
                return self._rewind_to_fork()
            case Advance(first_block, target):
                return self._advance(first_block, target)

    # where the host is

    def _look_at_cursor(self, cursor: HostBlock | None, target: HostBlock) -> tuple[Hash32 | None, bool | None]:
        if cursor is None:
            return None, None
        here = self._source.block(cursor.number)
        return (None, self._past.newest_below(target)) if here is None else (here.hash, None)

    def _rewind_to(self, block: HostBlock | None) -> Rewound:
        before = self._store.status()
        size = self._store.size_at(block.number) if block else self._store.info.genesis.size
        self._growth = None
        self._store.rewind(size, block)
        self._birth.doubt()
        read_to = before.cursor.number if before.cursor else self._store.info.deployed_at
        fork = block.number if block else self._store.info.deployed_at - 1
        return Rewound(block.number if block else None, read_to - fork, before.size - size)

    def _rewind_to_fork(self) -> Rewound:
        cursor = self._store.status().cursor
        rewound = self._rewind_to(self._past.fork(cursor.number) if cursor else None)
        self._suspicions.clear()
        return rewound

    # reading on

    def _advance(self, first_block: int, target: HostBlock) -> Outcome:
        cursor = self._store.status().cursor
        if cursor is not None and (replaced := self._past.first_replaced_since(cursor)) is not None:
            return self._rewind_to(self._past.before(replaced))
        growth = self._growth = self._growth or Growth(self._store)
        before = growth.head.size
        try:
            total = self._expect(target, before)
        except NotALedger:
            return Waited(f"the ledger is not there yet at host block {target.number}", caught_up=False)
        if not self._is_born(total, target):
            return _asked_again()
        checkpoints = Checkpoints(self._source, self._store, target)
        try:
            with self._writer(self._store.take) as writer:
                for chunk in self._read(first_block, target, before):
                    if chunk.last_block == target.number:
                        writer.flush()
                        replaced = self._past.first_replaced_since(target)
                        if replaced is not None:
                            return self._rewind_to(self._past.before(replaced))
                        return self._close(growth, chunk, target, before)
                    writer.put(growth.step(chunk, self._end_of(chunk)))
                    if checkpoints.are_due(chunk.checkpoints):
                        writer.flush()
                        checkpoints.compare(chunk.checkpoints)
                    self._progress(growth.head.size, total)
                    if self._stopping():
                        break
        except SourcesDisagree:
            raise  # about the head, not about what was read
        except Untrue as lie:
            return self._doubt(lie, target)
        return self._advanced(growth, before, target, verified=False)

    def _is_born(self, size: int, target: HostBlock) -> bool:
        """Whether the contract is the one that the store began with; what is verified tells as much."""
        store = self._store
        return store.status().verified_size > store.info.genesis.size or self._birth.stands(size, target)

    def _read(self, first_block: int, target: HostBlock, expected: Size) -> Iterator[Chunk]:
        if first_block > target.number:
            return iter([Chunk(first_block, target.number, Index(expected))])
        return self._source.chunks(first_block, target.number, Index(expected))

    def _expect(self, target: HostBlock, size: Size) -> int:
        """How many entries the contract has at the target, for a person to see."""
        try:
            return self._source.head(target).size
        except StateGone:
            return size

    def _end_of(self, chunk: Chunk) -> HostBlock:
        """The host block a chunk ends with; the host is asked only where no entry tells."""
        known = chunk.hashes.get(chunk.last_block)
        if known is not None:
            return HostBlock(chunk.last_block, known, timestamp_of(chunk.packed[-1]))
        block = self._source.block(chunk.last_block)
        if block is None:
            raise UnknownBlock(f"host block {chunk.last_block} was replaced while it was read")
        return block

    def _close(self, growth: Growth, chunk: Chunk, target: HostBlock, before: Size) -> Outcome:
        """Take the last chunk in, and with it, if the root fits, all that waited; `RootMismatch` if not."""
        step = growth.step(chunk, target)
        ours = growth.head
        try:
            contract = self._source.head(target)
        except StateGone as gone:
            self._store.take(step)
            if chunk.first_block > target.number:
                return Waited(f"all is read, and a newer host block is needed to verify it: {gone}", caught_up=False)
            return self._advanced(growth, before, target, verified=False)
        same = contract == ours
        if same and not self._is_born(ours.size, target):
            self._growth = None
            return _asked_again()
        step.verified = same and self._past.stands(target)
        self._store.take(step)
        if not same:
            raise _mismatch(contract, ours, target)
        if not step.verified:
            return _replaced(target)
        self._suspicions.clear()
        self._progress(ours.size, ours.size)
        self._settle(target)
        return self._advanced(growth, before, target, verified=True)

    def _settle(self, target: HostBlock) -> None:
        """
        Keep how far the host calls its chain safe and finalized, once for each newest block.

        What is verified must stand after the host was asked: then what it named belongs to the same chain.
        """
        verified = self._store.status().verified_at
        if target == self._settled_at or verified is None:
            return
        settled = self._past.settled()
        if settled != Settled() and self._past.stands(verified):
            self._store.settle(settled)
        self._settled_at = target

    def _advanced(self, growth: Growth, before: Size, target: HostBlock, verified: bool) -> Advanced:
        head = growth.head
        return Advanced(target.number, head.size - before, head.size, growth.blocks, head.root, verified)

    # doubt

    def _doubt(self, lie: Untrue, target: HostBlock) -> Outcome:
        """
        Something read cannot be so: a reorganisation in between, a passing fault, or a lie.

        Drops what is staged from the first host block in doubt on. The same doubt again is a lie.
        """
        self._growth = None
        if not self._past.stands(target):
            return _replaced(target)
        if not self._past.stands(self._store.status().verified_at):
            return self._rewind_to_fork()
        doubt = narrow(self._source, self._store, lie, target)
        replaced = self._past.first_replaced(doubt)
        lasting = replaced is None and self._lasts(doubt, lie, target)
        rewound = self._rewind_to(self._past.before(doubt.first_block if replaced is None else replaced))
        if lasting or len(self._suspicions) >= MOST_REREADS:
            self._suspicions.clear()
            said = f"{lie}; {doubt}{self._or_else(lie)}"
            raise type(lie)(said, doubt.first_block, doubt.last_block, lacks=lie.lacks) from lie
        self._suspicions.append(doubt if replaced is None else None)
        return Reread(doubt.first_block, doubt.last_block, str(lie)) if replaced is None else rewound

    def _lasts(self, doubt: Suspicion, lie: Untrue, target: HostBlock) -> bool:
        """
        Whether reading again gave the very same.

        Of logs that are missing near the target it takes longer to tell: a replica that is behind gives as few.
        """
        same = sum(earlier.stands(self._store) for earlier in self._suspicions if earlier)
        return same >= (LATE_REREADS if lie.lacks and doubt.last_block > target.number - NEAR else 1)

    def _or_else(self, lie: Untrue) -> str:
        """What else may be false where two roots differ."""
        if not isinstance(lie, RootMismatch):
            return ""
        verified = self._store.status().verified_at
        if verified is not None and fits(self._source, self._store, verified) is False:
            return (
                f", unless what is stored up to host block {verified.number} is damaged, where the two differ already: "
                "'smartchain verify' tells"
            )
        return ", unless what the node says of the contract is forged"


def _asked_again() -> Waited:
    return Waited("what the contract says of its beginning is not what is stored; it is asked once more", False)


def _replaced(target: HostBlock) -> Waited:
    return Waited(f"host block {target.number} was replaced while it was read", caught_up=False)


def _mismatch(contract: Head, ours: Head, target: HostBlock) -> RootMismatch:
    if contract.size != ours.size:
        said = f"the contract has {contract.size} entries at host block {target.number}, its logs gave {ours.size}"
    else:
        said = (
            f"the root of the {ours.size} entries read is 0x{ours.root.hex()}, "
            f"the contract's at host block {target.number} is 0x{contract.root.hex()}"
        )
    return RootMismatch(said, lacks=contract.size > ours.size)
