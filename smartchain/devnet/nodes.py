"""
Nodes of a devnet's ledger, each a process of its own: one that follows the contract, and others that follow it.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

import urllib3

from smartchain.devnet.anvil import check_port, free_port
from smartchain.devnet.child import Child
from smartchain.errors import HostUnavailable
from smartchain.ledger.address import checksum
from smartchain.types import Address

START_S = 20.0
HOST = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class NodePlan:
    """One node that is to run."""

    name: str
    url: str
    arguments: tuple[str, ...]
    says: str
    """What it stands on, for a person."""


def plans(count: int, rpc_url: str, ledger: Address, first_port: int, folder: Path) -> list[NodePlan]:
    """
    The first follows the contract, the last stands on the other nodes alone, and those between have both.

    Ports go up from the first; 0 is for any that are free.
    """
    ports = [free_port(HOST) if first_port == 0 else first_port + at for at in range(count)]
    urls = [f"http://{HOST}:{port}" for port in ports]
    return [_plan(at, urls, ["--rpc-url", rpc_url], checksum(ledger), folder) for at in range(count)]


def _plan(at: int, urls: Sequence[str], rpc: list[str], ledger: str, folder: Path) -> NodePlan:
    name = "producer" if at == 0 else f"member-{at}"
    where = ["--bind", urls[at].removeprefix("http://"), "--db", f"sqlite:///{folder / name}.db", "--ledger", ledger]
    others = [word for url in urls[:at] for word in ("--peer", url)]
    if at == 0:
        return NodePlan(name, urls[at], (*where, *rpc), "follows the contract")
    if at == len(urls) - 1:
        return NodePlan(name, urls[at], (*where, *others), "stands on the other nodes alone")
    return NodePlan(
        name, urls[at], (*where, *rpc, *others), "takes the chain from peers, and the contract's word for it"
    )


class Nodes:
    """Running nodes; a context manager that ends them, the last first."""

    def __init__(self, wanted: Sequence[NodePlan], folder: Path, environment: Mapping[str, str], key: str) -> None:
        """
        Start them all and wait until each answers; their logs are in the folder.

        `key` is the private key that the first may spend with, for the programs of old. Raises `SettingsError` for an
        occupied port, `HostUnavailable` with a node's last words.
        """
        self.plans = list(wanted)
        self._children: list[Child] = []
        with ExitStack() as undo:
            for plan in wanted:
                host, _, port = plan.url.removeprefix("http://").partition(":")
                check_port(host, int(port), "--node-port")
                secret = {"ETH_PRIVATE_KEY": key} if not self._children else {}
                command = [sys.executable, "-m", "smartchain.cli", "node", *plan.arguments]
                child = Child(command, {**environment, **secret}, folder / f"{plan.name}.log", folder)
                undo.callback(child.close)
                self._children.append(child)
            for plan, child in zip(self.plans, self._children, strict=True):
                _wait_until_ready(plan, child)
            self._close = undo.pop_all().close

    def __enter__(self) -> Nodes:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._close()

    def check(self) -> None:
        """Raises `HostUnavailable`, with its last words, if one ended by itself."""
        for plan, child in zip(self.plans, self._children, strict=True):
            if child.ended:
                raise HostUnavailable(f"the node {plan.name} ended by itself: {child.last_words()}")


def _wait_until_ready(plan: NodePlan, child: Child) -> None:
    deadline = time.monotonic() + START_S
    with urllib3.PoolManager(timeout=2.0, retries=False) as pool:
        while time.monotonic() < deadline:
            if child.ended:
                raise HostUnavailable(f"the node {plan.name} did not start: {child.last_words()}")
            try:
                if pool.request("GET", f"{plan.url}/health").status == 200:
                    return
            except urllib3.exceptions.HTTPError:
                pass  # it does not answer yet
            time.sleep(0.05)
    raise HostUnavailable(
        f"the node {plan.name} does not answer at {plan.url} after {START_S:.0f} s: {child.last_words()}"
    )
