"""
Allocations in ascending order of wallet, however many: sorted in pieces that fit into memory, which are then merged.
"""

from __future__ import annotations

import heapq
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from itertools import islice
from operator import itemgetter
from typing import IO

from smartchain.errors import SnapshotError
from smartchain.ledger.snapshot import RECORD_BYTES
from smartchain.snapshot.table import Allocation

PIECE = 250_000
"""Allocations that are sorted at once, some 60 MB."""

_LINE_BYTES = 8
_SORTED_BYTES = RECORD_BYTES + _LINE_BYTES
_READ_AT_ONCE = 2048
_NOTHING = bytes(32)
_wallet = itemgetter(slice(0, 20))


def records(allocations: Iterable[Allocation], at_once: int = PIECE) -> Iterator[bytes]:
    """
    The file's records, 52 bytes each, in order. A value of nothing is left out.

    Raises `SnapshotError` for a wallet that is there twice, with both lines.
    """
    with ExitStack() as stack:
        pieces = [
            _spilled(stack.enter_context(tempfile.TemporaryFile()), piece)
            for piece in _sorted_pieces(allocations, at_once)
        ]
        last = None
        for row in heapq.merge(*map(_rows, pieces), key=_wallet):
            if last is not None and row[:20] == last[:20]:
                raise _twice(last, row)
            last = row
            if row[20:RECORD_BYTES] != _NOTHING:
                yield row[:RECORD_BYTES]


def _sorted_pieces(allocations: Iterable[Allocation], at_once: int) -> Iterator[list[bytes]]:
    waiting = iter(allocations)
    while piece := [
        wallet + value.to_bytes(32, "big") + line.to_bytes(_LINE_BYTES, "big")
        for wallet, value, line in islice(waiting, at_once)
    ]:
        piece.sort()
        yield piece


def _spilled(file: IO[bytes], piece: list[bytes]) -> IO[bytes]:
    file.write(b"".join(piece))
    file.seek(0)
    return file


def _rows(file: IO[bytes]) -> Iterator[bytes]:
    while data := file.read(_SORTED_BYTES * _READ_AT_ONCE):
        for at in range(0, len(data), _SORTED_BYTES):
            yield data[at : at + _SORTED_BYTES]


def _twice(one: bytes, other: bytes) -> SnapshotError:
    first, second = sorted(int.from_bytes(row[RECORD_BYTES:], "big") for row in (one, other))
    return SnapshotError(f"wallet 0x{one[:20].hex()} is in line {first} already", second)
