"""`smartchain node` as it is typed: before its host chain answers, while it follows, and until a signal."""

from __future__ import annotations

import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import urllib3

from smartchain.host import contracts
from tests.e2e.typed import Shell, eventually, first_line, payer, wallet
from tests.fakes.anvil import OnAnvil
from tests.unit.node.listening import Follower

NOWHERE = "http://127.0.0.1:9"
"""Nobody listens there."""


class Node:
    """A running node."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.url: str = first_line(process)["url"]
        self.port = int(self.url.rpartition(":")[2])

    def ask(self, path: str, method: str = "GET", **said: Any) -> urllib3.BaseHTTPResponse:
        return urllib3.request(method, self.url + path, retries=False, timeout=20, **said)

    def json(self, path: str) -> Any:
        return self.ask(path).json()

    def is_ready(self) -> bool:
        return self.ask("/ready").status == 200

    def until_ready(self) -> None:
        eventually(self.is_ready)

    def follow(self, last: str | None = None) -> Follower:
        return Follower(self.port, last)

    def end(self, by: signal.Signals = signal.SIGTERM) -> tuple[int, str]:
        """Its exit status, and what it said on stderr."""
        self.process.send_signal(by)
        _, err = self.process.communicate(timeout=15)
        return self.process.returncode, err


@contextmanager
def running(shell: Shell, *words: object) -> Iterator[Node]:
    with shell.start("node", "--bind", "127.0.0.1:0", "--json", *words) as process:
        yield Node(process)


def root_of(chain: OnAnvil, ledger: str) -> str:
    """The root that the contract says."""
    said = chain.rpc.call("eth_call", {"to": ledger, "data": "0x" + contracts.HEAD_DATA.hex()}, "latest")
    return "0x" + contracts.decode_head(bytes.fromhex(said[2:])).root.hex()


# refused


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--bind", "here"), "--bind takes an address and a port"),
        (("--bind", "127.0.0.1:99999"), "--bind takes an address and a port"),
        (("--bind", "no.such.host.invalid:0"), "no.such.host.invalid is no address to listen on"),
        (("--peer", "ftp://peer"), "peer"),
        (("--bind", "127.0.0.1:0", "--db", "mysql://x"), "mysql"),
    ],
)
def test_a_node_that_cannot_be_is_refused_in_a_line(shell: Shell, words: tuple[str, ...], says: str) -> None:
    done = shell.type("node", *words)

    assert done.status in (1, 2)
    assert says in done.err.splitlines()[-1]
    assert "Traceback" not in done.err


def test_an_occupied_port_is_named(shell: Shell) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

        shell.refused("node", "--bind", f"127.0.0.1:{port}", says=[f"cannot listen on 127.0.0.1:{port}", "--bind"])


def test_a_node_of_another_chain_is_refused(shell: Shell) -> None:
    done = shell.type("node", "--bind", "127.0.0.1:0", "--chain-id", "1", "--json")

    assert done.status == 1
    assert "chain 31337" in done.err.splitlines()[-1]


# before the host chain answers


def test_a_node_without_its_host_is_alive_says_so_and_ends_at_a_signal(shell: Shell) -> None:
    with running(shell, "--rpc-url", NOWHERE) as node:
        assert node.json("/health")["alive"] is True
        assert node.ask("/ready").status == 503
        eventually(lambda: "waits for the host chain" in node.json("/api/v1/head")["error"])
        assert node.ask("/api/v1/head").status == 503

        status, err = node.end()

    assert status == 0
    assert "Traceback" not in err


def test_what_was_verified_is_served_though_the_host_is_gone(shell: Shell) -> None:
    shell.type("send", wallet(1), "1ether")
    shell.type("index")

    with running(shell, "--rpc-url", NOWHERE) as node:
        assert eventually(lambda: node.json("/api/v1/head").get("size")) == 1
        assert eventually(lambda: node.json("/health")["heads"]["unsafe"])["size"] == 1
        assert node.json("/api/v1/entries/0")["recipient"] == wallet(1)
        eventually(lambda: "127.0.0.1:9" in node.json("/ready")["reason"])
        assert node.end(signal.SIGINT)[0] == 0


# while it follows


def test_a_payment_reaches_a_follower_and_every_part_of_the_node(shell: Shell, chain: OnAnvil) -> None:
    with running(shell) as node:
        node.until_ready()
        with node.follow() as follower:
            follower.begin()
            shell.type("send", wallet(2), "3ether", "--memo", "rent")
            event = follower.take(1)[0]

        assert (event.kind, event.data["recipient"], event.data["value"]) == ("entry", wallet(2), str(3 * 10**18))
        assert event.data["verified"] is True
        head = node.json("/api/v1/head")
        assert (head["size"], head["root"]) == (1, root_of(chain, shell.environment["SMARTCHAIN_LEDGER"]))
        assert node.json(f"/api/v1/accounts/{wallet(2)}")["balance"] == str(3 * 10**18)
        assert node.ask("/").status == 200
        shell.type("seal")
        eventually(lambda: node.json("/api/v1/head")["blocks"] == 2)
        call = {"jsonrpc": "2.0", "id": 1, "method": "eth_getBalance", "params": [wallet(2), "latest"]}
        assert node.ask("/rpc", "POST", json=call).json()["result"] == hex(3 * 10**18)
        assert len(node.json("/chain")["chain"]) == node.json("/api/v1/head")["blocks"]
        assert "smartchain_verified_size 2.0" in node.ask("/metrics").data.decode()


def test_a_reorganisation_reaches_who_listens_and_who_comes_back(shell: Shell, chain: OnAnvil) -> None:
    with running(shell) as node:
        shell.type("send", wallet(1), "1ether")
        eventually(lambda: node.json("/api/v1/head").get("size") == 1)
        snapshot = chain.rpc.call("evm_snapshot")
        shell.type("send", wallet(2), "2ether")
        eventually(lambda: node.json("/api/v1/head")["size"] == 2)
        with node.follow() as follower:
            last = follower.begin()

            chain.rpc.call("evm_revert", snapshot)
            shell.type("send", wallet(3), "3ether")
            said, entry = seen(follower, 1)

        assert said["from"] <= 1
        assert (entry["index"], entry["recipient"]) == (1, wallet(3))
        with node.follow(last) as follower:
            follower.begin()
            said, entry = seen(follower, 1)
        assert (said["from"] <= 1, entry["recipient"]) == (True, wallet(3))
        figures = node.ask("/metrics").data.decode()
        assert "smartchain_reorganisations_total 1.0" in figures
        assert "smartchain_reorganised_entries_total 1.0" in figures


def seen(follower: Follower, index: int) -> tuple[dict[str, Any], dict[str, Any]]:
    """The last reorganisation, and the entry of that index after it."""
    said: dict[str, Any] = {}
    while True:
        event = follower.take(1)[0]
        if event.kind == "reorganisation":
            said = event.data
        elif event.kind == "entry" and event.data["index"] == index and said:
            return said, event.data


def test_a_node_with_a_key_pays_for_the_programs_of_old_and_no_page_makes_it(shell: Shell, chain: OnAnvil) -> None:
    with running(shell) as node:
        node.until_ready()
        asked = {"sender": payer(chain), "recipient": wallet(5), "amount": 0.25}

        foreign = node.ask("/transactions/new", "POST", json=asked, headers={"Origin": "https://evil.example"})
        paid = node.ask("/transactions/new", "POST", json=asked)

        assert foreign.status == 403
        assert (paid.status, paid.json()) == (201, {"message": "Transaction will be added to Block 2"})
        eventually(lambda: node.json(f"/api/v1/accounts/{wallet(5)}")["balance"] == str(25 * 10**16))


def test_a_node_that_others_can_reach_has_no_routes_of_old(shell: Shell) -> None:
    with shell.start("node", "--bind", "0.0.0.0:0", "--json") as process:
        node = Node(process)
        node.until_ready()

        assert node.ask("/chain").status == 404
        assert node.ask("/mine").status == 404
        assert node.ask("/api/v1/head", headers={"Host": "evil.example"}).status == 421


def test_a_signal_ends_a_node_with_clients_that_hold_on(shell: Shell) -> None:
    with running(shell) as node:
        node.until_ready()
        followers = [node.follow() for _ in range(5)]
        for follower in followers:
            follower.begin()
        with socket.create_connection(("127.0.0.1", node.port)) as mute:
            begun = time.monotonic()

            status, err = node.end()

            mute.close()
        for follower in followers:
            follower.__exit__()

    assert (status, time.monotonic() - begun < 8) == (0, True)
    assert "Traceback" not in err
    assert err.splitlines()[-1].rstrip().endswith("stopped")
