"""The devnet as a user starts it: what it prints works when it is typed, and it never outlives its starter."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
from pathlib import Path

import pytest

from tests.conftest import Toolchain
from tests.e2e.typed import Shell, eventually, first_line

Process = subprocess.Popen[str]


@pytest.fixture
def shell(toolchain: Toolchain, tmp_path: Path) -> Shell:
    return Shell(tmp_path, {"PATH": f"{toolchain.bin}:{os.environ['PATH']}"})


def answers(url: str) -> bool:
    host, _, port = url.removeprefix("http://").partition(":")
    with socket.socket() as probe:
        return probe.connect_ex((host, int(port))) == 0


def test_it_says_in_json_all_that_a_program_needs(shell: Shell) -> None:
    with shell.start("devnet", "--port", "0", "--accounts", "3", "--json") as devnet:
        told = first_line(devnet)

        assert (told["chain_id"], len(told["accounts"])) == (31337, 3)
        assert told["accounts"][0]["address"] == "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"
        shell.environment |= {"ETH_RPC_URL": told["rpc_url"], "SMARTCHAIN_LEDGER": told["ledger"]}
        shell.environment["ETH_PRIVATE_KEY"] = told["accounts"][0]["private_key"]
        assert shell.type("send", told["accounts"][1]["address"], "1ether", "--json").json["index"] == 0


def test_the_commands_that_it_prints_work_as_they_are(shell: Shell) -> None:
    with shell.start("devnet", "--port", "0") as devnet:
        assert devnet.stdout is not None
        printed = []
        for line in devnet.stdout:
            printed.append(line.rstrip())
            if line.startswith("Ctrl-C"):
                break
        commands = [line.strip() for line in printed if line.startswith(("  export ", "  smartchain "))]

        program = Path(shell.command()[0]).parent
        environment = {**shell.environment, "PATH": f"{program}:{shell.environment['PATH']}"}
        script = "set -e\n" + "\n".join(commands)
        done = subprocess.run(
            ["sh", "-c", script], cwd=shell.folder, env=environment, capture_output=True, text=True, timeout=120
        )

    assert done.returncode == 0, done.stderr
    assert len([command for command in commands if command.startswith("smartchain")]) == 7
    assert "says the same at host block" in done.stdout
    assert "hello" in done.stdout


@pytest.mark.parametrize("kind", [signal.SIGINT, signal.SIGTERM])
def test_it_ends_in_good_order_and_a_kept_chain_goes_on(shell: Shell, kind: signal.Signals) -> None:
    words = ("devnet", "--port", "0", "--json", "--state", "chain.json")
    with shell.start(*words, "--max-entries", "2") as devnet:
        first = first_line(devnet)
        shell.environment |= {"ETH_RPC_URL": first["rpc_url"], "SMARTCHAIN_LEDGER": first["ledger"]}
        shell.environment["ETH_PRIVATE_KEY"] = first["accounts"][0]["private_key"]
        shell.type("send", first["accounts"][1]["address"], "1")
        shell.type("index")
        devnet.send_signal(kind)
        assert devnet.wait(30) == 0
        assert not answers(first["rpc_url"])

    with shell.start(*words) as devnet:
        second = first_line(devnet)
        shell.environment["ETH_RPC_URL"] = second["rpc_url"]
        assert second["ledger"] == first["ledger"]
        shell.type("send", first["accounts"][1]["address"], "2")
        head = shell.type("index", "--json").json
    assert (head["size"], head["blocks"], head["verified"]) == (2, 2, True)
    shell.refused(*words, "--max-entries", "3", says=["2 entries", "another file"])


def test_anvil_dies_with_its_parent_even_when_that_is_killed(shell: Shell) -> None:
    with shell.start("devnet", "--port", "0", "--json") as devnet:
        url = first_line(devnet)["rpc_url"]
        assert answers(url)

        devnet.send_signal(signal.SIGKILL)

        eventually(lambda: not answers(url), 10)


def test_a_port_that_is_in_use_is_an_error_that_says_so(shell: Shell) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]

        shell.refused("devnet", "--port", port, says=[f"port {port}", "--port"])


def test_a_fee_needs_a_treasury(shell: Shell) -> None:
    shell.refused("devnet", "--fee-ppm", "50", says="--treasury", status=2)
