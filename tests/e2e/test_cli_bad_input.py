"""What cannot be used is said in one line, with exit status 1, or 2 for misuse; nothing is sent and nothing is lost."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from smartchain.ledger.address import checksum
from tests.conftest import Toolchain
from tests.e2e.typed import Shell, nothing_sent, shell_for, wallet
from tests.fakes.anvil import OnAnvil, on_anvil

CREATE2_DEPLOYER = "0x4e59b44847b379578588920cA78FbF26c0B4956C"
"""A contract that every anvil has, and no ledger."""

REFUSES = "0x60006000fd"
ETHER = 10**18


@pytest.fixture(scope="module")
def chain(toolchain: Toolchain) -> Iterator[OnAnvil]:
    with on_anvil(executable=toolchain.anvil) as chain:
        chain.relay(chain.accounts[1], ETHER)
        yield chain


@pytest.fixture
def shell(chain: OnAnvil, tmp_path: Path) -> Shell:
    return shell_for(tmp_path, chain)


WRONG_CASE = "0x70997970C51812dc3A010C7d01b50e0d17dc79c8"
BAD_PAYMENTS = {
    "a wrong checksum": ([WRONG_CASE, "1ether"], ["wrong checksum", WRONG_CASE]),
    "no address": (["0x1234", "1ether"], ["not an address"]),
    "an unknown unit": ([wallet(1), "1dollar"], ["'dollar' is no unit", "ether"]),
    "a negative amount": ([wallet(1), "-1ether"], ["negative"]),
    "an amount of zero": ([wallet(1), "0"], ["zero"]),
    "an amount of zero ether": ([wallet(1), "0.0", "ether"], ["zero"]),
    "a fraction of a wei": ([wallet(1), "0.5"], ["0.5ether"]),
    "a comma": ([wallet(1), "1,5ether"], ["with a point"]),
    "no number": ([wallet(1), "much"], ["not an amount"]),
    "too little balance": ([wallet(1), "1000000ether"], ["has 9998.", "1000000 ether"]),
    "a memo that is too long": ([wallet(1), "1", "--memo", "x" * 33], ["32 bytes", "33", "--memo-hash"]),
    "a memo of hex of another length": ([wallet(1), "1", "--memo", "0x12"], ["64 digits"]),
    "the zero address": (["0x" + "00" * 20, "1"], ["zero address"]),
    "more than --max-total": ([wallet(1), "2ether", "--max-total", "1ether"], ["2 ether", "nothing was sent"]),
    "a negative --max-total": ([wallet(1), "2ether", "--max-total", "-1ether"], ["negative"]),
    "another chain": ([wallet(1), "1", "--chain-id", "1"], ["chain 31337", "chain 1"]),
    "no contract": ([wallet(1), "1", "--ledger", wallet(9)], ["no contract", wallet(9)]),
    "a contract that is no ledger": ([wallet(1), "1", "--ledger", CREATE2_DEPLOYER], ["no ledger", CREATE2_DEPLOYER]),
    "a ledger with a wrong checksum": ([wallet(1), "1", "--ledger", WRONG_CASE], ["wrong checksum"]),
    "a node that is down": ([wallet(1), "1", "--rpc-url", "http://127.0.0.1:1"], ["127.0.0.1:1", "check the URL"]),
    "a URL of another kind": ([wallet(1), "1", "--rpc-url", "ws://127.0.0.1:1"], ["http"]),
    "a CA file that is not there": ([wallet(1), "1", "--ca-file", "none.pem"], ["none.pem"]),
    "a key that is none": ([wallet(1), "1", "--mnemonic", "one two three"], ["mnemonic"]),
    "a keystore that is not there": ([wallet(1), "1", "--keystore", "none.json"], ["none.json"]),
    "an account that is not there": ([wallet(1), "1", "--account", "nobody"], ["nobody"]),
    "a key of another address": ([wallet(1), "1", "--from", wallet(3)], [wallet(3), "--from"]),
    "a used nonce": ([wallet(1), "1", "--nonce", "0"], ["nonce 0 was used already"]),
    "a price of gas above the cap": ([wallet(1), "1", "--gas-price", "1", "--timeout", "0.2"], ["--gas-price"]),
}  # fmt: skip


@pytest.mark.parametrize(("words", "says"), BAD_PAYMENTS.values(), ids=BAD_PAYMENTS.keys())
def test_a_payment_that_cannot_be_made_is_refused_in_one_line(
    chain: OnAnvil, shell: Shell, words: list[str], says: list[str]
) -> None:
    with nothing_sent(chain):
        shell.refused("send", *words, says=says)


MISUSES = {
    "nothing to do": (["send"], "RECIPIENT"),
    "no amount": (["send", wallet(1)], "AMOUNT"),
    "an unknown option": (["send", wallet(1), "1", "--frm", wallet(2)], "--from"),
    "a recipient and a batch": (["send", wallet(1), "1", "--batch", "x.csv"], "not both"),
    "two memos": (["send", wallet(1), "1", "--memo", "a", "--memo-hash", "b"], "not both"),
    "a dry run of an unsigned file": (["send", wallet(1), "1", "--dry-run", "--unsigned", "u.json"], "not both"),
    "a memo for a batch": (["send", "--batch", "x.csv", "--memo", "a"], "column memo"),
    "duplicates of nothing": (["send", wallet(1), "1", "--allow-duplicates"], "--batch"),
    "a number that is none": (["send", wallet(1), "1", "--nonce", "many"], "many"),
    "cast's hardware wallet": (["send", wallet(1), "1", "--ledger"], "hardware wallet"),
    "cast's hardware wallet, then more": (["send", wallet(1), "1", "--ledger", "--json"], "hardware wallet"),
    "two ways to say how far": (["index", "--confirmations", "1", "--finality", "safe"], "--finality"),
    "another finality": (["index", "--finality", "soon"], "finalized"),
    "a fee for nobody": (["deploy", "--fee-ppm", "50"], "--treasury"),
    "too many entries": (["deploy", "--max-entries", str(2**32)], "range"),
    "an unknown command": (["pay"], "pay"),
    "an option before the command": (["--json", "head"], "--json"),
    "no block": (["block"], "NUMBER"),
    "two forms of history": (["history", "--csv", "--json"], "not both"),
}  # fmt: skip


@pytest.mark.parametrize(("words", "says"), MISUSES.values(), ids=MISUSES.keys())
def test_misuse_is_one_line_that_names_the_help(chain: OnAnvil, shell: Shell, words: list[str], says: str) -> None:
    with nothing_sent(chain):
        line = shell.refused(*words, says=says, status=2)
    assert "--help'" in line


def test_without_a_ledger_or_a_key_the_option_to_give_is_named(chain: OnAnvil, tmp_path: Path) -> None:
    bare = Shell(tmp_path, {"ETH_RPC_URL": chain.url})

    bare.refused("send", wallet(1), "1", says="--ledger", status=2)
    bare.refused("index", says="--ledger", status=2)
    bare.refused("send", wallet(1), "1", "--ledger", checksum(chain.ledger), says=["no key", "--keystore"])


def test_a_recipient_that_refuses_is_named_before_anything_is_sent(chain: OnAnvil, shell: Shell) -> None:
    chain.rpc.call("anvil_setCode", wallet(66), REFUSES)

    with nothing_sent(chain):
        shell.refused("send", wallet(66), "1", says=[wallet(66), "does not take"])
        shell.refused("send", wallet(66), "1", "--dry-run", says=[wallet(66), "does not take"])


BAD_FILES = {
    "another column": ("recipient,amount,colour\n", ["line 1", "'colour'"]),
    "a wrong checksum": (f"recipient,amount\n{wallet(1)},1\n{WRONG_CASE},1\n", ["line 3", "wrong checksum"]),
    "an unknown unit": (f"{wallet(1)},1ether\n{wallet(2)},1euro\n", ["line 2", "'euro'"]),
    "a negative amount": (f"{wallet(1)},1\n\n{wallet(2)},-1\n", ["line 3", "negative"]),
    "a missing amount": (f"{wallet(1)}\n{wallet(2)},1\n", ["line 1", "amount is missing"]),
    "a memo that is too long": (f"{wallet(1)},1,{'x' * 33}\n", ["line 1", "33"]),
    "a payment that is there twice": (f"{wallet(1)},1\n{wallet(2)},1\n{wallet(1)},1", ["line 3", "--allow-duplicates"]),
    "no payment": ("recipient,amount\n", ["no payment"]),
    "nothing": ("", ["no payment"]),
    "too much in all": (f"{wallet(1)},9000ether\n{wallet(2)},9000ether\n", ["has 9998.", "18000 ether are to be paid"]),
    "a recipient that refuses": (f"{wallet(1)},1\n{wallet(2)},2\n{wallet(77)},3\n", ["line 3", wallet(77)]),
}  # fmt: skip


@pytest.mark.parametrize(("content", "says"), BAD_FILES.values(), ids=BAD_FILES.keys())
def test_a_file_with_a_bad_line_is_refused_whole_and_the_line_is_named(
    chain: OnAnvil, shell: Shell, content: str, says: list[str]
) -> None:
    chain.rpc.call("anvil_setCode", wallet(77), REFUSES)
    (shell.folder / "payments.csv").write_text(content)

    with nothing_sent(chain):
        shell.refused("send", "--batch", "payments.csv", "--yes", says=says)

    assert shell.files() == ["payments.csv"]


def test_a_file_is_paid_only_if_somebody_agrees(chain: OnAnvil, shell: Shell) -> None:
    (shell.folder / "payments.csv").write_text(f"{wallet(1)},1ether\n{wallet(2)},2ether\n")

    with nothing_sent(chain):
        shell.refused("send", "--batch", "payments.csv", says=["2 payments", "3 ether", "--yes"])
        shell.refused("send", "--batch", "none.csv", "--yes", says="none.csv")


def test_a_file_that_was_changed_after_a_run_began_is_refused(chain: OnAnvil, shell: Shell) -> None:
    payments = shell.folder / "payments.csv"
    payments.write_text(f"{wallet(1)},1\n{wallet(2)},2\n")
    assert shell.type("send", "--batch", "payments.csv", "--yes").status == 0
    payments.write_text(f"{wallet(1)},1\n{wallet(2)},3\n")

    with nothing_sent(chain):
        shell.refused("send", "--batch", "payments.csv", "--yes", says=["payments.csv.run", "changed"])
