"""
Many seeds, on every core: `python -m tests.simulation.many FIRST COUNT [--jobs N] [--trace]`.

Prints what happened in them, and each seed that failed; exit 1 if any did. With one seed, `--trace` tells its story.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tests.simulation.run import Simulation, template

AT_ONCE = 250
"""Seeds that a process runs before it tells."""

FAST = Path("/dev/shm")


@dataclass
class Report:
    """What became of some seeds."""

    seeds: int = 0
    seen: Counter[str] = field(default_factory=Counter)
    failed: dict[int, str] = field(default_factory=dict)

    def add(self, other: Report) -> None:
        self.seeds += other.seeds
        self.seen.update(other.seen)
        self.failed.update(other.failed)


def run(seeds: Iterable[int]) -> Report:
    """Each in turn, in this process."""
    report = Report()
    with tempfile.TemporaryDirectory(dir=FAST if FAST.is_dir() else None) as folder:
        empty, path = template(Path(folder)), Path(folder) / "run.db"
        for seed in seeds:
            report.seeds += 1
            simulation = Simulation(seed, empty, path)
            try:
                simulation.run()
            except Exception as error:  # noqa: BLE001  (whatever it is, the seed is named)
                report.failed[seed] = f"{type(error).__name__}: {error}"
            report.seen.update(simulation.seen)
    return report


def run_many(first: int, count: int, jobs: int) -> Iterator[Report]:
    """The reports of pieces, as they come."""
    pieces = [range(at, min(at + AT_ONCE, first + count)) for at in range(first, first + count, AT_ONCE)]
    with multiprocessing.get_context("fork").Pool(jobs) as pool:
        yield from pool.imap_unordered(run, pieces)


def story(seed: int) -> list[str]:
    """All that a seed's host was asked and its daemon said."""
    with tempfile.TemporaryDirectory() as folder:
        simulation = Simulation(seed, template(Path(folder)), Path(folder) / "run.db")
        try:
            simulation.run()
        except Exception as error:  # noqa: BLE001  (the end of the story)
            simulation.note(f"{type(error).__name__}: {error}")
        return simulation.trace


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("first", type=int)
    parser.add_argument("count", type=int)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--trace", action="store_true", help="tell the story of the first seed")
    asked = parser.parse_args(arguments)
    if asked.trace:
        say("\n".join(story(asked.first)))
        return 0
    whole, begun = Report(), time.monotonic()
    for report in run_many(asked.first, asked.count, asked.jobs):
        whole.add(report)
        for seed, why in report.failed.items():
            say(f"seed {seed}: {why}")
        sys.stderr.write(f"{whole.seeds:,} seeds, {time.monotonic() - begun:.0f} s\n")
    say(f"seeds {asked.first:,} to {asked.first + asked.count - 1:,}: {len(whole.failed)} failed")
    for what, times in sorted(whole.seen.items(), key=lambda pair: (-pair[1], pair[0])):
        say(f"{times:>12,}  {what}")
    return 1 if whole.failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
