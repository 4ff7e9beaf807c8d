"""The commands on a store in PostgreSQL, whose server goes away and comes back meanwhile."""

from __future__ import annotations

import json
import signal
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from smartchain.types import Address
from tests.conftest import Toolchain
from tests.e2e.typed import Shell, eventually, shell_for
from tests.fakes.anvil import OnAnvil, on_anvil
from tests.fakes.postgres import Server, serving

PAYEE = Address(bytes([9]) * 20)


@pytest.fixture
def chain(toolchain: Toolchain) -> Iterator[OnAnvil]:
    with on_anvil((3, 0), executable=toolchain.anvil) as chain:
        chain.fill(10, 2)
        yield chain


@pytest.fixture
def server() -> Iterator[Server]:
    with serving("fsync=off") as server:
        yield server


@pytest.fixture
def shell(chain: OnAnvil, server: Server, tmp_path: Path) -> Shell:
    shell = shell_for(tmp_path, chain)
    shell.environment["SMARTCHAIN_DB"] = server.fresh()
    return shell


def ready(url: str) -> bool:
    try:
        with urllib.request.urlopen(url + "/ready", timeout=5) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, TimeoutError):
        return False


def test_what_is_not_there_is_said_in_a_line_without_the_password(shell: Shell, server: Server) -> None:
    shell.refused("head", says="is empty; `smartchain index` makes a store of it")
    there = f"postgresql://me:secret@127.0.0.1:{server.port}/postgres"

    line = shell.refused("index", "--db", there, says=["does not know this user", "postgres at 127.0.0.1"])

    assert "secret" not in line
    shell.refused("fsck", says="is empty; `smartchain index` makes a store of it")


def test_a_ledger_is_indexed_served_and_verified_and_a_killed_server_stops_nobody(
    chain: OnAnvil, shell: Shell, server: Server
) -> None:
    assert shell.type("index", "--json").json["size"] == 10
    del shell.environment["SMARTCHAIN_LEDGER"]
    with shell.start("index", "--follow", "--json", "--poll", "0.1") as follower:
        server.kill()
        chain.relay_batch([(PAYEE, value) for value in range(1, 5)])
        server.start()
        eventually(lambda: shell.type("head", "--json").json["size"] == 14)
        follower.send_signal(signal.SIGTERM)
        _, said = follower.communicate(timeout=30)
        assert follower.returncode == 0, said
        assert "Traceback" not in said

    assert shell.type("verify", "--json").json["size"] == 14
    assert len(shell.type("entries", "--json").lines) == 14
    shell.type("journal", "add", "a note")
    assert "a note" in shell.type("journal", "list").out
    assert shell.type("fsck").out.startswith("sound: 15 entries of 2 ledgers")

    with shell.start("node", "--bind", "127.0.0.1:0") as node:
        assert node.stdout is not None
        url = next(word for word in node.stdout.readline().split() if word.startswith("http")).rstrip("/")
        eventually(lambda: ready(url))
        server.kill()
        server.start()
        with urllib.request.urlopen(url + "/api/v1/head", timeout=10) as answer:
            assert json.load(answer)["size"] == 14
        node.send_signal(signal.SIGTERM)
        assert node.wait(30) == 0
    assert shell.files() == []
