"""Several nodes of the host chain: one that lies is set aside by name, one that dies is gone on without."""

from __future__ import annotations

import json
import signal
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

from smartchain.cli.following import LOOK_S
from smartchain.devnet.anvil import Anvil, AnvilSettings
from smartchain.host import contracts
from smartchain.ledger.hash import EMPTY_ROOT
from tests.conftest import Toolchain
from tests.e2e.test_indexer_live import Ledger, until, verified
from tests.e2e.typed import Shell, eventually, first_line, shell_for
from tests.fakes import faults
from tests.fakes.proxy import Proxy


@pytest.fixture(scope="module")
def anvil(toolchain: Toolchain) -> Iterator[Anvil]:
    with Anvil(toolchain.anvil, AnvilSettings(port=0)) as anvil:
        yield anvil


@pytest.fixture
def ledger(anvil: Anvil) -> Ledger:
    """With ten entries."""
    ledger = Ledger(anvil, (3, 0))
    ledger.record()
    ledger.record()
    return ledger


@pytest.fixture
def proxies(ledger: Ledger) -> Iterator[list[Proxy]]:
    """Three ways to the same node."""
    with ExitStack() as open_:
        yield [open_.enter_context(Proxy(ledger.url)) for _ in range(3)]


@pytest.fixture
def shell(ledger: Ledger, proxies: list[Proxy], tmp_path: Path) -> Shell:
    shell = shell_for(tmp_path, ledger)
    shell.environment["ETH_RPC_URL"] = " ".join(proxy.url for proxy in proxies)
    return shell


def ended(run: subprocess.Popen[str]) -> str:
    """Told to stop, it ends well; what it logged."""
    run.send_signal(signal.SIGTERM)
    _, err = run.communicate(timeout=20)
    assert run.returncode == 0
    assert "Traceback" not in err
    return err


def test_a_node_that_drops_a_log_for_ever_is_set_aside_by_name_and_the_chain_is_whole(
    ledger: Ledger, shell: Shell, proxies: list[Proxy]
) -> None:
    proxies[0].fault(faults.logs(faults.drop(6)), "eth_getLogs")

    done = shell.type("index", "--json")

    assert (done.status, done.json["size"]) == (0, 10)
    assert f"set aside  node={proxies[0].url} " in done.err
    assert not any(f"set aside  node={proxy.url} " in done.err for proxy in proxies[1:])
    assert verified(shell) == ledger.head()


def test_that_node_alone_ends_it(shell: Shell, proxies: list[Proxy]) -> None:
    proxies[0].fault(faults.logs(faults.drop(6)), "eth_getLogs")
    shell.environment["ETH_RPC_URL"] = proxies[0].url

    shell.refused("index", says="are not what the contract recorded")


def test_where_every_node_lies_the_end_names_each(shell: Shell, proxies: list[Proxy]) -> None:
    for proxy in proxies:
        proxy.fault(faults.logs(faults.alter(6, faults.add_to_value)), "eth_getLogs")

    shell.refused("index", says=["none is left", *(proxy.url for proxy in proxies)])


def test_two_nodes_that_each_stand_by_another_head_are_both_named(shell: Shell, proxies: list[Proxy]) -> None:
    empty = "0x" + bytes(32).hex() + EMPTY_ROOT.hex()

    def forge(call: Any, answer: Any) -> Any:
        asked = call["params"][0]["data"] == "0x" + contracts.HEAD_DATA.hex()
        return faults.result(lambda _: empty)(call, answer) if asked else answer

    proxies[0].fault(forge, "eth_call")
    proxies[0].fault(faults.logs(lambda _logs: []), "eth_getLogs")
    shell.environment["ETH_RPC_URL"] = f"{proxies[0].url},{proxies[1].url}"

    shell.refused("index", says=["one of them lies", proxies[0].url, proxies[1].url])


def test_a_node_that_asks_for_patience_is_not_waited_for(ledger: Ledger, shell: Shell, proxies: list[Proxy]) -> None:
    proxies[0].fault(faults.status(429, 3600))

    done = shell.type("index", "--json")

    assert (done.status, done.json["size"]) == (0, 10)
    assert len(proxies[0].calls) <= 3
    assert verified(shell) == ledger.head()


def test_a_node_that_dies_is_gone_on_without_at_once(ledger: Ledger, shell: Shell, proxies: list[Proxy]) -> None:
    with shell.start("index", "--follow") as daemon:
        until(shell, 10)
        proxies[0].fault(faults.cut_off)
        proxies[0].close()
        ledger.record()
        until(shell, 15)
        assert daemon.poll() is None
        err = ended(daemon)
    assert f"in use     node={proxies[1].url} " in err


def test_a_node_of_another_chain_is_refused_by_name(toolchain: Toolchain, shell: Shell, proxies: list[Proxy]) -> None:
    with Anvil(toolchain.anvil, AnvilSettings(port=0, chain_id=1234)) as other:  # type: ignore[arg-type]
        Ledger(other, (3, 0))
        shell.refused("index", "--rpc-url", proxies[0].url, "--rpc-url", other.url, says=["chain 1234", other.url])


def test_a_command_that_asks_one_node_says_so_when_given_several(shell: Shell, proxies: list[Proxy]) -> None:
    shell.type("index")

    typed = shell.type("verify", "--rpc-url", proxies[0].url, "--rpc-url", proxies[1].url)
    by_setting = shell.type("verify")

    assert typed.status == 2
    assert "give --rpc-url once" in typed.err
    assert by_setting.status == 0
    assert "ETH_RPC_URL names 3 nodes" in by_setting.err


@contextmanager
def node(shell: Shell, *options: str) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """A running node, and its URL."""
    with shell.start("node", "--bind", "127.0.0.1:0", "--json", *options) as run:
        try:
            yield first_line(run)["url"], run
        finally:
            if run.poll() is None:
                run.kill()


def health(url: str) -> tuple[int, dict[str, Any]]:
    try:
        with urllib.request.urlopen(f"{url}/health", timeout=5) as response:
            return response.status, json.load(response)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error)


def figures(url: str) -> str:
    with urllib.request.urlopen(f"{url}/metrics", timeout=5) as response:
        return str(response.read().decode())


def test_a_node_says_who_it_asks_what_it_waits_for_and_goes_on_without_a_restart(
    ledger: Ledger, shell: Shell, proxies: list[Proxy]
) -> None:
    proxies[0].fault(faults.logs(faults.alter(6, faults.add_to_value)), "eth_getLogs")
    with node(shell, "--stall-after", "3") as (url, run):
        until(shell, 10)
        eventually(lambda: "up to date" in health(url)[1]["waits_for"])
        states = {one["name"]: one["state"] for one in health(url)[1]["nodes"]}
        assert states == {proxies[0].url: "set aside", proxies[1].url: "in use", proxies[2].url: "ready"}
        assert f'smartchain_rpc_node{{node="{proxies[0].url}",state="set aside"}} 1.0' in figures(url)

        for proxy in proxies:
            proxy.fault(faults.status(503))
        eventually(lambda: health(url)[0] == 503)
        said = health(url)[1]
        assert not said["healthy"]
        assert proxies[1].url in said["waits_for"]
        assert "nobody could be asked" in said["reason"]
        assert "smartchain_stalled 1.0" in figures(url)

        ledger.record()
        for proxy in proxies:
            proxy.heal()
        until(shell, 15)
        eventually(lambda: health(url)[0] == 200)
        assert "smartchain_stalled 0.0" in figures(url)
        time.sleep(2 * LOOK_S)
        err = ended(run)
    assert "stalled" in err
    assert "moves again" in err
