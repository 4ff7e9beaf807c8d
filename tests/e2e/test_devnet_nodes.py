"""A devnet with nodes and traffic, as a person starts it: it moves, it ends whole, and it says what it cannot do."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Toolchain
from tests.e2e.typed import Shell, eventually, first_line
from tests.fakes.served import Served


def get(url: str) -> Any:
    """What a node says there; None while it does not say it."""
    try:
        with urllib.request.urlopen(url, timeout=30) as answer:
            return json.load(answer)
    except (urllib.error.URLError, ConnectionError, TimeoutError):
        return None


def test_a_devnet_with_nodes_and_traffic_moves_on_every_node(toolchain: Toolchain, tmp_path: Path) -> None:
    shell = Shell(tmp_path, {"PATH": f"{toolchain.bin}:/usr/bin:/bin"})
    words = ("devnet", "--port", "0", "--node-port", "0", "--nodes", "3", "--traffic", "5", "--json")
    with shell.start(*words, "--folder", tmp_path / "nodes") as devnet:
        told = first_line(devnet)
        urls = [node["url"] for node in told["nodes"]]
        first = [eventually(lambda url=url: get(f"{url}/api/v1/head")) for url in urls]
        for url, before in zip(urls, first, strict=True):
            eventually(lambda url=url, before=before: get(f"{url}/api/v1/head")["size"] >= before["size"] + 10, 60)
        page = urllib.request.urlopen(urls[0] + "/", timeout=10).read().decode()
        heads = [get(f"{url}/api/v1/head") for url in urls]

        devnet.terminate()
        devnet.communicate(timeout=60)

    assert devnet.returncode == 0
    assert [node["name"] for node in told["nodes"]] == ["producer", "member-1", "member-2"]
    assert [head["verified"] for head in heads] == [True, True, False]
    assert "verified up to" in page
    assert {path.name for path in (tmp_path / "nodes").glob("*.db")} >= {"producer.db", "member-1.db", "member-2.db"}
    deadline = time.monotonic() + 10
    while any(get(f"{url}/health") for url in urls):
        assert time.monotonic() < deadline, "a node outlived its devnet"


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--traffic", "5", "--accounts", "2"), "--traffic needs --accounts 3 at least"),
        (("--traffic", "lots"), "'lots' is not a valid float"),
        (("--nodes", "-1"), "-1 is not in the range"),
    ],
)
def test_what_a_devnet_cannot_do_is_said_at_once(tmp_path: Path, words: tuple[str, ...], says: str) -> None:
    done = Shell(tmp_path).type("devnet", *words)

    assert done.status == 2
    assert says in done.err
    assert "Traceback" not in done.err


def test_an_occupied_port_of_a_node_is_named_and_nothing_is_left_running(toolchain: Toolchain, tmp_path: Path) -> None:
    with Served(peer=None) as taken:
        port = taken.url.rpartition(":")[2]
        shell = Shell(tmp_path, {"PATH": f"{toolchain.bin}:/usr/bin:/bin"})
        done = shell.type("devnet", "--port", "0", "--nodes", "1", "--node-port", port)

    assert done.status == 1
    assert f"port {port} on 127.0.0.1 cannot be used" in done.err
    assert "or give --node-port" in done.err
