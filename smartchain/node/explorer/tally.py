"""
What a ledger did over time, in a few hundred columns, however long it is.

Entries are counted once, as they come; a column covers so many seconds that all fit, and when they no longer do,
neighbours are put together. So a plot of a million entries costs what a plot of a thousand does.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from smartchain.ledger.entry import is_seal, timestamp_of
from smartchain.ledger.hash import ETHER
from smartchain.types import ZERO_ADDRESS

MOST_COLUMNS = 120
_WIDTHS = (1, 5, 15, 60, 300, 900, 3_600, 10_800, 21_600, 43_200, 86_400)
"""Seconds that people count in; each divides the next. Past a day they double."""


@dataclass(slots=True)
class Column:
    """What happened within one width of time."""

    entries: int = 0
    transfers: int = 0
    """Entries that moved something from somebody: neither seals nor what was created."""
    value_wei: int = 0
    """Ether that those moved, gross."""

    def __add__(self, other: Column) -> Column:
        return Column(self.entries + other.entries, self.transfers + other.transfers, self.value_wei + other.value_wei)


@dataclass(slots=True)
class Tally:
    """Columns by time; `columns[n]` begins at second `n * width_s`. Times never fall in a ledger."""

    size: int = 0
    """Entries that were counted."""
    width_s: int = 1
    columns: dict[int, Column] = field(default_factory=dict)

    def copy(self) -> Tally:
        """One that goes its own way."""
        return Tally(self.size, self.width_s, {at: column + Column() for at, column in self.columns.items()})

    def count(self, packed: Iterable[bytes]) -> None:
        """Take in the entries that come next, packed."""
        at, column = -1, Column()
        for one in packed:
            timestamp = timestamp_of(one)
            if timestamp // self.width_s != at:
                at, column = self._column(timestamp)
            column.entries += 1
            self.size += 1
            if not (is_seal(one) or one[20:40] == ZERO_ADDRESS):
                column.transfers += 1
                column.value_wei += int.from_bytes(one[60:92], "big") if one[:20] == ETHER else 0

    def _column(self, timestamp: int) -> tuple[int, Column]:
        first = next(iter(self.columns)) * self.width_s if self.columns else timestamp
        while timestamp // self.width_s - first // self.width_s >= MOST_COLUMNS:
            self._widen()
        at = timestamp // self.width_s
        return at, self.columns.setdefault(at, Column())

    def _widen(self) -> None:
        """Put neighbours together."""
        wider = next((width for width in _WIDTHS if width > self.width_s), 2 * self.width_s)
        joined: dict[int, Column] = {}
        for at, column in self.columns.items():
            place = at * self.width_s // wider
            joined[place] = joined.get(place, Column()) + column
        self.width_s, self.columns = wider, joined

    def rows(self) -> Iterator[tuple[int, Column]]:
        """Beginning of each column in seconds, and what happened in it; those in which nothing did as well."""
        if self.columns:
            for at in range(min(self.columns), max(self.columns) + 1):
                yield at * self.width_s, self.columns.get(at, Column())
