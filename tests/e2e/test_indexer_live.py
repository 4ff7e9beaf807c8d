"""A daemon that follows: lied to while it does, killed, started into trouble, and told of two forks in turns."""

from __future__ import annotations

import random
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from smartchain.devnet.anvil import Anvil, AnvilSettings
from smartchain.errors import SmartchainError
from smartchain.host import contracts
from smartchain.host.endpoint import Endpoint
from smartchain.host.rpc import HttpRpc
from smartchain.ledger.hash import leaf_hash
from smartchain.ledger.merkle import MerkleLog
from smartchain.ports import Head, Status
from smartchain.store import open_store
from smartchain.types import Address, Size
from tests.conftest import Toolchain
from tests.e2e.test_indexer import another_payment
from tests.e2e.typed import Shell, eventually, shell_for
from tests.fakes import faults
from tests.fakes.anvil import OnAnvil
from tests.fakes.proxy import Answer, Fault, Proxy

PAYEE = Address(bytes([9]) * 20)


@pytest.fixture(scope="module")
def anvil(toolchain: Toolchain) -> Iterator[Anvil]:
    with Anvil(toolchain.anvil, AnvilSettings(port=0)) as anvil:
        yield anvil


class Ledger(OnAnvil):
    """One more ledger on a chain that is there, with what an honest node says of it."""

    def head(self) -> Head:
        said: str = self.rpc.call("eth_call", {"to": self.name, "data": "0x" + contracts.HEAD_DATA.hex()}, "latest")
        return contracts.decode_head(bytes.fromhex(said[2:]))

    @property
    def name(self) -> str:
        return "0x" + self.ledger.hex()

    def record(self) -> int:
        """Five entries in one host block, the last three by a batch; the block's number."""
        with self.block():
            for sender in range(2):
                self.submit(self.ledger, contracts.relay_data(PAYEE), sender + 1, sender, 200_000)
            payments = [(PAYEE, value) for value in range(1, 4)]
            self.submit(self.ledger, contracts.relay_batch_data(payments), 6, 2, 400_000)
        return self.newest()

    def checkpoint(self) -> int:
        """Have the root kept; the host block."""
        return int(self.send(self.ledger, contracts.CHECKPOINT_DATA)["blockNumber"], 16)


@pytest.fixture
def ledger(anvil: Anvil) -> Ledger:
    """With five entries."""
    ledger = Ledger(anvil, (3, 0))
    ledger.record()
    return ledger


@pytest.fixture
def proxy(ledger: Ledger) -> Iterator[Proxy]:
    with Proxy(ledger.url) as proxy:
        yield proxy


@pytest.fixture
def shell(ledger: Ledger, proxy: Proxy, tmp_path: Path) -> Shell:
    shell = shell_for(tmp_path, ledger)
    shell.environment["ETH_RPC_URL"] = proxy.url
    return shell


def status(shell: Shell) -> Status | None:
    """Where the store stands, without a process for the question; None before there is one."""
    try:
        with closing(open_store(f"sqlite:///{shell.folder / 'smartchain.db'}", create=False, read_only=True)) as store:
            return store.open().status()
    except SmartchainError:
        return None


def verified(shell: Shell) -> Head:
    """Size and root of the verified part, computed from its entries."""
    url = f"sqlite:///{shell.folder / 'smartchain.db'}"
    with closing(open_store(url, create=False, read_only=True)) as store, store.open().view() as view:
        log = MerkleLog.of(leaf_hash(packed) for packed in view.packed(0, view.status.verified_size))
        return Head(log.size, log.root())


def until(shell: Shell, size: int) -> None:
    """Wait until so many entries are verified."""
    eventually(lambda: (now := status(shell)) is not None and now.verified_size == size)


def is_honest(shell: Shell, ledger: Ledger) -> None:
    """With an honest node a run goes on to the end, and the chain is that of who never heard anything else."""
    shell.environment["ETH_RPC_URL"] = ledger.url
    assert shell.type("index", "--json").json["size"] == ledger.head().size
    assert verified(shell) == ledger.head()
    fresh = Shell(shell.folder, {**shell.environment, "SMARTCHAIN_DB": "sqlite:///fresh.db"})
    assert fresh.type("index", "--json").status == 0
    assert fresh.type("blocks", "--json").lines == shell.type("blocks", "--json").lines


# lies told to a daemon


LIES: dict[str, Callable[[int], Fault]] = {
    "dropped": lambda at: faults.logs(faults.drop(at)),
    "last dropped": lambda at: faults.logs(faults.drop(at + 2)),
    "truncated": lambda at: faults.logs(faults.truncate(at + 1)),
    "doubled and altered": lambda at: faults.logs(faults.double(at, transactionHash="0x" + "ab" * 32)),
    "altered": lambda at: faults.logs(faults.alter(at, faults.add_to_value)),
    "altered in a batch": lambda at: faults.logs(faults.alter(at + 2, another_payment)),
    "reordered": lambda at: faults.logs(faults.swap(at)),
    "not canonical": lambda at: faults.logs(faults.alter(at, lambda log: {**log, "data": log["data"] + "00"})),
}


