"""Forge's own tests, as CI runs them: fuzzed 10,000 times, invariants after 256 sequences of 64 calls."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Toolchain

ROOT = Path(__file__).resolve().parents[2]

INVARIANTS = {
    "invariant_the_root_is_that_of_the_events",
    "invariant_the_size_never_falls",
    "invariant_what_went_in_is_what_came_out_and_the_fees",
    "invariant_without_a_fee_nothing_is_held_but_what_was_forced_in",
}


@pytest.mark.timeout(600)
def test_forge_finds_no_counterexample(toolchain: Toolchain) -> None:
    ran = subprocess.run(
        [toolchain.forge, "test", "--json"],
        cwd=ROOT,
        env={**toolchain.environment, "FOUNDRY_PROFILE": "ci"},
        capture_output=True,
        text=True,
    )

    results = tests_of(json.loads(ran.stdout)) if ran.stdout.startswith("{") else {}
    failed = {name: result["reason"] for name, result in results.items() if result["status"] != "Success"}
    assert (ran.returncode, failed) == (0, {}), ran.stderr + ran.stdout[:2000] * (not results)

    kinds = {name: result["kind"] for name, result in results.items()}
    fuzzed = [kind["Fuzz"]["runs"] for kind in kinds.values() if "Fuzz" in kind]
    assert len(fuzzed) >= 30
    assert set(fuzzed) == {10_000}
    held = {name: kind["Invariant"] for name, kind in kinds.items() if "Invariant" in kind}
    assert set(held) == INVARIANTS
    assert {(one["runs"], one["calls"], one["reverts"]) for one in held.values()} == {(256, 256 * 64, 0)}


def tests_of(suites: dict[str, Any]) -> dict[str, Any]:
    """Forge's answer, by the name of the test without its arguments."""
    return {
        name.partition("(")[0]: result for suite in suites.values() for name, result in suite["test_results"].items()
    }
