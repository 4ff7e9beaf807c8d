"""
How long a snapshot of many wallets takes, and how much memory: `python -m benchmarks.snapshot [WALLETS]`.

Writes `results/snapshot.md`. Memory is the most that the process ever held, of the whole command.
"""

from __future__ import annotations

import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from smartchain.ledger.address import checksum
from smartchain.types import Address

RUNS = 3
RESULTS = Path(__file__).parent / "results" / "snapshot.md"


def main(wallets: int = 1_000_000) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        chance = random.Random(1)
        with (folder / "wallets.csv").open("w") as table:
            table.write("wallet,value\n")
            for _ in range(wallets):
                table.write(f"{checksum(Address(chance.randbytes(20)))},{chance.randrange(1, 10**24)}\n")
        create = ["create", "wallets.csv", "--output", "opening", "--timestamp", "1700000000"]
        rows = [f"| `snapshot {what[0]}` | {_measured(folder, what)} |" for what in (create, ["verify", "opening"])]
        size = (folder / "opening").stat().st_size
    RESULTS.write_text(
        f"# A snapshot of {wallets:,} wallets\n\n"
        f"`python -m benchmarks.snapshot`, {time.strftime('%Y-%m-%d')}, {os.cpu_count()} cores, Python "
        f"{sys.version.split()[0]}; whole commands, medians of {RUNS}.\n"
        f"The table has checksummed addresses in random order; the file has {size:,} bytes.\n\n"
        "| | seconds | of a processor | most memory, MB |\n| --- | --- | --- | --- |\n" + "\n".join(rows) + "\n"
    )
    sys.stdout.write(RESULTS.read_text())


def _measured(folder: Path, arguments: list[str]) -> str:
    took, used, most = [], [], []
    for _ in range(RUNS):
        begun = time.perf_counter()
        worker = subprocess.Popen([sys.executable, "-m", "smartchain.cli", "snapshot", *arguments], cwd=folder)
        _, status, usage = os.wait4(worker.pid, 0)
        assert status == 0
        took.append(time.perf_counter() - begun)
        used.append(usage.ru_utime + usage.ru_stime)
        most.append(usage.ru_maxrss)
    return f"{statistics.median(took):.1f} | {statistics.median(used):.1f} | {max(most) / 1024:.0f}"


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
