"""
A run of `smartchain node`: the server in a thread of its own, whoever follows the chain in this one.
"""

from __future__ import annotations

from contextlib import ExitStack, closing
from typing import TYPE_CHECKING

from smartchain.cli import build, following, openings, output
from smartchain.cli import node_parts as parts
from smartchain.cli.node_parts import Plan
from smartchain.cli.serving import Serving, on_air
from smartchain.config import NodeSettings
from smartchain.indexer.daemon import Daemon, Steps
from smartchain.ledger.address import checksum
from smartchain.node import legacy
from smartchain.node.app import build_app
from smartchain.node.door import Door
from smartchain.node.server import Server
from smartchain.node.services import Services

if TYPE_CHECKING:
    from smartchain.peer.roster import Roster
    from smartchain.ports import LedgerStore, Store
    from smartchain.wallet.keys import KeyOptions


class NodeRun(Serving):
    """One run."""

    def __init__(self, settings: NodeSettings, plan: Plan, keys: KeyOptions, as_json: bool) -> None:
        super().__init__(True, as_json, plan.how.stall_s)
        self._settings, self._plan, self._keys = settings, plan, keys
        self._as_json = as_json
        self.serves(settings.max_lag)

    def run(self) -> None:
        """Until a signal. Raises what is not transient."""
        on_air(self._settings, self, self._say_where, self._serve)

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
        ends.callback(self.feed.close)  # which ends the streams
        kept = store.ledger(info)
        door.open(build_app(self._services(store, kept, roster)))
        self.log.info("started", ledger=checksum(info.address), chain=info.chain_id, size=kept.status().size)
        self.watches(kept)
        if upstream is None and plan.host is not None:
            info, upstream = self.patiently(lambda: parts.reach(plan, roster, self))
            kept = store.ledger(info)
        self.pulse.watch(kept)
        openings.expected(plan.snapshots, info)
        self.patiently(lambda: openings.bring_in(plan.snapshots, kept, self))
        if not self.stop.is_set():
            self._run(kept, parts.steps_of(plan, self, kept, upstream, roster))

    def _services(self, store: Store, kept: LedgerStore, roster: Roster | None) -> Services:
        settings, pays = self._settings, None
        if legacy.is_on(settings):
            pays = parts.spender_of(self._plan, self._keys, kept.info, settings.legacy_limit)
        return Services(
            kept,
            settings,
            self.feed,
            self.health,
            spender=pays,
            journal=parts.journal_of(store) if roster else None,
            peers=roster,
            unit_of=parts.units_of(self._plan, kept.info),
            update=self.pulse.update,
        )

    def _run(self, kept: LedgerStore, steps: Steps) -> None:
        poll_s = self._plan.how.poll_on(kept.info.chain_id)
        idle = lambda: kept.look_up(following.LOOKED_UP)  # noqa: E731
        Daemon(steps, self.stop, self.report, self.trouble, poll_s, idle).run()
