"""
How long a new node takes to have a large ledger from one peer: downloaded, proven, verified by the contract, stored.

A chain with a million entries on an anvil of its own, an indexed store behind the routes that a node serves, and a
process of its own that syncs from nothing: bulk from the peer, the last blocks and the last word from the contract.

    python benchmarks/sync.py                      # a million entries; the table goes to benchmarks/results/sync.md
    python benchmarks/sync.py --entries 100000     # a look
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from benchmarks.chains import Chain, anvil  # noqa: E402

RESULTS = Path(__file__).resolve().parent / "results" / "sync.md"
WANTED_S, WANTED_BYTES = 60, 300 * 10**6


@dataclass
class Runs:
    """Runs of one way to get the chain."""

    way: str
    seconds: list[float] = field(default_factory=list)
    peak_bytes: int = 0


def sync(peer_url: str, rpc_url: str, ledger: str, db: str) -> None:
    """In the process that is measured: all of the ledger into a new store, then end."""
    import gc

    from smartchain.host.endpoint import Endpoint
    from smartchain.host.rpc import HttpRpc
    from smartchain.host.source import HostLedger
    from smartchain.indexer.daemon import Daemon
    from smartchain.indexer.gather import Gatherer
    from smartchain.ledger.address import parse_address
    from smartchain.peer.client import HttpPeer
    from smartchain.peer.roster import Roster
    from smartchain.store import open_store

    gc.set_threshold(100_000)
    stop = Event()
    source = HostLedger(HttpRpc(Endpoint(rpc_url)), parse_address(ledger))
    peer = HttpPeer(Endpoint(peer_url))
    with closing(open_store(db, create=True)) as store:
        kept = store.ledger(source.info())
        gatherer = Gatherer(Roster([peer], lambda error, _s: print(error, file=sys.stderr)), kept, source)
        Daemon(gatherer, stop, lambda _outcome: None, lambda fault, _s: print(fault, file=sys.stderr)).catch_up()
        status = kept.status()
    peer.close()
    if status.verified_size != status.size or status.verified_at is None:
        raise SystemExit(f"not whole: {status}")
    print(status.verified_size)


def serve(db: str, port: int) -> None:
    """In the peer's process: the routes for peers over an indexed store."""
    import uvicorn
    from starlette.applications import Starlette

    from smartchain.node.bulk import routes
    from smartchain.store import open_store

    class Services:
        store = open_store(db, create=False, read_only=True).open()

    uvicorn.run(Starlette(routes=routes(Services())), port=port, log_level="critical")


@contextmanager
def peer(db: Path) -> Iterator[str]:
    import socket
    import urllib.request

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = subprocess.Popen([sys.executable, __file__, "--serve", f"sqlite:///{db}", str(port)])
    url = f"http://127.0.0.1:{port}"
    try:
        for _ in range(200):
            try:
                urllib.request.urlopen(f"{url}/api/v1/bulk/head", timeout=10).read()
                break
            except OSError:
                time.sleep(0.05)
        yield url
    finally:
        process.terminate()
        process.wait()


def timed(command: list[str], runs: Runs, entries: int) -> None:
    """Run a program once; its wall seconds and largest memory go into `runs`."""
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    said = process.stdout.read() if process.stdout else ""
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    runs.seconds.append(time.perf_counter() - start)
    if process.returncode or str(entries) not in said:
        raise SystemExit(f"{runs.way} ended with {process.returncode}: {said}")
    runs.peak_bytes = max(runs.peak_bytes, usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024))
    print(f"  {runs.way}: {runs.seconds[-1]:.2f} s, {runs.peak_bytes / 1e6:.0f} MB", flush=True)


def index(chain: Chain, db: Path) -> list[str]:
    smartchain = str(Path(sys.executable).with_name("smartchain"))
    return [smartchain, "index", "--rpc-url", chain.url, "--ledger", chain.ledger, "--db", f"sqlite:///{db}", "--json"]


def measure(chain: Chain, entries: int, rounds: int) -> list[Runs]:
    """A sync from a peer and, beside it, an index from the host's logs, in turns."""
    synced, indexed = Runs("`--peer`, verified by the contract"), Runs("`smartchain index`, for comparison")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        timed(index(chain, folder / "peer.db"), indexed, entries)
        with peer(folder / "peer.db") as url:
            for number in range(rounds):
                db = folder / f"{number}.db"
                me = [sys.executable, __file__, "--sync", url, chain.url, chain.ledger, f"sqlite:///{db}"]
                timed(me, synced, entries)
                db.unlink()
    return [synced, indexed]


def row(runs: Runs, entries: int) -> str:
    middle = statistics.median(runs.seconds)
    spread = f"{middle:.2f} ({min(runs.seconds):.2f}–{max(runs.seconds):.2f})"
    return f"| {runs.way} | {spread} | {entries / middle:,.0f} | {runs.peak_bytes / 1e6:.0f} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--entries", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--sync", nargs=4, help=argparse.SUPPRESS)
    parser.add_argument("--serve", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.sync:
        return sync(*options.sync)
    if options.serve:
        return serve(options.serve[0], int(options.serve[1]))
    with anvil() as chain:
        chain.fill_singly(options.entries, options.seed)
        table = measure(chain, options.entries, options.rounds)
    text = section(table, options.entries, options.seed)
    print(text)
    if options.entries == parser.get_default("entries"):
        RESULTS.write_text(text)
    if statistics.median(table[0].seconds) > WANTED_S or table[0].peak_bytes > WANTED_BYTES:
        raise SystemExit(f"more than {WANTED_S} s or {WANTED_BYTES / 1e6:.0f} MB")
    return None


def section(table: list[Runs], entries: int, seed: int) -> str:
    machine = f"{os.cpu_count()} cores, {platform.system()} {platform.machine()}, Python {platform.python_version()}"
    day = time.strftime("%Y-%m-%d", time.gmtime())
    return (
        f"# A new node: {entries:,} entries from one peer\n\n"
        f"`python benchmarks/sync.py --seed {seed}`, {day}, {machine}; the peer and anvil run on the same cores.\n"
        "Whole processes, from nothing to a store that the contract verified; the syncing process's memory.\n\n"
        "| way | seconds, median (min–max) | entries/s | peak MB |\n| --- | --- | --- | --- |\n"
        + "\n".join(row(runs, entries) for runs in table)
        + "\n"
    )


if __name__ == "__main__":
    main()
