"""A node that takes the chain from others over real HTTP: one honest, nine liars, a kill in the middle, a fork."""

from __future__ import annotations

import json
import random
import signal
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path

import pytest
import zstandard

from smartchain.host.source import HostLedger
from smartchain.indexer.follow import Follower
from smartchain.indexer.outcome import Waited
from smartchain.ledger.address import checksum
from smartchain.peer import wire
from smartchain.peer.outline import PART, PART_LEVEL
from smartchain.ports import LedgerStore
from smartchain.store import open_store
from smartchain.types import Address
from tests.conftest import Toolchain
from tests.e2e.peer_runner import command
from tests.e2e.typed import shell_for
from tests.fakes import peers as fakes
from tests.fakes.anvil import OnAnvil, on_anvil
from tests.fakes.rude import Rude, answer
from tests.fakes.served import Served

ENTRIES = 3 * PART + 200
ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Ready:
    """A chain with a ledger of some parts, and an honest node's store of it."""

    chain: OnAnvil
    store: LedgerStore

    @property
    def ledger(self) -> str:
        return checksum(self.chain.ledger)


def index(chain: OnAnvil, store_url: str, stack: ExitStack) -> LedgerStore:
    source = HostLedger(chain.rpc, chain.ledger)
    store = stack.enter_context(closing(open_store(store_url, create=True))).ledger(source.info())
    catch_up(chain, store)
    return store


def catch_up(chain: OnAnvil, store: LedgerStore) -> None:
    follower = Follower(HostLedger(chain.rpc, chain.ledger), store)
    while not (isinstance(outcome := follower.step(), Waited) and outcome.caught_up):
        pass


def pay(chain: OnAnvil, entries: int) -> None:
    for start in range(0, entries, 400):
        recipients = [Address((at + 10**6).to_bytes(20, "big")) for at in range(start, min(entries, start + 400))]
        chain.relay_batch([(recipient, 1 + at) for at, recipient in enumerate(recipients)])


@pytest.fixture(scope="module")
def ready(toolchain: Toolchain, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ready]:
    with on_anvil(executable=toolchain.anvil) as chain, ExitStack() as stack:
        pay(chain, ENTRIES)
        chain.mine(80)  # so that the head that the bulk is held to has all of it
        yield Ready(chain, index(chain, f"sqlite:///{tmp_path_factory.mktemp('honest')}/honest.db", stack))


class Node:
    """The process under test."""

    def __init__(self, folder: Path, host: tuple[str, str], peers: list[str]) -> None:
        self.db = f"sqlite:///{folder}/node.db"
        self.evidence = folder / "forks"
        self._arguments = [self.db, str(self.evidence), "{}", *host, *peers]

    def run(self, kill_at: int = 0) -> subprocess.CompletedProcess[str]:
        arguments = [argument.format(kill_at) for argument in self._arguments]
        return subprocess.run(command(*arguments), capture_output=True, text=True, timeout=120, cwd=ROOT)

    def entries(self) -> list[bytes]:
        with closing(open_store(self.db, create=False)) as store:
            kept = store.open()
            with kept.view() as view:
                return list(view.packed(0, view.status.verified_size))


def entries_of(store: LedgerStore) -> list[bytes]:
    with store.view() as view:
        return list(view.packed(0, view.status.verified_size))


# nine liars

Send = Callable[[bytes], None]


def stalls(path: str, send: Send, over: threading.Event) -> None:
    over.wait(60)


def floods(path: str, send: Send, over: threading.Event) -> None:
    send(b"HTTP/1.1 200 OK\r\n\r\n")
    while not over.is_set():
        send(bytes(2**16))


def talks_rubbish(path: str, send: Send, over: threading.Event) -> None:
    send(answer(b"<html>welcome</html>"))


def bombs(honest: str) -> Callable[[str, Send, threading.Event], None]:
    """Answers as the honest node does, and to a download with a gigabyte in a few bytes."""
    import urllib.request

    bomb = zstandard.compress(bytes(2**30))
    head = (0).to_bytes(8, "big") + (PART).to_bytes(4, "big") + len(bomb).to_bytes(4, "big")

    def behave(path: str, send: Send, over: threading.Event) -> None:
        if "entries" in path:
            send(answer(wire.MAGIC + head + bomb))
            return
        with urllib.request.urlopen(honest + path, timeout=10) as found:
            send(answer(found.read()))

    return behave


@pytest.fixture
def crowd(ready: Ready) -> Iterator[list[str]]:
    """Nine liars of nine kinds, then the honest one."""
    chance = random.Random(7)
    with ExitStack() as stack:
        honest = stack.enter_context(Served(ready.store)).url
        lying: list[fakes.Honest] = [
            fakes.Stranger(ready.store, "stranger"),
            fakes.Forger(ready.store, chance, newest=True),
            fakes.Bulk(ready.store, chance, fakes.alters),
            fakes.Bulk(ready.store, chance, fakes.drops),
            fakes.Bulk(ready.store, chance, fakes.reorders),
        ]
        outline = fakes.FalseOutline(ready.store, "outline")
        outline.part_level = PART_LEVEL
        urls = [stack.enter_context(Served(peer=outline)).url]
        urls += [stack.enter_context(Rude(rude)).url for rude in (bombs(honest), floods, talks_rubbish)]
        for peer in lying:
            peer.part_level = PART_LEVEL
            urls.append(stack.enter_context(Served(peer=peer)).url)
        yield [*urls, honest]


