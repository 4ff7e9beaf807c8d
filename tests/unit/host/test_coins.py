"""What is said to a coin: written by hand, and held to eth_abi and to the committed ABI."""

from __future__ import annotations

import pytest
from eth_abi.abi import encode

from smartchain.errors import SettingsError
from smartchain.host import coins, contracts
from smartchain.host.bitcoin.burns import BurnProof
from smartchain.host.coins import Checkpoint, CoinTerms
from smartchain.host.contracts import Opening
from smartchain.host.reverts import selector
from smartchain.ledger.entry import Entry
from smartchain.types import Address, Hash32

GENESIS = "(uint64,uint64,bytes32[])"
ONE, TWO = Hash32(b"\1" * 32), Hash32(b"\2" * 32)
TERMS = CoinTerms("Ein Münzlein mit langem Namen, über ein Wort hinaus", "NEW", 6, 7, 60, Opening(3, 9, (ONE, TWO)))
NAMES = [TERMS.name, TERMS.symbol]
RULE = [7, 60, (3, 9, [ONE, TWO])]


def test_a_coins_creation_is_what_the_abi_makes_of_its_terms() -> None:
    kinds = ["string", "string", "uint8", "uint32", "uint32", GENESIS]
    made = coins.deploy_coin_data(TERMS)

    assert made == contracts.bytecode("Coin") + encode(kinds, [*NAMES, 6, *RULE])


def test_so_is_that_of_one_for_an_older_token_and_of_one_for_bitcoins() -> None:
    kinds = ["string", "string", "uint32", "uint32", GENESIS]
    point = Checkpoint(b"\5" * 80, 2016, 2**220, 6, 99)
    burns = ["(bytes,uint32,uint256)", "uint32", "uint256"]

    of_token = coins.deploy_for_token_data(TERMS, Address(b"\7" * 20))
    of_bitcoins = coins.deploy_for_bitcoins_data(TERMS, point)

    said = encode([*kinds, "address"], [*NAMES, *RULE, b"\7" * 20])
    assert of_token == contracts.bytecode("TokenBurnClaim") + said
    said = encode([*kinds, *burns], [*NAMES, *RULE, (point.headers, 2016, 2**220), 6, 99])
    assert of_bitcoins == contracts.bytecode("BitcoinBurnClaim") + said


def test_a_claim_a_burn_and_headers_are_said_as_the_abi_has_them() -> None:
    entry = Entry(TERMS.id, Address(bytes(20)), Address(b"\3" * 20), 5, 9)
    fields = (entry.subject, entry.sender, entry.recipient, 5, 9, bytes(32))
    kind = "(address,address,address,uint256,uint64,bytes32)"
    proof = BurnProof(b"\1" * 80, b"\2" * 99, 1, 2, [ONE, TWO], b"\3" * 65, [TWO, ONE])
    shown = "(bytes,bytes,uint256,uint256,bytes32[],bytes,bytes32[])"

    assert coins.claim_data(entry, 2, [ONE]) == selector(f"claim({kind},uint64,bytes32[])") + encode(
        [kind, "uint64", "bytes32[]"], [fields, 2, [ONE]]
    )
    assert coins.claim_burn_data(proof) == selector(f"claimBurn({shown})") + encode([shown], [proof.arguments])
    assert coins.submit_headers_data(b"\4" * 160) == selector("submitHeaders(bytes)") + encode(["bytes"], [b"\4" * 160])
    assert coins.migrate_data(5) == selector("migrate(uint256)") + encode(["uint256"], [5])


@pytest.mark.parametrize("text", ["", "  ", "N\u202eW", "a\nb", "x" * 65])
def test_a_name_or_a_symbol_that_nobody_could_read_is_refused(text: str) -> None:
    with pytest.raises(SettingsError, match="a coin's name has"):
        CoinTerms(text, "NEW")
    with pytest.raises(SettingsError, match="a coin's symbol has"):
        CoinTerms("New", text)
