"""What the documentation promises, a test for each invariant and measured figures, it is held to."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

from tests.conftest import Toolchain

ROOT = Path(__file__).resolve().parents[2]


def test_each_invariant_has_a_test_of_its_name() -> None:
    page = (ROOT / "docs" / "invariants.md").read_text()
    promised = re.findall(r"\| `((?:test|invariant)\w+)` \|", page)
    lines = [
        line for line in page.splitlines() if line.startswith("| ") and not line.startswith(("| invariant |", "| ---"))
    ]
    assert len(promised) == len(lines) > 20
    sources = [*ROOT.glob("tests/**/*.py"), *ROOT.glob("tests/**/*.sol")]
    there = set(re.findall(r"\b(?:def|function) (\w+)", "\n".join(path.read_text() for path in sources)))
    assert set(promised) <= there


def test_the_readme_says_the_gas_that_is_measured() -> None:
    gas = json.loads((ROOT / "benchmarks" / "gas.json").read_text())
    readme = (ROOT / "README.md").read_text()
    assert f"| {round(gas['batch, a payment']['of 400']):,} |" in readme
    assert f"| {round(gas['relay, numbers 2049 to 3072']['average']):,} |" in readme


def test_the_guide_to_a_chain_of_ones_own_shows_the_code_and_the_gas_that_there_are() -> None:
    guide = (ROOT / "docs" / "your-own-chain.md").read_text()
    badge = (ROOT / "contracts" / "examples" / "BadgeLedger.sol").read_text()
    recorded = re.findall(r"```solidity\n(function .*?)```", guide, re.DOTALL)[0]
    for line in (
        *recorded.splitlines(),
        "contract BadgeLedger is ERC721, Ledger",
        "_declare(address(this), name_, symbol_, 0)",
    ):
        assert line.strip() in badge
        assert line in guide

    gas = json.loads((ROOT / "benchmarks" / "gas.json").read_text())["examples"]
    likes, escrow = gas["likes"], gas["escrow"]
    for figure in (
        likes["like, number 65"],
        likes["like, number 100, with its reward"],
        escrow["open"],
        escrow["release"],
    ):
        assert f"{figure:,}" in guide


def test_the_contract_in_the_readme_compiles(toolchain: Toolchain) -> None:
    found = re.search(r"```solidity\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    assert found
    sources = {"Likes.sol": {"content": "// SPDX-License-Identifier: MIT\npragma solidity 0.8.37;\n" + found[1]}}
    settings = {"evmVersion": "prague", "outputSelection": {"*": {"*": ["evm.bytecode.object"]}}}
    request = {"language": "Solidity", "sources": sources, "settings": settings}
    done = subprocess.run(
        [toolchain.solc, "--standard-json", "--base-path", ROOT / "contracts"],
        input=json.dumps(request),
        capture_output=True,
        text=True,
    )
    said = json.loads(done.stdout)
    assert said.get("errors", []) == []
    assert said["contracts"]["Likes.sol"]["Likes"]["evm"]["bytecode"]["object"]
