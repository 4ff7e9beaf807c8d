"""A node's own wallet: whose money it is, and how much of it may go."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from smartchain.errors import (
    AddressError,
    HostUnavailable,
    KeyUnusable,
    LimitExceeded,
    NotConfirmed,
    NotEnoughFunds,
    Refused,
    RpcRefused,
)
from smartchain.ledger.address import checksum
from smartchain.types import ZERO_ADDRESS, ChainId, Wei
from smartchain.wallet.flight import Patience, Progress
from smartchain.wallet.keys import KeySigner
from smartchain.wallet.pay import Payer, Way
from smartchain.wallet.sender import Sender
from smartchain.wallet.spender import DEV_LIMIT, Spender, limit_on
from tests.fakes.chain import GWEI, LEDGER, FakeChain, FakeClock
from tests.unit.wallet.conftest import ETHER, wallet

BOB = wallet(7)


@pytest.fixture
def chain(signer: KeySigner) -> FakeChain:
    chain = FakeChain(automine=True)
    chain.endow(signer.address, 100 * ETHER)
    return chain


def spender_of(chain: FakeChain, signer: KeySigner, limit: int, way: Way | None = None) -> Spender:
    return Spender(Payer(Sender(chain, signer), LEDGER), Wei(limit), way)


def test_a_sender_whose_key_is_not_here_is_refused_by_name(chain: FakeChain, signer: KeySigner) -> None:
    spender = spender_of(chain, signer, ETHER)

    with pytest.raises(KeyUnusable, match=f"no key of {checksum(BOB)}: it pays from {checksum(signer.address)}"):
        spender.pay(BOB, signer.address, Wei(1))
    assert chain.sent == []


def test_nothing_is_spent_where_nobody_said_how_much_may_be(chain: FakeChain, signer: KeySigner) -> None:
    with pytest.raises(LimitExceeded, match="--legacy-limit"):
        spender_of(chain, signer, 0).pay(signer.address, BOB, Wei(1))
    assert chain.sent == []


def test_without_a_word_a_development_chain_has_a_limit_and_every_other_chain_has_zero() -> None:
    assert limit_on(ChainId(31337), None) == DEV_LIMIT
    assert limit_on(ChainId(1), None) == 0
    assert limit_on(ChainId(1), Wei(5)) == limit_on(ChainId(31337), Wei(5)) == 5


def test_payments_together_stop_at_the_limit_and_reach_it(chain: FakeChain, signer: KeySigner) -> None:
    spender = spender_of(chain, signer, ETHER)

    first = spender.pay(signer.address, BOB, Wei(ETHER // 2))
    with pytest.raises(LimitExceeded, match=r"may spend 1 ether .* 0.5 ether of that are paid"):
        spender.pay(signer.address, BOB, Wei(ETHER // 2 + 1))
    second = spender.pay(signer.address, BOB, Wei(ETHER // 2))

    assert (first, second) == (0, 1)
    assert (chain.balances[BOB], spender.paid) == (ETHER, ETHER)
    with pytest.raises(LimitExceeded):
        spender.pay(signer.address, BOB, Wei(1))
    assert len(chain.sent) == 2


def test_gas_alone_cannot_be_spent_past_the_limit_either(chain: FakeChain, signer: KeySigner) -> None:
    chain.base_fee = 1000 * GWEI
    spender = spender_of(chain, signer, ETHER // 4)
    before = chain.balances[signer.address]

    def pay_for_ever() -> None:
        while True:
            spender.pay(signer.address, BOB, Wei(1))

    with pytest.raises(LimitExceeded, match="for gas"):
        pay_for_ever()

    spent = before - chain.balances[signer.address]
    assert 0 < spent <= ETHER // 4 + chain.balances[BOB]
    assert spender.gas == spent - chain.balances[BOB]


def test_what_was_refused_before_it_was_signed_does_not_count(chain: FakeChain, signer: KeySigner) -> None:
    spender = spender_of(chain, signer, 1000 * ETHER)
    chain.refusing.add(BOB)

    with pytest.raises(Refused):
        spender.pay(signer.address, BOB, Wei(1))
    with pytest.raises(NotEnoughFunds):
        spender.pay(signer.address, wallet(8), Wei(500 * ETHER))
    with pytest.raises(AddressError):
        spender.pay(signer.address, ZERO_ADDRESS, Wei(1))

    assert (spender.paid, spender.gas, chain.sent) == (0, 0, [])


def test_what_was_signed_and_not_seen_mined_counts_as_spent(chain: FakeChain, signer: KeySigner) -> None:
    chain.automine = False
    heard = list[Progress]()
    way = Way(Patience(timeout_s=60), clock=FakeClock(12, lambda: None), on_progress=heard.append)
    spender = spender_of(chain, signer, ETHER, way)

    with pytest.raises(NotConfirmed):
        spender.pay(signer.address, BOB, Wei(ETHER))

    assert spender.paid == ETHER
    assert 0 < spender.gas < ETHER
    assert "signed" in [progress.what for progress in heard]
    with pytest.raises(LimitExceeded):
        spender.pay(signer.address, BOB, Wei(1))


def test_a_host_that_is_down_costs_nothing_of_the_limit(chain: FakeChain, signer: KeySigner) -> None:
    spender = spender_of(chain, signer, ETHER)

    def down(method: str) -> None:
        raise HostUnavailable("down")

    chain.before = down
    with pytest.raises(HostUnavailable):
        spender.pay(signer.address, BOB, Wei(ETHER))
    chain.before = lambda method: None

    assert spender.pay(signer.address, BOB, Wei(ETHER)) == 0


def test_a_fault_after_the_signature_says_that_it_may_have_been_paid(chain: FakeChain, signer: KeySigner) -> None:
    spender = spender_of(chain, signer, ETHER)

    def broken(method: str) -> None:
        if chain.sent:
            raise RpcRefused("internal error")

    chain.before = broken

    with pytest.raises(NotConfirmed, match="after the transaction was signed"):
        spender.pay(signer.address, BOB, Wei(ETHER))
    assert (spender.paid, chain.balances[BOB]) == (ETHER, ETHER)


def test_payments_asked_for_at_once_are_made_one_by_one_within_the_limit(chain: FakeChain, signer: KeySigner) -> None:
    spender = spender_of(chain, signer, 5)

    def pay(_: int) -> int | None:
        try:
            return spender.pay(signer.address, BOB, Wei(1))
        except LimitExceeded:
            return None

    with ThreadPoolExecutor(8) as pool:
        indexes = list(pool.map(pay, range(12)))

    assert sorted(index for index in indexes if index is not None) == [0, 1, 2, 3, 4]
    assert chain.balances[BOB] == 5
