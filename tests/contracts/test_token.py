"""The relay of a token that does what it should: what it moves, records and refuses. Refusals first."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from smartchain.ledger.address import checksum
from smartchain.ledger.hash import ETHER, SEAL
from tests.contracts.evm import NO_GENESIS, NO_MEMO, NOBODY, Evm, raw, root_of, word
from tests.contracts.tokens import FRESH, OTHER, PLENTY, PPM, Relay

MEMO = b"invoice 7".ljust(32, b"\0")
ETHER_ADDRESS = checksum(ETHER)
SEAL_ADDRESS = checksum(SEAL)

TRANSFER_REFUSED = "TransferRefused(address,address,uint256,uint256)"
PERMIT_REFUSED = "PermitRefused(uint256,uint256)"


@pytest.fixture
def relay(evm: Evm) -> Relay:
    """A standard token and its ledger, without a fee."""
    return Relay.of(evm)


@pytest.fixture
def charging(evm: Evm) -> Relay:
    """The same with a fee of a hundredth; the fourth account is its treasury."""
    return Relay.of(evm, fee_ppm=PPM)


# refusals


def test_payments_that_are_none_are_refused(evm: Evm, relay: Relay) -> None:
    ledger = relay.ledger.address
    for recipient, value, error in (
        (FRESH, 0, "NothingToRelay()"),
        (NOBODY, 1, "NoRecipient()"),
        (ledger, 1, "RecipientIsLedger()"),
    ):
        evm.refuses(relay.single(recipient, value), error)
        evm.refuses(relay.batch((OTHER, 1), (recipient, value)), error)
    evm.refuses(relay.batch(), "EmptyBatch()")


def test_ether_is_refused_with_and_without_call_data(evm: Evm, relay: Relay) -> None:
    evm.refuses(relay.ledger.receive, "PlainEther(address,uint256)", evm.accounts[2], 5, value=5, sender=2)

    priced = {"from": evm.accounts[0], "gas": 10**6, "gasPrice": 10**10}
    paid = evm.eth.send_transaction({**relay.single(FRESH, 1).build_transaction(priced), "value": 1})
    assert evm.eth.wait_for_transaction_receipt(paid)["status"] == 0


def test_more_than_the_payer_has_or_allows_is_refused(evm: Evm, relay: Relay) -> None:
    payer = evm.accounts[0]

    evm.refuses(relay.single(FRESH, PLENTY + 1), TRANSFER_REFUSED, payer, FRESH, PLENTY + 1, 0)
    evm.refuses(relay.single(FRESH, 1), TRANSFER_REFUSED, evm.accounts[1], FRESH, 1, 0, sender=1)
    evm.refuses(relay.batch((OTHER, PLENTY), (FRESH, 1)), TRANSFER_REFUSED, payer, FRESH, 1, 1)

    assert (relay.balance(OTHER), relay.balance(payer)) == (0, PLENTY)


@pytest.mark.parametrize("subject", [ETHER_ADDRESS, SEAL_ADDRESS])
def test_ether_and_the_seal_are_no_tokens(evm: Evm, subject: str) -> None:
    made = evm.creation("TokenBPSC", subject, 0, 0, 0, NOBODY, NO_GENESIS)

    evm.refuses(made, "ReservedSubject(address)", subject)


def test_a_token_that_is_no_contract_or_knows_no_balances_is_refused(evm: Evm) -> None:
    for subject in (FRESH, NOBODY, evm.deploy("Refuser").address, evm.deploy("Shouter", 64, False).address):
        made = evm.creation("TokenBPSC", subject, 0, 0, 0, NOBODY, NO_GENESIS)

        evm.refuses(made, "NotAToken(address)", subject)


@pytest.mark.parametrize(
    ("ppm", "treasury", "error", "values"),
    [(100_001, FRESH, "FeeTooHigh(uint32,uint32)", (100_001, 100_000)), (1, NOBODY, "NoTreasury()", ())],
)
def test_a_fee_is_held_to_the_rules_of_every_relay(
    evm: Evm, ppm: int, treasury: str, error: str, values: tuple[int, ...]
) -> None:
    token = evm.deploy("MockToken").address

    evm.refuses(evm.creation("TokenBPSC", token, 0, 0, ppm, treasury, NO_GENESIS), error, *values)


def test_the_treasury_is_never_the_ledger(evm: Evm) -> None:
    other = Evm()
    itself = other.token_bpsc(other.deploy("MockToken").address).address  # the second contract on another chain
    token = evm.deploy("MockToken").address

    evm.refuses(evm.creation("TokenBPSC", token, 0, 0, 0, itself, NO_GENESIS), "RecipientIsLedger()")


def test_a_permit_of_too_little_or_too_late_or_of_another_is_refused(evm: Evm, relay: Relay) -> None:
    evm.send(relay.token.functions.approve(relay.ledger.address, 6))
    permits = (relay.permit(7, evm.now() - 1), relay.permit(7, nonce=5), relay.permit(7, sender=1, nonce=0))

    for permit in permits:
        paid = relay.ledger.functions.relayWithPermit(FRESH, 7, NO_MEMO, permit)
        evm.refuses(paid, PERMIT_REFUSED, 6, 7)
        paid = relay.ledger.functions.relayBatchWithPermit([word(FRESH, 4), word(OTHER, 3)], NO_MEMO, permit)
        evm.refuses(paid, PERMIT_REFUSED, 6, 7)
    paid = relay.ledger.functions.relayWithPermit(FRESH, 7, NO_MEMO, relay.permit(6))
    evm.refuses(paid, TRANSFER_REFUSED, evm.accounts[0], FRESH, 7, 0)


def test_collecting_nothing_or_for_nobody_is_refused(evm: Evm, relay: Relay, charging: Relay) -> None:
    evm.send(relay.token.functions.mint(relay.ledger.address, 5))

    evm.refuses(relay.ledger.functions.collect(), "NoTreasury()")
    evm.refuses(charging.ledger.functions.collect(), "NothingToCollect()")

    assert relay.balance(relay.ledger.address) == 5


# what it does


def test_a_payment_arrives_and_is_recorded(evm: Evm, relay: Relay) -> None:
    index, receipt = evm.send(relay.single(FRESH, 10**23, MEMO))

    assert index == 0
    assert (relay.balance(FRESH), relay.balance(evm.accounts[0])) == (10**23, PLENTY - 10**23)
    assert relay.balance(relay.ledger.address) == 0
    assert evm.entries(relay.ledger) == [relay.entry(FRESH, 10**23, MEMO)]
    assert relay.ledger.functions.head().call() == [1, root_of(evm.entries(relay.ledger))]
    assert [log["address"] for log in receipt["logs"]] == [relay.token.address, relay.ledger.address]


def test_a_value_past_a_batchs_twelve_bytes_goes_by_itself(evm: Evm, relay: Relay) -> None:
    evm.send(relay.token.functions.mint(evm.accounts[0], 2**200))
    evm.send(relay.token.functions.approve(relay.ledger.address, 2**200))

    evm.send(relay.single(FRESH, 2**96))

    relay.stands((FRESH, 2**96))


def test_whoever_pays_himself_is_recorded_with_what_he_pays(evm: Evm, relay: Relay, charging: Relay) -> None:
    payer = evm.accounts[0]
    evm.send(relay.single(payer, 100))
    evm.send(relay.batch((payer, 7), (payer, PLENTY - 107)))
    evm.send(charging.single(payer, 100))

    relay.stands((payer, 100), (payer, 7), (payer, PLENTY - 107))
    assert (relay.balance(payer), charging.balance(payer)) == (PLENTY, PLENTY - 1)


def test_a_batch_is_one_event_of_ours_and_pays_in_order(evm: Evm, relay: Relay) -> None:
    evm.send(relay.single(FRESH, 1))
    first, receipt = evm.send(relay.batch((FRESH, 3), (OTHER, 4), (FRESH, 5), memo=MEMO))

    assert first == 1
    assert (relay.balance(FRESH), relay.balance(OTHER)) == (9, 4)
    assert len([log for log in receipt["logs"] if log["address"] == relay.ledger.address]) == 1
    assert evm.entries(relay.ledger)[1:] == [relay.entry(*one, MEMO) for one in ((FRESH, 3), (OTHER, 4), (FRESH, 5))]
    relay.stands((FRESH, 1), (FRESH, 3), (OTHER, 4), (FRESH, 5))


def test_the_fee_is_kept_in_the_token_and_the_entry_is_gross(evm: Evm, charging: Relay) -> None:
    evm.send(charging.single(FRESH, 1_099))
    evm.send(charging.batch((OTHER, 199), (FRESH, 1_000), (OTHER, 99)))

    assert (charging.balance(FRESH), charging.balance(OTHER)) == (1_089 + 990, 198 + 99)
    assert charging.balance(charging.ledger.address) == 10 + 1 + 10
    charging.stands((FRESH, 1_099), (OTHER, 199), (FRESH, 1_000), (OTHER, 99))


def test_collect_sends_fees_and_what_was_sent_by_mistake_and_records_it(evm: Evm, charging: Relay) -> None:
    treasury = evm.accounts[3]
    evm.send(charging.single(FRESH, 1_000))
    evm.send(charging.token.functions.transfer(charging.ledger.address, 7))

    value, _ = evm.send(charging.ledger.functions.collect(), sender=5)

    assert (value, charging.balance(treasury), charging.balance(charging.ledger.address)) == (17, 17, 0)
    assert evm.entries(charging.ledger)[1] == charging.entry(treasury, 17, sender=charging.ledger.address)


def test_a_permit_goes_along_with_a_payment_and_with_a_batch(evm: Evm, relay: Relay) -> None:
    evm.send(relay.token.functions.approve(relay.ledger.address, 0))

    evm.send(relay.ledger.functions.relayWithPermit(FRESH, 9, MEMO, relay.permit(9)))
    batch = [word(FRESH, 1), word(OTHER, 2)]
    evm.send(relay.ledger.functions.relayBatchWithPermit(batch, MEMO, relay.permit(3, evm.now() + 60)))

    relay.stands((FRESH, 9), (FRESH, 1), (OTHER, 2))
    assert relay.token.functions.allowance(evm.accounts[0], relay.ledger.address).call() == 0


def test_a_permit_that_somebody_else_showed_first_is_no_failure(evm: Evm, relay: Relay) -> None:
    evm.send(relay.token.functions.approve(relay.ledger.address, 0))
    permit = relay.permit(9)

    evm.send(relay.token.functions.permit(evm.accounts[0], relay.ledger.address, *permit), sender=4)
    evm.send(relay.ledger.functions.relayWithPermit(FRESH, 9, MEMO, permit))

    relay.stands((FRESH, 9))


def test_it_says_how_it_was_made_and_takes_its_subject_from_the_token(evm: Evm) -> None:
    token = evm.deploy("MockToken").address
    made = evm.deploy("TokenBPSC", token, 7, 60, PPM, evm.accounts[3], NO_GENESIS)

    assert made.functions.token().call() == token
    assert made.functions.blockRule().call() == [7, 60]
    assert (made.functions.feePpm().call(), made.functions.treasury().call()) == (PPM, evm.accounts[3])
    assert made.functions.subject(token).call() == ["Mock Token", "MOCK", 6]


def test_it_opens_with_balances(evm: Evm) -> None:
    token = evm.deploy("MockToken").address

    made = evm.token_bpsc(token, genesis=(1, 1_000, [raw(token) + bytes(12)]))

    assert made.functions.genesis().call() == [1, raw(token) + bytes(12), 1_000]


@settings(max_examples=4, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(
        st.one_of(
            st.tuples(st.integers(1, 10**20), st.binary(min_size=32, max_size=32)),
            st.lists(st.integers(1, 10**18), min_size=1, max_size=9),
            st.sampled_from(["seal", "collect", "checkpoint"]),
        ),
        min_size=1,
        max_size=5,
    )
)
def test_any_sequence_of_acts_has_the_root_that_the_package_computes(acts: list[Any]) -> None:
    evm = Evm()
    relay = Relay.of(evm, fee_ppm=PPM)
    ledger = relay.ledger.functions
    evm.send(relay.token.functions.mint(relay.ledger.address, 1))
    for act in acts:
        if isinstance(act, str):
            evm.send(relay.token.functions.mint(relay.ledger.address, 1))
            evm.send(getattr(ledger, act)())
        elif isinstance(act, tuple):
            evm.send(relay.single(FRESH, *act))
        else:
            evm.send(relay.batch(*((OTHER, value) for value in act)))

        assert ledger.head().call() == [len(evm.entries(relay.ledger)), root_of(evm.entries(relay.ledger))]
