"""What a client sends: amounts to the digit, notes of any JSON, and nothing that harms."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smartchain.errors import AmountError, InputError
from smartchain.node.legacy.asked import read_json, wei_of
from smartchain.node.legacy.information import kept, shown
from smartchain.node.legacy.text import ether

anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=8,
)


def amount(text: str) -> int:
    return wei_of(read_json(b'{"amount": %s}' % text.encode(), exact=True)["amount"])


@pytest.mark.parametrize(
    "text",
    [
        "0", "0.0", "-1", "-0.5", '"1"', "null", "true", "[1]", "{}", "1e-19", "0.0000000000000000001", "1e999999999",
        "1e-999999999", "1e60", "1.0000000000000000001", "115792089237316195423570985008687907853269984665640564039458",
        "9" * 4000, "0." + "0" * 17 + "15", "1e99999999999999999999",
    ],
)  # fmt: skip
def test_an_amount_that_cannot_be_paid_is_refused(text: str) -> None:
    with pytest.raises(InputError):
        amount(text)


@pytest.mark.parametrize(
    ("text", "wei"),
    [("1", 10**18), ("0.1", 10**17), ("1e-18", 1), ("1.50", 15 * 10**17), ("2.5e3", 2500 * 10**18),
     ("0.30000000000000004", 300000000000000040), ("1.000000000000000000000000000", 10**18)],
)  # fmt: skip
def test_an_amount_is_read_as_it_is_written(text: str, wei: int) -> None:
    assert amount(text) == wei


@given(st.integers(1, 2**256 - 1))
def test_an_amount_that_the_node_writes_it_also_reads(wei: int) -> None:
    assert amount(ether(wei)) == wei


def test_no_bool_passes_for_a_number() -> None:
    with pytest.raises(AmountError, match="JSON number"):
        wei_of(True)


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"sender=x", b"\xff\xfe{", b"[" * 100_000, b'{"a":' * 5000, b'{"amount": NaN}', b'{"amount": Infinity}',
     b'{"amount": %s}' % (b"9" * 5000), "{}".encode("utf-16"), ('["∀' + "[" * 5000).encode("utf-16-le")],
)  # fmt: skip
def test_what_is_no_json_is_refused_and_harms_nobody(body: bytes) -> None:
    with pytest.raises(InputError):
        read_json(body, exact=True)


@pytest.mark.parametrize("body", [b"[]", b"1", b'"text"', b"null"])
def test_what_is_no_object_has_no_values(body: bytes) -> None:
    assert read_json(body, exact=True) == {}


# information


def test_a_text_is_kept_as_it_is() -> None:
    assert kept("für Ada") == "für Ada".encode()
    assert shown("für Ada".encode()) == json.dumps("für Ada")


@given(anything)
def test_any_json_comes_back_as_it_went_in(information: Any) -> None:
    try:
        note = kept(information)
    except InputError:
        assert isinstance(information, str)
        return

    assert json.loads(shown(note)) == information
    assert type(json.loads(shown(note))) is type(information)


@given(anything)
def test_a_text_that_looks_like_kept_json_is_still_the_text(information: Any) -> None:
    text = json.dumps({"information": information})

    assert json.loads(shown(kept(text))) == text


@given(anything)
def test_what_is_shown_is_what_a_client_writes_again(information: Any) -> None:
    text = shown(kept([information]))

    assert json.dumps(json.loads(text), sort_keys=True) == text


@pytest.mark.parametrize("information", ["\ud800", [float("inf")], float("nan")])
def test_what_json_does_not_hold_is_refused(information: object) -> None:
    with pytest.raises(InputError):
        kept(information)


def test_lists_in_lists_end_somewhere() -> None:
    nested: list[Any] = []
    for _ in range(500):
        nested = [nested]

    with pytest.raises(InputError, match="levels"):
        kept(nested)


def test_what_was_written_otherwise_is_shown_as_text_or_hex_and_what_is_lost_as_null() -> None:
    assert json.loads(shown(b"\xff\x00")) == "0xff00"
    assert json.loads(shown(b'{"information":1}')) == '{"information":1}'
    assert json.loads(shown(b'{"information": 1, "more": 2}')) == '{"information": 1, "more": 2}'
    assert shown(None) == "null"
