"""Typing `deploy --token`, `--via` and `--factory`, and `chains`: on anvil, as a person would."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from eth_abi.abi import encode

from smartchain.host import factory, tokens
from smartchain.host.reverts import selector
from smartchain.ledger.address import checksum, parse_address
from smartchain.ledger.hash import ETHER
from smartchain.types import Address
from tests.conftest import Toolchain
from tests.e2e.typed import Shell, eventually, nothing_sent, shell_for, wallet
from tests.fakes.anvil import OnAnvil, on_anvil

MOCKS = Path(__file__).parents[1] / "contracts" / "artifacts"
FACTORY = checksum(factory.factory_address())


@pytest.fixture
def chain(toolchain: Toolchain) -> Iterator[OnAnvil]:
    """A chain of its own for each test: the factory has one address, and is there or not."""
    with on_anvil(executable=toolchain.anvil) as chain:
        yield chain


@pytest.fixture
def shell(chain: OnAnvil, tmp_path: Path) -> Shell:
    return shell_for(tmp_path, chain)


def token_of(chain: OnAnvil) -> Address:
    """A token that the first account has some of."""
    code = bytes.fromhex(json.loads((MOCKS / "MockToken.json").read_text())["bytecode"][2:])
    token = parse_address(chain.send(None, code)["contractAddress"])
    minted = selector("mint(address,uint256)") + bytes(12) + chain.accounts[0] + (10**9).to_bytes(32, "big")
    chain.send(token, minted)
    return token


def hostile_token(chain: OnAnvil, symbol: bytes) -> str:
    """A token that says this of itself."""
    code = bytes.fromhex(json.loads((MOCKS / "SayingToken.json").read_text())["bytecode"][2:])
    words = [encode(["string"], ["A name"]), encode(["bytes"], [symbol]), encode(["uint8"], [18])]
    made: str = chain.send(None, code + encode(["bytes"] * 3, words))["contractAddress"]
    return checksum(parse_address(made))


def test_what_cannot_be_deployed_is_refused_in_one_line(chain: OnAnvil, shell: Shell) -> None:
    misleading = hostile_token(chain, "\u202eHTE".encode())
    with nothing_sent(chain):
        shell.refused("deploy", "--token", misleading, says=["symbol", misleading, "no readable text"])
        shell.refused("deploy", "--token", wallet(1), says=["there is no token at", wallet(1)])
        shell.refused("deploy", "--via", FACTORY, says=["no contract at", "--factory"])
        shell.refused("deploy", "--via", checksum(chain.ledger), says="no factory of ledgers")
        shell.refused("deploy", "--factory", "--interval", "60", says="takes no terms", status=2)
        shell.refused("deploy", "--token", checksum(ETHER), says="no token", status=2)
        shell.refused("chains", "--factory", checksum(chain.ledger), says="no factory of ledgers")
    chain.rpc.call("anvil_setCode", checksum(factory.PROXY), "0x")
    with nothing_sent(chain):
        shell.refused("deploy", "--factory", says="no deterministic deployment proxy")


def test_what_stands_where_the_proxy_should_and_makes_nothing_is_not_taken_for_it(chain: OnAnvil, shell: Shell) -> None:
    chain.rpc.call("anvil_setCode", checksum(factory.PROXY), "0x00")

    shell.refused("deploy", "--factory", says=["was mined", FACTORY, "is empty"])


def test_a_factory_is_deployed_once_and_makes_each_ledger_once(chain: OnAnvil, shell: Shell) -> None:
    token = checksum(token_of(chain))
    made = shell.type("deploy", "--factory", "--json").json
    with nothing_sent(chain):
        again = shell.type("deploy", "--factory", "--json").json
        said = shell.type("deploy", "--factory")

    ether = shell.type("deploy", "--via", FACTORY, "--max-entries", "3", "--json").json
    of_token = shell.type("deploy", "--via", FACTORY, "--token", token, "--json").json
    shell.refused("deploy", "--via", FACTORY, "--token", token, says=["already", of_token["ledger"]])

    assert made["factory"] == again["factory"] == FACTORY
    assert (again["transaction"], made["gas_used"] > 6_000_000) == (None, True)
    assert "there already" in said.err
    rows = shell.type("chains", "--factory", FACTORY, "--json").lines
    assert [(row["ledger"], row["symbol"], row["max_entries"], row["deployed"]) for row in rows] == [
        (ether["ledger"], "ETH", 3, True),
        (of_token["ledger"], "MOCK", 100, True),
    ]


def test_a_token_that_calls_itself_eth_is_shown_with_its_address(chain: OnAnvil, shell: Shell) -> None:
    code = bytes.fromhex(json.loads((MOCKS / "StandardToken.json").read_text())["bytecode"][2:])
    said = encode(["string", "string", "uint8"], ["Ether", "ETH", 18])
    token = chain.send(None, code + said)["contractAddress"]
    shell.type("deploy", "--factory")
    of_token = shell.type("deploy", "--via", FACTORY, "--token", token, "--json").json["ledger"]

    shown = shell.type("chains", "--factory", FACTORY)

    assert [line.split() for line in shown.out.splitlines()[1:]] == [
        [of_token, "ETH", checksum(parse_address(token)), "0", "-", "-", "the", "factory"]
    ]


def test_a_tokens_chain_is_followed_like_any_other_and_shown_beside_the_rest(chain: OnAnvil, shell: Shell) -> None:
    token = token_of(chain)
    shell.type("deploy", "--factory")
    own = shell.type("deploy", "--token", checksum(token), "--max-entries", "2", "--json").json["ledger"]
    ledger = parse_address(own)
    chain.send(token, tokens.approve_data(ledger, 10**6))
    for value in (5, 6, 7):
        chain.send(ledger, tokens.relay_token_data(parse_address(wallet(1)), value))
    for listed in (ledger, chain.ledger):
        chain.send(factory.factory_address(), factory.register_data(listed))

    with nothing_sent(chain):
        shell.refused("send", wallet(1), "1ether", "--ledger", own, says=["'ether' is not what this ledger", "MOCK"])
    assert shell.type("index", "--ledger", own).status == 0

    rows = shell.type("chains", "--factory", FACTORY, "--json").lines
    assert [(row["subject"], row["size"], row["verified"], row["blocks"]) for row in rows] == [
        (checksum(token), 3, 3, 2),
        (checksum(ETHER), 0, None, None),
    ]
    shown = shell.type("chains", "--factory", FACTORY)
    assert [line.split() for line in shown.out.splitlines()[1:]] == [
        [own, "MOCK", checksum(token), "3", "3", "2", "somebody"],
        [checksum(chain.ledger), "ETH", "0", "-", "-", "somebody"],
    ]
    paid = shell.type("balance", wallet(1), "--ledger", own, "--json").json
    balances = {checksum(token): "18"}
    assert paid == {"address": wallet(1), "subject": checksum(token), "balance": "18", "balances": balances}
    assert "0.000018 MOCK  received less sent" in shell.type("balance", wallet(1), "--ledger", own).out
    in_ether = shell.type("balance", wallet(1), "--ledger", own, "--subject", checksum(ETHER)).out
    assert in_ether.startswith("0 ether")
    entries = shell.type("entries", "--ledger", own, "--json").lines
    assert [(entry["subject"], entry["value"]) for entry in entries] == [
        (checksum(token), str(value)) for value in (5, 6, 7)
    ]


def test_all_chains_of_a_factory_are_followed_in_one_process_and_new_ones_as_they_appear(
    chain: OnAnvil, shell: Shell
) -> None:
    shell.type("deploy", "--factory")
    first = shell.type("deploy", "--via", FACTORY, "--max-entries", "1", "--json").json["ledger"]
    for value in (1, 2, 3):
        assert shell.type("send", wallet(value), f"{value}gwei", "--ledger", first, "--yes").status == 0
    chain.relay(parse_address(wallet(4)), 10**9)
    chain.send(factory.factory_address(), factory.register_data(chain.ledger))
    del shell.environment["SMARTCHAIN_LEDGER"]

    caught_up = shell.type("index", "--factory", FACTORY, "--json").json
    assert [(one["ledger"], one["size"], one["verified"]) for one in caught_up["chains"]] == [
        (first, 3, True),
        (checksum(chain.ledger), 1, True),
    ]

    with shell.start("index", "--factory", FACTORY, "--follow", "--poll", "0.1", "--json") as follower:
        second = shell.type("deploy", "--via", FACTORY, "--max-entries", "2", "--json").json["ledger"]
        assert shell.type("send", wallet(5), "5gwei", "--ledger", second, "--yes").status == 0
        assert shell.type("send", wallet(6), "6gwei", "--ledger", first, "--yes").status == 0
        eventually(lambda: sizes(shell) == {first: 4, checksum(chain.ledger): 1, second: 1})
        follower.send_signal(signal.SIGTERM)
        out, said = follower.communicate(timeout=30)

    assert follower.returncode == 0, said
    assert "Traceback" not in said
    *steps, last = map(json.loads, out.splitlines())
    assert {first, second} <= {step["ledger"] for step in steps} <= {first, checksum(chain.ledger), second}
    assert {one["ledger"]: one["size"] for one in last["chains"]} == {first: 4, checksum(chain.ledger): 1, second: 1}
    assert shell.type("verify", "--ledger", second).status == 0


def test_a_chain_that_cannot_be_followed_is_named_and_holds_up_no_other(chain: OnAnvil, shell: Shell) -> None:
    shell.type("deploy", "--factory")
    first = shell.type("deploy", "--via", FACTORY, "--json").json["ledger"]
    second = shell.type("deploy", "--via", FACTORY, "--max-entries", "3", "--json").json["ledger"]
    assert shell.type("send", wallet(1), "1gwei", "--ledger", second, "--yes").status == 0
    chain.rpc.call("anvil_setCode", first, "0x00")
    del shell.environment["SMARTCHAIN_LEDGER"]

    done = shell.type("index", "--factory", FACTORY, "--json")

    said = json.loads(done.out)
    assert done.status == 1
    assert [(one["ledger"], one["size"]) for one in said["chains"]] == [(second, 1)]
    assert [one["ledger"] for one in said["left"]] == [first]
    assert "does not answer as a ledger does" in said["left"][0]["error"]
    shell.refused("index", "--factory", second, says="no factory of ledgers")
    shell.refused("index", "--factory", wallet(1), says="there is no contract at")
    shell.refused("index", "--factory", FACTORY, "--ledger", first, says="--factory", status=2)


def sizes(shell: Shell) -> dict[str, int]:
    """Verified entries of each ledger of the store."""
    rows = shell.type("chains", "--factory", FACTORY, "--json").lines
    return {row["ledger"]: row["verified"] for row in rows}
