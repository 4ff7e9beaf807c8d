"""Reading from the command line: the verified chain in the agreed shapes, followed by a daemon."""

from __future__ import annotations

import csv
import io
import json
import signal
import subprocess

import pytest

from tests.e2e.typed import PROGRAM, Done, Shell, eventually, payer, wallet
from tests.fakes import faults
from tests.fakes.anvil import OnAnvil
from tests.fakes.proxy import Proxy

ETHER = 10**18


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
    assert shell.type("balance", wallet(50), "--json").json == {
        "address": wallet(50),
        "subject": "0xEeeeeEeeeEeEeeEeEeEeeEEEeeeeEeeeeeeeEEeE",
        "balance": "4000000000",
        "balances": {"0xEeeeeEeeeEeEeeEeEeEeeEEEeeeeEeeeeeeeEEeE": "4000000000"},
    }
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


def test_a_daemon_waits_for_a_node_that_is_not_ready_and_goes_on_through_trouble(chain: OnAnvil, shell: Shell) -> None:
    shell.type("send", wallet(74), "1")
    with Proxy(chain.url) as proxy, shell.start("index", "--follow", "--rpc-url", proxy.url) as daemon:
        proxy.fault(faults.status(503))
        eventually(lambda: len(proxy.calls) >= 4)
        proxy.heal()
        eventually(lambda: _size(shell) == 1)
        proxy.fault(faults.cut_off, times=6)
        shell.type("send", wallet(74), "2")
        eventually(lambda: _size(shell) == 2)
        daemon.send_signal(signal.SIGTERM)
        _, err = daemon.communicate(timeout=20)

    assert daemon.returncode == 0
    assert "trouble" in err
    assert "503" in err


def test_a_daemon_that_still_waits_for_its_node_ends_when_it_is_told_to(shell: Shell) -> None:
    with shell.start("index", "--follow", "--rpc-url", "http://127.0.0.1:1") as daemon:
        assert daemon.stderr is not None
        assert "trouble" in daemon.stderr.readline()
        daemon.send_signal(signal.SIGTERM)
        assert daemon.wait(20) == 0
    assert shell.files() == []


def test_a_catching_up_that_is_interrupted_is_not_done(chain: OnAnvil, shell: Shell) -> None:
    shell.type("send", wallet(75), "1")
    with Proxy(chain.url) as proxy:
        proxy.fault(faults.late(3), "eth_getLogs")
        with shell.start("index", "--rpc-url", proxy.url) as once:
            eventually(lambda: proxy.count("eth_getLogs"))
            once.send_signal(signal.SIGINT)
            status = once.wait(20)

    assert status == 130
    assert shell.type("index", "--json").json["size"] == 1


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
