"""Six unrelated chains out of one process: every one verified, and every balance what the contracts have."""

from __future__ import annotations

import json
import signal
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from smartchain.ledger.address import checksum
from tests.conftest import Toolchain
from tests.e2e.six_chains import SixChains, fan_of
from tests.e2e.test_chains import FACTORY
from tests.e2e.typed import Shell, eventually, first_line, payer, shell_for
from tests.fakes.anvil import OnAnvil, on_anvil


@pytest.fixture
def chain(toolchain: Toolchain) -> Iterator[OnAnvil]:
    with on_anvil(executable=toolchain.anvil) as chain:
        yield chain


@pytest.fixture
def shell(chain: OnAnvil, tmp_path: Path) -> Shell:
    shell = shell_for(tmp_path, chain)
    del shell.environment["SMARTCHAIN_LEDGER"]
    return shell


@pytest.mark.parametrize(
    ("wallets", "likes", "payments"),
    [(3_000, 400, 30), pytest.param(100_000, 1_000, 200, marks=[pytest.mark.long, pytest.mark.timeout(900)])],
    ids=["small", "whole"],
)
def test_six_chains_are_followed_by_one_process_and_each_has_what_its_contract_has(
    chain: OnAnvil, shell: Shell, wallets: int, likes: int, payments: int
) -> None:
    six = SixChains(chain, shell, wallets)
    six.pay(payments)
    six.like(likes // 2)
    opened = checksum(six.opened)
    snapshot = ("--snapshot", shell.folder / "opened.snapshot")
    with shell.start("index", "--factory", FACTORY, *snapshot, "--follow", "--poll", "0.2", "--json") as follower:
        eventually(lambda: sizes(shell).get(opened) == wallets + 1, 240)
        for who in (payer(chain), checksum(fan_of(0))):
            assert shell.type("claim", who, "--ledger", opened, "--json").json["index"] is None
        six.pay(payments)
        six.like(likes - likes // 2)
        six.move_coins(20)
        expected = {checksum(ledger): six.asked(ledger, "size()") for ledger in six.ledgers}
        eventually(lambda: sizes(shell) == expected, 240)
        follower.send_signal(signal.SIGTERM)
        out, said = follower.communicate(timeout=60)

    assert (follower.returncode, "Traceback" in said) == (0, False), said
    ended = json.loads(out.splitlines()[-1])
    assert {one["ledger"]: one["size"] for one in ended["chains"] if one["verified"]} == expected
    assert expected[checksum(six.likes)] == 1 + likes + likes // 100
    for ledger in six.ledgers:
        assert shell.type("verify", "--ledger", checksum(ledger), timeout_s=240).status == 0
    six.reconcile()
    shows(shell, snapshot, expected)


def shows(shell: Shell, snapshot: tuple[object, ...], expected: dict[str, int]) -> None:
    """The explorer has them all on its front page, and each whole behind it."""
    with shell.start("node", "--factory", FACTORY, *snapshot, "--bind", "127.0.0.1:0", "--json") as node:
        url = first_line(node)["url"]
        eventually(lambda: shown(url) == expected, 60)
        front = page(url, "/")
        for ledger, size in expected.items():
            assert ledger in front
            assert f"{size:,}" in page(url, f"/{ledger}/")
            assert json.loads(page(url, f"/{ledger}/api/v1/head"))["verified"] is True
        node.send_signal(signal.SIGTERM)
        _, said = node.communicate(timeout=30)
    assert node.returncode == 0, said


def page(url: str, path: str) -> str:
    with urllib.request.urlopen(f"{url}{path}", timeout=30) as answer:
        found: str = answer.read().decode()
    return found


def shown(url: str) -> dict[str, int]:
    """Entries of each verified chain of the front page; none while the node is starting."""
    try:
        chains = json.loads(page(url, "/index.json"))["chains"]
    except OSError:
        return {}
    return {one["ledger"]: one["size"] for one in chains if one["verified"]}


def sizes(shell: Shell) -> dict[str, int]:
    """Verified entries of each chain of the store."""
    rows = shell.type("chains", "--factory", FACTORY, "--json").lines
    return {row["ledger"]: row["verified"] for row in rows}
