"""
Take the chain from other nodes, and the last word from the contract, or from most of them.

With a source of the host chain the head is the contract's, read some blocks below the newest; peers give the bulk up
to there, and a `Follower` reads the rest first-hand and goes on. Without one the head is what a majority of the named
peers stands by: the chain is agreed then, and served as unverified.

    gatherer = Gatherer(roster, store, source, ...)   # source None: no host chain
    Daemon(gatherer, stop, report, trouble, poll_s=1.0).run()
"""

from __future__ import annotations

import time
from collections.abc import Callable
from statistics import median_low

from smartchain.errors import (
    NoContract,
    NoMajority,
    NotALedger,
    PeerError,
    PeerUnavailable,
    ProofError,
    RootMismatch,
    RpcRefused,
    StateGone,
)
from smartchain.indexer import opening
from smartchain.indexer.follow import Follower
from smartchain.indexer.growth import Growth, tree_of
from smartchain.indexer.intake import Anchor, Intake
from smartchain.indexer.outcome import Advanced, Outcome, Rewound, Waited
from smartchain.indexer.past import Past
from smartchain.ledger.proof import root_at
from smartchain.peer.election import Agreed, Heads, elect, same_ledger
from smartchain.peer.outline import PART_LEVEL, Outline
from smartchain.peer.roster import Roster
from smartchain.ports import Chunk, EntrySource, HostBlock, LedgerStore
from smartchain.types import ZERO_HASH, Index, Size

Progress = Callable[[int, int], None]
Lookout = Callable[[Heads], None]
"""Told now and then what the peers announce: to compare their chains with this one, and with one another."""

DEPTH = 64
"""Host blocks below the newest at which the head for the bulk is read: few reorganisations reach so far down."""

LOOK_S = 30.0
"""Between two looks at what the peers have, where it is not asked for anyway."""

PATIENCE_S = 30.0
"""How long peers may fail to give what is proven to be there, or be behind what they gave, before it counts."""


