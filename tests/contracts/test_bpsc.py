"""The relay of Ether: what it pays, what it records, and what it refuses. Refusals first."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from smartchain.ledger.entry import Entry
from smartchain.ledger.hash import ETHER
from smartchain.types import Hash32
from tests.contracts.evm import NO_GENESIS, NO_MEMO, NOBODY, Contract, Evm, raw, root_of, word

MEMO = b"invoice 7".ljust(32, b"\0")
PPM = 50
FRESH = "0x" + "57" * 20
OTHER = "0x" + "68" * 20
ETHER_ADDRESS = "0xEeeeeEeeeEeEeeEeEeEeeEEEeeeeEeeeeeeeEEeE"


@pytest.fixture
def charging(evm: Evm) -> Contract:
    """A BPSC with the historical fee; the fourth account is its treasury."""
    return evm.bpsc(fee_ppm=PPM, treasury=evm.accounts[3])


def relay(ledger: Contract, recipient: str, memo: bytes = NO_MEMO) -> Any:
    return ledger.functions.relay(recipient, memo)


def batch(ledger: Contract, payments: list[bytes], memo: bytes = NO_MEMO) -> Any:
    return ledger.functions.relayBatch(payments, memo)


def ether(evm: Evm, recipient: str, value: int, memo: bytes = NO_MEMO, sender: str | None = None) -> Entry:
    """The entry that a payment in the newest block makes."""
    payer = raw(sender or evm.accounts[0])
    return Entry(ETHER, payer, raw(recipient), value, evm.now(), Hash32(memo))


# refusals


def test_relaying_nothing_is_refused(evm: Evm, ledger: Contract) -> None:
    evm.refuses(relay(ledger, FRESH), "NothingToRelay()")


def test_relaying_to_nobody_is_refused(evm: Evm, ledger: Contract) -> None:
    evm.refuses(relay(ledger, NOBODY), "NoRecipient()", value=1)


def test_relaying_to_the_ledger_is_refused(evm: Evm, ledger: Contract) -> None:
    evm.refuses(relay(ledger, ledger.address), "RecipientIsLedger()", value=1)


def test_a_batch_of_nothing_is_refused(evm: Evm, ledger: Contract) -> None:
    evm.refuses(batch(ledger, []), "EmptyBatch()")


@pytest.mark.parametrize("sent", [0, 6, 8])
def test_a_batch_of_another_sum_than_was_sent_is_refused(evm: Evm, ledger: Contract, sent: int) -> None:
    payments = [word(FRESH, 3), word(OTHER, 4)]

    evm.refuses(batch(ledger, payments), "WrongSum(uint256,uint256)", sent, 7, value=sent)


@pytest.mark.parametrize("position", [0, 1, 2])
def test_every_payment_of_a_batch_is_held_to_the_rules(evm: Evm, ledger: Contract, position: int) -> None:
    sound = [word(FRESH, 2), word(OTHER, 3)]
    for broken, error in (
        (word(FRESH, 0), "NothingToRelay()"),
        (word(NOBODY, 5), "NoRecipient()"),
        (word(ledger.address, 5), "RecipientIsLedger()"),
    ):
        payments = [*sound[:position], broken, *sound[position:]]
        value = sum(int.from_bytes(payment[20:], "big") for payment in payments)
        evm.refuses(batch(ledger, payments), error, value=value)


@pytest.mark.parametrize("value", [0, 1])
def test_ether_without_call_data_is_refused(evm: Evm, ledger: Contract, value: int) -> None:
    evm.refuses(ledger.receive, "PlainEther(address,uint256)", evm.accounts[2], value, value=value, sender=2)


def test_a_recipient_that_refuses_is_named_with_what_it_was_to_get(evm: Evm, charging: Contract) -> None:
    refuser = evm.deploy("Refuser").address
    value = 10**18
    named = (refuser, value - value * PPM // 10**6)

    evm.refuses(relay(charging, refuser), "PaymentRefused(address,uint256,uint256)", *named, 0, value=value)
    payments = [word(FRESH, 1), word(OTHER, 2), word(refuser, value)]
    evm.refuses(batch(charging, payments), "PaymentRefused(address,uint256,uint256)", *named, 2, value=value + 3)

    assert (evm.balance(FRESH), evm.balance(OTHER), charging.functions.size().call()) == (0, 0, 0)


@pytest.mark.parametrize("ppm", [100_001, 2**32 - 1])
def test_a_fee_above_a_tenth_is_refused(evm: Evm, ppm: int) -> None:
    made = evm.creation("BPSC", 0, 0, ppm, evm.accounts[3], NO_GENESIS)

    evm.refuses(made, "FeeTooHigh(uint32,uint32)", ppm, 100_000)


def test_a_fee_needs_a_treasury(evm: Evm) -> None:
    evm.refuses(evm.creation("BPSC", 0, 0, 1, NOBODY, NO_GENESIS), "NoTreasury()")


@pytest.mark.parametrize("ppm", [0, 1])
def test_the_treasury_is_never_the_ledger(evm: Evm, ppm: int) -> None:
    itself = Evm().bpsc().address  # the same account's first contract, on another chain

    evm.refuses(evm.creation("BPSC", 0, 0, ppm, itself, NO_GENESIS), "RecipientIsLedger()")


def test_collecting_nothing_is_refused(evm: Evm, charging: Contract) -> None:
    evm.refuses(charging.functions.collect(), "NothingToCollect()")


def test_collecting_for_nobody_is_refused_and_forced_ether_stays(evm: Evm, ledger: Contract) -> None:
    evm.force(ledger.address, 5)

    evm.refuses(ledger.functions.collect(), "NoTreasury()")

    assert evm.balance(ledger.address) == 5


# what it does


def test_a_payment_arrives_and_is_recorded(evm: Evm, ledger: Contract) -> None:
    before = evm.balance(evm.accounts[0])

    index, receipt = evm.send(relay(ledger, FRESH, MEMO), value=10**18)

    cost = receipt["gasUsed"] * receipt["effectiveGasPrice"]
    assert index == 0
    assert evm.balance(FRESH) == 10**18
    assert evm.balance(evm.accounts[0]) == before - 10**18 - cost
    assert evm.balance(ledger.address) == 0
    assert evm.entries(ledger) == [ether(evm, FRESH, 10**18, MEMO)]
    assert ledger.functions.head().call() == [1, root_of(evm.entries(ledger))]


def test_whoever_pays_himself_is_recorded_like_any_other(evm: Evm, ledger: Contract) -> None:
    evm.send(relay(ledger, evm.accounts[1]), value=7, sender=1)

    assert evm.entries(ledger) == [ether(evm, evm.accounts[1], 7, sender=evm.accounts[1])]


def test_the_fee_is_kept_and_the_entry_is_gross(evm: Evm, charging: Contract) -> None:
    evm.send(relay(charging, FRESH), value=10**18 + 19_999)

    fee = (10**18 + 19_999) * PPM // 10**6
    assert evm.balance(FRESH) == 10**18 + 19_999 - fee
    assert evm.balance(charging.address) == fee
    assert evm.entries(charging) == [ether(evm, FRESH, 10**18 + 19_999)]


def test_a_batch_takes_its_fee_of_each_payment(evm: Evm, charging: Contract) -> None:
    # 19,999 wei is just too little for a fee; of the sum of both a wei would be due.
    _, receipt = evm.send(batch(charging, [word(FRESH, 19_999), word(OTHER, 19_999)], MEMO), value=39_998)

    assert (evm.balance(FRESH), evm.balance(OTHER), evm.balance(charging.address)) == (19_999, 19_999, 0)
    assert len(receipt["logs"]) == 1
    assert evm.entries(charging) == [ether(evm, FRESH, 19_999, MEMO), ether(evm, OTHER, 19_999, MEMO)]


def test_a_batch_is_numbered_from_where_the_ledger_is(evm: Evm, ledger: Contract) -> None:
    evm.send(relay(ledger, FRESH), value=1)
    first, _ = evm.send(batch(ledger, [word(FRESH, 1)] * 3), value=3)
    index, _ = evm.send(relay(ledger, FRESH), value=1)

    assert (first, index) == (1, 4)
    assert ledger.functions.head().call() == [5, root_of(evm.entries(ledger))]


def test_collect_sends_fees_and_forced_ether_and_records_them_first(evm: Evm, charging: Contract) -> None:
    treasury = evm.accounts[3]
    evm.send(relay(charging, FRESH), value=10**18)
    evm.force(charging.address, 12_345)
    held, before = evm.balance(charging.address), evm.balance(treasury)

    value, receipt = evm.send(charging.functions.collect(), sender=5)

    assert value == held == 10**18 * PPM // 10**6 + 12_345
    assert evm.balance(charging.address) == 0
    assert evm.balance(treasury) == before + held
    assert evm.entries(charging)[1] == ether(evm, treasury, held, sender=charging.address)
    assert len(receipt["logs"]) == 1


def test_it_says_how_it_was_made(evm: Evm) -> None:
    made = evm.bpsc(7, 60, PPM, evm.accounts[3])

    assert made.functions.blockRule().call() == [7, 60]
    assert made.functions.feePpm().call() == PPM
    assert made.functions.treasury().call() == evm.accounts[3]
    assert made.functions.subject(ETHER_ADDRESS).call() == ["Ether", "ETH", 18]


@settings(max_examples=15, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(
        st.one_of(
            st.tuples(st.integers(1, 10**20), st.binary(min_size=32, max_size=32)),
            st.lists(st.integers(1, 10**18), min_size=1, max_size=9),
            st.none(),
        ),
        min_size=1,
        max_size=6,
    )
)
def test_any_sequence_of_acts_has_the_root_that_the_package_computes(acts: list[Any]) -> None:
    evm = Evm()
    ledger = evm.bpsc(fee_ppm=PPM, treasury=evm.accounts[3])
    for act in acts:
        if act is None:
            evm.send(ledger.functions.seal())
        elif isinstance(act, tuple):
            evm.send(relay(ledger, FRESH, act[1]), value=act[0])
        else:
            evm.send(batch(ledger, [word(OTHER, value) for value in act]), value=sum(act))

        assert ledger.functions.head().call() == [len(evm.entries(ledger)), root_of(evm.entries(ledger))]
