"""The commands as a user types them, on a real node: from a deployment to a verified chain."""

from __future__ import annotations

import csv
import io
import json
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from smartchain.cli.group import COMMANDS
from smartchain.ledger.address import checksum
from smartchain.ledger.hash import keccak
from smartchain.types import Address
from smartchain.wallet.keys import KeyOptions, open_key
from smartchain.wallet.offline import read_unsigned, sign_all
from tests.conftest import Toolchain
from tests.e2e.typed import KEYS, PROGRAM, Done, Shell, eventually, shell_for, wallet
from tests.fakes.anvil import OnAnvil, on_anvil

ETHER = 10**18


@pytest.fixture(scope="module")
def chain(toolchain: Toolchain) -> Iterator[OnAnvil]:
    with on_anvil(executable=toolchain.anvil) as chain:
        yield chain


@pytest.fixture
def shell(chain: OnAnvil, tmp_path: Path) -> Shell:
    """A folder with a ledger of its own: a block closes at 3 entries."""
    shell = shell_for(tmp_path, chain)
    deployed = shell.type("deploy", "--max-entries", "3", "--json").json
    shell.environment["SMARTCHAIN_LEDGER"] = deployed["ledger"]
    return shell


def balance_on_host(chain: OnAnvil, address: str) -> int:
    return int(chain.rpc.call("eth_getBalance", address, "latest"), 16)


def payer(chain: OnAnvil) -> str:
    return checksum(chain.accounts[0])


# paying


def test_a_deployment_says_where_the_ledger_is_and_what_it_cost(chain: OnAnvil, tmp_path: Path) -> None:
    shell = shell_for(tmp_path, chain)

    done = shell.type("deploy", "--interval", "60", "--fee-ppm", "50", "--treasury", wallet(1), "--json").json

    assert done.keys() == {"ledger", "transaction", "block_number", "gas_used"}
    assert done["ledger"] == checksum(Address(bytes.fromhex(done["ledger"][2:])))
    receipt = chain.rpc.call("eth_getTransactionReceipt", done["transaction"])
    assert int(receipt["gasUsed"], 16) == done["gas_used"]
    assert int(receipt["blockNumber"], 16) == done["block_number"]
    rule = chain.rpc.call("eth_call", {"to": done["ledger"], "data": "0x" + keccak(b"blockRule()")[:4].hex()}, "latest")
    assert int(rule[66:], 16) == 60
    assert int(rule[:66], 16) == 0


def test_a_payment_arrives_and_its_entry_is_told(chain: OnAnvil, shell: Shell) -> None:
    before = balance_on_host(chain, wallet(10))

    first = shell.type("send", wallet(10), "0.1ether", "--memo", "für Ada", "--json").json
    second = shell.type("send", wallet(10), "0.2", "ether", "--memo-hash", "a longer story", "--json").json

    assert (first["index"], second["index"]) == (0, 1)
    assert {"index", "transaction", "gas_used", "block_number"} <= first.keys()
    assert balance_on_host(chain, wallet(10)) - before == 3 * ETHER // 10
    assert shell.type("index").status == 0
    entries = shell.type("entries", "--json").lines
    assert [entry["memo"] for entry in entries] == [
        "0x" + "für Ada".encode().ljust(32, b"\0").hex(),
        "0x" + keccak(b"a longer story").hex(),
    ]


def test_a_payment_that_is_not_waited_for_tells_its_transaction_alone(chain: OnAnvil, shell: Shell) -> None:
    done = shell.type("send", wallet(11), "1", "--async", "--json").json

    assert done["index"] is None
    assert done["gas_used"] is None
    assert eventually(lambda: chain.rpc.call("eth_getTransactionReceipt", done["transaction"]))["status"] == "0x1"


