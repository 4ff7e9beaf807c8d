"""
A run of `smartchain node --factory`: one server, and all ledgers of a factory followed in turns behind it.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack, closing
from typing import TYPE_CHECKING

from smartchain.cli import build, following, output
from smartchain.cli import fleet as following_all
from smartchain.cli import node_parts as parts
from smartchain.cli.node_parts import Plan
from smartchain.cli.serving import Serving, on_air
from smartchain.config import HostSettings, NodeSettings
from smartchain.errors import HostError, SettingsError, SmartchainError
from smartchain.indexer.daemon import Daemon
from smartchain.indexer.fleet import Fleet as Followed
from smartchain.ledger.address import checksum
from smartchain.ledger.unit import Unit
from smartchain.node.chains import build_chains
from smartchain.node.door import Door
from smartchain.node.fleet import Fleet
from smartchain.node.server import Server
from smartchain.node.services import Services
from smartchain.types import Address

if TYPE_CHECKING:
    from smartchain.ports import LedgerStore, Rpc, Store


class ChainNode(Serving, following_all.ChainWatch):
    """Follows one of the ledgers, and tells those that look at its chain."""

    def services(self, plan: Plan, settings: NodeSettings, kept: LedgerStore) -> Services:
        unit_of = parts.units_of(plan, kept.info)
        return Services(kept, settings, self.feed, self.health, unit_of=unit_of, update=self.pulse.update)


class FleetNode:
    """One run."""

    def __init__(self, factory: Address, settings: NodeSettings, plan: Plan, as_json: bool) -> None:
        self._factory, self._settings, self._plan, self._json = factory, settings, plan, as_json
        self._watch = following.Watch(True, as_json, plan.how.stall_s)
        self._fleet = Fleet(factory)
        self._nodes: dict[Address, ChainNode] = {}

    def run(self) -> None:
        """Until a signal. Raises what is not transient about the factory; a ledger's faults are told of it alone."""
        on_air(self._settings, self._watch, self._say_where, self._serve)

    def _say_where(self, url: str) -> None:
        if self._json:
            output.say_json({"url": url})
        else:
            output.fields([("page", f"{url}/"), ("chains", f"{url}/index.json"), ("each", f"{url}/0x…/")])

    def _serve(self, server: Server, door: Door, ends: ExitStack) -> None:
        """What the store has at once; what the factory lists as soon as it says so."""
        rpcs = build.connect_all(self._host)
        store = ends.enter_context(closing(self._watch.patiently(lambda: build.open_or_make(self._plan.db))))
        ends.callback(server.stop)  # before the store is closed
        ends.callback(self._close)  # which ends the streams
        for info in store.ledgers():
            if self._host.chain_id in (None, info.chain_id):
                self._take(self._node(info.address), store.ledger(info))
        door.open(build_chains(self._fleet, self._settings))
        self._watch.log.info("started", factory=checksum(self._factory), chains=len(self._fleet.names()))
        Followed(
            lambda: self._listed(rpcs),
            lambda ledger: self._begin(store, rpcs, ledger),
            self._watch.stop,
            self._lost,
            self._watch.trouble,
        ).run()

    @property
    def _host(self) -> HostSettings:
        if self._plan.host is None:
            raise SettingsError(parts.NOTHING)
        return self._plan.host

    def _close(self) -> None:
        for node in self._nodes.values():
            node.feed.close()

    def _listed(self, rpcs: Sequence[Rpc]) -> list[Address]:
        found = following_all.listed(rpcs, self._factory)
        self._fleet.lists(found)
        return found

    def _node(self, ledger: Address) -> ChainNode:
        if ledger not in self._nodes:
            node = ChainNode(self._plan.how, self._json, ledger, self._watch)
            node.serves(self._settings.max_lag)
            self._nodes[ledger] = node
        return self._nodes[ledger]

    def _take(self, node: ChainNode, kept: LedgerStore) -> None:
        """It is served from now on, whether or not it can be followed."""
        node.watches(kept)
        node.pulse.watch(kept)
        if self._fleet.find(kept.info.address) is None:
            self._fleet.add(node.services(self._plan, self._settings, kept))

    def _begin(self, store: Store, rpcs: Sequence[Rpc], ledger: Address) -> Daemon:
        node, plan = self._node(ledger), self._plan
        taken = lambda kept: self._take(node, kept)  # noqa: E731
        daemon = following_all.begun(store, ledger, plan.how, self._host, plan.snapshots, node, taken)
        if unit := counted(rpcs, self._factory, ledger):
            self._fleet.counts(ledger, unit)
        return daemon

    def _lost(self, ledger: Address, fault: SmartchainError) -> None:
        reason = output.one_line(str(fault))
        self._watch.log.error("left", ledger=checksum(ledger), reason=reason)
        self._fleet.leave(ledger, reason)


def counted(rpcs: Sequence[Rpc], factory: Address, ledger: Address) -> Unit | None:
    """What a ledger says that it counts, by the first node that tells; None where none does."""
    from smartchain.host.registry import Factory

    for rpc in rpcs:
        try:
            subject, described = Factory(rpc, factory).subject(ledger)
        except HostError:
            continue
        if subject is not None:
            return Unit(subject, described.symbol, described.decimals) if described else Unit(subject)
    return None
