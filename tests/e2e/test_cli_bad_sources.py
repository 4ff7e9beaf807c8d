"""A store or a node that cannot be used, or lies, is said in one line with exit status 1; nothing is lost."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from smartchain.devnet.anvil import Anvil, AnvilSettings
from smartchain.host import contracts
from smartchain.ledger.address import checksum
from tests.conftest import Toolchain
from tests.e2e.typed import KEYS, Shell, nothing_sent, shell_for, wallet
from tests.fakes import faults
from tests.fakes.anvil import OnAnvil, on_anvil
from tests.fakes.proxy import Fault, Proxy

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
    shell.refused("head", "--db", "mysql://somewhere/db", says="sqlite:///")


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