def test_a_dry_run_sends_nothing_and_needs_no_key(chain: OnAnvil, shell: Shell) -> None:
    del shell.environment["ETH_PRIVATE_KEY"]
    newest, before = chain.newest(), balance_on_host(chain, payer(chain))

    done = shell.type("send", wallet(12), "1ether", "--dry-run", "--from", payer(chain), "--json").json

    assert (done["payments"], done["value"], done["fee"]) == (1, str(ETHER), "0")
    assert int(done["left"]) == before - ETHER - int(done["gas_cost"])
    assert chain.newest() == newest


def test_a_file_is_paid_once_however_often_it_is_typed(chain: OnAnvil, shell: Shell) -> None:
    rows = [f"{wallet(20 + at)};{at + 1} gwei;{'ab'[at % 2]}" for at in range(7)]
    (shell.folder / "pay.csv").write_bytes(b"\xef\xbb\xbfrecipient;amount;memo\r\n" + "\r\n".join(rows).encode())
    before = [balance_on_host(chain, wallet(20 + at)) for at in range(7)]

    plan = shell.type("send", "--batch", "pay.csv", "--dry-run", "--json").json
    first = shell.type("send", "--batch", "pay.csv", "--yes", "--json")
    again = shell.type("send", "--batch", "pay.csv", "--yes", "--json")

    assert (plan["payments"], plan["transactions"], plan["value"]) == (7, 2, str(28 * 10**9))
    assert again.json == first.json
    assert first.json["index"] == 0
    assert [part["payments"] for part in first.json["transactions"]] == [4, 3]
    assert first.json["gas_used"] == sum(part["gas_used"] for part in first.json["transactions"])
    paid = [balance_on_host(chain, wallet(20 + at)) - old for at, old in enumerate(before)]
    assert paid == [(at + 1) * 10**9 for at in range(7)]


def test_a_run_that_is_killed_goes_on_and_pays_nobody_twice(chain: OnAnvil, shell: Shell) -> None:
    lines = [f"{wallet(100 + at)},{at + 1},{at}" for at in range(24)]
    (shell.folder / "pay.csv").write_text("\n".join(lines))
    before = [balance_on_host(chain, wallet(100 + at)) for at in range(24)]
    first = chain.newest()

    with shell.start("send", "--batch", "pay.csv", "--yes") as run:
        eventually(lambda: chain.newest() > first + 2 or run.poll() is not None)
        run.send_signal(signal.SIGKILL)
    done = shell.type("send", "--batch", "pay.csv", "--yes", "--json").json

    assert done["payments"] == 24
    paid = [balance_on_host(chain, wallet(100 + at)) - old for at, old in enumerate(before)]
    assert paid == [at + 1 for at in range(24)]


def test_transactions_for_a_key_that_lives_elsewhere_are_written_signed_there_and_broadcast(
    chain: OnAnvil, shell: Shell
) -> None:
    del shell.environment["ETH_PRIVATE_KEY"]
    (shell.folder / "pay.csv").write_text(f"{wallet(30)},1\n{wallet(31)},2,x\n")
    words = ("send", "--batch", "pay.csv", "--unsigned", "unsigned.json", "--from", payer(chain))
    assert shell.type(*words, "--json").json["transactions"] == 2
    unsigned = read_unsigned((shell.folder / "unsigned.json").read_text())
    signer = open_key(KeyOptions(private_key=KEYS[0]), home=shell.folder)
    (shell.folder / "signed").write_text(sign_all(signer, unsigned))

    first = shell.type("broadcast", "signed", "--json")
    again = shell.type("broadcast", "-", "--json", stdin=(shell.folder / "signed").read_text())

    assert [sent["index"] for sent in first.lines] == [0, 1]
    assert again.lines == first.lines
    shell.refused(*words, says="unsigned.json")
    shell.refused("broadcast", "unsigned.json", says="not signed")
    assert balance_on_host(chain, wallet(31)) == 2


