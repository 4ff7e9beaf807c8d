"""Paying from the command line, on a real node: once, whatever happens, and only if somebody agrees."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
from contextlib import suppress
from pathlib import Path

from smartchain.ledger.address import checksum
from smartchain.ledger.hash import keccak
from smartchain.types import Address
from smartchain.wallet.keys import KeyOptions, open_key
from smartchain.wallet.offline import read_unsigned, sign_all
from tests.e2e.typed import KEYS, Shell, balance_on_host, eventually, payer, shell_for, wallet
from tests.fakes.anvil import OnAnvil

ETHER = 10**18


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


def test_a_payment_that_is_killed_has_said_its_transaction_before_it_left(chain: OnAnvil, shell: Shell) -> None:
    chain.rpc.call("evm_setAutomine", False)
    try:
        with shell.start("send", wallet(12), "7", "--json") as sending:
            assert sending.stderr is not None
            said = sending.stderr.readline().split()
            sending.kill()
            sending.wait()
        eventually(lambda: chain.rpc.call("eth_getTransactionByHash", said[-1]) is not None or sending.poll())
    finally:
        chain.rpc.call("evm_mine")
        chain.rpc.call("evm_setAutomine", True)
    assert said[0] == "sending"
    receipt = chain.rpc.call("eth_getTransactionReceipt", said[-1])
    assert balance_on_host(chain, wallet(12)) == (7 if receipt else 0)


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


# on a terminal


def typed_on_a_terminal(shell: Shell, answer: str, *words: object) -> tuple[int, str]:
    """Exit status and everything shown, where somebody answers the question."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        shell.command(*words), cwd=shell.folder, env=shell.environment, stdin=theirs, stdout=theirs, stderr=theirs
    )
    os.close(theirs)
    shown = ""
    with suppress(OSError):  # that is how the end of a terminal is told
        while piece := os.read(ours, 4096):
            shown += piece.decode()
            if shown.endswith("[y/N]: "):
                os.write(ours, answer.encode())
    os.close(ours)
    return process.wait(30), shown


def test_on_a_terminal_somebody_is_asked_with_count_and_total(chain: OnAnvil, shell: Shell) -> None:
    (shell.folder / "pay.csv").write_text(f"{wallet(45)},1ether\n{wallet(46)},2ether\n")

    no, asked = typed_on_a_terminal(shell, "n\n", "send", "--batch", "pay.csv")
    gone, _ = typed_on_a_terminal(shell, "\x04", "send", "--batch", "pay.csv")

    assert (no, gone) == (1, 130)
    assert "make 2 payments, 3 ether in all, on chain 31337? [y/N]" in asked
    assert asked.splitlines()[-1] == "error: nothing was sent"
    assert balance_on_host(chain, wallet(45)) == 0
    assert shell.files() == ["pay.csv"]

    yes, shown = typed_on_a_terminal(shell, "y\n", "send", "--batch", "pay.csv")

    assert yes == 0
    assert "paid 3 ether" in shown
    assert balance_on_host(chain, wallet(45)) == 10**18


def test_on_a_terminal_a_single_payment_is_asked_for_too_unless_yes_is_said(chain: OnAnvil, shell: Shell) -> None:
    no, asked = typed_on_a_terminal(shell, "n\n", "send", wallet(47), "1gwei")
    assert (no, balance_on_host(chain, wallet(47))) == (1, 0)
    assert f"pay 0.000000001 ether to {wallet(47)}" in asked

    yes, _ = typed_on_a_terminal(shell, "", "send", wallet(47), "1gwei", "--yes")
    assert (yes, balance_on_host(chain, wallet(47))) == (0, 10**9)
