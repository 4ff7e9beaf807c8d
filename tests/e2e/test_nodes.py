"""`smartchain node` as it is typed: a producer, and nodes that take a hundred thousand entries from it at once."""

from __future__ import annotations

import contextlib
import json
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

import pytest

from benchmarks.chains import Chain, anvil
from smartchain.errors import PeerError
from smartchain.host.endpoint import Endpoint
from smartchain.peer.client import HttpPeer
from smartchain.peer.outline import PART_LEVEL
from smartchain.ports import PeerHead
from smartchain.store import open_store
from tests.conftest import Toolchain
from tests.fakes.peers import Bulk, alters
from tests.fakes.served import Served

ENTRIES = 100_000
PATIENCE_S = 120.0


class Node:
    """A running `smartchain node`."""

    def __init__(self, folder: Path, name: str, *words: str) -> None:
        self.db = f"sqlite:///{folder}/{name}.db"
        self.log = folder / f"{name}.log"
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "smartchain.cli", "node", "--bind", "127.0.0.1:0", "--db", self.db, "--json",
                 *words],
                stdout=subprocess.PIPE, stderr=log, cwd=folder,
            )  # fmt: skip
        assert self.process.stdout is not None
        self.url: str = json.loads(self.process.stdout.readline())["url"]
        self._peer = HttpPeer(Endpoint(self.url))

    def head(self) -> PeerHead | None:
        with contextlib.suppress(PeerError):
            return self._peer.head()
        return None

    def until(self, size: int, *, verified: bool) -> PeerHead:
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            assert self.process.poll() is None, self.log.read_text()
            head = self.head()
            if head is not None and head.size >= size and head.verified == verified:
                return head
            time.sleep(0.1)
        raise AssertionError(f"not there in time: {self.log.read_text()}")

    def end(self) -> None:
        self._peer.close()
        self.process.terminate()
        self.process.communicate(timeout=30)


@contextmanager
def running(folder: Path, name: str, *words: str) -> Iterator[Node]:
    node = Node(folder, name, *words)
    try:
        yield node
    finally:
        node.end()


@pytest.fixture(scope="module")
def chain(toolchain: Toolchain) -> Iterator[Chain]:
    with anvil() as chain:
        chain.fill_singly(ENTRIES, 5)
        yield chain


def test_three_nodes_take_a_large_chain_at_once_one_of_them_from_a_liar_first_and_follow_it_live(
    chain: Chain, tmp_path: Path
) -> None:
    contract = ("--rpc-url", chain.url, "--ledger", chain.ledger)
    with ExitStack() as stack:
        producer = stack.enter_context(running(tmp_path, "producer", *contract))
        made = producer.until(ENTRIES, verified=True)
        theirs = stack.enter_context(closing(open_store(producer.db, create=False, read_only=True))).open()
        liar = Bulk(theirs, random.Random(3), alters)
        liar.part_level = PART_LEVEL
        false = stack.enter_context(Served(peer=liar)).url

        member = stack.enter_context(running(tmp_path, "member", "--peer", producer.url))
        both = stack.enter_context(running(tmp_path, "both", "--peer", producer.url, *contract))
        misled = stack.enter_context(running(tmp_path, "misled", "--peer", false, "--peer", producer.url, *contract))
        heads = [member.until(ENTRIES, verified=False), both.until(ENTRIES, verified=True)]
        heads.append(misled.until(ENTRIES, verified=True))
        chain.fill_singly(600, 6)
        grown = [producer.until(ENTRIES + 600, verified=True), member.until(ENTRIES + 600, verified=False)]
        grown += [node.until(ENTRIES + 600, verified=True) for node in (both, misled)]

        assert {(head.size, head.root) for head in heads} == {(made.size, made.root)}
        assert len({(head.size, head.root) for head in grown}) == 1
        assert f"{false} gives entries" in misled.log.read_text()
        for node in (member, both):
            assert "peer left" not in node.log.read_text()
