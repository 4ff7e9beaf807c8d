"""The frame of the commands: how they start, how they end, and what they make of options."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from smartchain.cli import kinds, options
from smartchain.cli.failure import Ended, one_line_errors
from smartchain.cli.group import COMMANDS, cli, run
from smartchain.cli.settings import VARIABLES, file_settings
from smartchain.config import HostSettings, IndexSettings
from smartchain.errors import AmountError, NotAgreed, SettingsError
from smartchain.types import ChainId
from smartchain.wallet.fees import FeePolicy
from smartchain.wallet.flight import Patience
from smartchain.wallet.keys import KeyOptions

ADA = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8"
KEY = "0x" + "01" * 32


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working folder, and an environment in which nothing of ours is set."""
    monkeypatch.chdir(tmp_path)
    for variable in [*VARIABLES.values(), "SMARTCHAIN_DEBUG"]:
        monkeypatch.delenv(variable, raising=False)
    return tmp_path


# starting


@pytest.mark.parametrize(
    ("option", "given", "said"),
    [
        ("--poll", "nan", "nan is not a number"),
        ("--poll", "inf", "inf is not in the range"),
        ("--poll", "-0.1", "-0.1 is not in the range"),
        ("--cors", "example.org", "example.org is none"),
        ("--cors", "https://example.org/", "https://example.org/ is none"),
        ("--cors", "https://a b", "https://a b is none"),
        ("--cors", "null", "null is none"),
        ("--name", "https://example.org", "https://example.org is none"),
        ("--name", "a\r\nb", "a b is none"),
        ("--name", "", "is none"),
        ("--bind", "127.0.0.1:65536", "127.0.0.1:65536 is none"),
    ],
)
def test_an_option_of_the_node_that_can_mean_nothing_is_refused_before_it_starts(
    capsys: pytest.CaptureFixture[str], option: str, given: str, said: str
) -> None:
    assert run(["node", "--ledger", ADA, option, given]) in (1, 2)
    assert said in capsys.readouterr().err


@pytest.mark.parametrize("name", COMMANDS)
def test_each_command_is_there_by_its_name_and_explains_itself(name: str) -> None:
    command = getattr(import_module(f"smartchain.cli.{COMMANDS[name][0]}"), name)
    shown = CliRunner().invoke(cli, [name, "--help"])

    assert isinstance(command, click.Command)
    assert (command.name, shown.exit_code) == (name, 0)
    assert all(getattr(parameter, "help", "an argument") for parameter in command.params)


HEAVY = ["web3", "eth_account", "eth_tester", "sqlalchemy", "alembic", "pydantic", "rich", "ape", "pandas"]


def test_importing_a_command_imports_nothing_heavy() -> None:
    modules = sorted({f"smartchain.cli.{module}" for module, _ in COMMANDS.values()})
    code = f"import sys, {', '.join(modules)}; print([name for name in {HEAVY} if name in sys.modules])"

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)

    assert done.stdout.strip() == "[]"


# ending


def ended_by(error: BaseException) -> tuple[int, str]:
    """Exit status and message of a command that this ends."""
    try:
        with one_line_errors():
            raise error
    except Ended as ended:
        return ended.exit_code, ended.message
    except click.exceptions.Exit as left:
        return left.exit_code, ""


@pytest.mark.parametrize(
    ("error", "status", "said"),
    [
        (AmountError("an amount\nof \x1b[31mtwo lines"), 1, "an amount of  [31mtwo lines"),
        (NotAgreed("nothing was sent"), 1, "nothing was sent"),
        (click.UsageError("no such thing."), 2, "no such thing"),
        (click.ClickException("no"), 1, "no"),
        (OSError(28, "No space left on device", "x.db"), 1, "x.db: No space left on device"),
        (KeyboardInterrupt(), 130, ""),
        (click.Abort(), 130, ""),
    ],
)
def test_whatever_ends_a_command_is_one_line_and_a_status(error: BaseException, status: int, said: str) -> None:
    assert ended_by(error) == (status, said)


