"""
`smartchain index`: from the host's logs to a verified chain in the store, once or for ever.
"""

from __future__ import annotations

import gc
from collections.abc import Sequence
from contextlib import closing
from typing import TYPE_CHECKING

import click

from smartchain.cli import build, following, openings, options, output, views
from smartchain.cli.failure import INTERRUPTED
from smartchain.cli.stopping import signals
from smartchain.config import HostSettings, IndexSettings
from smartchain.ledger.address import checksum
from smartchain.types import Address

if TYPE_CHECKING:
    from smartchain.ports import LedgerStore
    from smartchain.snapshot.files import Snapshot


@click.command()
@options.bundle(
    "how",
    following.how_of,
    click.option("--follow", is_flag=True, help="Go on as the host chain grows, until a signal (SIGINT, SIGTERM)."),
    following.confirmations,
    following.finality,
    following.poll,
    following.stall_after,
    following.from_block,
)
@options.ledger
@options.factory
@openings.snapshots
@options.database
@options.hosts
@options.check_rpc_url
@options.as_json
def index(
    how: IndexSettings,
    ledger: Address | None,
    factory: Address | None,
    snapshots: Sequence[Snapshot],
    db: str,
    host: HostSettings,
    check_rpc_url: tuple[str, ...],
    as_json: bool,
) -> None:
    """
    Read a ledger from the host chain into the store, and verify it.

    Nothing becomes part of the chain before the root of what was read equals the contract's. Ended at any moment,
    the next run goes on where this one was. With --factory all ledgers that it lists are followed, new ones as they
    appear; one that cannot be is left, and said, while the others go on. A ledger that opened with balances has them
    from --snapshot FILE, which is believed where it gives the root that the contract says.
    """
    if factory is not None:
        from smartchain.cli.fleet import FleetRun

        options.only_one("factory", "ledger")
        fleet = FleetRun(how, db, build.checked(host, check_rpc_url), as_json, snapshots)
        click.get_current_context().exit(fleet.run(factory))
    run = _Run(how, as_json)
    with signals(run.stop):
        settings = build.checked(host, check_rpc_url)
        upstream = run.patiently(lambda: following.reach(ledger, db, settings, how, run.told))
        with closing(run.patiently(lambda: build.open_or_make(db))) as store:
            status = run.go(upstream, run.patiently(lambda: store.ledger(upstream.info)), snapshots)
    click.get_current_context().exit(status)


class _Run(following.Watch):
    """One run of the daemon."""

    def __init__(self, how: IndexSettings, as_json: bool) -> None:
        super().__init__(how.follow, as_json, how.stall_s)
        self._how = how

    def go(self, upstream: following.Upstream, store: LedgerStore, snapshots: Sequence[Snapshot]) -> int:
        """Exit status: a daemon that was told to stop is done, a catching up that was interrupted is not."""
        from smartchain.indexer.daemon import Daemon
        from smartchain.indexer.follow import Follower

        gc.set_threshold(following.SELDOM)
        info = store.info
        self.log.info("started", ledger=checksum(info.address), chain=info.chain_id, size=store.status().size)
        self.watches(store)
        openings.expected(snapshots, info)
        with self.bar:
            self.patiently(lambda: openings.bring_in(snapshots, store, self))
        if self.stop.is_set():
            return self._stopped(store)
        follower = self.patiently(lambda: Follower(upstream.source, store, self.progress, self.stop.is_set))
        poll_s = self._how.poll_on(info.chain_id)
        daemon = Daemon(
            upstream.steps(follower, store, self),
            self.stop,
            self.report,
            self.trouble,
            poll_s,
            idle=lambda: store.look_up(following.LOOKED_UP),
        )
        with self.bar:
            if self._how.follow:
                daemon.run()
            else:
                daemon.catch_up()
        if self.stop.is_set():
            return self._stopped(store)
        self._say_head(store)
        return 0

    def _stopped(self, store: LedgerStore) -> int:
        self.log.info("stopped", size=store.status().size)
        self._say_head(store)
        return 0 if self._how.follow else INTERRUPTED

    def _say_head(self, store: LedgerStore) -> None:
        if self._json:
            output.say_json(views.head_json(store))
        elif not self._how.follow:
            output.fields(views.head_fields(store))
