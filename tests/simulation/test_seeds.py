"""
A host that misbehaves by a seed, at the level of JSON-RPC bodies: nothing wrong is stored, and nobody falsely named.

What a seed may bring, each with its own rates and times:

    logs        dropped, doubled, reordered, altered, truncated, left out whole: in passing or lastingly
    state       another root in `head()`; state that is forgotten after 3 to 128 blocks; no EIP-1898
    replicas    behind, behind without saying so, on a former fork
    transport   away, time-outs, 429 (with and without Retry-After), 500 to 504, answers cut off, endless, no JSON,
                without a result, of another id, a page of HTML, blocks without a number
    ranges      caps on blocks or logs in the words of 22 providers, with and without the range that would do
    chain       reorganisations of 1 to 100 blocks, twice at once, from the first block on, with the deployment, past
                what was final; the same entries mined again; jumps of its clock
    machine     crashes, a full disk, jumps of the clock
    nodes       an honest one beside one that lies for ever

After the storm the host is calm: then the store has to hold what an honest run does, row by row, or the daemon has said
which lie it met. `SMARTCHAIN_SEED` runs the same seeds again; `python -m tests.simulation.many` runs any, and tells
the story of one.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.conftest import SEED
from tests.simulation.caps import PROVIDERS
from tests.simulation.host import STALE, TRANSPORT
from tests.simulation.lies import KINDS
from tests.simulation.many import Report, run, run_many
from tests.simulation.run import FINALITY

NEW = 2_000
PARTS = 8
OF_EACH_KIND = (7, 14, 16, 24, 36, 43, 47, 53, 56, 59, 68, 69, 71, 117, 136, 153, 192, 234, 337)
"""Seeds that have every kind of trouble among them; a kind that a change takes from them wants another seed here."""

FOUND = [
    int(line.split()[0]) for line in (Path(__file__).parent / "seeds.txt").read_text().splitlines() if line[0].isdigit()
]


@pytest.mark.parametrize("part", range(PARTS))
def test_whatever_the_host_does_nothing_wrong_is_stored_and_nobody_is_falsely_named(part: int) -> None:
    first = SEED + part * (NEW // PARTS)

    assert run(range(first, first + NEW // PARTS)).failed == {}


@pytest.mark.parametrize("seed", FOUND)
def test_what_a_seed_once_found_stays_mended(seed: int) -> None:
    assert run([seed]).failed == {}


def test_every_kind_of_trouble_is_among_the_seeds() -> None:
    report = run(OF_EACH_KIND)

    assert report.failed == {}
    kinds = [*TRANSPORT, *STALE, *(f"lie: {kind}" for kind in KINDS), *(f"cap: {one.provider}" for one in PROVIDERS)]
    kinds += ["crash", "clock jump", "ended: StoreError", "lie named", "set aside", "deployed anew: another store"]
    kinds += ["reorganised, 50 blocks or more", "reorganised twice at once", "reorganised from the first block on"]
    kinds += ["deployment removed", FINALITY, "Rewound", "Reread", "reached"]
    assert [kind for kind in kinds if not report.seen[kind]] == []


@pytest.mark.long
@pytest.mark.timeout(8 * 3600)
def test_a_hundred_thousand_seeds() -> None:
    whole = Report()
    for report in run_many(SEED, 100_000, os.cpu_count() or 1):
        whole.add(report)

    assert (whole.seeds, whole.failed) == (100_000, {})
