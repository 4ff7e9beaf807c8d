"""
A run of `smartchain node`: the server in a thread of its own, whoever follows the chain in this one.
"""

from __future__ import annotations

import gc
from contextlib import ExitStack, closing
from typing import TYPE_CHECKING

from smartchain.cli import build, following, openings, output
from smartchain.cli import node_parts as parts
from smartchain.cli.node_parts import Plan
from smartchain.cli.pulse import Pulse
from smartchain.cli.stopping import signals
from smartchain.config import NodeSettings
from smartchain.errors import SmartchainError
from smartchain.indexer.daemon import Daemon, Steps
from smartchain.indexer.outcome import Outcome
from smartchain.ledger.address import checksum
from smartchain.node import legacy
from smartchain.node.app import build_app
from smartchain.node.door import Door
from smartchain.node.feed import Feed
from smartchain.node.health import Health, Waiting
from smartchain.node.server import Server
from smartchain.node.services import Services

if TYPE_CHECKING:
    from smartchain.peer.roster import Roster
    from smartchain.ports import LedgerStore, Store
    from smartchain.wallet.keys import KeyOptions


class NodeRun(following.Watch):
    """One run."""

    def __init__(self, settings: NodeSettings, plan: Plan, keys: KeyOptions, as_json: bool) -> None:
        super().__init__(True, as_json, plan.how.stall_s)
        self._settings, self._plan, self._keys = settings, plan, keys
        self._as_json = as_json
        self._feed, self._health = Feed(), Health(settings.max_lag, waiting=self._waiting, heads=lambda: self.heads)
        self._pulse = Pulse(self._feed, self._health)

    def run(self) -> None:
        """Until a signal. Raises what is not transient."""
        gc.set_threshold(following.SELDOM)
        door = Door()
        server = Server(door, self._settings, lambda line: self.log.error("failed", where=output.one_line(line)))
        with signals(self.stop), ExitStack() as ends:
            ends.callback(server.stop)
            server.start()
            self._say_where(server.url)
            self._serve(server, door, ends)
        self.log.info("stopped")

    def _say_where(self, url: str) -> None:
        if self._as_json:
            output.say_json({"url": url})
        else:
            output.fields([("page", f"{url}/"), ("api", f"{url}/api/v1/docs"), ("json-rpc", f"{url}/rpc")])

    def _serve(self, server: Server, door: Door, ends: ExitStack) -> None:
        """What the store has at once; what the host chain or other nodes say as they say it."""
        plan, upstream = self._plan, None
        roster = parts.roster_of(plan, self.log.warning)
        info = parts.known_info(plan)
        if info is None:
            door.waits_for = "other nodes" if plan.host is None else "the host chain"
            info, upstream = self.patiently(lambda: parts.reach(plan, roster, self))
        store = ends.enter_context(closing(self.patiently(lambda: build.open_or_make(plan.db))))
        ends.callback(server.stop)  # before the store is closed
        ends.callback(self._feed.close)  # which ends the streams
        kept = store.ledger(info)
        door.open(build_app(self._services(store, kept, roster)))
        self.log.info("started", ledger=checksum(info.address), chain=info.chain_id, size=kept.status().size)
        self.watches(kept)
        if upstream is None and plan.host is not None:
            info, upstream = self.patiently(lambda: parts.reach(plan, roster, self))
            kept = store.ledger(info)
        self._pulse.watch(kept)
        openings.expected(plan.snapshots, info)
        self.patiently(lambda: openings.bring_in(plan.snapshots, kept, self))
        if not self.stop.is_set():
            self._run(kept, parts.steps_of(plan, self, kept, upstream, roster))

    def _waiting(self) -> Waiting:
        """What it waits for, and how the nodes of the host chain stand."""
        wait, pool = self.dog.wait(), self.pool
        return Waiting(wait.reason, wait.since_s, wait.stalled, () if pool is None else parts.standings_of(pool))

    def _services(self, store: Store, kept: LedgerStore, roster: Roster | None) -> Services:
        settings, pays = self._settings, None
        if legacy.is_on(settings):
            pays = parts.spender_of(self._plan, self._keys, kept.info, settings.legacy_limit)
        return Services(
            kept,
            settings,
            self._feed,
            self._health,
            spender=pays,
            journal=parts.journal_of(store) if roster else None,
            peers=roster,
            unit_of=parts.units_of(self._plan, kept.info),
            update=self._pulse.update,
        )

    def _run(self, kept: LedgerStore, steps: Steps) -> None:
        poll_s = self._plan.how.poll_on(kept.info.chain_id)
        idle = lambda: kept.look_up(following.LOOKED_UP)  # noqa: E731
        Daemon(steps, self.stop, self.report, self.trouble, poll_s, idle).run()

    def progress(self, done: int, total: int) -> None:
        super().progress(done, total)
        self._pulse.progress()

    def report(self, outcome: Outcome) -> None:
        super().report(outcome)
        self._pulse.report(outcome)

    def trouble(self, fault: SmartchainError, wait_s: float) -> None:
        super().trouble(fault, wait_s)
        self._pulse.trouble(fault)
