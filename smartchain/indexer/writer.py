"""
A thread that writes while the next step is being read and hashed.

Steps that wait while it writes are written as one: a transaction costs as much as some hundred entries, most of it
in handing Python's lock to and fro.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Sequence
from types import TracebackType

from smartchain.ports import Chunk, Step

WAITING = 65_536
"""Entries that may wait to be written, some 20 MB."""

TOGETHER = 4_096
"""Entries from which on a step is written without looking whether more wait."""


def joined(steps: Sequence[Step]) -> Step:
    """Consecutive steps as one; the same for the store, which then stands where the last one ends."""
    if len(steps) == 1:
        return steps[0]
    first, last = steps[0].chunk, steps[-1]
    chunk = Chunk(first.first_block, last.chunk.last_block, first.first)
    whole = Step(chunk, last.cursor, verified=last.verified, after=steps[0].after)
    for step in steps:
        chunk.packed += step.chunk.packed
        chunk.host_blocks += step.chunk.host_blocks
        chunk.transactions += step.chunk.transactions
        chunk.hashes |= step.chunk.hashes
        whole.blocks += step.blocks
        whole.nodes += step.nodes
    return whole


class Writer:
    """
    Hands steps to `take`, one after another, on a thread of its own.

    An error of `take` is raised by the next `put` or `flush`, or on leaving; steps put after it are not written.
    """

    def __init__(self, take: Callable[[Step], None]) -> None:
        self._take = take
        self._steps: queue.Queue[Step | None] = queue.Queue()
        self._waiting = 0
        self._room = threading.Condition()
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="writer", daemon=True)

    def __enter__(self) -> Writer:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._steps.put(None)
        self._thread.join()
        if error is None:
            self._raise()

    def put(self, step: Step) -> None:
        """Have a step written; waits while too many do already."""
        self._raise()
        with self._room:
            self._room.wait_for(lambda: self._waiting < WAITING)
            self._waiting += len(step.chunk.packed)
        self._steps.put(step)

    def flush(self) -> None:
        """Wait until every step so far is in the store."""
        self._steps.join()
        self._raise()

    def _raise(self) -> None:
        if self._error is not None:
            raise self._error

    def _run(self) -> None:
        while steps := self._next():
            if self._error is None:
                try:
                    self._take(joined(steps))
                except BaseException as error:  # noqa: BLE001  (raised again where the caller waits)
                    self._error = error
            with self._room:
                self._waiting -= sum(len(step.chunk.packed) for step in steps)
                self._room.notify()
            for _ in steps:
                self._steps.task_done()
        self._steps.task_done()

    def _next(self) -> list[Step]:
        """The steps that wait, at least one and not too many; none at the end."""
        steps: list[Step] = []
        entries = 0
        while not steps or (entries < TOGETHER and not self._steps.empty()):
            step = self._steps.get()
            if step is None:
                if steps:
                    self._steps.put(None)
                    self._steps.task_done()
                break
            steps.append(step)
            entries += len(step.chunk.packed)
        return steps
