"""
Following all the ledgers of a factory in one process: `smartchain index --factory`.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Sequence
from contextlib import closing
from typing import TYPE_CHECKING, Any

from smartchain.cli import build, following, openings, output, views
from smartchain.cli.failure import INTERRUPTED
from smartchain.cli.stopping import signals
from smartchain.config import HostSettings, IndexSettings
from smartchain.errors import HostError
from smartchain.indexer.daemon import Daemon
from smartchain.indexer.fleet import Fleet
from smartchain.ledger.address import checksum
from smartchain.types import Address

if TYPE_CHECKING:
    from smartchain.errors import SmartchainError
    from smartchain.indexer.outcome import Outcome
    from smartchain.ports import LedgerStore, Rpc, Store
    from smartchain.snapshot.files import Snapshot


COLUMNS = ("ledger", "entries", "blocks", "state")


class ChainWatch(following.Watch):
    """Somebody who follows one ledger of many, in turns with the others: each line of the log says which."""

    def __init__(self, how: IndexSettings, as_json: bool, ledger: Address, one: following.Watch) -> None:
        super().__init__(how.follow, as_json, how.stall_s, one.log.about(ledger=checksum(ledger)))
        self.stop = one.stop
        self._ledger = ledger

    def progress(self, _done: int, _total: int) -> None:
        """No bar: there would be one for each chain."""
        self._look()

    def report(self, outcome: Outcome) -> None:
        super().report(outcome)
        self.listen()

    def trouble(self, fault: SmartchainError, wait_s: float) -> None:
        super().trouble(fault, wait_s)
        self.listen()

    def say(self, step: dict[str, Any]) -> None:
        super().say({"ledger": checksum(self._ledger), **step})

    def watches(self, store: LedgerStore) -> None:
        """Without a thread to listen: a thousand chains would have a thousand."""
        self._store = store
        self._look()


class FleetRun:
    """One run."""

    def __init__(
        self,
        how: IndexSettings,
        db: str,
        host: HostSettings,
        as_json: bool,
        snapshots: Sequence[Snapshot] = (),
    ) -> None:
        self._how, self._db, self._host, self._json = how, db, host, as_json
        self._snapshots = snapshots
        self._watch = following.Watch(how.follow, as_json, how.stall_s)
        self._followed: dict[Address, LedgerStore] = {}

    def run(self, factory: Address) -> int:
        """Exit status: 1 if a chain cannot be followed, though the others are."""
        stop = self._watch.stop
        gc.set_threshold(following.SELDOM)
        with signals(stop):
            rpcs = build.connect_all(self._host)
            self._watch.patiently(lambda: listed(rpcs, factory))
            with closing(self._watch.patiently(lambda: build.open_or_make(self._db))) as store:
                fleet = Fleet(
                    lambda: listed(rpcs, factory),
                    self._beginning(store),
                    stop,
                    self._lost,
                    self._watch.trouble,
                )
                self._watch.log.info("started", factory=checksum(factory))
                fleet.run() if self._how.follow else fleet.catch_up()
                if stop.is_set():
                    self._watch.log.info("stopped", chains=len(self._followed))
                self._say(fleet)
        interrupted = stop.is_set() and not self._how.follow
        return INTERRUPTED if interrupted else 1 if fleet.left else 0

    def _beginning(self, store: Store) -> Callable[[Address], Daemon]:
        return lambda ledger: self._begin(store, ledger)

    def _begin(self, store: Store, ledger: Address) -> Daemon:
        watch = ChainWatch(self._how, self._json, ledger, self._watch)
        taken = lambda kept: self._followed.update({ledger: kept})  # noqa: E731
        return begun(store, ledger, self._how, self._host, self._snapshots, watch, taken)

    def _lost(self, ledger: Address, fault: SmartchainError) -> None:
        self._watch.log.error("left", ledger=checksum(ledger), reason=output.one_line(str(fault)))

    def _say(self, fleet: Fleet) -> None:
        """Where each chain stands, in the order of the list; a daemon told it step by step."""
        left = [
            {"ledger": checksum(ledger), "error": output.one_line(str(fault))} for ledger, fault in fleet.left.items()
        ]
        if self._json:
            output.say_json({"chains": [_chain(kept) for kept in self._followed.values()], "left": left})
        elif not self._how.follow:
            output.table(COLUMNS, map(_line, self._followed.values()), right=("entries", "blocks"))


def begun(
    store: Store,
    ledger: Address,
    how: IndexSettings,
    host: HostSettings,
    snapshots: Sequence[Snapshot],
    watch: following.Watch,
    taken: Callable[[LedgerStore], None],
) -> Daemon:
    """What follows one ledger of many; `taken` is told as soon as the store has taken it up."""
    from smartchain.indexer.follow import Follower

    upstream = following.reach_among(store.ledgers(), ledger, host, how, watch.told)
    kept = store.ledger(upstream.info)
    taken(kept)
    watch.log.info("taken up", chain=upstream.info.chain_id, size=kept.status().size)
    watch.watches(kept)
    openings.bring_in(snapshots, kept, watch)
    follower = Follower(upstream.source, kept, watch.progress, watch.stop.is_set)
    return Daemon(
        upstream.steps(follower, kept, watch),
        watch.stop,
        watch.report,
        watch.trouble,
        how.poll_on(upstream.info.chain_id),
        idle=lambda: kept.look_up(following.LOOKED_UP),
    )


def listed(rpcs: Sequence[Rpc], factory: Address) -> list[Address]:
    """
    The ledgers that any of the nodes says the factory lists: one that keeps some back hides none.

    Raises `HostError`s where no node answers.
    """
    from smartchain.host.registry import Factory

    found, faults = dict[Address, None](), list[HostError]()
    for rpc in rpcs:
        try:
            found |= dict.fromkeys(one.ledger for one in Factory(rpc, factory).ledgers())
        except HostError as fault:
            faults.append(fault)
    if len(faults) == len(rpcs):
        raise next((fault for fault in faults if fault.retryable), faults[0])
    return list(found)


def _chain(kept: LedgerStore) -> dict[str, Any]:
    return {"chain_id": kept.info.chain_id, "ledger": checksum(kept.info.address), **views.head_json(kept)}


def _line(kept: LedgerStore) -> list[str]:
    status = kept.status()
    is_verified = status.verified_at is not None and status.verified_size == status.size
    said = "verified" if is_verified else f"{status.verified_size:,} verified"
    return [checksum(kept.info.address), f"{status.size:,}", f"{status.blocks:,}", said]
