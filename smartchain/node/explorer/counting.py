"""
The tally of a ledger, kept up with its chain.

What came since the last look is counted on the spot while it is little; a long backlog, as at the start, is counted
in the background, in portions, and what is there meanwhile says how far it goes. A reorganisation takes the tally
back to a copy that is still true.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass

from smartchain.errors import SmartchainError
from smartchain.node.explorer.tally import Tally
from smartchain.ports import LedgerStore, View
from smartchain.types import Hash32

AT_ONCE = 4_096
"""Entries that a visitor may be made to wait for: some milliseconds."""

PORTION = 16_384
KEPT = 24
CURVE_POINTS = 160


@dataclass(frozen=True, slots=True)
class Known:
    """A tally, and the root of what it counted."""

    tally: Tally
    root: Hash32


class Counts:
    """The tally of one ledger; safe for any number of threads."""

    def __init__(self, store: LedgerStore) -> None:
        self._store = store
        self._lock = threading.Lock()
        self._known: list[Known] = []
        """Copies by size: never changed, so whoever has one may keep it."""
        self._counter: threading.Thread | None = None

    def current(self, view: View) -> Tally:
        """The tally of what the view holds, or of as much of it as is counted yet: `size` says how much."""
        with self._lock:
            newest = self._true(view)
            behind = view.status.verified_size - newest.size
            if 0 < behind <= AT_ONCE:
                newest = self._advance(view, newest)
            elif behind > AT_ONCE and self._counter is None:
                self._counter = threading.Thread(target=self._catch_up, name="explorer-counts", daemon=True)
                self._counter.start()
            return newest

    def _true(self, view: View) -> Tally:
        """The furthest copy whose entries are the view's; those that a reorganisation made wrong are forgotten."""
        held = view.status.verified_size
        for known in reversed(self._known.copy()):
            if known.tally.size > held:
                continue  # of a newer view than this one, which may have been opened a moment ago
            if view.root(known.tally.size) == known.root:
                return known.tally
            self._known.remove(known)
        return Tally()

    def _advance(self, view: View, tally: Tally) -> Tally:
        stop = min(view.status.verified_size, tally.size + PORTION)
        grown = tally.copy()
        grown.count(view.packed(tally.size, stop))
        self._known.append(Known(grown, view.root(stop)))
        self._known.sort(key=lambda known: known.tally.size)
        if len(self._known) > KEPT:
            del self._known[KEPT // 2]  # the oldest and the newest are worth most
        return grown

    def _catch_up(self) -> None:
        with suppress(SmartchainError):  # the store was closed or is busy: the next visitor tries again
            while self._portion():
                pass
        with self._lock:
            self._counter = None

    def _portion(self) -> bool:
        """Count some more; whether there is more to count."""
        with self._store.view() as view, self._lock:
            tally = self._true(view)
            held = view.status.verified_size
            return tally.size < held and self._advance(view, tally).size < held


def block_curve(view: View, points: int = CURVE_POINTS) -> Iterator[tuple[int, int]]:
    """Time of a block and how many blocks there were with it, at some blocks, the first and the last among them."""
    last = view.status.verified_blocks - 1
    if last < 0:
        return
    steps = min(points - 1, last)
    for number in dict.fromkeys(step * last // max(steps, 1) for step in range(steps + 1)):
        block = view.block(number)
        if block is not None:
            yield block.timestamp, number + 1
