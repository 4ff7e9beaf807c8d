"""Recipients that do what they can while they are paid: the ledger and every balance stay right."""

from __future__ import annotations

from typing import Any

import pytest

from smartchain.host.reverts import selector
from smartchain.ledger.hash import ETHER, SEAL
from tests.contracts.evm import NO_MEMO, NOBODY, Contract, Evm, raw, root_of, word

PPM = 10_000
FRESH = "0x" + "57" * 20
LAST = "0x" + "68" * 20
VALUE = 10**18
FEE = VALUE // 100


@pytest.fixture
def caller(evm: Evm) -> Contract:
    """A contract that calls back when it is paid."""
    return evm.deploy("Reenterer")


@pytest.fixture
def charging(evm: Evm) -> Contract:
    """A BPSC with a fee of a hundredth; the fourth account is its treasury."""
    return evm.bpsc(fee_ppm=PPM, treasury=evm.accounts[3])


def prepare(evm: Evm, caller: Contract, ledger: Contract, call: Any, spends: bool = False) -> None:
    """Have it make this call when it is paid next, with what it is paid if it `spends`."""
    data = call.build_transaction({"from": evm.accounts[0], "gas": 1, "gasPrice": 1})["data"]
    evm.send(caller.functions.prepare(ledger.address, data, spends, False))


def pay_in_batch(evm: Evm, ledger: Contract, caller: Contract) -> None:
    """Pay the hostile one, then LAST, in one batch."""
    payments = [word(caller.address, VALUE), word(LAST, VALUE)]
    evm.send(ledger.functions.relayBatch(payments, NO_MEMO), value=2 * VALUE)


def stands(evm: Evm, ledger: Contract, entries: list[tuple[str, str, int]]) -> None:
    """The ledger holds exactly these: (sender, recipient, value)."""
    found = evm.entries(ledger)
    assert [(one.sender, one.recipient, one.value) for one in found] == [
        (raw(a), raw(b), value) for a, b, value in entries
    ]
    assert ledger.functions.head().call() == [len(found), root_of(found)]


