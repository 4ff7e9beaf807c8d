"""A plan: every payment once, equal memos together, in file order, and nothing that should be asked about."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smartchain.errors import BatchFileError, LimitExceeded
from smartchain.ledger.entry import MAX_PAYMENT
from smartchain.types import ZERO_ADDRESS, Address, Wei
from smartchain.wallet.batch import Row
from smartchain.wallet.memo import parse_memo
from smartchain.wallet.plan import TRANSACTION_GAS, Plan, Planned, plan_batch

LEDGER = Address(b"\x1e" * 20)


def wallet(number: int) -> Address:
    return Address(number.to_bytes(20, "big"))


def row(line: int, recipient: int, amount: int, memo: str = "") -> Row:
    return Row(line, wallet(recipient), Wei(amount), parse_memo(memo))


def test_a_payment_to_nobody_is_refused_with_its_line() -> None:
    with pytest.raises(BatchFileError, match="line 4: the recipient is the zero address"):
        plan_batch([Row(4, ZERO_ADDRESS, Wei(1))], LEDGER)


def test_a_payment_to_the_ledger_is_refused_with_its_line() -> None:
    with pytest.raises(BatchFileError, match="line 4: the recipient is the ledger itself"):
        plan_batch([Row(4, LEDGER, Wei(1))], LEDGER)


def test_the_same_recipient_and_amount_twice_is_refused_whatever_the_memo() -> None:
    rows = [row(2, 1, 5, "a"), row(3, 1, 6), row(4, 1, 5, "b")]
    with pytest.raises(BatchFileError, match=r"line 4: .* as in line 2: .*--allow-duplicates") as caught:
        plan_batch(rows, LEDGER)
    assert caught.value.line == 4
    assert plan_batch(rows, LEDGER, allow_duplicates=True).payments == 3


def test_more_than_the_most_that_may_be_paid_is_refused() -> None:
    rows = [row(1, 1, 10**18), row(2, 2, 1)]
    with pytest.raises(LimitExceeded, match=r"1\.000000000000000001 ether .* allows 1 ether: nothing was sent"):
        plan_batch(rows, LEDGER, max_total=Wei(10**18))
    assert plan_batch(rows, LEDGER, max_total=Wei(10**18 + 1)).total == 10**18 + 1


def test_a_single_payment_cannot_be_divided() -> None:
    with pytest.raises(ValueError, match="cannot be divided"):
        Planned((row(1, 1, 1),)).halves()


def test_equal_memos_share_a_transaction_in_the_order_of_their_first_payment() -> None:
    rows = [row(1, 1, 1, "a"), row(2, 2, 1, "b"), row(3, 3, 1, "a"), row(4, 4, 1), row(5, 5, 1, "b")]
    plan = plan_batch(rows, LEDGER)
    assert [[r.line for r in planned.rows] for planned in plan.transactions] == [[1, 3], [2, 5], [4]]
    assert plan.memos == 3
    assert plan.memo_gas == 2 * TRANSACTION_GAS


def test_an_amount_past_a_batch_s_word_goes_by_itself() -> None:
    rows = [row(1, 1, 1), row(2, 2, MAX_PAYMENT + 1), row(3, 3, MAX_PAYMENT)]
    plan = plan_batch(rows, LEDGER)
    assert [[r.line for r in planned.rows] for planned in plan.transactions] == [[1, 3], [2]]
    assert plan.memo_gas == 0


def test_the_fee_is_rounded_down_for_each_payment() -> None:
    plan = plan_batch([row(1, 1, 19_999), row(2, 2, 20_000), row(3, 3, 39_999)], LEDGER)
    assert plan.fee(50) == 0 + 1 + 1
    assert plan.fee(0) == 0


def test_lines_are_named_for_a_person() -> None:
    assert Planned((row(7, 1, 1),)).lines == "line 7"
    assert Planned((row(2, 1, 1), row(9, 2, 1))).lines == "lines 2 to 9"


rows_of = st.lists(
    st.tuples(st.integers(1, 50), st.sampled_from([1, 2, MAX_PAYMENT, MAX_PAYMENT + 1]), st.sampled_from("abc")),
    min_size=1,
    max_size=60,
).map(lambda items: [row(line, *item) for line, item in enumerate(items, start=1)])


def plan_of(rows: list[Row], most: int) -> Plan:
    return plan_batch(rows, LEDGER, most_payments=most, allow_duplicates=True)


@given(rows_of, st.integers(1, 7))
def test_every_payment_is_in_a_plan_exactly_once(rows: list[Row], most: int) -> None:
    plan = plan_of(rows, most)
    assert sorted(r.line for r in plan.rows) == [r.line for r in rows]
    assert plan.total == sum(r.amount for r in rows)
    assert plan.payments == len(rows)


@given(rows_of, st.integers(1, 7))
def test_a_transaction_holds_one_memo_in_file_order_and_no_more_than_fits(rows: list[Row], most: int) -> None:
    for planned in plan_of(rows, most).transactions:
        assert len({r.memo for r in planned.rows}) == 1
        assert [r.line for r in planned.rows] == sorted(r.line for r in planned.rows)
        assert len(planned.rows) <= most
        assert len(planned.rows) == 1 or all(r.amount <= MAX_PAYMENT for r in planned.rows)


@given(rows_of, st.integers(2, 7), st.data())
def test_dividing_a_transaction_loses_and_doubles_nothing(rows: list[Row], most: int, data: st.DataObject) -> None:
    plan = plan_of(rows, most)
    divisible = [n for n, planned in enumerate(plan.transactions) if len(planned.rows) > 1]
    if divisible:
        divided = plan.divided(data.draw(st.sampled_from(divisible)))
        assert list(divided.rows) == list(plan.rows)
        assert len(divided.transactions) == len(plan.transactions) + 1
