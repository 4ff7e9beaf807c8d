"""
How the node fares: what its indexer tells, and whether that is good enough to be asked.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from smartchain.node.standing import Heads
from smartchain.ports import Status

STALE_S = 120.0
"""Without a look at the host chain, or at the peers, for so long nobody knows whether the chain is the newest."""


@dataclass(slots=True)
class Counts:
    """What happened since the node started."""

    mismatches: int = 0
    """What was read did not give the contract's root."""
    reorganisations: int = 0
    deepest: int = 0
    """Host blocks that the deepest of them replaced."""
    replaced: int = 0
    """Host blocks that all of them replaced."""
    dropped: int = 0
    """Entries that they took back."""
    rpc_errors: int = 0


@dataclass(frozen=True, slots=True)
class HostNode:
    """One node of the host chain that this one was told of."""

    name: str
    state: str
    """"in use", "ready", "waiting" after a fault, or "set aside" for good."""
    reason: str | None


@dataclass(frozen=True, slots=True)
class Waiting:
    """What the indexer waits for, since when, and the sentence of an alarm where that is no longer healthy."""

    reason: str = "the host chain"
    since_s: float = 0.0
    stalled: str | None = None
    nodes: tuple[HostNode, ...] = ()


class Health:
    """
    Told by the indexer's thread, asked by everybody; `lag` is the entries that a ready node may be behind.

    `waiting` says what the indexer waits for at this moment, `heads` how far it came; neither reads a store.
    """

    def __init__(
        self,
        lag: int = 0,
        stale_s: float = STALE_S,
        clock: Callable[[], float] = time.monotonic,
        waiting: Callable[[], Waiting] = Waiting,
        heads: Callable[[], Heads] = Heads,
    ) -> None:
        self.counts = Counts()
        self.waiting, self.heads = waiting, heads
        self._lag, self._stale_s, self._clock = lag, stale_s, clock
        self._lock = threading.Lock()
        self._caught_up: float | None = None
        self._trouble = "it has not looked at the host chain yet"

    # what the indexer tells

    def caught_up(self) -> None:
        """All there is was read and verified, just now."""
        self._caught_up, self._trouble = self._clock(), ""

    def behind(self, reason: str) -> None:
        """There is more than what is verified, and why."""
        self._trouble = reason

    def rpc_error(self, reason: str) -> None:
        with self._lock:
            self.counts.rpc_errors += 1
        self._trouble = reason

    def mismatch(self, reason: str) -> None:
        with self._lock:
            self.counts.mismatches += 1
        self._trouble = reason

    def reorganised(self, depth: int, dropped: int) -> None:
        with self._lock:
            counts = self.counts
            counts.reorganisations += 1
            counts.replaced += depth
            counts.deepest = max(counts.deepest, depth)
            counts.dropped += dropped

    # what is asked

    def not_ready(self, status: Status) -> str | None:
        """Why the node is not to be asked about the chain as it is now; None if it may be."""
        if status.verified_at is None:
            return "nothing is verified: no contract has confirmed this chain to this node"
        behind = status.size - status.verified_size
        if behind > self._lag:
            return f"{behind} entries are read and not yet verified, more than {self._lag}"
        if self._caught_up is None:
            return f"catching up: {self._trouble}"
        age_s = self._clock() - self._caught_up
        if age_s > self._stale_s:
            return f"not caught up for {age_s:.0f} s: {self._trouble or 'the indexer says nothing'}"
        return None
