"""The bytes of a download: what goes in comes out, and nothing else does."""

from __future__ import annotations

import struct

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from smartchain.peer import wire
from smartchain.ports import Portion
from smartchain.types import Index

HEADER = struct.Struct(">QII")

rows = st.lists(
    st.tuples(
        st.binary(min_size=132, max_size=132),
        st.integers(0, 3).map(lambda n: bytes([n]) * 32),
        st.integers(0, 2**63 - 1) | st.integers(0, 2),
    ),
    min_size=1,
    max_size=40,
)


def portion_of(first: int, columns: list[tuple[bytes, bytes, int]]) -> Portion:
    packed, transactions, numbers = (list(column) for column in zip(*columns, strict=True))
    return Portion(Index(first), packed, transactions, numbers)


PORTION = portion_of(5, [(bytes([n]) * 132, b"t" * 32, n // 2) for n in range(9)])


class Stream:
    """Bytes, taken from the front."""

    def __init__(self, *pieces: bytes) -> None:
        self.left = b"".join(pieces)

    def take(self, count: int) -> bytes:
        taken, self.left = self.left[:count], self.left[count:]
        return taken


def read(*pieces: bytes, start: int = 5, stop: int = 14) -> list[Portion]:
    return list(wire.read(Stream(*pieces).take, start, stop))


def framed(raw: bytes, first: int = 5, count: int = 9) -> bytes:
    frame = zstandard.compress(raw)
    return HEADER.pack(first, count, len(frame)) + frame


RAW = zstandard.decompress(wire.encode(PORTION)[HEADER.size :])


@given(st.integers(0, 2**40), st.lists(rows, min_size=1, max_size=3))
def test_what_is_written_is_read(first: int, several: list[list[tuple[bytes, bytes, int]]]) -> None:
    portions, at = [], first
    for columns in several:
        portions.append(portion_of(at, columns))
        at += len(columns)

    assert read(wire.MAGIC, *map(wire.encode, portions), start=first, stop=at) == portions


@given(st.binary(max_size=200), st.integers(0, 2000))
def test_bytes_that_were_changed_are_refused_or_stay_within_the_format(noise: bytes, at: int) -> None:
    whole = wire.MAGIC + wire.encode(PORTION)
    at %= len(whole)
    try:
        found = read(whole[:at], noise, whole[at + len(noise) :])
    except (wire.Malformed, EOFError):
        return
    assert sum(len(portion.packed) for portion in found) == 9
    assert all(len(packed) == 132 for portion in found for packed in portion.packed)


def test_a_batch_of_one_transaction_costs_its_hash_once() -> None:
    alone = portion_of(0, [(bytes(132), bytes([n % 251]) * 32, n) for n in range(250)])
    batch = portion_of(0, [(bytes(132), bytes([7]) * 32, 7)] * 250)

    assert len(wire.encode(batch)) * 10 < len(wire.encode(alone))


def test_a_stream_that_ends_between_two_portions_is_told_from_a_broken_one() -> None:
    with pytest.raises(EOFError):
        read(wire.MAGIC, wire.encode(PORTION), stop=20)
    with pytest.raises(wire.Malformed, match="cut off"):
        read(wire.MAGIC, wire.encode(PORTION)[:-1])
    with pytest.raises(wire.Malformed, match="cut off"):
        read(wire.MAGIC, wire.encode(PORTION)[:7])


@pytest.mark.parametrize(
    ("stream", "says"),
    [
        (b"<html>", "no stream of entries"),
        (b"", "no stream of entries"),
        (b"SCB0" + wire.encode(PORTION), "another version"),
        (wire.MAGIC + framed(RAW, first=6), "entry 6 where 5 was due"),
        (wire.MAGIC + framed(RAW, count=0), "a portion of 0 entries"),
        (wire.MAGIC + framed(RAW, count=10), "a portion of 10 entries"),
        (wire.MAGIC + HEADER.pack(5, 9, 2**31), "2147483648 bytes"),
        (wire.MAGIC + HEADER.pack(5, 9, 4) + b"none", "no zstandard frame"),
        (wire.MAGIC + framed(RAW + b"\0"), "bytes left over"),
        (wire.MAGIC + framed(RAW[:-1]), "hints are cut off"),
        (wire.MAGIC + framed(RAW[:500]), "fewer entries"),
        (wire.MAGIC + framed(RAW, count=8), "hints"),
        (wire.MAGIC + wire.encode(PORTION) + b"!", "more than the entries"),
    ],
)
def test_what_is_no_such_stream_is_refused_with_a_reason(stream: bytes, says: str) -> None:
    with pytest.raises(wire.Malformed, match=says):
        read(stream)


def test_a_decompression_bomb_is_refused_before_memory_is_asked_for() -> None:
    bomb = zstandard.compress(bytes(2**30))
    with pytest.raises(wire.Malformed, match="expands to 1073741824 bytes"):
        read(wire.MAGIC, HEADER.pack(5, 9, len(bomb)), bomb)


def test_a_frame_that_hides_its_size_is_refused() -> None:
    frame = zstandard.ZstdCompressor(write_content_size=False).compress(bytes(2**20))
    with pytest.raises(wire.Malformed):
        read(wire.MAGIC, HEADER.pack(5, 9, len(frame)), frame)


def test_a_frame_that_holds_more_than_it_says_is_refused() -> None:
    frame = bytearray(zstandard.compress(b"x" * 200))
    assert frame[4] == 0x20, "one segment, its size in one byte"
    frame[5] = 100
    with pytest.raises(wire.Malformed, match="no zstandard frame"):
        read(wire.MAGIC, HEADER.pack(5, 9, len(frame)), bytes(frame))
