"""A dump read piece by piece says what the whole of it does, wherever a piece ends."""

from __future__ import annotations

import gzip
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smartchain.host import dump
from smartchain.host.dump import accounts_in

TEXT = st.text(max_size=8)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=12,
)


def packed(said: object, indent: int | None = None) -> bytes:
    return gzip.compress(json.dumps(said, indent=indent).encode())


@settings(max_examples=200)
@given(st.dictionaries(TEXT, VALUES, max_size=6), VALUES, VALUES, st.sampled_from([None, 1]), st.integers(1, 40))
def test_whatever_stands_around_them_the_accounts_are_those_of_the_json(
    accounts: dict[str, Any], before: Any, after: Any, indent: int | None, piece: int
) -> None:
    said = {"block": before, "best_block_number": 7, "accounts": accounts, "blocks": after}
    text = json.dumps(said, indent=indent)
    given_ = dump._Text(text[at : at + piece] for at in range(0, len(text), piece))
    found = {}
    for name in given_.members():
        if name == "accounts":
            found = {account: given_.value() for account in given_.members()}
        else:
            assert given_.value() == said[name]
    assert found == accounts
    assert dict(accounts_in(packed(said, indent))) == accounts


@pytest.mark.parametrize("cut", range(1, 60, 3))
def test_a_dump_that_is_cut_off_is_refused(cut: int) -> None:
    text = json.dumps({"block": 1, "accounts": {"0x12": {"balance": "0x1", "code": "0x"}, "0x13": {"balance": "0x2"}}})
    with pytest.raises(ValueError):
        list(accounts_in(gzip.compress(text[: len(text) - cut - 1].encode())))


@pytest.mark.parametrize(
    "said", [b"", b"no gzip", gzip.compress(b""), packed([]), packed({}), packed({"accounts": []}), packed(5),
             gzip.compress(b'{"accounts":{5:6}}'), gzip.compress(b'{"accounts" {}}'), gzip.compress(b"{\xff}")],
)  # fmt: skip
def test_what_is_no_dump_is_refused(said: bytes) -> None:
    with pytest.raises(ValueError):
        list(accounts_in(said))
