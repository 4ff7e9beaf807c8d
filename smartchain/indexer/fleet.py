"""
Many chains in one process: whoever is due has the next turn, with one of a few threads.

A chain that waits, fails or lies holds up no other: what passes is waited out with its own patience, and a chain that
cannot go on is left, with its reason, while the others do.
"""

from __future__ import annotations

import heapq
import threading
import time
from collections.abc import Callable, Iterable
from typing import Protocol

from smartchain.errors import NoContract, SmartchainError
from smartchain.indexer.daemon import Backoff
from smartchain.types import Address

AT_ONCE = 4
"""Threads: steps wait for a node most of their time, and the store is written by one at a time."""

LATE = 5
"""Looks for a listed contract that is not there, before it is left: of several replicas one may be behind."""

Job = Callable[[], float | None]
"""One turn: seconds until the next, None if there is to be none."""


class Chain(Protocol):
    """What follows one ledger: a `Daemon`."""

    def turn(self) -> float: ...
    def catch_up(self) -> None: ...


class Fleet:
    """
    Follows every ledger that `discover` lists, now and later; `begin` makes what follows one of them.

    `lost` is told, once, of each that cannot be followed or cannot go on, and `trouble` of what passes.
    """

    def __init__(
        self,
        discover: Callable[[], Iterable[Address]],
        begin: Callable[[Address], Chain],
        stop: threading.Event,
        lost: Callable[[Address, SmartchainError], None],
        trouble: Callable[[SmartchainError, float], None],
        look_s: float = 10.0,
        at_once: int = AT_ONCE,
    ) -> None:
        self._discover = discover
        self._begin = begin
        self._stop = stop
        self._lost = lost
        self._trouble = trouble
        self._look_s = look_s
        self._at_once = at_once
        self._known: set[Address] = set()
        self.left: dict[Address, SmartchainError] = {}
        """Chains that are followed no more, and why."""

    def catch_up(self) -> None:
        """Each chain once, one after another. Raises what the list itself raises."""
        for address in self._new():
            if self._stop.is_set():
                return
            try:
                self._begin(address).catch_up()
            except SmartchainError as fault:
                self._leave(address, fault)

    def run(self) -> None:
        """
        All of them, until told to stop. Raises what nobody expects, and what the first look at the list raises.

        A list that was there is waited for: a reorganisation takes it away for a while, and a node that is behind too.
        """
        turns = _Turns(self._stop)
        turns.add(self._looking(turns))
        turns.run(self._at_once)

    def _looking(self, turns: _Turns) -> Job:
        """Take up what is new in the list, again and again."""
        backoff = Backoff(min(1.0, self._look_s))
        was_there = False

        def look() -> float:
            nonlocal was_there
            try:
                new = self._new()
            except SmartchainError as fault:
                if not (fault.retryable or was_there):
                    raise
                return self._patience(fault, backoff)
            was_there = True
            backoff.reset()
            for address in new:
                turns.add(self._following(address))
            return self._look_s

        return look

    def _new(self) -> list[Address]:
        new = [address for address in dict.fromkeys(self._discover()) if address not in self._known]
        self._known.update(new)
        return new

    def _following(self, address: Address) -> Job:
        chain: Chain | None = None
        backoff = Backoff(min(1.0, self._look_s))

        def follow() -> float | None:
            nonlocal chain
            try:
                if chain is None:
                    chain = self._begin(address)
                return chain.turn()
            except SmartchainError as fault:
                is_late = chain is None and isinstance(fault, NoContract) and backoff.tries < LATE
                if fault.retryable or is_late:
                    return self._patience(fault, backoff)
                self._leave(address, fault)
                return None

        return follow

    def _patience(self, fault: SmartchainError, backoff: Backoff) -> float:
        wait_s = backoff.next_s()
        self._trouble(fault, wait_s)
        return wait_s

    def _leave(self, address: Address, fault: SmartchainError) -> None:
        self.left[address] = fault
        self._lost(address, fault)


class _Turns:
    """Jobs by when they are due, done by a few threads; the first error that a job raises ends all."""

    def __init__(self, stop: threading.Event) -> None:
        self._stop = stop
        self._changed = threading.Condition()
        self._due: list[tuple[float, int, Job]] = []
        self._added = 0
        self._error: BaseException | None = None

    def add(self, job: Job, in_s: float = 0.0) -> None:
        with self._changed:
            self._added += 1
            heapq.heappush(self._due, (time.monotonic() + in_s, self._added, job))
            self._changed.notify()

    def run(self, threads: int) -> None:
        """Until told to stop; jobs that have begun are waited for."""
        workers = [threading.Thread(target=self._work, name=f"turn-{number}") for number in range(threads)]
        for worker in workers:
            worker.start()
        self._stop.wait()
        with self._changed:
            self._changed.notify_all()
        for worker in workers:
            worker.join()
        if self._error is not None:
            raise self._error

    def _work(self) -> None:
        while (job := self._next()) is not None:
            try:
                again_s = job()
            except BaseException as error:  # noqa: BLE001  (it is raised again, in the thread that waits)
                self._error = self._error or error
                self._stop.set()
                return
            if again_s is not None:
                self.add(job, again_s)

    def _next(self) -> Job | None:
        """The job that is due, once it is; None when it is time to stop."""
        with self._changed:
            while not self._stop.is_set():
                wait_s = self._due[0][0] - time.monotonic() if self._due else None
                if wait_s is not None and wait_s <= 0:
                    return heapq.heappop(self._due)[2]
                self._changed.wait(wait_s)
        return None