@pytest.mark.parametrize("lie", LIES)
def test_a_daemon_heals_from_a_lie_told_once_and_ends_at_one_that_lasts(
    ledger: Ledger, shell: Shell, proxy: Proxy, lie: str
) -> None:
    with shell.start("index", "--follow", "--json") as daemon:
        until(shell, 5)
        proxy.fault(LIES[lie](5), "eth_getLogs", times=1)
        ledger.record()
        until(shell, 10)
        assert daemon.poll() is None
        proxy.fault(LIES[lie](10), "eth_getLogs")
        block = ledger.record()
        out, err = daemon.communicate(timeout=20)

    assert daemon.returncode == 1
    assert '"step": "reread"' in out.replace('":"', '": "')
    assert f"host block {block} " in err.splitlines()[-1]
    assert "Traceback" not in err
    now = status(shell)
    assert now is not None
    assert now.verified_size == 10
    is_honest(shell, ledger)


def test_logs_of_a_replica_that_is_behind_end_no_daemon(ledger: Ledger, shell: Shell, proxy: Proxy) -> None:
    with shell.start("index", "--follow") as daemon:
        until(shell, 5)
        proxy.fault(faults.behind(ledger.newest, 1), "eth_getLogs", times=3)
        ledger.record()
        until(shell, 10)
        assert daemon.poll() is None
        daemon.send_signal(signal.SIGTERM)
        _, err = daemon.communicate(timeout=20)

    assert daemon.returncode == 0
    assert "the contract has 10 entries" in err
    assert verified(shell) == ledger.head()


# two forks


