"""The demonstration of a double spending, as `make demo-double-spend` runs it."""

from __future__ import annotations

import os
import re
import subprocess
import sys

from tests.conftest import ROOT, Toolchain


def test_coins_are_spent_once_and_whoever_forges_a_second_spending_is_found_out(toolchain: Toolchain) -> None:
    environment = {**os.environ, **toolchain.environment}

    done = subprocess.run(
        [sys.executable, "scripts/double_spend.py"],
        cwd=ROOT, env=environment, capture_output=True, text=True, timeout=200,
    )  # fmt: skip

    assert done.returncode == 0, done.stdout + done.stderr
    said = iter(done.stdout.splitlines())
    for told in (
        "to Ben    recorded", "to Cleo   refused by the contract: ", "do not fit their checksum",
        "sound: 2 entries of 1 ledger", "the node has another entry 1", "Proven against the contract",
        "part at entry 1: the proofs hold", "the contract's log is that of this node", "error: ",
    ):  # fmt: skip
        assert any(told in line for line in said), (told, done.stdout)
    gas = [int(cost.replace(",", "")) for cost in re.findall(r"accounts   ([0-9,]+) gas", done.stdout)]
    assert len(gas) == 3
    assert max(gas) < min(gas) * 1.02
