"""Tokens that take, grow, call back, lie or say nothing of use: each handled or refused, and the ledger stays right."""

from __future__ import annotations

from typing import Any

import pytest

from smartchain.host.reverts import selector
from tests.contracts.evm import NO_MEMO, Contract, Evm, root_of, word
from tests.contracts.tokens import FOR_EVER, FRESH, OTHER, PLENTY, PPM, Relay

WRONG_ARRIVAL = "WrongArrival(address,uint256,uint256,uint256)"
TRANSFER_REFUSED = "TransferRefused(address,address,uint256,uint256)"
RETURNS_FALSE, MOVES_NOTHING, MOVES_MORE, RETURNS_TWO, RETURNS_ONE_BYTE, SHOUTS, BURNS_GAS, HIDES_BALANCES = range(8)


# tokens that return nothing, take, round, grow, or revert on zero


@pytest.mark.parametrize("fee_ppm", [0, PPM])
def test_a_token_that_returns_nothing_is_relayed_like_any_other(evm: Evm, fee_ppm: int) -> None:
    relay = Relay.of(evm, "OldToken", fee_ppm=fee_ppm)

    evm.send(relay.single(FRESH, 1_000))
    evm.send(relay.batch((FRESH, 200), (OTHER, 300)))

    relay.stands((FRESH, 1_000), (FRESH, 200), (OTHER, 300))
    kept = 15 if fee_ppm else 0
    assert relay.balance(FRESH) + relay.balance(OTHER) == 1_500 - kept
    assert relay.balance(relay.ledger.address) == kept


def test_a_token_without_permit_is_relayed_where_the_allowance_suffices(evm: Evm) -> None:
    relay = Relay.of(evm, "OldToken")
    nonsense = (1, FOR_EVER, 27, bytes(32), bytes(32))

    evm.send(relay.ledger.functions.relayWithPermit(FRESH, 5, NO_MEMO, nonsense))

    relay.stands((FRESH, 5))
    call = relay.ledger.functions.relayWithPermit(FRESH, 5, NO_MEMO, nonsense)
    evm.refuses(call, TRANSFER_REFUSED, evm.accounts[2], FRESH, 5, 0, sender=2)


def test_of_a_token_that_takes_a_fee_what_arrived_is_recorded(evm: Evm) -> None:
    relay = Relay.of(evm, "TakingToken")

    evm.send(relay.single(FRESH, 1_000))

    assert relay.balance(FRESH) == 990
    relay.stands((FRESH, 990))


def test_a_token_that_takes_a_fee_is_refused_in_batches_and_where_the_ledger_takes_one(evm: Evm) -> None:
    relay, charging = Relay.of(evm, "TakingToken"), Relay.of(evm, "TakingToken", fee_ppm=PPM)

    evm.refuses(relay.batch((OTHER, 99), (FRESH, 1_000)), WRONG_ARRIVAL, FRESH, 1_000, 990, 1)
    evm.refuses(charging.single(FRESH, 1_000), WRONG_ARRIVAL, FRESH, 990, 981, 0)

    assert (relay.balance(OTHER), charging.balance(FRESH)) == (0, 0)


def test_collecting_a_token_that_takes_a_fee_records_what_arrived(evm: Evm) -> None:
    charging = Relay.of(evm, "TakingToken", fee_ppm=PPM)
    evm.send(charging.token.functions.mint(charging.ledger.address, 1_000))

    value, _ = evm.send(charging.ledger.functions.collect())

    assert (value, charging.balance(evm.accounts[3])) == (990, 990)
    charging.stands((evm.accounts[3], 990))


def test_whoever_pays_himself_in_a_token_that_takes_a_fee_is_recorded_with_the_rest(evm: Evm) -> None:
    relay = Relay.of(evm, "TakingToken")

    evm.send(relay.single(evm.accounts[0], 1_000))

    assert relay.balance(evm.accounts[0]) == PLENTY - 10
    relay.stands((evm.accounts[0], 990))