@contextmanager
def forked(toolchain: Toolchain, url: str) -> Iterator[str]:
    """A node that has the same chain up to here, and its own from now on; its URL."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    node = subprocess.Popen(
        [toolchain.anvil, "--fork-url", url, "--port", str(port), "--silent", "--no-storage-caching"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        eventually(lambda: _listens(port))
        yield f"http://127.0.0.1:{port}"
    finally:
        node.kill()
        node.wait()


def _listens(port: int) -> bool:
    with socket.socket() as there:
        return there.connect_ex(("127.0.0.1", port)) == 0


class Balancer(Proxy):
    """In front of two nodes: each request goes to either, by chance."""

    def __init__(self, urls: tuple[str, str], chance: random.Random) -> None:
        super().__init__(urls[0])
        self._nodes = [urlsplit(url) for url in urls]
        self._chance = chance
        self.turning = True

    def ask_node(self, request: bytes) -> Answer:
        self.node = self._nodes[self._chance.randrange(2) if self.turning else 0]
        return super().ask_node(request)


def test_a_node_of_two_forks_in_turns_never_has_anything_verified_that_is_on_neither(
    toolchain: Toolchain, anvil: Anvil, ledger: Ledger, tmp_path: Path
) -> None:
    with forked(toolchain, ledger.url) as other_url:
        other = Ledger.__new__(Ledger)
        other.__dict__.update(ledger.__dict__)
        other.url, other.rpc = other_url, HttpRpc(Endpoint(other_url))
        heads = {ledger.head()}
        balancer = Balancer((ledger.url, other_url), random.Random(4))
        with balancer as proxy:
            shell = shell_for(tmp_path, ledger)
            shell.environment["ETH_RPC_URL"] = proxy.url
            with shell.start("index", "--follow") as daemon:
                until(shell, 5)
                for turn in range(8):
                    (ledger, other)[turn % 2].record()
                    heads |= {ledger.head(), other.head()}
                    time.sleep(0.3)
                    assert verified(shell) in heads
                balancer.turning = False
                eventually(lambda: verified(shell) == ledger.head())
                assert daemon.poll() is None
                daemon.send_signal(signal.SIGTERM)
                assert daemon.wait(timeout=20) == 0
    is_honest(shell, ledger)


# what a host forgets, and what it kept


def test_a_lie_in_a_long_backfill_is_found_at_the_first_checkpoint_by_a_node_without_an_archive(
    ledger: Ledger, shell: Shell, proxy: Proxy
) -> None:
    liar = ledger.record()
    kept = ledger.checkpoint()
    for _ in range(4):
        ledger.record()
    ledger.mine(40)
    last = ledger.record()
    proxy.fault(faults.most_blocks(3), "eth_getLogs")
    proxy.fault(faults.forgets_state(ledger.newest, 2, ledger.number_of), "eth_call")
    proxy.fault(faults.logs(faults.alter(6, faults.add_to_value)), "eth_getLogs")

    line = shell.refused("index", says=["the first 10 entries", "kept its own"])

    first, stop = (int(word) for word in line.split("host blocks ")[1].split(",")[0].split(" to "))
    assert first <= liar <= stop <= kept < last
    assert verified(shell).size == 0
    is_honest(shell, ledger)


def test_what_a_checkpoint_proved_is_served_when_a_lie_after_it_ends_the_run(
    ledger: Ledger, shell: Shell, proxy: Proxy
) -> None:
    ledger.record()
    ledger.checkpoint()
    proven = ledger.head()
    for _ in range(4):
        ledger.record()
    proxy.fault(faults.most_blocks(2), "eth_getLogs")
    proxy.fault(faults.logs(faults.alter(20, faults.add_to_value)), "eth_getLogs")

    shell.refused("index", says="the root of the 30 entries read")

    assert verified(shell) == proven
    assert [entry["index"] for entry in shell.type("entries", "--json").lines] == list(range(10))
    is_honest(shell, ledger)


def test_a_node_that_answers_for_its_newest_states_alone_is_followed_all_the_same(
    ledger: Ledger, shell: Shell, proxy: Proxy
) -> None:
    proxy.fault(faults.forgets_state(ledger.newest, 1, ledger.number_of), "eth_call")
    with shell.start("index", "--follow") as daemon:
        until(shell, 5)
        for _ in range(3):
            ledger.record()
        until(shell, 20)
        assert daemon.poll() is None
    assert verified(shell) == ledger.head()


# killed


def test_killed_at_any_moment_of_a_backfill_it_goes_on_where_it_was(ledger: Ledger, shell: Shell, proxy: Proxy) -> None:
    for number in range(12):
        ledger.record()
        if number % 4 == 3:
            ledger.checkpoint()
    chance = random.Random(5)
    proxy.fault(faults.most_blocks(1), "eth_getLogs")
    proxy.fault(faults.late(0.03), "eth_getLogs")
    reached = []
    for _ in range(6):
        asked = proxy.count("eth_getLogs")
        with shell.start("index") as run:
            eventually(lambda asked=asked: proxy.count("eth_getLogs") > asked)
            time.sleep(chance.uniform(0, 0.1))
            run.kill()
            run.wait()
        now = status(shell)
        reached.append(now.size if now else Size(0))
        if now and now.verified_size:
            assert verified(shell).size % 5 == 0

    assert reached == sorted(reached)
    proxy.heal()
    assert proxy.count("eth_getLogs") < 6 * 30
    is_honest(shell, ledger)


def test_killed_while_a_backfill_becomes_a_watch_it_loses_and_doubles_nothing(
    ledger: Ledger, shell: Shell, proxy: Proxy
) -> None:
    chance = random.Random(6)
    for size in range(5, 30, 5):
        before = proxy.count("eth_call")
        with shell.start("index", "--follow") as daemon:
            eventually(lambda before=before: proxy.count("eth_call") > before)
            ledger.record()
            time.sleep(chance.uniform(0, 0.25))
            daemon.kill()
            daemon.wait()
        now = status(shell)
        if now is not None:
            assert now.verified_size in (0, *range(5, size + 6, 5))
    is_honest(shell, ledger)


# started into trouble


START: dict[str, tuple[Fault, *tuple[str, ...]]] = {
    "503": (faults.status(503),),
    "too many requests": (faults.status(429),),
    "cut off": (faults.cut_off,),
    "cut short": (faults.cut_short,),
    "rubbish": (lambda _call, _answer: Answer(b"\xff\xfe<html>"),),
    "an unknown block": (faults.error("header not found"),),
    "no chain": (faults.result(lambda _said: None), "eth_chainId"),
    "no newest block": (faults.result(lambda _said: None), "eth_blockNumber"),
}
AT_ONCE = ("an unknown block", "no chain", "no newest block")
"""Not asked again at once, so that each is waited out."""


@pytest.mark.parametrize("trouble", START)
def test_a_daemon_that_starts_into_trouble_waits_it_out(
    ledger: Ledger, shell: Shell, proxy: Proxy, trouble: str
) -> None:
    fault, *befallen = START[trouble]
    proxy.fault(fault, *befallen, times=2 if trouble in AT_ONCE else 5)
    with shell.start("index", "--follow") as daemon:
        until(shell, 5)
        daemon.send_signal(signal.SIGTERM)
        out, err = daemon.communicate(timeout=20)
    assert (daemon.returncode, out) == (0, "")
    assert "Traceback" not in err
    assert "trouble" in err
    assert verified(shell) == ledger.head()
