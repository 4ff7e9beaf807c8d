"""The price of gas: read from whatever the host offers, bid within the cap, raised so that a node replaces."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smartchain.errors import FeeTooHigh, RpcRefused
from smartchain.types import Wei
from smartchain.wallet.fees import GWEI, FeePolicy, Price, bid, raised, read_price
from smartchain.wallet.transaction import Fees


class Answers:
    """Implements `ports.Rpc` with one answer for each method; what it has no answer for it refuses."""

    name = "http://answers"

    def __init__(self, **answers: Any) -> None:
        self.answers = answers

    def call(self, method: str, *params: Any) -> Any:
        if method not in self.answers:
            raise RpcRefused(f"the method {method} does not exist", -32601)
        return self.answers[method]

    def batch(self, calls: Sequence[tuple[str, Sequence[Any]]]) -> list[Any]:
        return [self.call(method, *params) for method, params in calls]

    def body(self, method: str, *params: Any) -> bytes:
        raise NotImplementedError


def history(tips: list[int], used: list[float], base: int = 7) -> dict[str, Any]:
    return {"baseFeePerGas": ["0x1", hex(base)], "gasUsedRatio": used, "reward": [[hex(tip)] for tip in tips]}


def test_a_host_without_a_base_fee_is_refused_by_name() -> None:
    with pytest.raises(RpcRefused, match="http://answers has no base fee"):
        read_price(Answers(eth_getBlockByNumber={"number": "0x1"}))


def test_gas_above_the_cap_is_refused_with_both_prices() -> None:
    with pytest.raises(FeeTooHigh, match=r"gas costs 3 gwei and --gas-price allows 2\.9 gwei"):
        bid(Price(Wei(2 * GWEI), Wei(GWEI)), FeePolicy(cap=Wei(29 * GWEI // 10)))


def test_the_tip_is_the_one_that_half_of_the_others_pay_empty_blocks_apart() -> None:
    price = read_price(Answers(eth_feeHistory=history([9, 0, 5, 100], [0.5, 0, 0.1, 1])))
    assert price == Price(Wei(7), Wei(9))


def test_where_nobody_pays_a_tip_the_host_suggests_one() -> None:
    quiet = history([0], [0])
    assert read_price(Answers(eth_feeHistory=quiet, eth_maxPriorityFeePerGas="0x4")).priority == 4
    assert read_price(Answers(eth_feeHistory=quiet)).priority == GWEI


def test_a_host_without_a_history_tells_its_base_fee_in_a_block() -> None:
    latest = {"baseFeePerGas": "0x8"}
    assert read_price(Answers(eth_getBlockByNumber=latest)).base == 8
    assert read_price(Answers(eth_getBlockByNumber=latest, eth_feeHistory=None)).base == 8
    assert read_price(Answers(eth_getBlockByNumber=latest, eth_feeHistory={"baseFeePerGas": []})).base == 8


def test_the_tip_that_the_payer_names_is_taken() -> None:
    price = read_price(Answers(eth_feeHistory=history([9], [1])), FeePolicy(priority=Wei(3)))
    assert price.priority == 3


prices = st.builds(Price, st.integers(0, 10**12).map(Wei), st.integers(0, 10**12).map(Wei))
caps = st.one_of(st.none(), st.integers(1, 10**13).map(Wei))


@given(prices, caps)
def test_a_bid_is_mined_now_and_never_above_the_cap(price: Price, cap: Wei | None) -> None:
    if cap is None or price.now <= cap:
        fees = bid(price, FeePolicy(cap))
        assert price.now <= fees.most <= 2 * price.base + price.priority
        assert fees.priority <= fees.most
        assert cap is None or fees.most <= cap


@given(prices, prices, caps)
def test_a_raised_bid_is_an_eighth_more_in_both_fees_and_never_above_the_cap(
    first: Price, then: Price, cap: Wei | None
) -> None:
    old = Fees(Wei(2 * first.base + first.priority), first.priority)
    new = raised(old, then, FeePolicy(cap))
    if new is None:
        assert cap is not None
        assert old.most * 9 > (cap - 1) * 8
    else:
        assert new.most * 8 >= old.most * 9
        assert new.priority * 8 >= old.priority * 9
        assert new.most > old.most
        assert new.priority <= new.most
        assert cap is None or new.most <= cap