def test_a_token_that_rebases_and_rounds_is_recorded_with_what_arrived(evm: Evm) -> None:
    relay = Relay.of(evm, "RebasingToken")
    evm.send(relay.token.functions.rebase(300))

    evm.send(relay.single(FRESH, 1_000))
    evm.refuses(relay.batch((OTHER, 1_000)), WRONG_ARRIVAL, OTHER, 1_000, 999, 0)
    evm.send(relay.token.functions.rebase(150))

    relay.stands((FRESH, 999))
    assert relay.balance(FRESH) == 499


def test_a_fee_of_nothing_is_not_moved(evm: Evm) -> None:
    charging = Relay.of(evm, "NoZeroToken", fee_ppm=PPM)

    evm.send(charging.single(FRESH, 99))
    evm.send(charging.batch((FRESH, 99), (OTHER, 1)))

    charging.stands((FRESH, 99), (FRESH, 99), (OTHER, 1))


# tokens that call back


def acts(relay: Relay) -> dict[str, Any]:
    """Every entry point that writes."""
    ledger, permit = relay.ledger.functions, (1, FOR_EVER, 27, bytes(32), bytes(32))
    return {
        "relay": ledger.relay(OTHER, 1, NO_MEMO),
        "relayWithPermit": ledger.relayWithPermit(OTHER, 1, NO_MEMO, permit),
        "relayBatch": ledger.relayBatch([word(OTHER, 1)], NO_MEMO),
        "relayBatchWithPermit": ledger.relayBatchWithPermit([word(OTHER, 1)], NO_MEMO, permit),
        "collect": ledger.collect(),
        "seal": ledger.seal(),
        "checkpoint": ledger.checkpoint(),
    }


def data(call: Any) -> Any:
    return call.build_transaction({"from": FRESH, "gas": 1, "gasPrice": 1})["data"]


def listening(evm: Evm, relay: Relay) -> Contract:
    """A contract that the token tells of its transfers."""
    made = evm.deploy("Listener")
    evm.send(made.functions.listenTo(relay.token.address))
    return made


def test_nothing_is_written_while_the_token_is_moving(evm: Evm) -> None:
    relay = Relay.of(evm, "CallingToken", fee_ppm=PPM)
    listener = listening(evm, relay)
    writing = [one for one in relay.ledger.abi if one["type"] == "function" and one["stateMutability"] == "nonpayable"]
    assert acts(relay).keys() == {one["name"] for one in writing}

    for call in acts(relay).values():
        evm.send(listener.functions.prepare(relay.ledger.address, data(call)))
        evm.send(relay.single(listener.address, 100))
        assert listener.functions.answer().call() == selector("TokenIsMoving()")
        evm.send(relay.batch((OTHER, 100), (listener.address, 100)))
        assert listener.functions.answer().call() == selector("TokenIsMoving()")

    relay.stands(*[(listener.address, 100), (OTHER, 100), (listener.address, 100)] * 7)
    assert listener.functions.times().call() == 14


def test_the_payer_and_the_treasury_are_called_back_no_better(evm: Evm) -> None:
    relay = Relay.of(evm, "CallingToken")
    payer = listening(evm, relay)
    evm.send(relay.token.functions.mint(payer.address, PLENTY))
    evm.send(payer.functions.act(relay.token.address, data(relay.token.functions.approve(relay.ledger.address, 9))))
    evm.send(payer.functions.prepare(relay.ledger.address, data(relay.ledger.functions.seal())))

    evm.send(payer.functions.act(relay.ledger.address, data(relay.single(FRESH, 9))))

    assert payer.functions.answer().call() == selector("TokenIsMoving()")
    relay.stands((FRESH, 9))

    charging = evm.token_bpsc(relay.token.address, PPM, payer.address)
    evm.send(relay.token.functions.mint(charging.address, 5))
    evm.send(payer.functions.prepare(charging.address, data(charging.functions.collect())))
    evm.send(charging.functions.collect())
    assert payer.functions.answer().call() == selector("TokenIsMoving()")
    assert [entry.value for entry in evm.entries(charging)] == [5]


