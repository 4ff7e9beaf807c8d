"""What nests deep is known before it is read, however it is dressed."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smartchain.ledger.nesting import is_too_deep

TREES = st.recursive(
    st.none() | st.text() | st.integers(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=12,
)


def depth(tree: object) -> int:
    if isinstance(tree, list):
        return 1 + max(map(depth, tree), default=0)
    if isinstance(tree, dict):
        return 1 + max(map(depth, tree.values()), default=0)
    return 0


@given(TREES, st.integers(0, 6))
def test_json_is_too_deep_exactly_where_it_nests_deeper(tree: object, deepest: int) -> None:
    assert is_too_deep(json.dumps(tree, ensure_ascii=False).encode(), deepest) == (depth(tree) > deepest)


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b'["\\"",' * 1000,
        b"[" * 65 + b"]" * 65,
        b'["' + b"[" * 9 + b'",' + b"[" * 99,
    ],
)
def test_many_open_brackets_are_too_deep(body: bytes) -> None:
    assert is_too_deep(body)


def test_brackets_in_a_string_are_text() -> None:
    assert not is_too_deep(b'["' + b"[{" * 100_000 + b'", "\\"' + b"[" * 100 + b'"]')
