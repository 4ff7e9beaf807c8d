"""
Where the objects around other nodes are made, for `smartchain node`.

    roster = peers.roster_of(urls, ca_file, log)            # raises `SettingsError` for a URL that is none
    info = election.elect_ledger(roster)                    # only without --rpc-url; raises `NoMajority`
    gatherer = peers.gatherer_of(roster, store, source, folder, stop, log)
    Daemon(gatherer, stop, report, trouble, poll_s=1.0).run()
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from smartchain.cli import output
from smartchain.errors import SettingsError

if TYPE_CHECKING:
    from smartchain.host.endpoint import Endpoint
    from smartchain.indexer.gather import Gatherer
    from smartchain.peer.client import HttpPeer
    from smartchain.peer.pace import Pace
    from smartchain.peer.roster import Roster
    from smartchain.ports import EntrySource, LedgerStore

POLL_S = 1.0
"""Between two looks at what the peers have."""

Warn = Callable[..., object]
"""A logger's method: an event and its fields."""


def endpoint_of(url: str, ca_file: Path | None = None, environment: dict[str, str] | None = None) -> Endpoint:
    """Where a peer is reached. Raises `SettingsError`, never showing more of the URL than its host."""
    from smartchain.host.endpoint import Endpoint

    try:
        return Endpoint.parse(url, ca_file=ca_file, environment=os.environ if environment is None else environment)
    except SettingsError as error:
        raise SettingsError(str(error).replace("the RPC node", "the peer")) from None


def peer_of(url: str, ca_file: Path | None = None) -> HttpPeer:
    from smartchain.peer.client import HttpPeer

    return HttpPeer(endpoint_of(url, ca_file))


def roster_of(urls: Sequence[str], ca_file: Path | None, warn: Warn, pace: Pace | None = None) -> Roster:
    """The named peers. One that is named twice counts once. Raises `SettingsError`."""
    from smartchain.errors import PeerError
    from smartchain.peer.client import HttpPeer
    from smartchain.peer.pace import Pace
    from smartchain.peer.roster import Roster

    endpoints = {endpoint.request_url.rstrip("/"): endpoint for endpoint in (endpoint_of(url, ca_file) for url in urls)}

    def left(error: PeerError, seconds: float) -> None:
        warn("peer left", reason=output.one_line(str(error)), again_in_s=round(seconds, 1))

    return Roster([HttpPeer(endpoint, pace or Pace()) for endpoint in endpoints.values()], left)


def gatherer_of(
    roster: Roster,
    store: LedgerStore,
    source: EntrySource | None,
    folder: Path,
    stop: threading.Event,
    warn: Warn,
    progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> Gatherer:
    """
    Takes the chain from peers; evidence of forks goes into `folder`.

    `source` is the ledger on the host chain, None without one. Raises `InputError` where a snapshot has to come first.
    """
    from smartchain.indexer.gather import Gatherer
    from smartchain.peer.evidence import Fork
    from smartchain.peer.lookout import Lookout

    def found(fork: Fork, path: Path) -> None:
        warn("fork", reason=output.one_line(str(fork)), evidence=str(path))

    lookout = Lookout(store, folder, found)
    return Gatherer(roster, store, source, progress=progress, stopping=stop.is_set, lookout=lookout)