def test_who_reads_while_the_token_is_moving_reads_the_whole_log_before_the_payment(evm: Evm) -> None:
    relay = Relay.of(evm, "CallingToken")
    listener = listening(evm, relay)
    evm.send(relay.batch((FRESH, 1), (FRESH, 2), (FRESH, 3)))
    head = (3).to_bytes(32, "big") + root_of(evm.entries(relay.ledger))
    evm.send(listener.functions.prepare(relay.ledger.address, data(relay.ledger.functions.head())))

    evm.send(relay.batch((OTHER, 1), (listener.address, 2)))

    assert listener.functions.answer().call() == head
    relay.stands((FRESH, 1), (FRESH, 2), (FRESH, 3), (OTHER, 1), (listener.address, 2))


def test_a_recipient_that_passes_on_what_it_gets_is_recorded_with_what_it_keeps(evm: Evm) -> None:
    relay = Relay.of(evm, "CallingToken")
    listener = listening(evm, relay)
    evm.send(listener.functions.prepare(relay.token.address, data(relay.token.functions.transfer(OTHER, 40))))

    evm.send(relay.single(listener.address, 100))
    evm.refuses(relay.single(listener.address, 40), WRONG_ARRIVAL, listener.address, 40, 0, 0)
    evm.refuses(relay.batch((listener.address, 100)), WRONG_ARRIVAL, listener.address, 100, 60, 0)

    relay.stands((listener.address, 60))
    assert (relay.balance(listener.address), relay.balance(OTHER)) == (60, 40)


def test_more_than_was_sent_is_not_recorded_as_arrived(evm: Evm) -> None:
    relay = Relay.of(evm, "CallingToken")
    payer = listening(evm, relay)
    evm.send(relay.token.functions.mint(payer.address, PLENTY))
    evm.send(payer.functions.act(relay.token.address, data(relay.token.functions.approve(relay.ledger.address, 9))))
    # What the payer gives besides, while the ledger looks at the recipient's balance, went past the ledger.
    evm.send(relay.token.functions.mint(relay.token.address, 5))
    evm.send(payer.functions.prepare(relay.token.address, data(relay.token.functions.mint(FRESH, 5))))

    call = payer.functions.act(relay.ledger.address, data(relay.single(FRESH, 9)))

    evm.refuses(call, WRONG_ARRIVAL, FRESH, 9, 14, 0)


# tokens that lie


@pytest.mark.parametrize("lie", [RETURNS_FALSE, RETURNS_TWO, RETURNS_ONE_BYTE, BURNS_GAS])
def test_a_token_that_does_not_say_true_has_refused(evm: Evm, lie: int) -> None:
    relay = Relay.of(evm, "LyingToken", lie)

    evm.refuses(relay.single(FRESH, 5), TRANSFER_REFUSED, evm.accounts[0], FRESH, 5, 0)
    evm.refuses(relay.batch((FRESH, 5)), TRANSFER_REFUSED, evm.accounts[0], FRESH, 5, 0)

    assert relay.balance(FRESH) == 0


@pytest.mark.parametrize(("lie", "arrived"), [(MOVES_NOTHING, 0), (MOVES_MORE, 6)])
def test_a_token_that_says_true_and_does_something_else_is_refused(evm: Evm, lie: int, arrived: int) -> None:
    relay = Relay.of(evm, "LyingToken", lie)

    evm.refuses(relay.single(FRESH, 5), WRONG_ARRIVAL, FRESH, 5, arrived, 0)
    evm.refuses(relay.batch((FRESH, 5)), WRONG_ARRIVAL, FRESH, 5, arrived, 0)


def test_what_a_token_shouts_is_not_listened_to(evm: Evm) -> None:
    relay = Relay.of(evm, "LyingToken", SHOUTS)

    _, receipt = evm.send(relay.single(FRESH, 5))

    # A million bytes of memory are 31,250 words: three gas each and a 512th of their square, once, for the shouter.
    assert receipt["gasUsed"] < 3 * 31_250 + 31_250**2 // 512 + 250_000
    relay.stands((FRESH, 5))


def test_a_token_that_no_longer_says_balances_is_no_token(evm: Evm) -> None:
    relay = Relay.of(evm, "LyingToken", HIDES_BALANCES)
    evm.send(relay.single(FRESH, 5))
    evm.send(relay.token.functions.start())

    evm.refuses(relay.single(FRESH, 5), "NotAToken(address)", relay.token.address)

    relay.stands((FRESH, 5))
