"""What the documentation promises, a test for each invariant and measured figures, it is held to."""

from __future__ import annotations

import json
import re
from pathlib import Path

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
