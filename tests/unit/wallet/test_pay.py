"""A payment: refused before it costs anything, made once, and reported as it was recorded."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import pytest

from smartchain.errors import (
    AddressError,
    FeeTooHigh,
    HostUnavailable,
    LimitExceeded,
    NoContract,
    NonceTaken,
    NotConfirmed,
    NotEnoughFunds,
    Refused,
    SettingsError,
    WrongChain,
)
from smartchain.types import ZERO_ADDRESS, Address, ChainId, Wei
from smartchain.wallet.fees import FeePolicy
from smartchain.wallet.flight import Patience, Progress
from smartchain.wallet.keys import KeySigner
from smartchain.wallet.memo import parse_memo
from smartchain.wallet.pay import Payer, Way
from smartchain.wallet.sender import Sender
from smartchain.wallet.transaction import read_signed
from tests.fakes.chain import GWEI, LEDGER, FakeChain, FakeClock
from tests.unit.wallet.conftest import ETHER, PayerOf, wallet

BOB = wallet(7)


def test_nothing_is_paid_on_another_chain_than_the_one_meant(chain: FakeChain, signer: KeySigner) -> None:
    with pytest.raises(WrongChain, match="is on chain 31337, and chain 1 is meant"):
        Sender(chain, signer, chain_id=ChainId(1))


def test_nothing_is_paid_to_an_address_without_a_contract(chain: FakeChain, signer: KeySigner) -> None:
    with pytest.raises(NoContract, match="no contract at 0x0000000000000000000000000000000000000007"):
        Payer(Sender(chain, signer), BOB)


@pytest.mark.parametrize("recipient", [ZERO_ADDRESS, LEDGER])
def test_a_recipient_that_no_ledger_takes_is_refused_at_once(payer: Payer, recipient: Address) -> None:
    with pytest.raises(AddressError):
        payer.pay(recipient, Wei(1))


def test_a_payment_above_the_most_allowed_is_not_made(payer: Payer, chain: FakeChain) -> None:
    with pytest.raises(LimitExceeded):
        payer.pay(BOB, Wei(2), max_total=Wei(1))
    assert chain.sent == []


def test_a_recipient_that_refuses_costs_nothing(payer: Payer, chain: FakeChain) -> None:
    chain.refusing.add(BOB)
    with pytest.raises(Refused, match="does not take the 5 wei") as caught:
        payer.pay(BOB, Wei(5))
    assert (caught.value.error, caught.value.position) == ("PaymentRefused", 0)
    assert chain.sent == []


def test_more_than_the_wallet_has_is_not_tried(payer: Payer, chain: FakeChain) -> None:
    with pytest.raises(NotEnoughFunds, match="has 100 ether, and 200 ether may be needed"):
        payer.pay(BOB, Wei(200 * ETHER))
    with pytest.raises(NotEnoughFunds, match="gas included"):
        payer.pay(BOB, Wei(100 * ETHER))
    with pytest.raises(NotEnoughFunds, match="gas included"):
        payer.preview(payer.relay(BOB, Wei(100 * ETHER)))
    assert chain.sent == []


def test_an_address_without_a_key_tries_everything_and_signs_nothing(chain: FakeChain, signer: KeySigner) -> None:
    payer = Payer(Sender(chain, signer.address), LEDGER)
    assert payer.preview(payer.relay(BOB, Wei(5))).value == 5
    with pytest.raises(SettingsError, match="no key to sign with"):
        payer.pay(BOB, Wei(5))
    assert chain.sent == []


def test_a_dear_hour_is_waited_out_up_to_the_time_given(payer_of: PayerOf, chain: FakeChain, clock: FakeClock) -> None:
    chain.base_fee = 50 * GWEI
    heard: list[Progress] = []
    payer = payer_of(FeePolicy(cap=Wei(10 * GWEI)))
    with pytest.raises(FeeTooHigh, match="gas costs 51 gwei and --gas-price allows 10 gwei"):
        payer.pay(BOB, Wei(5), way=Way(clock=clock, on_progress=heard.append))
    assert chain.sent == []
    assert clock.time >= 120
    assert [news.what for news in heard] == ["waiting"]


def test_a_price_that_falls_under_the_cap_ends_the_wait(payer_of: PayerOf, chain: FakeChain) -> None:
    chain.base_fee = 50 * GWEI

    def fall() -> None:
        chain.base_fee = max(GWEI, chain.base_fee // 2)
        chain.mine()

    cap = Wei(10 * GWEI)
    sent = payer_of(FeePolicy(cap=cap)).pay(BOB, Wei(5), way=Way(clock=FakeClock(12, fall)))
    assert sent.index == 0
    assert all(read_signed(raw).transaction.fees.most <= cap for raw in chain.sent)


def test_a_payment_is_reported_as_it_was_recorded(payer: Payer, chain: FakeChain, clock: FakeClock) -> None:
    heard: list[Progress] = []
    first = payer.pay(BOB, Wei(5), parse_memo("rent"), way=Way(clock=clock, on_progress=heard.append))
    second = payer.pay(BOB, Wei(6), way=Way(clock=clock))
    assert (first.index, second.index) == (0, 1)
    assert first.gas_used == 44_600
    assert first.block_number == 1
    assert chain.balances[BOB] == 11
    assert [news.what for news in heard] == ["signed", "sent", "mined"]
    assert heard[-1].transaction == first.transaction


def test_an_access_list_is_signed_where_it_saves_gas(payer: Payer, chain: FakeChain, clock: FakeClock) -> None:
    payer.pay(BOB, Wei(5), way=Way(clock=clock))
    assert read_signed(chain.sent[0]).transaction.warm == (BOB,)


def test_a_stuck_payment_is_replaced_with_the_same_nonce_and_data_at_an_eighth_more(
    payer: Payer, chain: FakeChain
) -> None:
    def dear() -> None:
        chain.base_fee = 20 * GWEI if len(chain.sent) < 4 else GWEI
        chain.mine()

    heard: list[Progress] = []
    sent = payer.pay(BOB, Wei(5), way=Way(clock=FakeClock(12, dear), on_progress=heard.append))
    versions = [read_signed(raw).transaction for raw in chain.sent]
    assert len(versions) > 1
    for old, new in pairwise(versions):
        assert (new.nonce, new.call, new.gas) == (old.nonce, old.call, old.gas)
        assert new.fees.most * 8 >= old.fees.most * 9
        assert new.fees.priority * 8 >= old.fees.priority * 9
    assert [news.what for news in heard].count("replaced") == len(versions) - 1
    assert chain.balances[BOB] == 5
    assert sent.index == 0


def test_a_replacement_stays_under_the_cap(payer_of: PayerOf, chain: FakeChain) -> None:
    payer = payer_of(FeePolicy(cap=Wei(3 * GWEI)))

    def dear() -> None:
        chain.base_fee = 4 * GWEI
        chain.mine()

    with pytest.raises(NotConfirmed, match="look for it before you pay again"):
        payer.pay(BOB, Wei(5), way=Way(clock=FakeClock(12, dear)))
    assert all(read_signed(raw).transaction.fees.most <= 3 * GWEI for raw in chain.sent)


def test_a_payment_that_is_not_mined_says_its_hash_and_that_it_may_still_be(payer: Payer, chain: FakeChain) -> None:
    with pytest.raises(NotConfirmed, match=r"0x[0-9a-f]{64}.*is not mined after 120 s; it may still be"):
        payer.pay(BOB, Wei(5), way=Way(clock=FakeClock()))
    chain.mine()
    assert chain.balances[BOB] == 5


def test_a_nonce_that_another_transaction_used_stops_the_payment(payer: Payer, chain: FakeChain) -> None:
    clock = FakeClock(12, lambda: chain.use_nonce(payer.sender.address))
    with pytest.raises(NonceTaken, match=r"was used by another transaction: .* paid nobody"):
        payer.pay(BOB, Wei(5), way=Way(clock=clock))
    assert BOB not in chain.balances


def test_a_pending_transaction_with_the_nonce_asked_for_is_not_replaced(payer: Payer, chain: FakeChain) -> None:
    payer.pay(BOB, Wei(5), way=Way(patience=Patience(confirmations=0)))
    with pytest.raises(NotConfirmed, match="waits behind another transaction of this wallet"):
        payer.pay(wallet(8), Wei(5), way=Way(clock=FakeClock(), nonce=0))
    chain.mine()
    assert chain.balances[BOB] == 5
    assert wallet(8) not in chain.balances


def test_a_nonce_that_was_used_is_refused_and_a_later_one_waits_for_its_turn(
    payer: Payer, chain: FakeChain, clock: FakeClock
) -> None:
    payer.pay(BOB, Wei(5), way=Way(clock=clock))
    with pytest.raises(SettingsError, match="nonce 0 was used already: the next is 1"):
        payer.pay(BOB, Wei(5), way=Way(clock=clock, nonce=0))
    with pytest.raises(NotConfirmed, match="waits for nonce 1 of the wallet, which nobody has sent"):
        payer.pay(BOB, Wei(5), way=Way(clock=clock, nonce=3))
    assert len(chain.sent) == 2


def test_a_payment_that_a_reorganisation_drops_is_broadcast_again(payer: Payer, chain: FakeChain) -> None:
    happened: list[Callable[[], None]] = [
        chain.mine,
        lambda: chain.reorganise(1, keep=False),
        *[chain.mine] * 8,
    ]
    way = Way(patience=Patience(confirmations=3), clock=FakeClock(12, lambda: happened.pop(0)()))
    sent = payer.pay(BOB, Wei(5), way=way)
    assert sent.block_number is not None
    assert chain.blocks[sent.block_number].included
    assert chain.balances[BOB] == 5


def test_confirmations_are_waited_for(payer: Payer, chain: FakeChain, clock: FakeClock) -> None:
    sent = payer.pay(BOB, Wei(5), way=Way(patience=Patience(confirmations=4), clock=clock))
    assert sent.block_number is not None
    assert len(chain.blocks) - 1 >= sent.block_number + 3


def test_without_waiting_the_transaction_is_all_that_is_known(payer: Payer, chain: FakeChain) -> None:
    sent = payer.pay(BOB, Wei(5), way=Way(patience=Patience(confirmations=0)))
    assert sent.index is None
    chain.mine()
    assert chain.blocks[-1].receipts[sent.transaction]["status"] == "0x1"


def test_an_answer_that_gets_lost_does_not_pay_twice(payer: Payer, chain: FakeChain, clock: FakeClock) -> None:
    faults = [HostUnavailable("the answer was cut off")]

    def cut(method: str) -> None:
        if method == "eth_sendRawTransaction" and faults:
            raise faults.pop()

    chain.after = cut
    assert payer.pay(BOB, Wei(5), way=Way(clock=clock)).index == 0
    assert not faults
    assert chain.balances[BOB] == 5


def test_a_host_that_stays_away_is_named_with_the_payment_that_may_be_under_way(payer: Payer, chain: FakeChain) -> None:
    def away(method: str) -> None:
        if chain.sent:
            raise HostUnavailable("http://fake is down")

    chain.before = away
    with pytest.raises(NotConfirmed, match=r"0x[0-9a-f]{64} .*http://fake is down.*look for it before"):
        payer.pay(BOB, Wei(5), way=Way(clock=FakeClock()))


def test_a_transaction_that_reverts_after_all_says_that_nobody_was_paid(payer: Payer, chain: FakeChain) -> None:
    def turn() -> None:
        chain.refusing.add(BOB)
        chain.mine()

    with pytest.raises(Refused, match="mined and reverted: nobody was paid, and its gas cost"):
        payer.pay(BOB, Wei(5), way=Way(clock=FakeClock(12, turn)))
    assert BOB not in chain.balances


def test_a_preview_says_what_will_be_left(payer: Payer) -> None:
    preview = payer.preview(payer.relay(BOB, Wei(ETHER)))
    assert preview.gas == 44_500
    assert preview.gas_wei == 44_500 * 2 * GWEI
    assert preview.left == 99 * ETHER - preview.gas_wei
    assert preview.fee == 0