def test_a_seal_closes_a_block_and_fees_are_collected(chain: OnAnvil, tmp_path: Path) -> None:
    shell = shell_for(tmp_path, chain)
    terms = ["--max-entries", "0", "--fee-ppm", "50", "--treasury", wallet(40)]
    shell.environment["SMARTCHAIN_LEDGER"] = shell.type("deploy", *terms, "--json").json["ledger"]
    shell.type("send", wallet(41), "1ether")

    sealed = shell.type("seal", "--json").json
    collected = shell.type("collect", "--json").json
    kept = shell.type("checkpoint", "--json").json

    assert (sealed["index"], collected["index"], kept["index"]) == (1, 2, None)
    assert balance_on_host(chain, wallet(40)) == ETHER * 50 // 10**6
    assert shell.type("index").status == 0
    head = shell.type("head", "--json").json
    assert (head["size"], head["blocks"], head["pending"]) == (3, 2, 1)
    ledger = shell.environment["SMARTCHAIN_LEDGER"]
    assert shell.type("balance", ledger, "--json").json["balance"] == "0"
    assert shell.type("balance", wallet(41), "--json").json["balance"] == str(ETHER - ETHER * 50 // 10**6)


# reading


def recorded(shell: Shell) -> None:
    """Seven entries: two blocks and one that waits."""
    for at in range(3):
        assert shell.type("send", wallet(50 + at % 2), f"{at + 1}gwei", "--memo", f"\x1b[31m{at}").status == 0
    (shell.folder / "four.csv").write_text("".join(f"{wallet(52 + at)},1gwei\n" for at in range(4)))
    assert shell.type("send", "--batch", "four.csv", "--yes").status == 0


def test_the_chain_is_read_verified_and_told_in_the_agreed_shapes(chain: OnAnvil, shell: Shell) -> None:
    recorded(shell)

    head = shell.type("index", "--json").json
    blocks = shell.type("blocks", "--json").lines
    entries = shell.type("entries", "--json").lines

    assert head == shell.type("head", "--json").json
    assert list(head) == ["size", "root", "blocks", "head_number", "head_hash", "pending", "verified", "host_block"]
    assert (head["size"], head["blocks"], head["pending"], head["verified"]) == (7, 3, 1, True)
    assert [list(block) for block in blocks] == [["number", "hash", "parent", "timestamp", "size", "root"]] * 3
    assert [(block["number"], block["size"]) for block in blocks] == [(0, 0), (1, 3), (2, 6)]
    assert [block["parent"] for block in blocks[1:]] == [block["hash"] for block in blocks[:-1]]
    assert blocks[-1]["hash"] == head["head_hash"]
    assert shell.type("block", "1", "--json").json == shell.type("block", blocks[1]["hash"], "--json").json == blocks[1]
    names = ["index", "subject", "sender", "recipient", "value", "timestamp", "memo", "host_block", "transaction"]
    assert [list(entry) for entry in entries] == [names] * 7
    assert [entry["index"] for entry in entries] == list(range(7))
    assert (entries[0]["value"], entries[0]["recipient"]) == ("1000000000", wallet(50))
    assert entries[0]["sender"] == payer(chain)
    of_one = shell.type("entries", "--address", wallet(50), "--json").lines
    assert [entry["index"] for entry in of_one] == [0, 2]
    assert shell.type("balance", wallet(50), "--json").json == {"address": wallet(50), "balance": "4000000000"}
    verified = shell.type("verify", "--json").json
    assert (verified["size"], verified["root"], verified["blocks"]) == (7, head["root"], 3)


def test_for_people_there_are_units_utc_and_no_escapes_from_memos(shell: Shell) -> None:
    recorded(shell)
    shell.type("index")

    for command in (["head"], ["blocks"], ["block", "1"], ["entries"], ["history"], ["verify"]):
        done = shell.type(*command)
        assert done.status == 0
        assert "\x1b" not in done.out
        assert done.err == ""
    assert "0.000000001 ether" in shell.type("entries").out
    assert r"\x1b[31m0" in shell.type("entries").out
    assert "Z" in shell.type("blocks").out.splitlines()[1]
    assert "0.000000004 ether" in shell.type("balance", wallet(50)).out


def test_the_history_is_a_file_for_a_spreadsheet(shell: Shell) -> None:
    shell.type("send", wallet(60), "1gwei", "--memo", "=1+1")
    shell.type("send", wallet(61), "2gwei", "--memo", "a, b")
    shell.type("index")

    rows = list(csv.DictReader(io.StringIO(shell.type("history", "--csv").out)))
    of_one = list(csv.DictReader(io.StringIO(shell.type("history", "--csv", "--address", wallet(61)).out)))
    past = shell.type("history", "--csv", "--to", "2020-01-01").out.splitlines()

    assert [(row["index"], row["amount"], row["unit"], row["memo"]) for row in rows] == [
        ("0", "0.000000001", "ether", "'=1+1"),
        ("1", "0.000000002", "ether", "a, b"),
    ]
    assert [(row["index"], row["change"], row["balance"]) for row in of_one] == [("1", "0.000000002", "0.000000002")]
    assert len(past) == 1


def test_reading_asks_the_node_nothing(shell: Shell) -> None:
    recorded(shell)
    shell.type("index")
    shell.environment["ETH_RPC_URL"] = "http://127.0.0.1:1"

    for command in (["head"], ["blocks"], ["block", "1"], ["entries"], ["balance", wallet(50)], ["history"]):
        assert shell.type(*command).status == 0
    shell.refused("verify", says="127.0.0.1:1")


def test_a_reader_that_goes_away_is_no_error(shell: Shell) -> None:
    recorded(shell)
    shell.type("index")
    piped = f"for n in 1 2 3; do {PROGRAM} entries --json; done | head -n 1"

    done = subprocess.run(
        ["sh", "-c", piped], cwd=shell.folder, env=shell.environment, capture_output=True, text=True, timeout=60
    )

    assert done.stderr == ""
    assert json.loads(done.stdout)["index"] == 0


# following


@pytest.mark.parametrize("kind", [signal.SIGTERM, signal.SIGINT])
def test_a_daemon_follows_and_ends_in_good_order_when_it_is_told_to(shell: Shell, kind: signal.Signals) -> None:
    with shell.start("index", "--follow", "--json") as daemon:
        shell.type("send", wallet(70), "1")
        shell.type("send", wallet(71), "2")
        eventually(lambda: _size(shell) == 2)
        daemon.send_signal(kind)
        out, err = daemon.communicate(timeout=20)

    assert daemon.returncode == 0, err
    *steps, head = map(json.loads, out.splitlines())
    assert sum(step["entries"] for step in steps) == 2
    assert {step["step"] for step in steps} == {"advanced"}
    assert (head["size"], head["verified"]) == (2, True)
    assert "stopped" in err.splitlines()[-1]


def _size(shell: Shell) -> int:
    done: Done = shell.type("head", "--json")
    return int(json.loads(done.out)["size"]) if done.status == 0 else -1


def test_with_confirmations_the_newest_blocks_wait(chain: OnAnvil, shell: Shell) -> None:
    shell.type("send", wallet(72), "1")
    chain.mine(2)
    shell.type("send", wallet(72), "2")

    assert shell.type("index", "--confirmations", "2", "--json").json["size"] == 1
    assert shell.type("index", "--json").json["size"] == 2


def test_the_only_ledger_of_a_store_need_not_be_named_again(shell: Shell) -> None:
    shell.type("send", wallet(73), "1")
    shell.type("index")
    shell.type("send", wallet(73), "2")
    del shell.environment["SMARTCHAIN_LEDGER"]

    assert shell.type("index", "--json").json["size"] == 2
    assert shell.type("verify", "--json").json["size"] == 2


# settings


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


def test_every_command_but_the_shells_takes_json(tmp_path: Path) -> None:
    shell = Shell(tmp_path)
    asked = [name for name in COMMANDS if name != "completion"]

    assert [name for name in asked if "--json" not in shell.type(name, "--help").out] == []


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
