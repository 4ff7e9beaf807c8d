"""Coin: every movement an entry, opening balances that live once claimed, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest
from eth_account import Account
from web3.exceptions import ContractPanicError
from web3.logs import DISCARD

from smartchain.ledger.hash import coin_id
from tests.contracts.coins import FRESH, NAME, OTHER, SYMBOL, TERMS, Mint
from tests.contracts.evm import NO_GENESIS, NOBODY, Evm, raw, word
from tests.contracts.tokens import FOR_EVER, PERMITTED

SHORT = "BalanceTooLowOrUnclaimed(address,uint256,uint256)"


@pytest.fixture
def mint(evm: Evm) -> Mint:
    """A coin of five wallets, the first two accounts among them."""
    return Mint.of(evm, {evm.accounts[0]: 100, evm.accounts[1]: 50, FRESH: 7, OTHER: 1, "0x" + "01" * 20: 2**200})


@pytest.mark.parametrize(
    "changed",
    [
        {"sender": raw(FRESH)}, {"subject": raw(FRESH)}, {"memo": b"\1" * 32}, {"timestamp": 1}, {"index": 5},
        {"recipient": bytes(20)},
    ],
    ids=lambda changed: next(iter(changed)),
)  # fmt: skip
def test_what_is_no_opening_balance_by_its_form_is_not_claimed(mint: Mint, changed: dict[str, Any]) -> None:
    index = changed.get("index", mint.opening.index(FRESH))

    mint.evm.refuses(mint.claim(FRESH, **changed), "NoOpeningBalance(uint64)", index)


def test_another_value_wallet_index_or_proof_does_not_lead_to_the_genesis(mint: Mint) -> None:
    index = mint.opening.index(FRESH)
    proof = mint.opening.proof(index)

    for changed in ({"value": 8}, {"recipient": b"\x58" * 20}, {"proof": proof[:-1]}, {"proof": [*proof, bytes(32)]}):
        mint.evm.refuses(mint.claim(FRESH, **changed), "NotInGenesis(uint64)", index)
    mint.evm.refuses(mint.claim(FRESH, index=(index + 1) % 5), "NotInGenesis(uint64)", (index + 1) % 5)


def test_a_proof_against_a_later_root_claims_nothing(mint: Mint) -> None:
    mint.evm.send(mint.coin.functions.seal())
    index = mint.opening.index(FRESH)

    later = mint.opening.proof(index, mint.entries())

    assert later != mint.opening.proof(index)
    mint.evm.refuses(mint.claim(FRESH, proof=later), "NotInGenesis(uint64)", index)


def test_a_mint_after_the_genesis_is_no_opening_balance(evm: Evm) -> None:
    mint = Mint.empty(evm)

    evm.refuses(
        mint.coin.functions.claim((coin_id(NAME, SYMBOL), NOBODY, FRESH, 1, evm.now(), bytes(32)), 0, []),
        "NoOpeningBalance(uint64)",
        0,
    )


def test_nothing_is_claimed_twice(mint: Mint) -> None:
    mint.evm.send(mint.claim(FRESH))

    mint.evm.refuses(mint.claim(FRESH), "AlreadyClaimed(uint64)", mint.opening.index(FRESH))
    assert (mint.balance(FRESH), mint.supply()) == (7, 7)


def test_an_unclaimed_balance_cannot_be_moved_and_the_error_says_so(mint: Mint) -> None:
    owner = mint.evm.accounts[0]

    for call in (
        mint.coin.functions.transfer(FRESH, 1),
        mint.coin.functions.transferWithMemo(FRESH, 1, bytes(32)),
        mint.coin.functions.transferBatch([word(FRESH, 1)], bytes(32)),
        mint.coin.functions.burn(1),
    ):
        mint.evm.refuses(call, SHORT, owner, 0, 1)


def test_without_opening_balances_too_little_is_the_error_of_every_token(evm: Evm) -> None:
    coin = Mint.empty(evm).coin

    evm.refuses(
        coin.functions.transfer(FRESH, 1), "ERC20InsufficientBalance(address,uint256,uint256)", evm.accounts[0], 0, 1
    )


def test_nobody_is_no_recipient(mint: Mint) -> None:
    mint.evm.send(mint.claim(mint.evm.accounts[0]))

    for call in (
        mint.coin.functions.transfer(NOBODY, 1),
        mint.coin.functions.transferWithMemo(NOBODY, 1, bytes(32)),
        mint.coin.functions.transferBatch([word(NOBODY, 1)], bytes(32)),
    ):
        mint.evm.refuses(call, "ERC20InvalidReceiver(address)", NOBODY)
    mint.evm.refuses(mint.coin.functions.transferBatch([], bytes(32)), "EmptyBatch()")


def test_a_batch_that_is_more_than_there_is_changes_nothing(mint: Mint) -> None:
    owner = mint.evm.accounts[0]
    mint.evm.send(mint.claim(owner))

    batch = mint.coin.functions.transferBatch([word(FRESH, 60), word(OTHER, 41)], bytes(32))

    mint.evm.refuses(batch, SHORT, owner, 40, 41)
    assert (mint.balance(owner), mint.balance(FRESH)) == (100, 0)
    mint.stands()


def test_a_claim_by_anyone_brings_the_balance_to_life_and_makes_no_entry(mint: Mint) -> None:
    head = mint.coin.functions.head().call()

    _, receipt = mint.evm.send(mint.claim(FRESH), sender=4)

    transfer = mint.coin.events.Transfer().process_log(receipt["logs"][0])["args"]
    claimed = mint.coin.events.Claimed().process_log(receipt["logs"][1])["args"]
    index = mint.opening.index(FRESH)
    assert len(receipt["logs"]) == 2
    assert (transfer["from"], transfer["to"], transfer["value"]) == (NOBODY, FRESH, 7)
    assert (claimed["index"], claimed["wallet"], claimed["value"]) == (index, FRESH, 7)
    assert mint.coin.functions.claimed(index).call()
    assert mint.coin.functions.head().call() == head
    mint.stands()


def test_every_movement_is_an_entry_and_the_books_agree(mint: Mint) -> None:
    evm, coin, (one, two) = mint.evm, mint.coin, mint.evm.accounts[:2]
    evm.send(mint.claim(one))
    evm.send(coin.functions.transfer(two, 10))
    evm.send(coin.functions.approve(two, 5))
    evm.send(coin.functions.transferFrom(one, FRESH, 5), sender=1)
    index, _ = evm.send(coin.functions.transferWithMemo(OTHER, 3, b"\7" * 32))
    first, receipt = evm.send(coin.functions.transferBatch([word(two, 1), word(one, 2), word(two, 0)], b"\x08" * 32))
    evm.send(coin.functions.burn(4))
    evm.send(mint.claim(OTHER))

    moved = [(entry.sender, entry.recipient, entry.value, entry.memo[0]) for entry in mint.entries()[5:]]
    a, b = raw(one), raw(two)
    assert moved == [
        (a, b, 10, 0), (a, raw(FRESH), 5, 0), (a, raw(OTHER), 3, 7), (a, b, 1, 8), (a, a, 2, 8), (a, b, 0, 8),
        (a, bytes(20), 4, 0),
    ]  # fmt: skip
    assert (index, first) == (7, 8)
    assert len(coin.events.Transfer().process_receipt(receipt, errors=DISCARD)) == 3
    assert mint.supply() == 100 + 1 - 4
    mint.stands()


def test_a_permit_of_the_coin_is_that_of_erc_2612(evm: Evm) -> None:
    mint = Mint.of(evm, {evm.accounts[0]: 9})
    owner, spender = evm.accounts[:2]
    evm.send(mint.claim(owner))
    domain = {
        "name": NAME, "version": "1", "chainId": evm.eth.chain_id, "verifyingContract": mint.coin.address,
    }  # fmt: skip
    said = {"owner": owner, "spender": spender, "value": 9, "nonce": 0, "deadline": FOR_EVER}
    signed = Account.sign_typed_data(evm.tester.backend.account_keys[0].to_bytes(), domain, PERMITTED, said)
    r, s = signed.r.to_bytes(32, "big"), signed.s.to_bytes(32, "big")

    evm.send(mint.coin.functions.permit(owner, spender, 9, FOR_EVER, signed.v, r, s), sender=1)
    evm.send(mint.coin.functions.transferFrom(owner, spender, 9), sender=1)

    assert mint.balance(spender) == 9
    mint.stands()


def test_a_coin_describes_its_subject_and_itself_alike(mint: Mint) -> None:
    functions = mint.coin.functions

    assert raw(functions.id().call()) == coin_id(NAME, SYMBOL)
    assert functions.subject(functions.id().call()).call() == [NAME, SYMBOL, 18]
    assert (functions.name().call(), functions.symbol().call(), functions.decimals().call()) == (NAME, SYMBOL, 18)


def test_opening_balances_past_every_number_cannot_all_come_to_life(evm: Evm) -> None:
    mint = Mint.of(evm, {FRESH: 2**256 - 1, OTHER: 1})
    evm.send(mint.claim(FRESH))

    with pytest.raises(ContractPanicError, match="overflow"):
        mint.claim(OTHER).call()

    assert mint.supply() == 2**256 - 1


def test_a_coin_with_other_decimals_says_them(evm: Evm) -> None:
    coin = evm.deploy("Coin", *TERMS[:2], 6, *TERMS[3:], NO_GENESIS)

    assert coin.functions.decimals().call() == coin.functions.subject(coin.functions.id().call()).call()[2] == 6
