"""
The bytes that travel between nodes: entries in bulk, and the few JSON answers around them.

A download is one stream of portions after four bytes that name the format. A portion is a header of fixed size and
a zstandard frame that holds the entries as they are packed, then the hints, which repeat, as runs. Every length is
announced before it comes and bounded before it is believed.

    stream   = "SCB1" portion*
    portion  = first (8) ‖ count (4) ‖ bytes of the frame (4) ‖ frame
    frame    = zstd( packed (132 · count) ‖ transaction runs ‖ host block runs )
    runs     = how many (4) ‖ length of each (4 each) ‖ value of each (32 or 8 each)
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator, Sequence
from itertools import groupby
from typing import TypeVar

import zstandard

from smartchain.ledger.entry import PACKED_BYTES
from smartchain.peer.outline import PART
from smartchain.ports import Portion
from smartchain.types import Index

T = TypeVar("T", bytes, int)

MAGIC = b"SCB1"
MEDIA_TYPE = "application/vnd.smartchain.entries"
MOST_ENTRIES = PART
"""In one portion."""

_HEADER = struct.Struct(">QII")
HEADER_BYTES = _HEADER.size
_HASH_BYTES = 32
_NUMBER_BYTES = 8
_A_RUN = 4 + _HASH_BYTES + 4 + _NUMBER_BYTES
MOST_RAW_BYTES = 8 + MOST_ENTRIES * (PACKED_BYTES + _A_RUN)
MOST_FRAME_BYTES = MOST_RAW_BYTES + MOST_RAW_BYTES // 128 + 1024
"""A frame of what cannot be compressed is a little longer than what is in it."""
_WINDOW_BYTES = 2**21
_QUICK = 1
"""Level of compression: random hashes are most of it, and they do not shrink at any level."""


class Malformed(ValueError):
    """Bytes that are no portion of the format; the text says why, in words that go after "it sent"."""


def encode(portion: Portion) -> bytes:
    """A portion with its header."""
    transactions = list(_runs(portion.transactions))
    numbers = [(length, value.to_bytes(_NUMBER_BYTES, "big")) for length, value in _runs(portion.host_blocks)]
    raw = b"".join([*portion.packed, *_pack_runs(transactions), *_pack_runs(numbers)])
    frame = zstandard.ZstdCompressor(level=_QUICK).compress(raw)
    return _HEADER.pack(portion.first, len(portion.packed), len(frame)) + frame


def read(take: Callable[[int], bytes], start: int, stop: int) -> Iterator[Portion]:
    """
    The portions of a stream that goes from entry `start` to `stop`.

    `take` gives that many bytes, or fewer at the end of the stream. Raises `Malformed`; `EOFError` where the stream
    ends between two portions before it reached `stop`.
    """
    if (magic := take(len(MAGIC))) != MAGIC:
        raise Malformed(_not_ours(magic))
    while start < stop:
        header = take(HEADER_BYTES)
        if not header:
            raise EOFError
        portion = _portion(header, take, start, stop)
        start += len(portion.packed)
        yield portion
    if take(1):
        raise Malformed(f"more than the entries up to {stop} that were asked for")


def _not_ours(magic: bytes) -> str:
    if magic[:3] == MAGIC[:3] and len(magic) == len(MAGIC):
        return "entries in another version of the format"
    return "something that is no stream of entries"


def _portion(header: bytes, take: Callable[[int], bytes], start: int, stop: int) -> Portion:
    if len(header) != HEADER_BYTES:
        raise Malformed("a portion that is cut off")
    first, count, length = _HEADER.unpack(header)
    if first != start:
        raise Malformed(f"entry {first} where {start} was due")
    if not 0 < count <= min(MOST_ENTRIES, stop - start):
        raise Malformed(f"a portion of {count} entries where 1 to {min(MOST_ENTRIES, stop - start)} fit")
    if not 0 < length <= MOST_FRAME_BYTES:
        raise Malformed(f"a portion of {length} bytes, where {MOST_FRAME_BYTES} are the most")
    frame = take(length)
    if len(frame) != length:
        raise Malformed("a portion that is cut off")
    return _columns(first, count, _expand(frame))


def _expand(frame: bytes) -> bytes:
    """What the frame holds; what it says of its own size is checked before memory is asked for."""
    try:
        size = zstandard.frame_content_size(frame)
        if not 0 < size <= MOST_RAW_BYTES:
            raise Malformed(f"a portion that expands to {size} bytes, where {MOST_RAW_BYTES} are the most")
        decompressor = zstandard.ZstdDecompressor(max_window_size=_WINDOW_BYTES)
        return decompressor.decompress(frame, max_output_size=size, allow_extra_data=False)
    except zstandard.ZstdError as error:
        raise Malformed("a portion that is no zstandard frame") from error


def _columns(first: int, count: int, raw: bytes) -> Portion:
    at = PACKED_BYTES * count
    if len(raw) < at:
        raise Malformed("a portion with fewer entries than it announced")
    packed = [raw[start : start + PACKED_BYTES] for start in range(0, at, PACKED_BYTES)]
    transactions, at = _unpack_runs(raw, at, count, _HASH_BYTES)
    numbers, at = _unpack_runs(raw, at, count, _NUMBER_BYTES)
    if at != len(raw):
        raise Malformed("a portion with bytes left over")
    return Portion(
        Index(first),
        packed,
        [value for length, value in transactions for _ in range(length)],
        [number for length, value in numbers for number in [int.from_bytes(value, "big")] * length],
    )


def _runs(values: Sequence[T]) -> Iterator[tuple[int, T]]:
    return ((len(list(same)), value) for value, same in groupby(values))


def _pack_runs(runs: Sequence[tuple[int, bytes]]) -> list[bytes]:
    lengths = struct.pack(f">{len(runs) + 1}I", len(runs), *(length for length, _ in runs))
    return [lengths, *(value for _, value in runs)]


def _unpack_runs(raw: bytes, at: int, count: int, width: int) -> tuple[list[tuple[int, bytes]], int]:
    """Runs that cover `count` entries, and where they end."""
    (many,) = struct.unpack_from(">I", raw, at) if len(raw) >= at + 4 else (0,)
    values = at + 4 + 4 * many
    stop = values + width * many
    if not 0 < many <= count or stop > len(raw):
        raise Malformed("a portion whose hints are cut off")
    lengths = struct.unpack_from(f">{many}I", raw, at + 4)
    if sum(lengths) != count or min(lengths) == 0:
        raise Malformed("a portion whose hints are not one for each entry")
    return [(length, raw[values + width * n : values + width * (n + 1)]) for n, length in enumerate(lengths)], stop
