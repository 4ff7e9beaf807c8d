"""
Where the objects of a node are made: its ledger, what follows it, and what pays.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from smartchain.cli import build, following, peers
from smartchain.config import HostSettings, IndexSettings
from smartchain.errors import SettingsError
from smartchain.ledger.address import checksum
from smartchain.ledger.unit import Unit, raw_unit
from smartchain.node.health import HostNode
from smartchain.types import Address, Index, Wei

if TYPE_CHECKING:
    from smartchain.host.pool import PoolSource
    from smartchain.indexer.daemon import Steps
    from smartchain.peer.roster import Roster
    from smartchain.ports import Journal, LedgerInfo, LedgerStore, Rpc, Spender, Store
    from smartchain.snapshot.files import Snapshot
    from smartchain.wallet.keys import KeyOptions, KeySigner

SQLITE = "sqlite:///"
NOTHING = "a node follows a contract (--rpc-url) or other nodes (--peer): name one of them"


@dataclass(frozen=True, slots=True)
class Plan:
    """What a node was told to stand on."""

    ledger: Address | None
    db: str
    host: HostSettings | None
    """None for a node that stands on its peers alone."""
    peers: tuple[str, ...]
    how: IndexSettings
    ca_file: Path | None
    snapshots: Sequence[Snapshot] = ()

    @property
    def folder(self) -> Path:
        """Where evidence of a fork is put: beside the store."""
        return Path(self.db.removeprefix(SQLITE)).parent if self.db.startswith(SQLITE) else Path()


def roster_of(plan: Plan, warn: Callable[..., object]) -> Roster | None:
    """The other nodes; None where none was named."""
    return peers.roster_of(plan.peers, plan.ca_file, warn) if plan.peers else None


def known_info(plan: Plan) -> LedgerInfo | None:
    """The ledger, where the store has it: then it is served before anybody else is asked."""
    known = build.known_ledgers(plan.db)
    if plan.ledger is None:
        return known[0] if len(known) == 1 else None
    return next((info for info in known if info.address == plan.ledger), None)


def reach(plan: Plan, roster: Roster | None, watch: following.Watch) -> tuple[LedgerInfo, following.Upstream | None]:
    """The ledger as the contract or most of the peers say it is, and the contract to read it from."""
    if plan.host is not None:
        upstream = following.reach(plan.ledger, plan.db, plan.host, plan.how, watch.told)
        return upstream.info, upstream
    return _elected(plan, roster), None


def _elected(plan: Plan, roster: Roster | None) -> LedgerInfo:
    from smartchain.peer.election import elect_ledger

    if roster is None:
        raise SettingsError(NOTHING)
    info = elect_ledger(roster)
    if plan.ledger is not None and info.address != plan.ledger:
        raise SettingsError(
            f"the peers have the ledger {checksum(info.address)}, not {checksum(plan.ledger)}: "
            "check --peer and --ledger"
        )
    return info


def steps_of(
    plan: Plan,
    watch: following.Watch,
    store: LedgerStore,
    upstream: following.Upstream | None,
    roster: Roster | None,
) -> Steps:
    """What the daemon runs."""
    from smartchain.indexer.follow import Follower

    source = None if upstream is None else upstream.source
    if roster is not None:
        gatherer = peers.gatherer_of(roster, store, source, plan.folder, watch.stop, watch.log.warning, watch.progress)
        return gatherer if upstream is None else upstream.steps(gatherer, store, watch)
    if upstream is None:
        raise SettingsError(NOTHING)
    return upstream.steps(Follower(upstream.source, store, watch.progress, watch.stop.is_set), store, watch)


def standings_of(pool: PoolSource) -> tuple[HostNode, ...]:
    """The nodes of the host chain, as `/health` tells of them."""
    return tuple(
        HostNode(
            node.name,
            "set aside" if node.aside else "in use" if node is pool.in_use else "waiting" if node.reason else "ready",
            node.aside or node.reason or None,
        )
        for node in pool.nodes
    )


def journal_of(store: Store) -> Journal:
    return store.journal(int(time.time()))


class LateSpender:
    """
    Implements `ports.Spender`: reaches the host chain when it first pays.

    So a node serves what it has whether or not the host chain answers.
    """

    def __init__(self, signer: KeySigner, info: LedgerInfo, host: HostSettings, limit: Wei | None) -> None:
        self._signer, self._info, self._host, self._limit = signer, info, host, limit
        self._making = threading.Lock()
        self._made: Spender | None = None

    @property
    def address(self) -> Address:
        return self._signer.address

    def pay(self, sender: Address, recipient: Address, amount: Wei) -> Index:
        return self._spender().pay(sender, recipient, amount)

    def seal(self) -> Index:
        return self._spender().seal()

    def _spender(self) -> Spender:
        from smartchain.wallet.fees import FeePolicy
        from smartchain.wallet.pay import Payer
        from smartchain.wallet.spender import Spender, limit_on

        with self._making:
            if self._made is None:
                rpc = build.connect(self._host)
                build.expect_chain(rpc, self._info.chain_id)
                payer = Payer(build.sender_of(self._host, rpc, self._signer, FeePolicy()), self._info.address)
                self._made = Spender(payer, limit_on(self._info.chain_id, self._limit))
            return self._made


def units_of(plan: Plan, info: LedgerInfo) -> Callable[[Address], Unit]:
    """How amounts are written: as the contract says, where the node knows the host chain; else raw."""
    if plan.host is None:
        return raw_unit
    from smartchain.host.rpc import NO_RETRY
    from smartchain.host.subjects import Units

    host = plan.host

    def reach() -> Rpc:
        rpc = build.connect(host, retry=NO_RETRY)
        build.expect_chain(rpc, info.chain_id)
        return rpc

    return Units(reach, info.address)


def spender_of(plan: Plan, keys: KeyOptions, info: LedgerInfo, limit: Wei | None) -> Spender | None:
    """The node's own wallet; None without a key, or without a host chain to pay on. Raises `KeyUnusable`."""
    if plan.host is None or not keys.given:
        return None
    return LateSpender(build.signer_of(keys), info, plan.host, limit)