def test_with_nine_liars_and_one_honest_peer_a_node_ends_with_the_contracts_chain_though_killed_on_the_way(
    ready: Ready, crowd: list[str], tmp_path: Path
) -> None:
    node = Node(tmp_path, (ready.chain.url, ready.ledger), crowd)

    killed = node.run(kill_at=PART)
    assert killed.returncode == -signal.SIGKILL
    ended = node.run()

    assert ended.stdout == f"{ENTRIES} True\n", ended.stderr
    assert node.entries() == entries_of(ready.store)
    said = killed.stderr + ended.stderr
    for liar in crowd[:9]:
        assert f"peer left {{'reason': '{liar} " in said, f"nothing is said of {liar}: {said}"
    assert f"peer left {{'reason': '{crowd[9]} " not in said
    for reason in ("not as the root has them", "a false outline", "has ledger", "expands to", "more than the"):
        assert reason in said


def test_what_was_proven_before_a_kill_is_not_taken_again(ready: Ready, tmp_path: Path) -> None:
    honest = fakes.Honest(ready.store, "honest")
    honest.part_level = PART_LEVEL
    with Served(peer=honest) as served:
        node = Node(tmp_path, (ready.chain.url, ready.ledger), [served.url])
        assert node.run(kill_at=2 * PART).returncode == -signal.SIGKILL
        assert node.run().stdout == f"{ENTRIES} True\n"

    assert honest.taken[0] == (0, ENTRIES)
    assert all(start >= PART for start, _ in honest.taken[1:])


def test_a_peer_that_stalls_is_left_for_the_next(ready: Ready, tmp_path: Path) -> None:
    with Rude(stalls) as rude, Served(ready.store) as served:
        node = Node(tmp_path, (ready.chain.url, ready.ledger), [rude.url, served.url])
        ended = node.run()

    assert ended.stdout == f"{ENTRIES} True\n", ended.stderr
    assert f"{rude.url} stalls" in ended.stderr


def test_without_a_host_chain_a_majority_is_followed_and_nothing_is_called_verified(
    ready: Ready, tmp_path: Path
) -> None:
    forger = fakes.Forger(ready.store, random.Random(3))
    forger.part_level = PART_LEVEL
    with Served(ready.store) as one, Served(ready.store) as other, Served(peer=forger) as liar:
        node = Node(tmp_path, ("-", "-"), [liar.url, one.url, other.url])
        ended = node.run()

    assert ended.stdout == f"{ENTRIES} False\n", ended.stderr
    assert node.entries() == entries_of(ready.store)


def test_without_a_majority_a_node_waits_and_says_so(ready: Ready, tmp_path: Path) -> None:
    with Served(ready.store) as one, Rude(talks_rubbish) as other:
        arguments = command(f"sqlite:///{tmp_path}/node.db", str(tmp_path), "0", "-", "-", one.url, other.url)
        with subprocess.Popen(arguments, stderr=subprocess.PIPE, text=True, cwd=ROOT) as process:
            assert process.stderr is not None
            said = next(line for line in process.stderr if line.startswith("waits"))
            process.kill()

    assert "1 of 2 peers answer" in said
    assert "more than half of them are needed" in said


def test_two_honest_nodes_that_a_reorganisation_parted_leave_evidence_that_a_third_party_can_check(
    toolchain: Toolchain, tmp_path: Path
) -> None:
    with on_anvil(executable=toolchain.anvil) as chain, ExitStack() as stack:
        pay(chain, 30)
        snapshot = chain.rpc.call("evm_snapshot")
        pay(chain, 5)
        behind = index(chain, f"sqlite:///{tmp_path}/behind.db", stack)
        chain.rpc.call("evm_revert", snapshot)
        chain.rpc.call("evm_increaseTime", 77)
        pay(chain, 9)
        chain.mine(70)
        ahead = index(chain, f"sqlite:///{tmp_path}/ahead.db", stack)
        old, new = stack.enter_context(Served(behind)), stack.enter_context(Served(ahead))

        undecided = Node(tmp_path, ("-", "-"), [old.url, new.url])
        arguments = command(undecided.db, str(undecided.evidence), "0", "-", "-", old.url, new.url)
        with subprocess.Popen(arguments, stderr=subprocess.PIPE, text=True, cwd=ROOT) as process:
            assert process.stderr is not None
            forked = next(line for line in process.stderr if line.startswith("fork"))
            waited = next(line for line in process.stderr if line.startswith("Waited"))
            process.kill()
        files = list(undecided.evidence.glob("fork-*.json"))
        shell = shell_for(tmp_path, chain)
        alone = shell.type("fork", str(files[0]), "--json").json
        judged = shell.type("fork", str(files[0]), "--rpc-url", chain.url, "--json").json
        pay(chain, 1)
        grown = shell.type("fork", str(files[0]), "--rpc-url", chain.url, "--json").json
        catch_up(chain, ahead)
        proven = shell.type("fork", str(files[0]), "--rpc-url", chain.url, "--node", new.url, "--json").json
        said = shell.type("fork", str(files[0]), "--rpc-url", chain.url, "--node", new.url).out

    assert "part at entry 30" in forked
    assert "no chain has more than half of the 2 named peers behind it" in waited
    assert len(files) == 1
    assert alone["index"] == 30
    assert [side["contract"] for side in alone["sides"]] == [None, None]
    assert {side["peer"]: side["contract"] for side in judged["sides"]} == {old.url: False, new.url: True}
    assert [side["contract"] for side in grown["sides"]] == [None, None], "the contract went on, nobody proves how"
    assert {side["peer"]: side["contract"] for side in proven["sides"]} == {old.url: False, new.url: True}
    assert f"the contract's log is that of {new.url}" in said
    forged = json.loads(files[0].read_text())
    forged["statements"][0]["root"] = forged["statements"][1]["root"]
    files[0].write_text(json.dumps(forged))
    shell.refused("fork", files[0], says="does not lead from entry 30")
