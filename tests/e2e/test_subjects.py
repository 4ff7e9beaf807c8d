"""Amounts of whatever a ledger counts, from the command line: paid and shown as it is described."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from eth_abi.abi import encode

from smartchain.host import purse, tokens
from smartchain.host.reverts import selector
from smartchain.ledger.address import checksum
from smartchain.types import Address
from tests.e2e.test_node import running
from tests.e2e.typed import Shell, eventually, nothing_sent, payer, shell_for, wallet
from tests.fakes.anvil import OnAnvil

ARTIFACTS = Path(__file__).parents[1] / "contracts" / "artifacts"
SHIPPED = Path(__file__).parents[2] / "smartchain" / "host" / "artifacts"
PLENTY = 10**12
GENESIS = "(uint64,uint64,bytes32[])"
NO_GENESIS: tuple[int, int, list[bytes]] = (0, 0, [])


def create(chain: OnAnvil, name: str, types: list[str], values: list[Any]) -> Address:
    """A contract of the project's or of the tests'."""
    place = next(place for place in (ARTIFACTS, SHIPPED) if (place / f"{name}.json").is_file())
    code = bytes.fromhex(json.loads((place / f"{name}.json").read_text())["bytecode"][2:])
    return Address(bytes.fromhex(chain.send(None, code + encode(types, values))["contractAddress"][2:]))


def mint(chain: OnAnvil, token: Address, value: int) -> None:
    chain.send(token, selector("mint(address,uint256)") + encode(["address", "uint256"], [chain.accounts[0], value]))


def relay_of(chain: OnAnvil, token: Address, fee_ppm: int = 0) -> Address:
    """A ledger of that token, of which the first account has plenty."""
    mint(chain, token, PLENTY)
    treasury = chain.accounts[9] if fee_ppm else None
    made = chain.send(None, tokens.deploy_token_data(token, 3, 0, fee_ppm, treasury))
    return Address(bytes.fromhex(made["contractAddress"][2:]))


@pytest.fixture
def shell(chain: OnAnvil, tmp_path: Path) -> Shell:
    """Without a ledger: each test makes its own."""
    return shell_for(tmp_path, chain)


def of(shell: Shell, ledger: Address) -> Shell:
    shell.environment["SMARTCHAIN_LEDGER"] = checksum(ledger)
    return shell


def held(chain: OnAnvil, token: Address, holder: str) -> int:
    return purse.balance_of(chain.rpc, token, Address(bytes.fromhex(holder[2:])))


def nonce_of(chain: OnAnvil) -> int:
    return int(chain.rpc.call("eth_getTransactionCount", payer(chain), "latest"), 16)


def old(chain: OnAnvil) -> Address:
    """A token without permits, of 18 decimals."""
    return create(chain, "OldToken", [], [])


def coin(chain: OnAnvil) -> tuple[Address, Address]:
    """An old token, and the coin of 18 decimals that the first account has 100 of."""
    token = old(chain)
    types = ["string", "string", "uint32", "uint32", GENESIS, "address"]
    made = create(chain, "TokenBurnClaim", types, ["New Coin", "NEW", 3, 0, NO_GENESIS, token])
    mint(chain, token, 10**20)
    chain.send(token, tokens.approve_data(made, 10**20))
    chain.send(made, selector("migrate(uint256)") + encode(["uint256"], [10**20]))
    return token, made


def undescribed(chain: OnAnvil) -> tuple[Address, Address]:
    """A token without decimals, so that its ledger knows none."""
    token = create(chain, "MockToken", [], [])
    code = chain.rpc.call("eth_getCode", checksum(token), "latest")
    said = selector("decimals()").hex()
    assert code.count(said) == 1
    chain.rpc.call("anvil_setCode", checksum(token), code.replace(said, "ffffffff"))
    return token, relay_of(chain, token)


def test_a_unit_of_ether_and_more_than_is_allowed_or_there_are_refused(chain: OnAnvil, shell: Shell) -> None:
    of(shell, relay_of(chain, create(chain, "MockToken", [], [])))

    with nothing_sent(chain):
        shell.refused("send", wallet(1), "1ether", says=["'ether' is not what this ledger counts", "MOCK"])
        shell.refused("send", wallet(1), "12.5", "--max-total", "12", says=["12.5 MOCK", "--max-total allows 12 MOCK"])
        shell.refused("send", wallet(1), "2000000", says=["has 1000000 MOCK", "2000000 MOCK are to be paid"])


def test_a_token_that_says_other_decimals_than_its_ledger_is_not_paid(chain: OnAnvil, shell: Shell) -> None:
    token, ledger = undescribed(chain)
    code = chain.rpc.call("eth_getCode", checksum(create(chain, "MockToken", [], [])), "latest")
    chain.rpc.call("anvil_setCode", checksum(token), code)
    of(shell, ledger)

    with nothing_sent(chain):
        shell.refused("send", wallet(1), "5", says=["no decimals that it names", "6 decimals", "nothing was sent"])


def test_a_token_that_nobody_described_is_paid_and_shown_in_smallest_units(chain: OnAnvil, shell: Shell) -> None:
    token, ledger = undescribed(chain)
    of(shell, ledger)

    dry = shell.type("send", wallet(2), "1250", "--dry-run")
    shell.type("send", wallet(2), "1250")

    assert dry.out.splitlines()[0].split(maxsplit=1) == ["total", f"1250 of {checksum(token)}"]
    assert held(chain, token, wallet(2)) == 1250


def test_a_token_with_permits_is_paid_in_one_transaction_by_what_the_ledger_calls_12_5(
    chain: OnAnvil, shell: Shell
) -> None:
    token = create(chain, "MockToken", [], [])
    of(shell, relay_of(chain, token))
    before = nonce_of(chain)

    dry = shell.type("send", wallet(1), "12.5", "--dry-run")
    sent = shell.type("send", wallet(1), "12.5 MOCK", "--memo", "rent", "--json").json

    assert dry.out.splitlines()[0].split(maxsplit=1) == ["total", "12.5 MOCK"]
    assert dry.out.splitlines()[-1].split(maxsplit=1) == ["left", "999987.5 MOCK"]
    assert (sent["index"], nonce_of(chain)) == (0, before + 1)
    assert held(chain, token, wallet(1)) == 12_500_000


def test_a_token_without_permits_is_told_first_what_the_ledger_may_move(chain: OnAnvil, shell: Shell) -> None:
    token = old(chain)
    ledger = relay_of(chain, token)
    few = ("send", wallet(1), "0.0000005")
    of(shell, ledger)

    with nothing_sent(chain):
        shell.refused(*few, "--dry-run", says=["may move 0 OLD", "allow it first, by cast send"])
    before = nonce_of(chain)
    sent = shell.type(*few, "--json").json
    chain.send(token, tokens.approve_data(ledger, 7))
    shell.type("send", wallet(1), "11raw", "--nonce", before + 3)

    assert (sent["index"], nonce_of(chain)) == (0, before + 6)
    assert held(chain, token, wallet(1)) == 5 * 10**11 + 11


@pytest.mark.parametrize(("kind", "unit", "power"), [("MockToken", "MOCK", 6), ("OldToken", "OLD", 18)])
def test_a_file_of_token_payments_pays_everybody_once_and_the_fee_is_kept(
    chain: OnAnvil, shell: Shell, kind: str, unit: str, power: int
) -> None:
    token = create(chain, kind, [], [])
    ledger = relay_of(chain, token, fee_ppm=10_000)
    mint(chain, token, 10**20)
    value = {at: 10**power + at * 10 ** (power - 1) for at in range(1, 8)}
    (shell.folder / "pay.csv").write_text("".join(f"{wallet(at)},1.{at},{'ab'[at % 2]}\n" for at in value))
    of(shell, ledger)

    done = shell.type("send", "--batch", "pay.csv", "--yes")
    again = shell.type("send", "--batch", "pay.csv", "--yes", "--json").json

    assert done.status == 0, done.err
    assert f"paid 9.8 {unit}; gas " in done.out
    assert again["value"] == str(sum(value.values()))
    assert {at: held(chain, token, wallet(at)) for at in value} == {at: v - v // 100 for at, v in value.items()}
    assert held(chain, token, checksum(ledger)) == sum(v // 100 for v in value.values())


def test_a_coin_is_paid_with_a_memo_singly_and_by_a_file(chain: OnAnvil, shell: Shell) -> None:
    _, made = coin(chain)
    of(shell, made)
    (shell.folder / "pay.csv").write_text(f"{wallet(3)},0.5\n{wallet(4)},1.25\n")

    sent = shell.type("send", wallet(1), "12.5", "--memo", "rent", "--json").json
    batch = shell.type("send", "--batch", "pay.csv", "--yes", "--json").json

    assert (sent["index"], batch["index"]) == (1, 2)
    assert [held(chain, made, wallet(at)) for at in (1, 3, 4)] == [125 * 10**17, 5 * 10**17, 125 * 10**16]


def test_what_is_stored_is_shown_as_the_ledger_describes_it_and_raw_where_nobody_is_asked(
    chain: OnAnvil, shell: Shell
) -> None:
    token = create(chain, "MockToken", [], [])
    of(shell, relay_of(chain, token, fee_ppm=10_000))
    shell.type("send", wallet(1), "12.5")
    shell.type("index")
    url = shell.environment.pop("ETH_RPC_URL")

    entries = shell.type("entries", "--rpc-url", url)
    balance = shell.type("balance", wallet(1), "--rpc-url", url)
    history = shell.type("history", "--address", wallet(1), "--csv", "--rpc-url", url)
    with running(shell, "--rpc-url", url) as node:
        node.until_ready()
        page = eventually(lambda: [text for text in [node.ask("/entry/0").data.decode()] if "MOCK" in text])[0]
    raw = shell.type("balance", wallet(1))
    away = shell.type("balance", wallet(1), "--rpc-url", "http://127.0.0.1:9")

    assert entries.out.splitlines()[1].endswith("  12.5 MOCK")
    assert balance.out.startswith("12.375 MOCK  received less sent")
    assert ",12.5,MOCK,0.125," in history.out
    assert history.out.splitlines()[1].endswith(",12.375,12.375")
    assert raw.out.startswith(f"12375000 of {checksum(token)}  received less sent")
    assert (away.status, away.out) == (0, raw.out)
    assert "12.5 <abbr" in page
    assert "<bdi>MOCK</bdi>" in page
    assert away.err.startswith("amounts of other subjects than Ether are in smallest units: ")


def test_likes_and_ether_of_one_chain_are_each_shown_in_their_own_unit(chain: OnAnvil, shell: Shell) -> None:
    likes = create(chain, "LikeRewards", ["uint256", "uint256"], [1, 10**17])
    author = Address(b"\x0c" * 20)
    chain.send(likes, selector("fund(bytes32)") + bytes(32), value=10**18)
    chain.send(likes, selector("like(address,bytes32)") + encode(["address", "bytes32"], [author, bytes(32)]))
    of(shell, likes).type("index")

    shown = shell.type("balance", checksum(author)).out.splitlines()
    found = shell.type("balance", checksum(author), "--json").json

    assert [line.partition("  ")[0] for line in shown] == ["0.1 ether", "1 LIKE"]
    assert found["balance"] == str(10**17)
    assert sorted(found["balances"].values()) == ["1", str(10**17)]
    shell.refused("send", wallet(1), "1", says="relays no Ether")
