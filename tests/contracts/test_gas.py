"""What the contracts cost: measured on anvil, compared exactly."""

from __future__ import annotations

import json
from typing import Any

import pytest

from benchmarks import gas
from tests.conftest import Toolchain

REACH_SINGLE = 47_000
REACH_BATCH = 10_650


@pytest.fixture(scope="module")
def figures(toolchain: Toolchain) -> dict[str, Any]:
    return gas.measure(toolchain.anvil)


def test_every_cost_is_the_recorded_one(figures: dict[str, Any]) -> None:
    recorded = gas.FIGURES.read_text()

    assert gas.text(figures) == recorded, "a cost changed: look at it, then run `python benchmarks/gas.py`"


def test_a_relay_and_a_payment_of_a_batch_cost_what_was_aimed_at() -> None:
    recorded = json.loads(gas.FIGURES.read_text())

    assert recorded["relay, numbers 2049 to 3072"]["average"] <= REACH_SINGLE
    assert recorded["batch, a payment"]["of 400"] <= REACH_BATCH


def test_the_pages_of_coins_and_migrations_say_what_they_cost() -> None:
    coins, page = ((gas.ROOT / "docs" / name).read_text() for name in ("coins.md", "migration.md"))
    recorded = json.loads(gas.FIGURES.read_text())["coin"]
    old, opened = recorded["of an older token"], recorded["that opens with 1,023 wallets"]

    assert [round(cost) for cost in recorded["of bitcoins"].values() if f"| {cost:,.0f} |" not in page] == []
    for cost in (recorded["deploy"], old["transfer, number 129"], old["migrate, number 65"], *opened.values()):
        assert f"| {round(cost):,} |" in coins
