"""
What the parts of a node stand on, built once by `cli/` and handed to each of them.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from smartchain.config import NodeSettings
from smartchain.ledger.unit import Unit, raw_unit
from smartchain.node.feed import Feed
from smartchain.node.health import Health
from smartchain.ports import Journal, LedgerStore, PeerHead, PeerSource, Spender
from smartchain.types import Address


class Standing(Protocol):
    """Another node, and how it stands with this one: `peer.roster.Standing`."""

    @property
    def peer(self) -> PeerSource: ...

    @property
    def head(self) -> PeerHead | None: ...

    @property
    def reason(self) -> str: ...

    @property
    def lies(self) -> int: ...


class Peers(Protocol):
    """The other nodes that this one was told of: `peer.roster.Roster`."""

    @property
    def standings(self) -> Sequence[Standing]: ...


@dataclass(frozen=True, slots=True)
class Services:
    """Everything a part may ask for; a node without a wallet, peers or a journal has None there."""

    store: LedgerStore
    settings: NodeSettings = NodeSettings()  # noqa: RUF009  (frozen)
    feed: Feed = field(default_factory=Feed)
    health: Health = field(default_factory=Health)
    clock: Callable[[], float] = time.time
    """Seconds since 1970."""
    spender: Spender | None = None
    journal: Journal | None = None
    """Of a member node: its personal chain."""
    peers: Peers | None = None
    unit_of: Callable[[Address], Unit] = raw_unit
    """How amounts of a subject are written, as far as the contract was asked."""
    update: Callable[[], bool] | None = None
    """Takes the newest chain from upstream, and says whether that is now what is served; for threads."""
