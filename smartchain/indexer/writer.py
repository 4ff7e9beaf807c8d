"""
A thread that writes while the next step is being read and hashed.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from types import TracebackType

from smartchain.ports import Step

WAITING = 65_536
"""Entries that may wait to be written, some 20 MB: enough to read on while a store sorts its lookups."""


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
        while (step := self._steps.get()) is not None:
            if self._error is None:
                try:
                    self._take(step)
                except BaseException as error:  # noqa: BLE001  (raised again where the caller waits)
                    self._error = error
            with self._room:
                self._waiting -= len(step.chunk.packed)
                self._room.notify()
            self._steps.task_done()
        self._steps.task_done()
