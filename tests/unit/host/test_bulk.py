"""Logs read in one go are what they are one by one, or are left alone."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from smartchain.errors import Untrue
from smartchain.host import logs
from smartchain.host.bulk import read_singles
from smartchain.ports import Chunk
from smartchain.types import Index
from tests.unit.host.test_logs import ENTRY, LEDGER, Raw, batch, entries, single

FIRST, LAST = 5, 9
FIELDS = ("address", "data", "blockNumber", "blockHash", "transactionHash", "topics")


def parsed(raw: list[Raw]) -> list[logs.Log]:
    return logs.parse(json.dumps({"jsonrpc": "2.0", "id": 1, "result": raw}).encode())


def in_one_go(raw: list[Raw], expected: int) -> Chunk | None:
    chunk = Chunk(FIRST, LAST, Index(expected))
    return chunk if read_singles(parsed(raw), "0x" + LEDGER.hex(), logs.TRANSFER, chunk) else None


def one_by_one(raw: list[Raw], expected: int) -> Chunk:
    return logs.read_one_by_one(parsed(raw), LEDGER, Chunk(FIRST, LAST, Index(expected)))


@st.composite
def canonical(draw: st.DrawFn) -> tuple[list[Raw], int]:
    """Singles in order, and the index of the first."""
    first = draw(st.integers(0, 2**40))
    found = draw(st.lists(entries, min_size=1, max_size=5))
    blocks = sorted(draw(st.lists(st.integers(FIRST, LAST), min_size=len(found), max_size=len(found))))
    changes = [{"block": b, "transactionHash": f"0x{n:064x}"} for n, b in enumerate(blocks)]
    return [single(first + n, e, **changes[n]) for n, e in enumerate(found)], first


@given(canonical())
def test_canonical_logs_are_read_in_one_go(case: tuple[list[Raw], int]) -> None:
    raw, first = case

    assert in_one_go(raw, first) == one_by_one(raw, first)


@given(canonical(), st.data())
def test_a_character_changed_anywhere_is_never_taken_for_something_else(
    case: tuple[list[Raw], int], data: st.DataObject
) -> None:
    raw, first = case
    spoilt = raw[data.draw(st.integers(0, len(raw) - 1))]
    name = data.draw(st.sampled_from(FIELDS))
    if name == "topics":
        which = data.draw(st.integers(0, 3))
        spoilt["topics"][which] = changed(spoilt["topics"][which], data)
    else:
        spoilt[name] = changed(spoilt[name], data)

    quick = in_one_go(raw, first)

    assert quick is None or quick == one_by_one(raw, first)


def changed(text: str, data: st.DataObject) -> str:
    """The text with one character replaced, put in, or taken out."""
    at = data.draw(st.integers(0, len(text) - 1))
    new = data.draw(st.sampled_from(["", "0", "f", "F", "x", "X", " ", "é", "0x", "00", "ff"]))
    keep = data.draw(st.booleans())
    return text[:at] + new + text[at + (not keep) :]


@given(canonical(), st.data())
def test_logs_out_of_order_doubled_or_missing_are_left_alone(case: tuple[list[Raw], int], data: st.DataObject) -> None:
    raw, first = case
    picked = data.draw(st.lists(st.sampled_from(range(len(raw))), min_size=1, max_size=6))
    assume(picked != list(range(len(picked))))

    assert in_one_go([raw[n] for n in picked], first) is None


@given(canonical(), st.integers(1, 2**40))
def test_another_first_index_is_left_alone(case: tuple[list[Raw], int], off: int) -> None:
    raw, first = case

    assert in_one_go(raw, first + off) is None


@given(entries)
def test_what_is_no_single_of_this_ledger_is_left_alone(entry: Any) -> None:
    others: list[list[Raw]] = [
        [],
        [single(0, entry, block=FIRST, removed=True)],
        [single(0, entry, block=FIRST, address="0x" + "11" * 20)],
        [single(0, entry, block=FIRST - 1)],
        [single(0, entry, block=LAST + 1)],
        [single(0, entry, block=FIRST), batch(1, [entry], block=FIRST)],
        [single(0, entry, block=FIRST), single(1, entry, block=FIRST, blockHash="0x" + "11" * 32)],
        [single(0, entry, block=FIRST, blockHash="fx" + "00" * 32)],
    ]

    for raw in others:
        assert in_one_go(raw, 0) is None


def test_lengths_that_make_up_for_each_other_are_left_alone() -> None:
    """Two fields whose texts, put together, are canonical, though neither is."""
    raw = single(0, ENTRY, block=FIRST, transactionHash="0x" + "00" * 32)
    raw["topics"][3], raw["transactionHash"] = raw["topics"][3] + "0x00", raw["transactionHash"][:-2]

    assert in_one_go([raw], 0) is None
    with pytest.raises(Untrue):
        one_by_one([raw], 0)
