"""What cannot be used is said in one line, with exit status 1, or 2 for misuse; nothing is sent and nothing is lost."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from smartchain.devnet.anvil import Anvil, AnvilSettings
from smartchain.host import contracts
from smartchain.ledger.address import checksum
from tests.conftest import Toolchain
from tests.e2e.typed import KEYS, Shell, shell_for, wallet
from tests.fakes import faults
from tests.fakes.anvil import OnAnvil, on_anvil
from tests.fakes.proxy import Fault, Proxy

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


@contextmanager
def nothing_sent(chain: OnAnvil) -> Iterator[None]:
    """Neither block nor pending transaction comes of what is done within."""

    def seen() -> tuple[object, ...]:
        payer = "0x" + chain.accounts[0].hex()
        pending = chain.rpc.call("eth_getTransactionCount", payer, "pending")
        return chain.newest(), pending, chain.rpc.call("eth_getBalance", payer, "latest")

    before = seen()
    yield
    assert seen() == before


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


# the store


def indexed(shell: Shell) -> Path:
    assert shell.type("index").status == 0
    return shell.folder / "smartchain.db"


def test_a_database_that_is_not_there_is_named_and_not_made(shell: Shell) -> None:
    for command in (["head"], ["blocks"], ["block", "0"], ["entries"], ["balance", wallet(1)], ["verify"], ["history"]):
        shell.refused(*command, says=["smartchain.db", "smartchain index"])

    assert shell.files() == []


def test_a_database_of_a_newer_schema_is_refused_and_kept_as_it_is(shell: Shell) -> None:
    path = indexed(shell)
    with closing(sqlite3.connect(path)) as database:
        database.execute("UPDATE alembic_version SET version_num = '9999'")
        database.commit()
    before = path.read_bytes()

    for command in ("head", "index", "verify"):
        shell.refused(command, says=["newer version", "9999"])

    assert path.read_bytes() == before


def test_a_file_that_is_no_database_is_refused_and_kept_as_it_is(shell: Shell) -> None:
    path = shell.folder / "smartchain.db"
    path.write_text("dear diary, " * 500)

    for command in ("head", "index"):
        shell.refused(command, says="smartchain.db")

    assert path.read_text() == "dear diary, " * 500


def test_a_store_of_another_kind_is_named(shell: Shell) -> None:
    shell.refused("head", "--db", "postgresql://somewhere/db", says="sqlite:///")


def test_a_database_of_another_ledger_of_the_same_address_is_refused(toolchain: Toolchain, shell: Shell) -> None:
    indexed(shell)
    before = shell.type("head", "--json").json
    with Anvil(toolchain.anvil, AnvilSettings(port=0)) as anvil:
        anvil.rpc.call("evm_setNextBlockTimestamp", hex(int(time.time()) + 1000))
        other = OnAnvil(anvil)
        assert checksum(other.ledger) == shell.environment["SMARTCHAIN_LEDGER"]

        shell.refused("index", "--rpc-url", other.url, says=["smartchain.db", "--db"])

    assert shell.type("head", "--json").json == before


def test_a_node_of_another_chain_than_the_stored_ledger_is_refused(toolchain: Toolchain, shell: Shell) -> None:
    indexed(shell)
    del shell.environment["SMARTCHAIN_LEDGER"]
    with Anvil(toolchain.anvil, AnvilSettings(port=0, chain_id=1234)) as anvil:  # type: ignore[arg-type]
        for command in ("index", "verify"):
            shell.refused(command, "--rpc-url", anvil.url, says=["chain 1234", "chain 31337"])


def test_of_several_ledgers_one_has_to_be_chosen(chain: OnAnvil, shell: Shell) -> None:
    indexed(shell)
    data = contracts.deploy_data(1, 0)
    other = checksum(bytes.fromhex(chain.send(None, data)["contractAddress"][2:]))  # type: ignore[arg-type]
    assert shell.type("index", "--ledger", other).status == 0
    del shell.environment["SMARTCHAIN_LEDGER"]

    for command in ("head", "index"):
        shell.refused(command, says=["--ledger", checksum(chain.ledger), other])

    assert shell.type("head", "--json", "--ledger", other).json["size"] == 0


def test_a_block_that_is_not_there_and_a_hash_that_is_none_are_named(shell: Shell) -> None:
    indexed(shell)

    shell.refused("block", "99", says=["no block 99", "0 to 0"])
    shell.refused("block", "0x12", says="64 hex digits")
    shell.refused("block", "0x" + "12" * 32, says="no block 0x12")
    shell.refused("balance", WRONG_CASE, says="wrong checksum")
    shell.refused("history", "--from", "tomorrow", says=["'tomorrow'", "2026-01-31"])
    shell.refused("history", "--tz", "Mars/Olympus", says="time zone")


# nodes


@pytest.fixture
def proxy(chain: OnAnvil, shell: Shell) -> Iterator[Proxy]:
    with Proxy(chain.url) as proxy:
        shell.environment["ETH_RPC_URL"] = proxy.url
        yield proxy


def recorded(chain: OnAnvil, count: int) -> int:
    """Record some more; the index of the first."""
    call = {"to": checksum(chain.ledger), "data": "0x" + contracts.SIZE_DATA.hex()}
    first = int(chain.rpc.call("eth_call", call, "latest"), 16)
    for at in range(count):
        chain.relay(chain.accounts[2], at + 1)
    return first


def test_a_node_that_leaves_a_log_out_ends_indexing_with_its_host_block(
    chain: OnAnvil, shell: Shell, proxy: Proxy
) -> None:
    first = recorded(chain, 6)
    proxy.fault(faults.logs(faults.drop(first + 2)), "eth_getLogs")
    block = chain.newest() - 3

    done = shell.type("index")

    assert (done.status, done.out) == (1, "")
    assert f"the logs of host block {block} are not what the contract recorded" in done.err.splitlines()[-1]
    assert shell.type("head", "--json").json["size"] == 0
    proxy.heal()
    assert shell.type("index", "--json").json["size"] == first + 6


def test_a_node_that_changes_an_amount_ends_indexing_with_its_host_block(
    chain: OnAnvil, shell: Shell, proxy: Proxy
) -> None:
    first = recorded(chain, 6)
    proxy.fault(faults.logs(faults.alter(first + 3, faults.add_to_value)), "eth_getLogs")

    done = shell.type("index", "--json")

    assert (done.status, done.out) == (1, "")
    assert f"the logs of host block {chain.newest() - 2} are not" in done.err.splitlines()[-1]
    assert shell.type("entries", "--json").lines == []


def test_a_node_that_disagrees_with_another_is_not_believed(chain: OnAnvil, shell: Shell, proxy: Proxy) -> None:
    forged = "0x" + (10**6).to_bytes(32, "big").hex() + "ab" * 32
    head = "0x" + contracts.HEAD_DATA.hex()

    def forge(call: dict[str, object], answer: object) -> object:
        asked = call["params"][0]["data"]  # type: ignore[index]
        return faults.result(lambda _: forged)(call, answer) if asked == head else answer  # type: ignore[arg-type]

    proxy.fault(forge, "eth_call")  # type: ignore[arg-type]
    shell.environment["ETH_RPC_URL"] = chain.url

    done = shell.type("index", "--check-rpc-url", proxy.url)

    assert done.status == 1
    assert proxy.url in done.err.splitlines()[-1]
    assert shell.type("head", "--json").json["size"] == 0


@pytest.mark.parametrize(
    "fault", [faults.cut_off, faults.cut_short, faults.status(503)], ids=["cut off", "cut short", "503"]
)
def test_a_node_that_never_answers_whole_fails_in_one_line_and_loses_nothing(
    chain: OnAnvil, shell: Shell, proxy: Proxy, fault: Fault
) -> None:
    indexed(shell)
    before = shell.type("head", "--json").json
    proxy.fault(fault)

    with nothing_sent(chain):
        shell.refused("send", wallet(1), "1", "--timeout", "1", says=proxy.url)
        shell.refused("verify", says=proxy.url)

    assert shell.type("head", "--json").json == before


def test_a_url_with_a_key_never_shows_it(shell: Shell) -> None:
    for url in ("http://me:hunter22@127.0.0.1:1/v3/hunter22?key=hunter22", "https://127.0.0.1:1/hunter22"):
        for debug in ("", "1"):
            shell.environment["SMARTCHAIN_DEBUG"] = debug
            done = shell.type("send", wallet(1), "1", "--rpc-url", url)
            assert done.status == 1
            assert "hunter22" not in done.out + done.err


def test_a_key_on_the_command_line_is_warned_of_and_never_shown(chain: OnAnvil, shell: Shell) -> None:
    del shell.environment["ETH_PRIVATE_KEY"]

    done = shell.type("send", wallet(1), "1", "--private-key", KEYS[0], "--dry-run")
    wrong = shell.type("send", wallet(1), "1", "--private-key", "0x" + "ff" * 32)

    assert done.status == 0
    assert "others on this machine can see" in done.err
    assert wrong.status == 1
    assert KEYS[0][2:] not in done.out + done.err
    assert "ffff" not in wrong.err
