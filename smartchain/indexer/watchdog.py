"""
Does it get on? Judged by the contract's size, not by the host's blocks: a quiet chain is well.

What counts is a look that found everything read, an entry verified, and a step further into what nobody doubts. Reading
the same range again and again is none of these, however many host blocks come meanwhile.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from smartchain.errors import SmartchainError
from smartchain.indexer.outcome import Advanced, Outcome, Reread, Rewound, Waited
from smartchain.ports import Status

STALL_S = 120.0
LONG_S = 5.0
"""A step of which nothing was heard for so long waits for an answer."""


@dataclass(frozen=True, slots=True)
class Wait:
    """What is waited for, for how long already, and why that is no longer healthy; None while it is."""

    reason: str
    since_s: float
    stalled: str | None


class Watchdog:
    """Told by the thread that follows, asked by any."""

    def __init__(self, stall_s: float = STALL_S, clock: Callable[[], float] = time.monotonic) -> None:
        self._stall_s, self._clock = stall_s, clock
        self._reason, self._is_well, self._since = "the first look at the host chain", True, clock()
        self._good = clock()
        """When it last got on."""
        self._in_doubt = False
        self._reached = (0, -1)
        """The most entries, and the newest host block, that were read since the last doubt."""
        self._verified, self._contract = 0, 0
        self._left = clock()
        self._asked: tuple[Callable[[], str], float] | None = None
        """Whom the step under way waits for, and when something was last heard of it; None between two steps."""

    # what the follower's thread tells

    def begins(self, asked: Callable[[], str]) -> None:
        """A step, which waits for nobody but those."""
        self._asked = asked, self._clock()

    def contract_has(self, size: int | None) -> None:
        """How many entries the contract has, where that was heard."""
        self._contract = self._contract if size is None else size

    def looked(self, status: Status) -> None:
        """Where the store stands, within a step or after it."""
        if self._asked is not None:
            self._asked = self._asked[0], self._clock()
        reached = (status.size, status.cursor.number if status.cursor else -1)
        if status.verified_size > self._verified or (not self._in_doubt and reached > self._reached):
            self._good = self._clock()
        self._verified, self._reached = status.verified_size, max(reached, self._reached)

    def report(self, outcome: Outcome) -> None:
        self._asked = None
        match outcome:
            case Waited(reason, caught_up):
                self._is_good(caught_up or self._is_not_due())
                self._waits(reason, well=True)
            case Advanced(verified=True):
                self._is_good(True)
                self._reached = (outcome.size, outcome.host_block)
                self._waits("the next host block", well=True)
            case Advanced():
                self._waits("the contract's word on what is read", well=True)
            case Rewound():
                self._waits("the host chain, which replaced blocks", well=True)
            case Reread(reason=reason):
                self._in_doubt = True
                self._waits(f"logs that give the contract's root: {reason}", well=False)

    def trouble(self, fault: SmartchainError) -> None:
        self._asked = None
        self._waits(str(fault), well=False)

    def _is_not_due(self) -> bool:
        """Whether nothing was read yet of a ledger that no host block to read up to has: one that is not final yet."""
        return self._reached[1] < 0 and self._contract <= self._verified

    def _is_good(self, well: bool) -> None:
        if well:
            self._good, self._in_doubt = self._clock(), False

    def _waits(self, reason: str, *, well: bool) -> None:
        if well != self._is_well:
            self._is_well, self._since = well, self._clock()
        elif well:
            self._since = self._good
        self._reason = reason

    # what is asked

    def wait(self) -> Wait:
        now, reason, since, asked = self._clock(), self._reason, self._since, self._asked
        if asked is not None and now - asked[1] >= min(LONG_S, self._stall_s):
            reason, since = f"an answer of {asked[0]()}", asked[1]
        return Wait(reason, now - since, self._stalled(now - self._good, reason))

    def _stalled(self, silent_s: float, reason: str) -> str | None:
        if silent_s < self._stall_s:
            return None
        lacking = self._contract - self._verified
        if lacking > 0:
            more = "1 entry more than is" if lacking == 1 else f"{lacking} entries more than are"
            said = f"the contract has {more} verified, and nothing moves for {silent_s:.0f} s"
        else:
            said = f"for {silent_s:.0f} s nobody could be asked how many entries the contract has"
        return f"{said}; it waits for this: {reason}"

    def is_time_to_leave(self) -> bool:
        """Whether to try another node: once in as long as it takes to call it a stall."""
        now = self._clock()
        if now - max(self._good, self._left) < self._stall_s:
            return False
        self._left = now
        return True
