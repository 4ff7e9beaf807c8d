"""
What is printed: data on stdout, everything about the way there on stderr.

As JSON every answer is one object on one line. For people there are units, UTC and plain columns; what others
wrote (memos, a node's words) is escaped, so that it cannot play with a terminal.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, tzinfo
from itertools import islice
from typing import Any

import click

from smartchain.ledger.address import checksum
from smartchain.ledger.entry import Entry
from smartchain.ledger.hash import SEAL
from smartchain.ledger.unit import Unit, raw_unit
from smartchain.types import ZERO_ADDRESS, Address

LINES_AT_ONCE = 500
LAST_TIMESTAMP = 253402300799
"""9999-12-31T23:59:59Z; what a chain says beyond that is shown as the number that it is."""

Json = Mapping[str, Any]


def hexed(value: bytes) -> str:
    """`0x…` of hashes and memos."""
    return "0x" + value.hex()


def address(of: Address) -> str:
    """With its checksum."""
    return checksum(of)


def when(timestamp: int, zone: tzinfo = UTC) -> str:
    """ISO 8601 of a timestamp, `…Z` in UTC."""
    if timestamp > LAST_TIMESTAMP:
        return str(timestamp)
    return datetime.fromtimestamp(timestamp, zone).isoformat().replace("+00:00", "Z")


def amount(entry: Entry, unit_of: Callable[[Address], Unit] = raw_unit) -> str:
    """An entry's value for a person, with its unit; in smallest units where `unit_of` knows no other."""
    return "" if entry.subject == SEAL else unit_of(entry.subject).shown(entry.value)


def party(address: Address) -> str:
    """A sender or recipient for a person; `-` for nobody."""
    return "-" if address == ZERO_ADDRESS else checksum(address)


def one_line(text: str) -> str:
    """A text that may come from anywhere, as one harmless line."""
    return "".join(c if c.isprintable() else " " for c in " ".join(text.split()))


def say(line: str = "") -> None:
    """A line of data."""
    click.echo(line)


def note(line: str) -> None:
    """A line about the way there."""
    click.echo(line, err=True)


def say_json(answer: Json) -> None:
    """An object on one line."""
    click.echo(json.dumps(answer))


def stream(lines: Iterable[str]) -> None:
    """Any number of lines, without holding them all."""
    rest = iter(lines)
    while some := list(islice(rest, LINES_AT_ONCE)):
        sys.stdout.write("\n".join(some) + "\n")
    sys.stdout.flush()


def stream_json(answers: Iterable[Json]) -> None:
    """Any number of objects, one a line."""
    stream(map(json.dumps, answers))


def field_lines(pairs: Iterable[tuple[str, str]]) -> list[str]:
    """Names and what they are, in two columns."""
    known = list(pairs)
    width = max((len(name) for name, _ in known), default=0)
    return [f"{name:{width}}  {text}".rstrip() for name, text in known]


def fields(pairs: Iterable[tuple[str, str]]) -> None:
    """The same, as data."""
    for line in field_lines(pairs):
        say(line)


def table_lines(columns: Sequence[str], rows: Iterable[Sequence[str]], right: Iterable[str] = ()) -> Iterator[str]:
    """A table of a size that a person reads; `right` names the columns that end flush."""
    known = [list(columns), *(list(row) for row in rows)]
    widths = [max(map(len, cells)) for cells in zip(*known, strict=True)]
    flush = set(right)
    aligned = [">" if name in flush else "<" for name in columns]
    for cells in known:
        yield "  ".join(f"{cell:{a}{w}}" for cell, a, w in zip(cells, aligned, widths, strict=True)).rstrip()


def table(columns: Sequence[str], rows: Iterable[Sequence[str]], right: Iterable[str] = ()) -> None:
    """The same, as data."""
    for line in table_lines(columns, rows, right):
        say(line)


def plural(count: int, one: str, many: str | None = None) -> str:
    """`1 entry`, `2 entries`."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


class Story:
    """What a demonstration tells; silent where only its result is asked for."""

    EXAMPLES = 6

    def __init__(self, aloud: bool) -> None:
        self._aloud = aloud
        self._examples = 0
        self._coloured = sys.stdout.isatty() and not os.environ.get("NO_COLOR")

    def __call__(self, line: str) -> None:
        if self._aloud:
            say(f"  {line}")

    def title(self, text: str) -> None:
        if self._aloud:
            say()
            say(self._styled(text, bold=True))

    def example(self, line: str) -> None:
        """One of many: the first few are told."""
        self._examples += 1
        if self._examples <= self.EXAMPLES:
            self(line)
        elif self._examples == self.EXAMPLES + 1:
            self("…")

    def table(self, columns: Sequence[str], rows: Iterable[Sequence[str]], right: Iterable[str] = ()) -> None:
        for line in table_lines(columns, rows, right):
            self(line)

    def good(self, text: str) -> str:
        return self._styled(text, fg="green")

    def bad(self, text: str) -> str:
        return self._styled(text, fg="red")

    def _styled(self, text: str, **style: Any) -> str:
        return click.style(text, **style) if self._coloured else text
