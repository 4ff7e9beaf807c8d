"""What a token says of itself: kept where it is text, bounded, and refused where it is made to mislead."""

from __future__ import annotations

import unicodedata
from typing import Any

import pytest
from eth_abi.abi import encode
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

from smartchain.host.reverts import selector
from tests.contracts.evm import NO_GENESIS, NOBODY, Contract, Evm

SIX = (6).to_bytes(32, "big")
UNSEEN = ["\x00", "\n", "\x1f", "\x7f", "\x85", "\u00ad", "\u061c", "\u200b", "\u200f", "\u2028", "\u202e", "\u2060"]
UNSEEN += ["\u2066", "\ufeff", "\ufff9", "\U000e0041", "\U000e0100"]
BROKEN = [b"\x80", b"\xc3", b"\xc0\xaf", b"\xe0\x80\x80", b"\xed\xa0\x80", b"\xf0\x80\x80\x80", b"\xf4\x90\x80\x80"]
BROKEN += [b"\xf5\x80\x80\x80", b"\xff", b"\xc3\x28", b"\xe2\x82", b"a\xf0\x9f\x98"]


def string(text: str | bytes) -> bytes:
    return encode(["bytes"], [text.encode() if isinstance(text, str) else text])


def word(text: bytes) -> bytes:
    return text.ljust(32, b"\0")


def creation(evm: Evm, name: bytes, symbol: bytes, decimals: bytes = SIX) -> tuple[str, Any]:
    """A token that says this, and the creation of its ledger."""
    token: str = evm.deploy("SayingToken", name, symbol, decimals).address
    return token, evm.creation("TokenBPSC", token, 0, 0, 0, NOBODY, NO_GENESIS)


def said(evm: Evm, name: bytes, symbol: bytes = string("T"), decimals: bytes = SIX) -> list[Any]:
    """How a ledger describes such a token."""
    token: str = evm.deploy("SayingToken", name, symbol, decimals).address
    ledger: Contract = evm.token_bpsc(token)
    found: list[Any] = ledger.functions.subject(token).call()
    return found


def test_text_that_cannot_be_shown_as_it_is_is_refused(evm: Evm) -> None:
    for number, hostile in enumerate([*(text.encode() for text in UNSEEN), *BROKEN]):
        said = string(b"USD" + hostile), string("USD")
        name, symbol = said if number % 2 else said[::-1]
        token, made = creation(evm, name, symbol)

        error = "NameUnreadable(address)" if number % 2 else "SymbolUnreadable(address)"
        assert evm.refusal(made) == selector(error) + encode(["address"], [token]), hostile


def test_an_answer_in_another_form_is_refused(evm: Evm) -> None:
    head = (32).to_bytes(32, "big")
    for answer in (
        b"\1",
        bytes(31),
        bytes(33),
        bytes(64),  # an offset of 0
        (64).to_bytes(32, "big") + bytes(32) + (1).to_bytes(32, "big") + word(b"T"),
        head + (33).to_bytes(32, "big") + word(b"T"),  # longer than what comes
        head + b"\xff" * 32 + word(b"T"),
        word(b"US\xff"),
        word(b"\x0aUSD"),
    ):
        token, made = creation(evm, string("A token"), answer)

        assert evm.refusal(made) == selector("SymbolUnreadable(address)") + encode(["address"], [token]), answer


def test_thirty_two_bytes_of_old_are_read_up_to_the_first_zero(evm: Evm) -> None:
    assert said(evm, word(b"Maker"), word(b"MKR")) == ["Maker", "MKR", 6]
    assert said(evm, b"x" * 32, word(b"A\0B")) == ["x" * 32, "A", 6]


def test_what_is_missing_is_empty(evm: Evm) -> None:
    assert said(evm, b"", b"") == ["", "", 6]
    assert said(evm, string(""), bytes(32)) == ["", "", 6]


@pytest.mark.parametrize("decimals", [b"", (256).to_bytes(32, "big"), b"\xff" * 32, b"\6", SIX * 2])
def test_a_token_that_does_not_say_its_decimals_is_not_described(evm: Evm, decimals: bytes) -> None:
    token: str = evm.deploy("SayingToken", string("T"), string("T"), decimals).address
    ledger = evm.token_bpsc(token)

    evm.refuses(ledger.functions.subject(token), "SubjectUnknown(address)", token)


def test_a_long_name_is_cut_and_one_that_is_too_dear_to_read_is_missing(evm: Evm) -> None:
    assert said(evm, string("n" * 1_000)) == ["n" * 64, "T", 6]
    assert said(evm, string("n" * 5_000)) == ["", "T", 6]
    assert said(evm, string("n" * 64)) == ["n" * 64, "T", 6]
    assert said(evm, string("n" * 62 + "\u20ac" + "n")) == ["n" * 62, "T", 6]


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@example(text="USD\u20ae0").via("Tether's own symbol")
@example(text="\U0001f984" * 17).via("cut in a character of four bytes")
@given(text=st.text(max_size=30).filter(lambda text: not any(unicodedata.category(c)[0] == "C" for c in text)))
def test_text_of_any_script_is_kept_whole_or_cut_between_characters(evm: Evm, text: str) -> None:
    kept = text
    while len(kept.encode()) > 64:
        kept = kept[:-1]
    assume(not any(0xE0000 <= ord(c) <= 0xE0FFF or c in "\u2028\u2029" for c in text))

    assert said(evm, string(text))[0] == kept
