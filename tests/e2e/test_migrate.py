"""Typing `deploy --coin` and `migrate`: an older token and bitcoins brought across, on anvil, as a person would."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from eth_abi.abi import encode

from smartchain.host import coins
from smartchain.host.bitcoin.burns import burn_script
from smartchain.host.bitcoin.hashing import shown
from smartchain.host.bitcoin.headers import MAIN_LIMIT, bits_of
from smartchain.host.reverts import selector
from smartchain.host.tokens import approve_data
from smartchain.ledger.address import checksum, parse_address
from smartchain.ledger.hash import coin_id
from smartchain.types import Address, ChainId
from tests.conftest import Toolchain
from tests.contracts.bitcoins import LIMIT, Chain, coinbase, packed, spend
from tests.e2e.typed import Shell, nothing_sent, shell_for, wallet
from tests.fakes.anvil import OnAnvil, on_anvil

MOCKS = Path(__file__).parents[1] / "contracts" / "artifacts"
NAMED = ("--coin", "--name", "New Coin", "--symbol", "NEW")


@pytest.fixture(scope="module")
def chain(toolchain: Toolchain) -> Iterator[OnAnvil]:
    with on_anvil(executable=toolchain.anvil) as chain:
        yield chain


@pytest.fixture
def shell(chain: OnAnvil, tmp_path: Path) -> Shell:
    return shell_for(tmp_path, chain)


def token_of(chain: OnAnvil) -> Address:
    """A token with two decimals, of which the first account has a thousand."""
    code = bytes.fromhex(json.loads((MOCKS / "StandardToken.json").read_text())["bytecode"][2:])
    said = encode(["string", "string", "uint8"], ["Old", "OLD", 2])
    token = parse_address(chain.send(None, code + said)["contractAddress"])
    chain.send(token, selector("mint(address,uint256)") + bytes(12) + chain.accounts[0] + (10**5).to_bytes(32, "big"))
    return token


def test_a_coin_that_cannot_be_is_refused_in_one_line(chain: OnAnvil, shell: Shell) -> None:
    Path(shell.folder, "point.hex").write_text(coinbase(0).raw.hex())
    bitcoin = ("--bitcoin", "point.hex", "--bitcoin-height")

    with nothing_sent(chain):
        shell.refused("deploy", "--coin", "--name", "New", says="--symbol", status=2)
        shell.refused("deploy", "--coin", "--name", "New", "--symbol", "N\u202eW", says="symbol has 1 to 64 characters")
        shell.refused("deploy", *NAMED, "--old-token", wallet(1), says=["there is no token at", wallet(1)])
        shell.refused("deploy", *NAMED, *bitcoin, "0", says="header has 80 bytes")
        shell.refused("migrate", "token", "1", says="takes no older token's place")


def test_an_old_token_is_given_up_for_as_much_of_the_coin(chain: OnAnvil, shell: Shell) -> None:
    old = token_of(chain)
    coin = shell.type("deploy", *NAMED, "--old-token", checksum(old), "--json").json["ledger"]
    shell.environment["SMARTCHAIN_LEDGER"] = coin
    with nothing_sent(chain):
        shell.refused("migrate", "token", "12.345", "--yes", says="12.345 has more digits than the 2 decimals of NEW")
        shell.refused("migrate", "token", "1000.01", "--yes", says=["100000", "100001 are to be given up"])
    chain.send(old, approve_data(parse_address(coin), 7))

    done = shell.type("migrate", "token", "12.5", "--yes", "--json").json

    assert (done["index"], done["value"], len(done["approvals"])) == (0, "1250", 2)
    assert shell.type("index").status == 0
    entries = shell.type("entries", "--json").lines
    subject = checksum(coin_id("New Coin", "NEW"))
    mine = checksum(chain.accounts[0])
    assert [(one["subject"], one["recipient"], one["value"]) for one in entries] == [(subject, mine, "1250")]


def test_bitcoins_that_were_burnt_are_counted_once_and_only_where_they_were_meant(chain: OnAnvil, shell: Shell) -> None:
    mined = Chain.at(int(time.time()) - 86_400)
    Path(shell.folder, "point.hex").write_text(packed(mined.headers).hex())
    limit = ("--bitcoin-limit", f"{bits_of(LIMIT):08x}", "--depth", "2")
    point = ("--bitcoin", "point.hex", "--bitcoin-height")
    shell.refused("deploy", *NAMED, *point, "0", "--bitcoin-limit", f"{bits_of(MAIN_LIMIT):08x}", says="checkpoint")
    coin = shell.type("deploy", *NAMED, *point, "0", *limit, "--json").json["ledger"]
    shell.environment["SMARTCHAIN_LEDGER"] = coin

    said = shell.type("migrate", "script", wallet(3), "--json").json["script"]
    assert bytes.fromhex(said) == burn_script(parse_address(wallet(3)), ChainId(31337), parse_address(coin))
    elsewhere = burn_script(parse_address(wallet(3)), ChainId(1), parse_address(coin))
    burnt, other = spend(7, (4, b"\x51"), (250_000_000, bytes.fromhex(said))), spend(8, (9, elsewhere))
    header, whole = mined.grow([burnt, other])
    raw = header.pack() + bytes([len(whole)]) + b"".join(one.raw for one in whole)
    Path(shell.folder, "block.hex").write_text(raw.hex() + "\n")
    mined.grow()
    Path(shell.folder, "headers.bin").write_bytes(packed(mined.headers))
    show = ("migrate", "bitcoin", shown(burnt.id), "--block", "block.hex")

    with nothing_sent(chain):
        shell.refused("migrate", "bitcoin", shown(other.id), *show[3:], says="this address on another chain")
        shell.refused(*show, says=["does not know the Bitcoin block", shown(header.hash)])
    shell.refused(*show, "--headers", "headers.bin", says=["1 blocks", "2 blocks", "wait"])
    mined.grow()
    Path(shell.folder, "headers.bin").write_bytes(packed(mined.headers))
    with nothing_sent(chain):
        (tried,) = shell.type(*show, "--headers", "headers.bin", "--dry-run", "--json").json["burns"]
    done = shell.type(*show, "--headers", "headers.bin", "--json").json
    with nothing_sent(chain):
        shell.refused(*show, says=["output 1", shown(burnt.id), "was counted before"])

    (minted,) = done["burns"]
    assert (len(done["headers"]), minted["txid"], minted["output"]) == (1, shown(burnt.id), 1)
    assert (minted["claimant"], minted["satoshis"], minted["index"]) == (wallet(3), 250_000_000, 0)
    assert tried["data"].startswith("0x" + coins.CLAIM_BURN.hex())
    assert minted.items() >= {name: value for name, value in tried.items() if name != "data"}.items()
    assert shell.type("index").status == 0
    (entry,) = shell.type("entries", "--json").lines
    assert (entry["recipient"], entry["value"]) == (wallet(3), str(25 * 10**17))
    assert entry["memo"] == "0x" + burnt.id.hex()
