"""Forge's own tests, as CI runs them: fuzzed 10,000 times, invariants after 256 sequences; fewer where each mines."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ROOT, Toolchain
from tests.contracts.evm import MOCKS, SHIPPED
from tools import compile as compiler

pytestmark = pytest.mark.xdist_group("forge")

BUILT = ROOT / ".build/forge/out"

LONG = ("Bitcoin", "BitcoinInvariants", "Escrow", "Examples", "LikesInvariants", "TokenHostile")
"""Suites that take the compiler minutes: in a long run alone. What they are of is tested in Python each time."""

INVARIANTS = {
    "invariant_a_burnt_coins_supply_is_the_satoshis_that_were_shown_less_what_was_burned",
    "invariant_a_coins_supply_is_what_was_claimed_and_migrated_less_what_was_burned",
    "invariant_the_entries_of_a_token_are_its_balances",
    "invariant_the_rewards_of_the_ledger_are_what_left_the_pot",
    "invariant_the_root_is_that_of_the_events",
    "invariant_the_size_never_falls",
    "invariant_what_went_in_is_what_came_out_and_the_fees",
    "invariant_without_a_fee_nothing_is_held_but_what_was_forced_in",
}

MINED = {
    "testFuzz_a_burn_mints_what_was_burnt_for_whom_it_names",
    "testFuzz_a_proof_with_any_bit_altered_is_refused",
}
"""Each run mines Bitcoin blocks: a thousand are enough."""

MINED_INVARIANTS = {"invariant_a_burnt_coins_supply_is_the_satoshis_that_were_shown_less_what_was_burned"}


LONG_INVARIANTS = {*MINED_INVARIANTS, "invariant_the_rewards_of_the_ledger_are_what_left_the_pot"}


def forge_test(toolchain: Toolchain, *without: str) -> subprocess.CompletedProcess[str]:
    """`forge test` as CI runs it: it compiles everything but these suites."""
    skipped = [part for name in without for part in ("--skip", f"*/{name}.t.sol")]
    return subprocess.run(
        [toolchain.forge, "test", "--json", *skipped],
        cwd=ROOT,
        env={**toolchain.environment, "FOUNDRY_PROFILE": "ci"},
        capture_output=True,
        text=True,
    )


@pytest.fixture(scope="module")
def ran(toolchain: Toolchain) -> subprocess.CompletedProcess[str]:
    return forge_test(toolchain, *LONG)


@pytest.mark.timeout(1200)
def test_forge_finds_no_counterexample(ran: subprocess.CompletedProcess[str]) -> None:
    judge(ran, INVARIANTS - LONG_INVARIANTS, set())


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_forge_finds_no_counterexample_in_any_suite(toolchain: Toolchain) -> None:
    judge(forge_test(toolchain), INVARIANTS, MINED)


def judge(ran: subprocess.CompletedProcess[str], invariants: set[str], mined: set[str]) -> None:
    """Every test of the suites passed, fuzzed as often as it has to be."""
    results = tests_of(json.loads(ran.stdout)) if ran.stdout.startswith("{") else {}
    failed = {name: result["reason"] for name, result in results.items() if result["status"] != "Success"}
    assert (ran.returncode, failed) == (0, {}), ran.stderr + ran.stdout[:2000] * (not results)

    kinds = {name: result["kind"] for name, result in results.items()}
    fuzzed = {name: kind["Fuzz"]["runs"] for name, kind in kinds.items() if "Fuzz" in kind}
    assert len(fuzzed) >= 30
    assert {name: runs for name, runs in fuzzed.items() if runs != 10_000} == dict.fromkeys(mined, 1_000)
    held = {name: kind["Invariant"] for name, kind in kinds.items() if "Invariant" in kind}
    assert set(held) == invariants
    for name, one in held.items():
        runs = 32 if name in MINED_INVARIANTS else 256
        assert (one["runs"], one["calls"], one["reverts"]) == (runs, runs * 64, 0), name


@pytest.mark.timeout(1200)
def test_forge_makes_the_bytecode_that_is_committed(ran: subprocess.CompletedProcess[str]) -> None:
    assert ran.returncode == 0

    for committed in sorted([*SHIPPED.glob("*.json"), *MOCKS.glob("*.json")]):
        said = json.loads(committed.read_text())
        made = json.loads((BUILT / Path(said["sourceName"]).name / committed.name).read_text())
        assert compiler.artifact(compiled(said, made)) == committed.read_text(), committed.name


def compiled(said: dict[str, Any], made: dict[str, Any]) -> compiler.Compiled:
    """What forge made, as the compiler gives it; forge has an ABI of its own order."""
    code, runtime = made["bytecode"]["object"], made["deployedBytecode"]
    assert _in_order(said["abi"]) == _in_order(made["abi"])
    places = (place for places in runtime.get("immutableReferences", {}).values() for place in places)
    immutables = sorted((place["start"], place["length"]) for place in places)
    return compiler.Compiled(
        said["contractName"],
        said["sourceName"],
        said["abi"],
        code.removeprefix("0x"),
        runtime["object"].removeprefix("0x"),
        immutables,
    )


def _in_order(abi: list[dict[str, Any]]) -> list[str]:
    return sorted(json.dumps(one, sort_keys=True) for one in abi)


def tests_of(suites: dict[str, Any]) -> dict[str, Any]:
    """Forge's answer, by the name of the test without its arguments."""
    return {
        name.partition("(")[0]: result for suite in suites.values() for name, result in suite["test_results"].items()
    }
