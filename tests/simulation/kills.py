"""
Workers that are killed: `python -m tests.simulation.kills FIRST KILLS [--every SEED]`.

A seed's daemon runs in a forked process, with the store's own settings, and gets SIGKILL: after so many statements of
the connection that writes, after so many instructions of SQLite's machine (in the middle of a statement), or after so
many milliseconds; or the system ends it in the middle of a write, after so many bytes. The next process goes on, and
is killed too, until one is left to finish. After every kill whoever opens the store sees a verified prefix and nothing
else, and `fsck` finds nothing; at the end every row is what an honest run holds. `--every` kills one seed's first
worker after its 1st statement, its 2nd, its 3rd, … to its last.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

from tests.simulation.many import FAST, say
from tests.simulation.mortal import STATEMENT, Death, Mortal
from tests.simulation.run import template


@dataclass
class Report:
    """What became of some seeds."""

    seeds: int = 0
    kills: int = 0
    seen: Counter[str] = field(default_factory=Counter)
    failed: dict[int, str] = field(default_factory=dict)


@contextmanager
def scratch() -> Iterator[tuple[Path, Path]]:
    """A template and a folder for stores."""
    with tempfile.TemporaryDirectory(dir=FAST if FAST.is_dir() else None) as name:
        stores = Path(name) / "stores"
        stores.mkdir()
        yield template(Path(name)), stores


def run(first: int, kills: int) -> Report:
    """Seeds from `first` on, until so many workers were killed."""
    report = Report()
    with scratch() as (empty, folder):
        for seed in count(first):
            if report.kills >= kills:
                return report
            spend(report, Mortal(seed, empty, folder), Mortal.run)
            clear(folder)
    raise AssertionError("seeds do not end")


def every(seed: int) -> Report:
    """That seed's first worker killed after its 1st, 2nd, 3rd, … statement, as long as there is one."""
    report = Report()
    with scratch() as (empty, folder):
        for at in count(1):
            mortal = Mortal(seed, empty, folder)
            spend(report, mortal, lambda mortal, at=at: once(mortal, at))  # type: ignore[misc]
            clear(folder)
            if not mortal.kills:
                return report
    raise AssertionError("statements do not end")


def once(mortal: Mortal, at: int) -> None:
    if mortal.spend(Death(STATEMENT, at), 0):
        mortal.spend(Death(), 1)
    mortal.judge(with_lookups=True)


def spend(report: Report, mortal: Mortal, how: Callable[[Mortal], None]) -> None:
    try:
        how(mortal)
    except Exception as error:  # noqa: BLE001  (whatever it is, the seed is named)
        report.failed[mortal.seed] = f"{type(error).__name__}: {error}"
    report.seeds += 1
    report.kills += mortal.kills
    report.seen.update(mortal.seen)


def clear(folder: Path) -> None:
    for file in folder.iterdir():
        file.unlink()


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("first", type=int, nargs="?", default=0)
    parser.add_argument("kills", type=int, nargs="?", default=0)
    parser.add_argument("--every", type=int, metavar="SEED")
    asked = parser.parse_args(arguments)
    begun = time.monotonic()
    report = run(asked.first, asked.kills) if asked.every is None else every(asked.every)
    for seed, why in report.failed.items():
        say(f"seed {seed}: {why}")
    first = asked.first if asked.every is None else asked.every
    last = first + report.seeds - 1 if asked.every is None else first
    say(f"seeds {first:,} to {last:,}: {report.kills:,} workers killed, {len(report.failed)} seeds failed")
    for what, times in sorted(report.seen.items(), key=lambda pair: (-pair[1], pair[0])):
        if what.startswith("killed") or what == "reached":
            say(f"{times:>12,}  {what}")
    sys.stderr.write(f"{time.monotonic() - begun:.1f} s\n")
    return 1 if report.failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
