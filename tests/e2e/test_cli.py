"""The program as a whole: its settings, its help, and the same commands inside ape."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from smartchain.cli.group import COMMANDS, cli
from smartchain.ledger.address import checksum
from tests.e2e.typed import PROGRAM, Done, Shell, wallet
from tests.fakes.anvil import OnAnvil

ETHER = 10**18


def test_an_option_goes_before_the_environment_then_dotenv_then_toml(chain: OnAnvil, tmp_path: Path) -> None:
    shell = Shell(tmp_path)
    ledger = checksum(chain.ledger)
    (tmp_path / "smartchain.toml").write_text(f'rpc_url = "http://127.0.0.1:3"\nledger = "{ledger}"\n')

    shell.refused("index", says="127.0.0.1:3")
    (tmp_path / ".env").write_text("ETH_RPC_URL=http://127.0.0.1:2\n")
    shell.refused("index", says="127.0.0.1:2")
    shell.environment["ETH_RPC_URL"] = "http://127.0.0.1:1"
    shell.refused("index", says="127.0.0.1:1")
    assert shell.type("index", "--rpc-url", chain.url).status == 0


def test_the_version_the_help_and_the_completion_are_there(tmp_path: Path) -> None:
    shell = Shell(tmp_path)

    assert shell.type("--version").out.startswith("smartchain ")
    for shell_name in ("bash", "zsh", "fish"):
        assert "_SMARTCHAIN_COMPLETE" in shell.type("completion", shell_name).out
    completed = Shell(
        tmp_path, {"_SMARTCHAIN_COMPLETE": "bash_complete", "COMP_WORDS": "smartchain ba", "COMP_CWORD": "1"}
    )
    assert completed.type().out == "plain,balance\n"
    assert "public for ever" in " ".join(shell.type("send", "--help").out.split())


def commands() -> Iterator[tuple[str, ...]]:
    """The words of every command, those in groups of their own included."""
    context = click.Context(cli)
    for name in COMMANDS:
        command = cli.get_command(context, name)
        if isinstance(command, click.Group):
            yield from ((name, inner) for inner in command.list_commands(context))
        else:
            yield (name,)


def test_every_command_but_the_shells_takes_json(tmp_path: Path) -> None:
    shell = Shell(tmp_path)
    asked = [words for words in commands() if words != ("completion",)]

    assert len(asked) > 25
    assert [words for words in asked if "--json" not in shell.type(*words, "--help").out] == []


@pytest.mark.ape
def test_ape_has_the_same_commands(chain: OnAnvil, shell: Shell) -> None:
    ape = PROGRAM.with_name("ape")

    def type_in_ape(*words: str) -> Done:
        done = subprocess.run(
            [str(ape), "smartchain", *words],
            cwd=shell.folder,
            env=shell.environment,
            capture_output=True,
            text=True,
            timeout=120,
            stdin=subprocess.DEVNULL,
        )
        return Done(done.returncode, done.stdout, done.stderr)

    sent = type_in_ape("send", wallet(80), "1gwei", "--json")
    wrong = type_in_ape("send", wallet(80), "1dollar")
    misused = type_in_ape("send")

    assert sent.json["index"] == 0
    assert wrong.status == 1
    assert wrong.err.splitlines()[-1].startswith("error: 'dollar' is no unit")
    assert misused.status == 2
    assert "Traceback" not in wrong.err + misused.err
