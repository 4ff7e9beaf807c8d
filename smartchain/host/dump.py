"""
The accounts in a dump of anvil's state, one after the other: unpacked and read piece by piece, never as a whole.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator
from typing import Any

PIECE = 1 << 20
MOST_BYTES = 1 << 32
"""Of a dump, unpacked."""

_ENDS = frozenset(",:]} \n\r\t")

_decode = json.JSONDecoder().raw_decode


def accounts_in(packed: bytes) -> Iterator[tuple[str, Any]]:
    """
    Name and content of each member of `accounts`. Raises `ValueError` for what is no dump, or past `MOST_BYTES`.

    Source: anvil_dumpState gives the JSON of a state, gzipped.
    """
    text = _Text(_unpacked(packed))
    for name in text.members():
        if name == "accounts":
            for account in text.members():
                yield account, text.value()
            return
        text.value()
    raise ValueError("no accounts")


def _unpacked(packed: bytes) -> Iterator[str]:
    unpacking, given = zlib.decompressobj(zlib.MAX_WBITS | 32), 0
    waiting = packed
    try:
        while waiting and not unpacking.eof:
            piece = unpacking.decompress(waiting, PIECE)
            waiting, given = unpacking.unconsumed_tail, given + len(piece)
            if given > MOST_BYTES:
                raise ValueError(f"more than {MOST_BYTES} bytes")
            yield piece.decode("ascii")
    except zlib.error as error:
        raise ValueError("not packed as it should be") from error


class _Text:
    """JSON that comes in pieces; as much of it is kept as the value that is read takes."""

    def __init__(self, pieces: Iterator[str]) -> None:
        self._pieces = pieces
        self._text, self._at = "", 0

    def members(self) -> Iterator[str]:
        """The names of an object's members; whoever takes one reads its value before the next."""
        self._expect("{")
        if self._next() == "}":
            self._at += 1
            return
        while True:
            name = self.value()
            if not isinstance(name, str):
                raise ValueError("a member without a name")
            self._expect(":")
            yield name
            if self._next() != ",":
                break
            self._at += 1
        self._expect("}")

    def value(self) -> Any:
        """The value that comes next, once its end is seen: a number could go on."""
        self._next()
        while True:
            try:
                found, end = _decode(self._text, self._at)
            except ValueError:
                if not self._more():
                    raise
                continue
            if self._text[end : end + 1] in _ENDS or not self._more():
                self._at = end
                return found

    def _expect(self, sign: str) -> None:
        if self._next() != sign:
            raise ValueError(f"{sign} was due")
        self._at += 1

    def _next(self) -> str:
        """The next sign that is no space."""
        while True:
            while self._at < len(self._text) and self._text[self._at] in " \n\r\t":
                self._at += 1
            if self._at < len(self._text):
                return self._text[self._at]
            if not self._more():
                raise ValueError("cut off")

    def _more(self) -> bool:
        """Takes as much again as is being read; False at the end."""
        rest = [self._text[self._at :]]
        wanted = max(1, len(rest[0]))
        while wanted > 0 and (piece := next(self._pieces, None)) is not None:
            rest.append(piece)
            wanted -= len(piece)
        self._text, self._at = "".join(rest), 0
        return len(rest) > 1
