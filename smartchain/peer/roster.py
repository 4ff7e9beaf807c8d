"""
The named peers: who is asked first, who is set aside, why, and until when.

A peer that fails is left for a while that doubles each time: a second where it was only away, ten where it cannot
be used, a minute where it lied. Doing well once makes up for having been away, never for a lie.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

from smartchain.errors import PeerError, PeerLied, PeerUnavailable
from smartchain.ports import PeerHead, PeerSource

T = TypeVar("T")

LONGEST_S = 3600.0
AWAY_LONGEST_S = 30.0
_FIRST_S = {PeerUnavailable: 1.0, PeerLied: 60.0}
_UNUSABLE_S = 10.0

Left = Callable[[PeerError, float], None]
"""Told why a peer was left, in words that name it, and for how many seconds."""


@dataclass(slots=True)
class Standing:
    """What is known about a peer."""

    peer: PeerSource
    head: PeerHead | None = None
    """The last one that it announced."""
    reason: str = ""
    """Why it was left last; empty while it does well."""
    until: float = 0.0
    """Not asked before that moment of the clock."""
    faults: int = 0
    """In a row."""
    lies: int = 0
    """In all: a lie is not made up for."""


class Roster:
    """Standings of all named peers, each named once."""

    def __init__(
        self,
        peers: Sequence[PeerSource],
        left: Left = lambda _error, _seconds: None,
        clock: Callable[[], float] = time.monotonic,
        at_once: int = 16,
    ) -> None:
        self.standings = [Standing(peer) for peer in peers]
        self._left = left
        self._clock = clock
        self._at_once = at_once

    @property
    def named(self) -> int:
        return len(self.standings)

    def ready(self) -> list[PeerSource]:
        """Those that are not set aside, the ones with the fewest faults first, then as they were named."""
        now = self._clock()
        return [one.peer for one in sorted(self.standings, key=lambda one: (one.lies, one.faults)) if one.until <= now]

    def leave(self, peer: PeerSource, error: PeerError) -> None:
        """Set a peer aside."""
        one = self._of(peer)
        first = next((s for kind, s in _FIRST_S.items() if isinstance(error, kind)), _UNUSABLE_S)
        longest = AWAY_LONGEST_S if isinstance(error, PeerUnavailable) else LONGEST_S
        seconds = min(longest, first * 2.0 ** min(20, one.faults + one.lies))
        one.reason, one.until = str(error), self._clock() + seconds
        if isinstance(error, PeerLied):
            one.lies += 1
        else:
            one.faults += 1
        self._left(error, seconds)

    def did_well(self, peer: PeerSource) -> None:
        one = self._of(peer)
        one.faults, one.reason, one.until = 0, "", 0.0

    def heads(self) -> dict[PeerSource, PeerHead]:
        """What each ready peer announces; who does not answer is left."""
        found = self.ask(self.ready(), lambda peer: peer.head())
        for peer, head in found.items():
            self._of(peer).head = head
        return found

    def ask(self, peers: Sequence[PeerSource], question: Callable[[PeerSource], T]) -> dict[PeerSource, T]:
        """Answers of several peers, asked side by side; who gives none is left."""
        answers: dict[PeerSource, T] = {}
        with ThreadPoolExecutor(max(1, min(len(peers), self._at_once)), "peer") as pool:
            asked = [(peer, pool.submit(question, peer)) for peer in peers]
        for peer, future in asked:
            try:
                answers[peer] = future.result()
            except PeerError as error:
                self.leave(peer, error)
        return answers

    def _of(self, peer: PeerSource) -> Standing:
        return next(one for one in self.standings if one.peer is peer)
