"""Typing `node --factory`: several chains on anvil, each whole behind its ledger's address."""

from __future__ import annotations

import json
import signal
import subprocess
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.error import HTTPError

import pytest
from click.testing import CliRunner

from smartchain.cli import cli
from smartchain.host import factory, tokens
from smartchain.host.registry import Factory
from smartchain.ledger.address import checksum, parse_address
from tests.conftest import Toolchain
from tests.e2e.test_chains import FACTORY, token_of
from tests.e2e.typed import Shell, eventually, first_line, shell_for, wallet
from tests.fakes.anvil import OnAnvil, on_anvil

HERE = ("--bind", "127.0.0.1:0", "--poll", "0.1", "--json")


@pytest.fixture
def chain(toolchain: Toolchain) -> Iterator[OnAnvil]:
    with on_anvil(executable=toolchain.anvil) as chain:
        yield chain


@pytest.fixture
def shell(chain: OnAnvil, tmp_path: Path) -> Shell:
    shell = shell_for(tmp_path, chain)
    del shell.environment["SMARTCHAIN_LEDGER"]
    return shell


def got(url: str) -> Any:
    with urllib.request.urlopen(url, timeout=10) as answer:
        return json.loads(answer.read())


def sizes(url: str) -> dict[str, int | None]:
    """Verified entries of each chain of the front page; none while the node is starting."""
    try:
        return {one["ledger"]: one["size"] for one in got(f"{url}/index.json")["chains"]}
    except HTTPError:
        return {}


def taken(url: str) -> int:
    """Entries of a node of one chain; none while it is starting."""
    try:
        return int(got(f"{url}/api/v1/head")["size"])
    except HTTPError:
        return 0


def ended(process: subprocess.Popen[str]) -> None:
    """A signal ends it well."""
    process.send_signal(signal.SIGTERM)
    _, said = process.communicate(timeout=30)
    assert process.returncode == 0, said
    assert "Traceback" not in said


@pytest.fixture
def made(chain: OnAnvil) -> Factory:
    """The factory, at its address."""
    chain.send(factory.PROXY, factory.factory_creation())
    return Factory(chain.rpc, factory.factory_address())


def deployed(chain: OnAnvil, made: Factory, **terms: Any) -> str:
    """One more ledger of the factory's."""
    chain.send(made.address, factory.deploy_through_data(factory.Terms(**terms)))
    return checksum(list(made.ledgers())[-1].ledger)


def token_chain(chain: OnAnvil, made: Factory) -> tuple[str, str]:
    """A ledger of a token with two entries, and the token."""
    token = token_of(chain)
    own = parse_address(deployed(chain, made, subject=token))
    chain.send(token, tokens.approve_data(own, 10**6))
    for value in (5, 6):
        chain.send(own, tokens.relay_token_data(parse_address(wallet(1)), value))
    return checksum(own), checksum(token)


@pytest.mark.parametrize(
    ("other", "says"),
    [
        (("--ledger", wallet(2)), "--factory and --ledger say which ledgers in two ways"),
        (("--private-key", "0x" + "11" * 32), "pays for nobody"),
        (("--legacy-limit", "1ether"), "pays for nobody"),
        (("--peer", "http://127.0.0.1:1"), "--peer URL/0x…, with its ledger's address"),
    ],
)
def test_a_factory_and_what_names_one_chain_are_refused_together(other: tuple[str, str], says: str) -> None:
    done = CliRunner().invoke(cli, ["node", "--factory", FACTORY, *other])

    assert (done.exit_code, says in done.output) == (2, True), done.output


def test_what_is_no_factory_is_said_in_a_sentence(chain: OnAnvil, shell: Shell) -> None:
    one = checksum(chain.ledger)

    done = shell.type("node", "--factory", one, *HERE)

    assert (done.status, done.err.splitlines()[-1]) == (
        1,
        f"error: the contract at {one} is no factory of ledgers: check --factory",
    )
    assert "Traceback" not in done.err


def test_every_chain_of_a_factory_is_served_whole_and_can_be_taken_by_a_peer(
    chain: OnAnvil, made: Factory, shell: Shell
) -> None:
    own, token = token_chain(chain, made)
    broken = deployed(chain, made, max_entries=7)
    chain.rpc.call("anvil_setCode", broken, "0x00")
    later = checksum(chain.ledger)

    with shell.start("node", "--factory", FACTORY, *HERE) as process:
        url = first_line(process)["url"]
        eventually(lambda: sizes(url) == {own: 2, broken: None})
        chain.send(made.address, factory.register_data(chain.ledger))
        chain.relay(parse_address(wallet(4)), 10**9)

        folder = shell.folder / "peer"
        folder.mkdir()
        with Shell(folder).start("node", "--peer", f"{url}/{own}", *HERE) as peer:
            there = first_line(peer)["url"]
            eventually(lambda: taken(there) == 2)
            assert got(f"{there}/api/v1/chain")["ledger"] == own
            assert got(f"{there}/api/v1/head")["root"] == got(f"{url}/{own}/api/v1/head")["root"]
            ended(peer)

        eventually(lambda: sizes(url) == {own: 2, broken: None, later: 1})
        lines = {one["ledger"]: one for one in got(f"{url}/index.json")["chains"]}
        assert (lines[own]["subject"], lines[own]["symbol"], lines[own]["verified"]) == (token, "MOCK", True)
        assert (lines[later]["symbol"], lines[broken]["path"]) == ("ETH", None)
        assert "does not answer as a ledger does" in lines[broken]["reason"]
        assert (got(f"{url}/health")["chains"], got(f"{url}/ready")["ready"]) == (3, True)
        ended(process)

    with shell.start("node", "--factory", FACTORY, "--rpc-url", "http://127.0.0.1:1", *HERE) as alone:
        url = first_line(alone)["url"]
        eventually(lambda: sizes(url) == {own: 2, later: 1})
        assert got(f"{url}/index.json")["asked"] is False
        assert got(f"{url}/{own}/api/v1/entries")["entries"][1]["value"] == "6"
        ended(alone)
