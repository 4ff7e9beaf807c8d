"""
Takes a ledger from peers in a process of its own; ends by SIGKILL where it is told to, else once all is there.

`peer_runner DB FOLDER KILL_AT URL LEDGER PEER…`: URL and LEDGER are `-` for a node without a host chain, KILL_AT is a
number of entries, 0 for never. What it logs goes to stderr, an event and its fields a line.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from smartchain.cli.peers import gatherer_of, roster_of
from smartchain.errors import SmartchainError
from smartchain.host.endpoint import Endpoint
from smartchain.host.rpc import HttpRpc
from smartchain.host.source import HostLedger
from smartchain.indexer.daemon import Daemon
from smartchain.indexer.outcome import Outcome, Waited
from smartchain.ledger.address import parse_address
from smartchain.peer.election import elect_ledger
from smartchain.peer.pace import Pace
from smartchain.peer.roster import Roster
from smartchain.ports import LedgerInfo, LedgerStore
from smartchain.store import open_store


def log(event: str, **fields: object) -> None:
    sys.stderr.write(f"{event} {fields}\n")
    sys.stderr.flush()


def doom(kill_at: int, done: int, store: LedgerStore) -> None:
    """Ends the process once so much is on the disk, and more on its way there."""
    if kill_at and done >= kill_at:
        while store.status().size < kill_at:
            time.sleep(0.01)
        os.kill(os.getpid(), signal.SIGKILL)


def patiently(roster: Roster) -> LedgerInfo:
    while True:
        try:
            return elect_ledger(roster)
        except SmartchainError as error:
            log("waits", reason=str(error))
            time.sleep(0.2)


def main(db: str, folder: str, kill_at: str, url: str, ledger: str, *peers: str) -> int:
    stop = threading.Event()
    roster = roster_of(peers, None, log, Pace(idle_s=2, answer_s=3, window_s=2))
    source = None if url == "-" else HostLedger(HttpRpc(Endpoint(url)), parse_address(ledger))
    info = patiently(roster) if source is None else source.info()

    def report(outcome: Outcome) -> None:
        log(type(outcome).__name__, outcome=outcome)
        if isinstance(outcome, Waited) and outcome.caught_up:
            stop.set()

    with closing(open_store(db, create=True)) as store:
        kept = store.ledger(info)
        gatherer = gatherer_of(
            roster, kept, source, Path(folder), stop, log, lambda done, _total: doom(int(kill_at), done, kept)
        )
        Daemon(gatherer, stop, report, lambda fault, s: log("trouble", fault=str(fault), again_s=s), 0.05).run()
        status = kept.status()
        sys.stdout.write(f"{status.verified_size} {status.verified_at is not None}\n")
    return 0


def command(*arguments: str) -> Sequence[str]:
    return [sys.executable, "-m", "tests.e2e.peer_runner", *arguments]


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