def test_what_nobody_expected_says_its_type_and_no_text_that_might_hold_a_key() -> None:
    status, said = ended_by(ValueError("https://host/secret-key"))

    assert status == 1
    assert "ValueError" in said
    assert "SMARTCHAIN_DEBUG=1" in said
    assert "secret" not in said


def test_a_traceback_is_shown_only_where_it_is_asked_for(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    ended_by(AmountError("zero"))
    silent = capsys.readouterr().err
    monkeypatch.setenv("SMARTCHAIN_DEBUG", "1")
    ended_by(AmountError("zero"))

    assert silent == ""
    assert "Traceback" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        (["balance", "0x12"], 1, "is not an address"),
        (["send", ADA, "-1ether"], 1, "negative"),
        (["send", ADA, "1", "--max-total", "-5"], 1, "negative"),
        (["send", ADA, "1", "--nonce", "-1"], 2, "try 'smartchain send --help'"),
        (["pay"], 2, "No such command 'pay'; try 'smartchain --help'"),
        (["head", "--ledger"], 2, "it is not the hardware wallet"),
        (["send", ADA, "1"], 2, "which ledger?"),
        (["deploy"], 1, "no key to sign with"),
    ],
)
def test_a_command_ends_with_its_status_and_its_line(
    words: list[str], status: int, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(words) == status
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.startswith("error: ")
    assert said in shown.err
    assert len(shown.err.splitlines()) == 1


def test_help_and_version_are_done() -> None:
    assert [run(["--help"]), run(["--version"]), run(["send", "-h"])] == [0, 0, 0]


# options


def asked(bundle: Callable[[Callable[..., object]], Callable[..., object]], into: str) -> Callable[..., object]:
    """A command of one bundle of options that gives back what it was handed."""

    @click.command()
    @bundle
    def command(**given: object) -> object:
        return given[into]

    def parse(*words: str, files: dict[str, object] | None = None) -> object:
        return command.main(list(words), standalone_mode=False, default_map=files)

    return parse


def test_the_host_is_the_local_node_unless_somebody_says_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    parse = asked(options.host, "host")

    assert parse() == HostSettings("http://127.0.0.1:8545")
    monkeypatch.setenv("ETH_RPC_URL", "https://node/key")
    monkeypatch.setenv("ETH_RPC_HEADERS", "A: b, C: d")
    assert parse("--chain-id", "5") == HostSettings("https://node/key", ("A: b", "C: d"), None, (), ChainId(5))
    assert "key" not in repr(parse())
    assert parse("--rpc-header", "X: y, z") == HostSettings("https://node/key", ("X: y, z",))


def test_several_nodes_are_taken_by_who_can_use_them_and_refused_or_noted_by_others(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    one, all_ = asked(options.host, "host"), asked(options.hosts, "host")

    typed = ("--rpc-url", "http://a,b", "--rpc-url", "http://c")
    assert all_(*typed) == HostSettings("http://a,b", more_rpc_urls=("http://c",))
    with pytest.raises(click.UsageError, match="give --rpc-url once"):
        one(*typed)
    for setting in ("http://a,b http://c", "http://a,b,http://c", "http://a,b, http://c,"):
        monkeypatch.setenv("ETH_RPC_URL", setting)
        assert all_() == HostSettings("http://a,b", more_rpc_urls=("http://c",))
    assert "http" not in repr(all_())
    assert one() == HostSettings("http://a,b")
    assert "ETH_RPC_URL names 2 nodes" in capsys.readouterr().err
    assert all_(files={"rpc_url": ["http://d", "http://e"]}) == all_()
    monkeypatch.delenv("ETH_RPC_URL")
    assert all_(files={"rpc_url": ["http://d", "http://e"]}) == HostSettings("http://d", more_rpc_urls=("http://e",))


def test_casts_variables_and_options_name_a_key(monkeypatch: pytest.MonkeyPatch) -> None:
    parse = asked(options.keys, "keys")
    monkeypatch.setenv("ETH_KEYSTORE", "key.json")
    monkeypatch.setenv("ETH_PASSWORD", "word.txt")
    monkeypatch.setenv("ETH_FROM", ADA)

    found = parse()

    assert isinstance(found, KeyOptions)
    assert (found.keystore, found.password_file) == (Path("key.json"), Path("word.txt"))
    assert found.sender == bytes.fromhex(ADA[2:])


def test_a_key_named_by_an_option_hides_one_of_the_environment_and_that_one_of_a_file(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    parse = asked(options.keys, "keys")
    files: dict[str, object] = {"account": "filed"}

    assert parse(files=files) == KeyOptions(account="filed")
    monkeypatch.setenv("ETH_PRIVATE_KEY", KEY)
    assert parse(files=files) == KeyOptions(private_key=KEY)
    assert parse("--account", "ada", files=files) == KeyOptions(account="ada")
    assert parse("--interactive", files=files) == KeyOptions(interactive=True)


def test_a_secret_on_the_command_line_is_warned_of_and_not_repeated(capsys: pytest.CaptureFixture[str]) -> None:
    parse = asked(options.keys, "keys")

    parse("--private-key", KEY, "--password", "hunter22")

    said = capsys.readouterr().err
    assert said.count("warning: ") == 2
    assert KEY not in said
    assert "hunter22" not in said


def test_gas_is_capped_in_any_unit_and_a_tip_may_be_nothing() -> None:
    parse = asked(options.fees, "fees")

    assert parse("--gas-price", "30gwei", "--priority-gas-price", "0") == FeePolicy(30 * 10**9, 0)  # type: ignore[arg-type]
    with pytest.raises(AmountError):
        parse("--gas-price", "0")


def test_one_confirmation_is_waited_for_unless_nothing_is() -> None:
    parse = asked(options.patience, "patience")

    assert parse() == Patience(confirmations=1, timeout_s=120)
    assert parse("--async") == Patience(confirmations=0, timeout_s=120)
    assert parse("--confirmations", "3", "--timeout", "0.5") == Patience(confirmations=3, timeout_s=0.5)


def test_a_development_chain_is_looked_at_more_often() -> None:
    assert IndexSettings().poll_on(ChainId(1)) == 2
    assert IndexSettings().poll_on(ChainId(31337)) == 0.2
    assert IndexSettings(poll_s=7).poll_on(ChainId(31337)) == 7


@pytest.mark.parametrize("text", ["0x12", "0x" + "zz" * 32, "twelve"])
def test_what_is_no_hash_is_said_to_be_none(text: str) -> None:
    with pytest.raises(Exception, match="64 hex digits"):
        kinds.hash_of(text)


# files


def test_without_files_there_are_no_settings_and_pydantic_is_not_asked() -> None:
    assert file_settings() == {}


@pytest.fixture
def toml(folder: Path) -> Callable[[str], object]:
    """Writes the settings file."""
    return (folder / "smartchain.toml").write_text


def test_toml_takes_the_names_of_the_options_and_dotenv_those_of_the_environment(
    folder: Path, toml: Callable[[str], object]
) -> None:
    toml('rpc-url = "http://toml"\nchain_id = 5\nfrom = "0x1"\ncheck_rpc_url = ["http://a", "http://b"]\nasync = true')
    (folder / ".env").write_text("ETH_RPC_URL=http://dotenv\nETH_PRIVATE_KEY=0xabc\nDB=other\nSOMETHING=1\n")

    assert file_settings() == {
        "rpc_url": ["http://dotenv"],
        "private_key": "0xabc",
        "chain_id": "5",
        "sender": "0x1",
        "check_rpc_url": ["http://a", "http://b"],
        "at_once": True,
    }


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("rpc = 'x'", "'rpc' in smartchain.toml is no setting"),
        ("private_key = '0x1'", "private_key does not belong"),
        ("ledger = [1]", "SMARTCHAIN_LEDGER"),
        ("rpc_url =", "not TOML"),
    ],
)
def test_a_wrong_settings_file_is_named_and_no_value_of_it_shown(
    toml: Callable[[str], object], text: str, says: str
) -> None:
    toml(text)

    with pytest.raises(SettingsError, match=says) as caught:
        file_settings()
    assert "0x1" not in str(caught.value)
