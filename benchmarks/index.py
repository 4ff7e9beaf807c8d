"""
How fast the indexer is from nothing, beside what else people use, on the same chain in the same run.

    python benchmarks/index.py                    200,000 entries singly and in batches, 1,000,000 singly
    python benchmarks/index.py --entries 20000    a quick look; writes no table

Each figure is a whole process, from its start to its end, with anvil on the same two cores. Ours writes SQLite
rows, hashes every entry, builds the Merkle log and the blocks, compares the root with the contract's and can look
entries up by address and block at the end; the peers decode and store. Programs take turns; medians are quoted.
The table goes to benchmarks/results/index.md.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from benchmarks.chains import Chain, anvil  # noqa: E402

RESULTS = Path(__file__).resolve().parent / "results" / "index.md"
PEERS = ROOT / ".cache" / "peers"
CRYO = "cryo==0.3.2"


@dataclass
class Figures:
    """Runs of one program on one chain."""

    program: str
    entries: int
    seconds: list[float] = field(default_factory=list)
    peak_bytes: int = 0

    @property
    def rate(self) -> float:
        """Entries a second, by the median run."""
        return self.entries / statistics.median(self.seconds)


def timed(command: list[str], figures: Figures) -> None:
    """Run a program once; its wall seconds and the largest memory of any of its processes go into `figures`."""
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    said = process.stderr.read() if process.stderr else ""
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    figures.seconds.append(time.perf_counter() - start)
    if process.returncode:
        raise SystemExit(f"{figures.program} ended with {process.returncode}: {said}")
    scale = 1 if sys.platform == "darwin" else 1024
    figures.peak_bytes = max(figures.peak_bytes, usage.ru_maxrss * scale)


def ours(chain: Chain, folder: Path) -> list[str]:
    """Our own command line, as a person types it."""
    smartchain = str(Path(sys.executable).with_name("smartchain"))
    where = ["--rpc-url", chain.url, "--ledger", chain.ledger, "--db", f"sqlite:///{folder}/ours.db"]
    return [smartchain, "index", *where, "--json"]


def web3_loop(chain: Chain, folder: Path) -> list[str]:
    """A plain web3.py loop."""
    return [sys.executable, str(ROOT / "benchmarks/peers/web3_loop.py"), chain.url, chain.ledger, f"{folder}/web3.db"]


def cryo(chain: Chain, folder: Path) -> list[str]:
    """cryo as it comes, decoding the event into Parquet files."""
    last_block = int(chain.call("eth_blockNumber"), 16)
    program = str(ROOT / "benchmarks/peers/cryo_freeze.py")
    return [str(PEERS / "bin" / "python"), program, chain.url, chain.ledger, str(folder), str(last_block)]


def tuned_cryo(chain: Chain, folder: Path) -> list[str]:
    """cryo with the sizes of requests and files that suit this chain best."""
    return [*cryo(chain, folder), "tuned"]


def install_peers() -> None:
    """cryo into an environment of its own, the first time."""
    if not list(PEERS.glob("lib/*/site-packages/cryo")):
        venv.create(PEERS, with_pip=True)
        subprocess.run([PEERS / "bin" / "python", "-m", "pip", "install", "--quiet", CRYO], check=True)


Program = Callable[[Chain, Path], list[str]]


def measure(chain: Chain, entries: int, programs: Mapping[str, Program], rounds: int) -> list[Figures]:
    """Let the programs take turns on a chain."""
    table = {name: Figures(name, entries) for name in programs}
    for number in range(rounds):
        for name, program in programs.items():
            if name == "web3.py loop" and number >= 1 and entries > 50_000:
                continue  # a minute and more: once says enough
            with tempfile.TemporaryDirectory() as folder:
                timed(program(chain, Path(folder)), table[name])
                if program is ours:
                    check(chain, Path(folder), entries)
            print(f"  {name}: {table[name].seconds[-1]:.2f} s", flush=True)
    return list(table.values())


def check(chain: Chain, folder: Path, entries: int) -> None:
    """That ours did the whole job: verified, every entry there, lookups working."""
    smartchain = str(Path(sys.executable).with_name("smartchain"))
    where = ["--ledger", chain.ledger, "--db", f"sqlite:///{folder}/ours.db", "--json"]
    said = json.loads(subprocess.run([smartchain, "head", *where], check=True, capture_output=True, text=True).stdout)
    if said["size"] != entries or not said["verified"]:
        raise SystemExit(f"the index is not whole: {said}")


def row(figures: Figures, own: Figures) -> str:
    ratio = own.rate / figures.rate
    seconds = f"{statistics.median(figures.seconds):.2f} ({min(figures.seconds):.2f}–{max(figures.seconds):.2f})"
    return (
        f"| {figures.program} | {seconds} | {figures.rate:,.0f} | "
        f"{'' if figures is own else f'{ratio:.1f}'} | {figures.peak_bytes / 1e6:.0f} |"
    )


def section(title: str, table: list[Figures]) -> str:
    head = f"## {title}\n\n| program | seconds, median (min–max) | entries/s | ours is faster by | peak MB |\n"
    return head + "| --- | --- | --- | --- | --- |\n" + "\n".join(row(one, table[0]) for one in table) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--entries", type=int, default=200_000)
    parser.add_argument("--large", type=int, default=1_000_000, help="entries of the large chain; 0 for none")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    install_peers()
    sections = []
    for title, entries, fill, programs in (
        (
            "recorded singly",
            options.entries,
            Chain.fill_singly,
            {"smartchain": ours, "cryo, decoded": cryo, "cryo, decoded, tuned": tuned_cryo, "web3.py loop": web3_loop},
        ),
        ("in batches of 200", options.entries, Chain.fill_in_batches, {"smartchain": ours}),
        ("recorded singly", options.large, Chain.fill_singly, {"smartchain": ours}),
    ):
        if not entries:
            continue
        title = f"{entries:,} entries {title}"
        print(title, flush=True)
        with anvil() as chain:
            fill(chain, entries, options.seed)
            sections.append(section(title, measure(chain, entries, programs, options.rounds)))
    text = "\n".join(sections)
    print(text)
    if options.entries == parser.get_default("entries"):
        RESULTS.parent.mkdir(exist_ok=True)
        RESULTS.write_text(f"# Indexing from nothing\n\n{preface(options.seed)}\n{text}")


def preface(seed: int) -> str:
    machine = f"{os.cpu_count()} cores, {platform.system()} {platform.machine()}, Python {platform.python_version()}"
    day = time.strftime("%Y-%m-%d", time.gmtime())
    return (
        f"`python benchmarks/index.py --seed {seed}`, {day}, {machine}, anvil on the same cores. Whole processes; the\n"
        "programs take turns on one chain. Compare the ratios: seconds differ from machine to machine.\n"
    )


if __name__ == "__main__":
    main()
