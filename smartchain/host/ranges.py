"""
How many host blocks to ask for at once; decided from what the last answers were like.

Hosts bound a request by blocks, by logs, by bytes or by seconds, and few say which. So the span grows while answers
are small, shrinks where they are large, and takes a refusal's own suggestion where it has one. Larger is not
better: a node's work for a log grows with the range, and about a megabyte an answer keeps both sides busy.
"""

from __future__ import annotations

ANSWER_BYTES = 1_000_000
"""Size of an answer to aim at."""

FIRST_SPAN = 16
LARGEST_SPAN = 100_000
QUIET = 32
"""Answers in a row without a refusal before a span that was refused is tried again."""


class Ranges:
    """
    The span of the next requests.

    Pure: `answered` and `refused` say how the last ones went, `span` says how large the next should be.
    """

    def __init__(self, first_span: int = FIRST_SPAN, largest_span: int = LARGEST_SPAN) -> None:
        self._span = max(1, min(first_span, largest_span))
        self._most = largest_span
        self._largest = largest_span
        self._quiet = 0

    @property
    def span(self) -> int:
        """Host blocks to ask for, 1 or more."""
        return self._span

    def answered(self, span: int, size_bytes: int) -> None:
        """An answer of that size came for that many host blocks."""
        self._quiet += 1
        if self._quiet >= QUIET:
            self._quiet, self._most = 0, min(self._largest, self._most * 2)
        wanted = span * ANSWER_BYTES // max(size_bytes, 1)
        if size_bytes > ANSWER_BYTES:
            self._span = max(1, min(self._span, wanted))
        elif span >= self._span:
            self._span = max(1, min(wanted, span * 2, self._most))

    def refused(self, span: int, suggested: int | None = None) -> int:
        """
        The host refused that many; returns how many to ask for instead, fewer by at least one.

        Called with a span of 1 there is nothing smaller; it stays 1 and the caller gives up.
        """
        smaller = max(1, span // 2)
        if suggested is not None and 0 < suggested < span:
            smaller = suggested
        self._quiet = 0
        self._most = min(self._most, smaller)
        self._span = min(self._span, smaller)
        return smaller
