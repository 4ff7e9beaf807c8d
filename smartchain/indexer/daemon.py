"""
The loop around a follower: until everything is read, or for ever.

Transient faults are waited out, longer each time; a daemon ends on a lie, on what a person must mend, or when it
is told to stop. Once it was well, a node that lets it in no longer is waited for, too.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from typing import Protocol

from smartchain.errors import HostUnavailable, RpcRefused, SmartchainError
from smartchain.indexer.outcome import Advanced, Outcome, Reread, Rewound, Waited

LONGEST_WAIT_S = 30.0
TRIES_ONCE = 5
"""How often `catch_up` tries again in a row before it gives a transient fault to its caller."""


MOST_TURNS = 20
"""How often `catch_up` goes back to a fork without anything verified in between."""


class Steps(Protocol):
    """What a daemon runs: a `Follower`, or a `Gatherer`."""

    def step(self) -> Outcome: ...


class Backoff:
    """Waits that double, with jitter, up to a bound; `reset` when something went well."""

    def __init__(self, first_s: float, most_s: float = LONGEST_WAIT_S) -> None:
        self._first_s = first_s
        self._most_s = most_s
        self.tries = 0

    def reset(self) -> None:
        self.tries = 0

    def next_s(self) -> float:
        """Seconds to wait before the next try."""
        wait: float = min(self._most_s, self._first_s * 2.0**self.tries)
        self.tries += 1
        return wait * random.uniform(0.5, 1.0)  # noqa: S311  (no secret)


class Daemon:
    """
    Runs a follower.

    `report` is told every outcome, `trouble` every transient fault and the seconds until the next try. `idle` is done
    where there is time for it, again and again while it says that there is more to do.
    """

    def __init__(
        self,
        follower: Steps,
        stop: threading.Event,
        report: Callable[[Outcome], None],
        trouble: Callable[[SmartchainError, float], None],
        poll_s: float = 2.0,
        idle: Callable[[], bool] = lambda: False,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._follower = follower
        self._idle = idle
        self._stop = stop
        self._report = report
        self._trouble = trouble
        self._poll_s = poll_s
        self._clock = clock
        self._backoff = Backoff(min(1.0, poll_s))
        self._was_well = False
        self._rereads = 0
        """In a row: each waits longer than the one before, for a replica that is behind to come up."""

    def run(self) -> None:
        """Follow until told to stop. Raises what is not transient."""
        while not self._stop.is_set():
            self._stop.wait(self.turn())

    def turn(self) -> float:
        """One step, and what there is time for after it: seconds until the next. Raises what is not transient."""
        outcome, pause_s = self._try()
        return pause_s - self._used_s(pause_s) if _has_time(outcome) else pause_s

    def _used_s(self, most_s: float) -> float:
        """Seconds that went into idle work, not many more than there were."""
        begun = self._clock()
        try:
            while not self._stop.is_set() and self._clock() - begun < most_s and self._idle():
                pass
        except SmartchainError as fault:
            if not fault.retryable:
                raise
        return min(most_s, self._clock() - begun)

    def catch_up(self) -> None:
        """
        Read and verify all there is, then return.

        Raises what is not transient, and a transient fault that lasts.
        """
        waits = turns = 0
        while not self._stop.is_set():
            outcome, pause_s = self._try(TRIES_ONCE)
            if isinstance(outcome, Waited):
                if outcome.caught_up:
                    return
                waits += 1
                if waits > TRIES_ONCE:
                    raise HostUnavailable(f"nothing to go on with: {outcome.reason}; try again later")
            turns = turns + 1 if isinstance(outcome, Rewound) else 0 if _is_verified(outcome) else turns
            if turns > MOST_TURNS:
                raise HostUnavailable(
                    "the node keeps replacing the blocks it gave: try again later, or ask another node"
                )
            self._stop.wait(pause_s)

    def _try(self, most: int | None = None) -> tuple[Outcome | None, float]:
        """A step's outcome, None for a transient fault, and the seconds to wait after it."""
        try:
            outcome = self._follower.step()
        except SmartchainError as fault:
            if not self._passes(fault, most):
                raise
            wait_s = self._backoff.next_s()
            self._trouble(fault, wait_s)
            return None, wait_s
        self._backoff.reset()
        self._was_well = self._was_well or _is_verified(outcome) or _has_time(outcome)
        self._rereads = self._rereads + 1 if isinstance(outcome, Reread) else 0
        self._report(outcome)
        return outcome, self._pause_s(outcome)

    def _passes(self, fault: SmartchainError, most: int | None) -> bool:
        """
        Whether to wait and try again, at most so often.

        Who is refused at the door (no JSON-RPC code) by a node that let it in before is not told why: a quota that is
        spent and a key that is renewed pass, and an alarm says so meanwhile.
        """
        if most is not None:
            return fault.retryable and self._backoff.tries < most
        return fault.retryable or (self._was_well and isinstance(fault, RpcRefused) and fault.code is None)

    def _pause_s(self, outcome: Outcome) -> float:
        match outcome:
            case Reread():
                wait_s: float = self._poll_s * 2 ** (self._rereads - 1)
                return min(LONGEST_WAIT_S, wait_s)
            case Waited():
                return self._poll_s
            case Advanced(verified=False):
                return min(self._poll_s, 0.2)
            case _:
                return 0.0


def _has_time(outcome: Outcome | None) -> bool:
    return isinstance(outcome, Waited) and outcome.caught_up


def _is_verified(outcome: Outcome | None) -> bool:
    return isinstance(outcome, Advanced) and outcome.verified
