"""
Workers that get SIGKILL at any moment: nothing is lost, nothing half-done is seen, and the next one goes on.

`python -m tests.simulation.kills` says how. It runs as a process of its own, which may fork without harm.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT, SEED

KILLS = 200
SMALL = 102
"""A seed with a short story, which has a reorganisation in it."""

FOUND = [
    line.split()[1]
    for line in (Path(__file__).parent / "seeds.txt").read_text().splitlines()
    if line.startswith("kills ")
]


def kills(*arguments: object) -> str:
    """What it printed, which names the seeds that failed."""
    command = [sys.executable, "-m", "tests.simulation.kills", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_wherever_workers_are_killed_the_next_go_on_to_what_an_honest_run_holds() -> None:
    said = kills(SEED, KILLS)

    assert " 0 seeds failed" in said
    assert "killed inside of one" in said


def test_a_worker_may_be_killed_after_each_of_its_statements() -> None:
    said = kills("--every", SMALL)

    assert " 0 seeds failed" in said
    assert "killed at its COMMIT" in said
    assert "killed outside of a transaction" in said


@pytest.mark.parametrize("seed", FOUND)
def test_what_a_kill_once_found_stays_mended(seed: str) -> None:
    assert " 0 seeds failed" in kills(seed, 1)


@pytest.mark.long
@pytest.mark.timeout(4 * 3600)
def test_ten_thousand_kills() -> None:
    assert ": 10,0" in kills(SEED, 10_000)