def test_a_recipient_that_relays_on_in_a_batch_records_a_later_entry(
    evm: Evm, charging: Contract, caller: Contract
) -> None:
    prepare(evm, caller, charging, charging.functions.relay(FRESH, NO_MEMO), spends=True)

    pay_in_batch(evm, charging, caller)

    payer, net = evm.accounts[0], VALUE - FEE
    stands(
        evm,
        charging,
        [(payer, caller.address, VALUE), (payer, LAST, VALUE), (caller.address, FRESH, net)],
    )
    assert (evm.balance(FRESH), evm.balance(LAST)) == (net - net // 100, VALUE - FEE)
    assert evm.balance(charging.address) == 2 * FEE + net // 100


def test_a_recipient_that_relays_a_batch_on_records_later_entries(evm: Evm, ledger: Contract, caller: Contract) -> None:
    inner = [word(FRESH, VALUE - 1), word(LAST, 1)]
    prepare(evm, caller, ledger, ledger.functions.relayBatch(inner, NO_MEMO), spends=True)

    pay_in_batch(evm, ledger, caller)

    payer = evm.accounts[0]
    outer = [(payer, caller.address, VALUE), (payer, LAST, VALUE)]
    stands(evm, ledger, [*outer, (caller.address, FRESH, VALUE - 1), (caller.address, LAST, 1)])
    assert (evm.balance(FRESH), evm.balance(LAST), evm.balance(ledger.address)) == (VALUE - 1, VALUE + 1, 0)


def test_a_recipient_that_seals_closes_a_block_after_its_own_payment(
    evm: Evm, ledger: Contract, caller: Contract
) -> None:
    prepare(evm, caller, ledger, ledger.functions.seal())

    evm.send(ledger.functions.relay(caller.address, NO_MEMO), value=VALUE)

    stands(evm, ledger, [(evm.accounts[0], caller.address, VALUE), (caller.address, NOBODY, 0)])
    assert [one.subject for one in evm.entries(ledger)] == [ETHER, SEAL]


def test_a_treasury_that_collects_in_a_batch_gets_nothing_of_it(evm: Evm, caller: Contract) -> None:
    ledger = evm.bpsc(fee_ppm=PPM, treasury=caller.address)
    prepare(evm, caller, ledger, ledger.functions.collect())

    pay_in_batch(evm, ledger, caller)

    assert (caller.functions.called().call(), caller.functions.succeeded().call()) == (True, False)
    assert caller.functions.answer().call() == selector("BatchIsPaying()")
    assert (evm.balance(caller.address), evm.balance(LAST)) == (VALUE - FEE, VALUE - FEE)
    assert evm.balance(ledger.address) == 2 * FEE
    collected, _ = evm.send(ledger.functions.collect())
    assert collected == 2 * FEE


def test_a_recipient_that_collects_in_a_single_relay_moves_the_fees_to_the_treasury(
    evm: Evm, charging: Contract, caller: Contract
) -> None:
    prepare(evm, caller, charging, charging.functions.collect())
    before = evm.balance(evm.accounts[3])

    evm.send(charging.functions.relay(caller.address, NO_MEMO), value=VALUE)

    assert evm.balance(caller.address) == VALUE - FEE
    assert evm.balance(evm.accounts[3]) == before + FEE
    payer, treasury = evm.accounts[0], evm.accounts[3]
    stands(evm, charging, [(payer, caller.address, VALUE), (charging.address, treasury, FEE)])


def test_a_recipient_that_burns_all_gas_is_a_refusal(evm: Evm, ledger: Contract) -> None:
    burner = evm.deploy("Burner").address

    evm.refuses(
        ledger.functions.relay(burner, NO_MEMO),
        "PaymentRefused(address,uint256,uint256)",
        burner,
        VALUE,
        0,
        value=VALUE,
    )


def test_megabytes_of_answer_are_not_copied(evm: Evm, ledger: Contract) -> None:
    quiet, loud = evm.deploy("Shouter", 0, False).address, evm.deploy("Shouter", 1_000_000, False).address
    for _ in range(4):
        evm.send(ledger.functions.relay(FRESH, NO_MEMO), value=1)

    _, short = evm.send(ledger.functions.relay(quiet, NO_MEMO), value=VALUE)
    evm.send(ledger.functions.relay(FRESH, NO_MEMO), value=1)
    _, long = evm.send(ledger.functions.relay(loud, NO_MEMO), value=VALUE)

    # A million bytes of memory are 31,250 words: three gas each and a 512th of their square, once, for the shouter.
    once = 3 * 31_250 + 31_250**2 // 512
    assert once - 1_000 <= long["gasUsed"] - short["gasUsed"] < once + 1_000
    assert evm.balance(loud) == VALUE


def test_megabytes_of_refusal_are_not_copied_either(evm: Evm, ledger: Contract) -> None:
    shouter = evm.deploy("Shouter", 1_000_000, True).address

    evm.refuses(
        ledger.functions.relayBatch([word(shouter, VALUE)], NO_MEMO),
        "PaymentRefused(address,uint256,uint256)",
        shouter,
        VALUE,
        0,
        value=VALUE,
    )


def test_a_contract_wallet_may_pass_its_payment_on(evm: Evm, ledger: Contract) -> None:
    forwarder = evm.deploy("Forwarder", FRESH).address

    evm.send(ledger.functions.relayBatch([word(forwarder, VALUE), word(LAST, 1)], NO_MEMO), value=VALUE + 1)

    assert (evm.balance(forwarder), evm.balance(FRESH), evm.balance(LAST)) == (0, VALUE, 1)


def test_forced_ether_pays_for_nobody(evm: Evm, ledger: Contract) -> None:
    evm.force(ledger.address, VALUE)

    call = ledger.functions.relayBatch([word(FRESH, VALUE)], NO_MEMO)
    evm.refuses(call, "WrongSum(uint256,uint256)", VALUE - 1, VALUE, value=VALUE - 1)
    evm.send(ledger.functions.relay(FRESH, NO_MEMO), value=5)

    assert (evm.balance(FRESH), evm.balance(ledger.address)) == (5, VALUE)
