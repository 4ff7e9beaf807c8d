"""Nodes of one ledger as people run them: processes of their own that serve one another, and a liar among them."""

from __future__ import annotations

import json
import random
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from smartchain.ledger.address import checksum
from smartchain.ledger.hash import keccak
from smartchain.peer.outline import PART_LEVEL
from smartchain.store import open_store
from smartchain.types import Address
from tests.conftest import Toolchain
from tests.e2e.typed import Shell, eventually, shell_for
from tests.fakes import peers as fakes
from tests.fakes.anvil import OnAnvil, on_anvil
from tests.fakes.served import Served

ENTRIES = 100_000
A_BATCH = 400
WALLETS = [Address(keccak(b"wallet %d" % number)[12:]) for number in range(1_000)]


def get(url: str) -> Any:
    """What a node says there; None while it does not say it."""
    try:
        with urllib.request.urlopen(url, timeout=30) as answer:
            return json.load(answer)
    except (urllib.error.URLError, ConnectionError, TimeoutError):
        return None


@dataclass
class Node:
    """`smartchain node` in a folder of its own."""

    process: subprocess.Popen[str]
    url: str
    db: str

    def head(self) -> Any:
        return get(f"{self.url}/api/v1/head")

    def has(self, size: int) -> bool:
        head = self.head()
        return head is not None and head["size"] == size

    def digest(self) -> str:
        """Of every entry and every block that it has."""
        with closing(open_store(self.db, create=False, read_only=True)) as store, store.open().view() as view:
            size = view.status.verified_size
            blocks = b"".join(block.hash for block in view.blocks())
            return keccak(b"".join(view.packed(0, size)) + blocks).hex()


def start(stack: ExitStack, shell: Shell, name: str, *words: str) -> Node:
    """A node that runs until the stack ends."""
    db, log = f"sqlite:///{shell.folder}/{name}.db", shell.folder / f"{name}.log"
    output = stack.enter_context(log.open("w"))
    process = subprocess.Popen(
        shell.command("node", "--bind", "127.0.0.1:0", "--db", db, "--json", *words),
        cwd=shell.folder, env=shell.environment, stdout=subprocess.PIPE, stderr=output, text=True,
    )  # fmt: skip
    stack.callback(_end, process)
    assert process.stdout is not None
    said = process.stdout.readline()
    assert said, log.read_text()
    return Node(process, json.loads(said)["url"], db)


def _end(process: subprocess.Popen[str]) -> None:
    process.terminate()
    process.wait(20)
    if process.stdout is not None:
        process.stdout.close()


@pytest.fixture(scope="module")
def long_chain(toolchain: Toolchain) -> Iterator[OnAnvil]:
    """A ledger of a hundred thousand entries."""
    chance = random.Random(3)
    with on_anvil(executable=toolchain.anvil) as chain:
        for _ in range(ENTRIES // A_BATCH):
            chain.relay_batch([(chance.choice(WALLETS), chance.randrange(1, 10**12)) for _ in range(A_BATCH)])
        chain.mine(80)
        yield chain


def test_a_hundred_thousand_entries_go_to_three_nodes_at_once_one_of_them_from_a_liar_first(
    long_chain: OnAnvil, tmp_path: Path
) -> None:
    host = ("--rpc-url", long_chain.url, "--ledger", checksum(long_chain.ledger))
    shell = shell_for(tmp_path, long_chain)
    del shell.environment["ETH_RPC_URL"]
    with ExitStack() as stack:
        producer = start(stack, shell, "producer", *host)
        eventually(lambda: producer.has(ENTRIES), 120)
        kept = stack.enter_context(closing(open_store(producer.db, create=False, read_only=True))).open()
        liar = fakes.Bulk(kept, random.Random(5), fakes.alters)
        liar.part_level = PART_LEVEL
        lying = stack.enter_context(Served(peer=liar)).url
        members = [
            start(stack, shell, "misled", *host, "--peer", lying, "--peer", producer.url),
            start(stack, shell, "member", *host, "--peer", producer.url),
            start(stack, shell, "bare", "--ledger", checksum(long_chain.ledger), "--peer", producer.url),
        ]
        for member in members:
            eventually(lambda member=member: member.has(ENTRIES), 120)
        heads = [node.head() for node in (producer, *members)]
        digests = {node.digest() for node in (producer, *members)}

    assert len(digests) == len({head["root"] for head in heads}) == 1
    assert [head["verified"] for head in heads] == [True, True, True, False]
    assert liar.taken, "the liar was never asked"
    assert lying in (tmp_path / "misled.log").read_text()


def test_a_devnet_with_nodes_and_traffic_moves_on_every_node(toolchain: Toolchain, tmp_path: Path) -> None:
    shell = Shell(tmp_path, {"PATH": f"{toolchain.bin}:/usr/bin:/bin"})
    words = ("devnet", "--port", "0", "--node-port", "0", "--nodes", "3", "--traffic", "5", "--json")
    with shell.start(*words, "--folder", tmp_path / "nodes") as devnet:
        assert devnet.stdout is not None
        line = devnet.stdout.readline()
        assert line, devnet.stderr and devnet.stderr.read()
        told = json.loads(line)
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