class Gatherer:
    """One ledger from any number of peers into one store; `step` is for a `Daemon`, as a `Follower`'s is."""

    def __init__(
        self,
        roster: Roster,
        store: LedgerStore,
        source: EntrySource | None = None,
        *,
        progress: Progress = lambda _done, _total: None,
        stopping: Callable[[], bool] = lambda: False,
        lookout: Lookout = lambda _heads: None,
        depth: int = DEPTH,
        part_level: int = PART_LEVEL,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._roster = roster
        self._store = store
        self._source = source
        self._progress = progress
        self._stopping = stopping
        self._lookout = lookout
        self._looked: float | None = None
        self._depth = depth
        self._part_level = part_level
        self._clock = clock
        self._follower: Follower | None = None
        self._since: float | None = None
        """Since when something is in doubt that time may mend."""

    def step(self) -> Outcome:
        """
        Look at the head that is trusted, decide, act.

        Raises what a `Follower` raises; a peer's fault is the roster's to tell.
        """
        try:
            outcome = self._agree() if self._source is None else self._gather(self._source)
        except NoMajority as error:
            return Waited(str(error), caught_up=False)
        if self._source is not None and isinstance(outcome, Waited) and outcome.caught_up and self._is_due():
            self._lookout(self._served_by())
        return outcome

    def _is_due(self) -> bool:
        """Whether it is time to look at the peers again."""
        now = self._clock()
        if self._looked is not None and now - self._looked < LOOK_S:
            return False
        self._looked = now
        return True

    # the contract has the last word

    def _gather(self, source: EntrySource) -> Outcome:
        cursor, target = self._store.status().cursor, source.target()
        if not self._calls_for_peers(source, cursor, target):
            return self._follow(source)
        anchor = self._contracts(source, target)
        settled = cursor is None or Past(source, self._store).stands(cursor)
        if anchor is None or anchor.at is None or (settled and self._has(anchor.outline)):
            return self._follow(source)
        before = self._store.status().size
        rewound = self._fill(anchor, self._served_by())
        if rewound is not None:
            return rewound
        if self._has(anchor.outline):
            self._since = None
            return self._settle(source, anchor, anchor.at, before)
        if self._stopping() or self._store.status().size > before:
            self._since = None
            return self._partly(anchor, before)
        return self._without_peers(source, settled)

    def _calls_for_peers(self, source: EntrySource, cursor: HostBlock | None, target: HostBlock) -> bool:
        """Far behind, in the middle of a download, or left by a reorganisation with nothing that still stands."""
        if cursor is None or cursor.hash == ZERO_HASH or target.number - cursor.number > self._depth:
            return True
        past = Past(source, self._store)
        return target.number >= cursor.number and not past.stands(cursor) and past.fork(cursor.number) is None

    def _contracts(self, source: EntrySource, target: HostBlock) -> Anchor | None:
        """The contract's head some blocks below the target; None where that is no help."""
        number = max(self._store.info.deployed_at, target.number - self._depth)
        for place in (source.block(min(number, target.number)), target):
            try:
                return None if place is None else self._anchor_at(source, place)
            except (StateGone, RpcRefused):
                continue  # the host may keep the newest state alone
            except (NoContract, NotALedger):
                if not opening.lacks(self._store):
                    break  # so young a ledger is read from the host at once
        return None

    def _anchor_at(self, source: EntrySource, place: HostBlock) -> Anchor:
        head, peaks = source.head(place), source.peaks(place)
        if head.size < self._store.info.genesis.size:
            said = f"the ledger opened with {self._store.info.genesis.size} entries, and has {head.size} at host block"
            raise RootMismatch(f"{said} {place.number}: the node lies", place.number, place.number)
        try:
            return Anchor(Outline(head.size, head.root, peaks, self._part_level), place.number, place)
        except ProofError as error:
            said = f"the contract's peaks at host block {place.number} do not give its own root: the node lies"
            raise RootMismatch(said, place.number, place.number) from error

    def _settle(self, source: EntrySource, anchor: Anchor, at: HostBlock, before: int) -> Outcome:
        """All that the contract has at the anchor is here: compare the whole, and make it the verified chain."""
        outline, status = anchor.outline, self._store.status()
        if status.size > outline.size or (status.cursor and status.cursor.number > at.number):
            self._store.rewind(Size(outline.size), HostBlock(at.number, ZERO_HASH, 0))
        if not Past(source, self._store).stands(at):
            return Waited(f"host block {at.number} was replaced while the entries were taken", caught_up=False)
        growth = Growth(self._store)
        if growth.head.root != outline.root:
            raise RootMismatch(f"the {outline.size} entries in the store do not give the contract's root: index again")
        step = growth.step(Chunk(at.number, at.number, Index(outline.size)), at)
        step.verified = True
        self._store.take(step)
        self._follower = None
        taken = outline.size - min(before, outline.size)
        return Advanced(at.number, taken, Size(outline.size), growth.blocks, outline.root, verified=True)

    def _without_peers(self, source: EntrySource, settled: bool) -> Outcome:
        """No peer gives what is there: read it from the host, after a while where that means to begin anew."""
        if settled or self._lasts():
            self._since = None
            return self._follow(source)
        return Waited(f"no peer gives the entries from {self._store.status().size} on", caught_up=False)

    def _follow(self, source: EntrySource) -> Outcome:
        if missing := opening.lacks(self._store):
            said = f"no peer gives the {missing} opening entries that are missing; their file may be named: --snapshot"
            return Waited(said, caught_up=False)
        self._follower = self._follower or Follower(source, self._store, self._progress, self._stopping)
        return self._follower.step()

    # most of the peers have the last word

    def _agree(self) -> Outcome:
        heads = same_ledger(self._store.info, self._roster, self._roster.heads())
        if self._is_due():
            self._lookout(heads)
        agreed = elect(self._roster, heads)
        for peer in agreed.dissenters:
            said = f"{peer.name} has another history than the {agreed.head.size} entries that most agree on, or lies"
            self._roster.leave(peer, PeerUnavailable(said))
        head, status = agreed.head, self._store.status()
        anchor = Anchor(Outline(head.size, head.root, head.peaks, self._part_level), _bound(agreed, heads))
        if self._has(anchor.outline):
            return self._agreed(anchor.outline)
        self._since = None
        rewound = self._fill(anchor, heads)
        if rewound is not None:
            return rewound
        if not self._has(anchor.outline):
            return self._partly(anchor, status.size)
        return self._raise(anchor.outline, status.size)

    def _agreed(self, outline: Outline) -> Outcome:
        """The store begins with what is agreed. It may go on past it: somebody is behind, or entries are gone."""
        status = self._store.status()
        if outline.size > status.verified_size:
            return self._raise(outline, status.size)
        if outline.size == status.verified_size:
            self._since = None
            if not status.blocks:
                return self._raise(outline, status.size)
            return Waited(f"up to date with the {outline.size} entries that are agreed", caught_up=True)
        if not self._lasts():
            return Waited(f"most peers are at {outline.size} entries, {status.size} were agreed", caught_up=True)
        self._since = None
        return self._go_back(outline.size)

    def _go_back(self, size: int) -> Outcome:
        before = self._store.status()
        if before.verified_at is not None:
            return Waited(f"most peers are at {size} entries, and the contract verified {before.verified_size}", True)
        number = self._store.host_block_of(Index(size - 1)) if size else None
        self._store.rewind(Size(size), None if number is None else HostBlock(number, ZERO_HASH, 0))
        return Rewound(number, 0, before.size - size)

    def _raise(self, outline: Outline, before: int) -> Outcome:
        growth, size = Growth(self._store), Size(outline.size)
        if not self._store.status().blocks:
            cursor = HostBlock(self._store.info.deployed_at, ZERO_HASH, 0)
            self._store.take(growth.step(Chunk(cursor.number, cursor.number, Index(growth.head.size)), cursor))
        last = self._store.block_below(Size(size + 1))
        blocks = 0 if last is None else last.number + 1
        self._store.verify(size, blocks, None)
        cursor_ = self._store.status().cursor
        return Advanced(cursor_.number if cursor_ else 0, max(0, size - before), size, blocks, outline.root, False)

    # both

    def _has(self, outline: Outline) -> bool:
        """Whether the store begins with the log of that head."""
        size = self._store.status().size
        return size >= outline.size and root_at(tree_of(self._store), outline.size) == outline.root

    def _served_by(self) -> Heads:
        return same_ledger(self._store.info, self._roster, self._roster.heads())

    def _fill(self, anchor: Anchor, heads: Heads) -> Rewound | None:
        """From one peer after another, until all is there or none is left."""
        status = self._store.status()
        least = status.verified_size if anchor.at is None and status.verified_at is not None else 0
        intake = Intake(self._store, anchor, self._progress, self._stopping, least)
        for peer in [peer for peer in self._roster.ready() if peer in heads]:
            if self._stopping() or self._has(anchor.outline):
                break
            try:
                rewound = intake.fill_from(peer, heads[peer].size)
            except NoMajority:
                raise
            except PeerError as error:
                self._roster.leave(peer, error)
                continue
            finally:
                self._follower = None
            if rewound is not None:
                return rewound
            self._roster.did_well(peer)
        return None

    def _partly(self, anchor: Anchor, before: int) -> Outcome:
        status = self._store.status()
        if status.size <= before:
            reasons = "; ".join(one.reason for one in self._roster.standings if one.reason)
            return Waited(f"no peer gives the entries from {status.size} on{reasons and f': {reasons}'}", False)
        at = status.cursor.number if status.cursor else anchor.bound
        root = root_at(tree_of(self._store), status.size)
        return Advanced(at, status.size - before, status.size, status.blocks, root, verified=False)

    def _lasts(self) -> bool:
        """Whether what is in doubt has been so for long."""
        now = self._clock()
        self._since = now if self._since is None else self._since
        return now - self._since >= PATIENCE_S


def _bound(agreed: Agreed, heads: Heads) -> int:
    """A host block past which no agreed entry is said to stand: the middle one of what the voters say they read."""
    return median_low([heads[voter].host_block for voter in agreed.voters])
