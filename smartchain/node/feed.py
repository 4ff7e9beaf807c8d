"""
The news that the chain moved, from the thread that follows it to everybody who shows it.

    feed.moved()                          any thread, after each change of what is served
    seen = await feed.after(seen)         any number of tasks, of any loop
    feed.listen(cache.clear)              called at once, in the thread that moved
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable


class Feed:
    """
    Counts the moves; who waits gives the count it has seen.

    It says that something changed, never what: the store says that, and so nothing is lost where two moves come
    between two looks.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._count = 0
        self._closed = False
        self._waiting: set[_Waiter] = set()
        self._listeners: list[Callable[[], None]] = []

    @property
    def count(self) -> int:
        """Moves so far."""
        return self._count

    @property
    def closed(self) -> bool:
        """Whether the node is ending: nothing comes any more."""
        return self._closed

    def moved(self) -> None:
        """What is served is another thing than before."""
        with self._lock:
            self._count += 1
            waiting, self._waiting = self._waiting, set()
        for listener in self._listeners:
            listener()
        for waiter in waiting:
            waiter.wake()

    def close(self) -> None:
        """Send everybody who waits home."""
        with self._lock:
            self._closed = True
            waiting, self._waiting = self._waiting, set()
        for waiter in waiting:
            waiter.wake()

    def listen(self, listener: Callable[[], None]) -> None:
        """Have it called after each move, in the thread that moved, before anybody who waits hears of it."""
        self._listeners.append(listener)

    async def after(self, seen: int, timeout_s: float | None = None) -> int:
        """The count once it is past `seen`, the node ends, or the time is up: whichever is first."""
        waiter = _Waiter()
        with self._lock:
            if self._count != seen or self._closed:
                return self._count
            self._waiting.add(waiter)
        try:
            await asyncio.wait_for(waiter.woken.wait(), timeout_s)
        except TimeoutError:
            pass
        finally:
            with self._lock:
                self._waiting.discard(waiter)
        return self._count


class _Waiter:
    """A task that waits, and how to reach it from another thread."""

    def __init__(self) -> None:
        self.woken = asyncio.Event()
        self._loop = asyncio.get_running_loop()

    def wake(self) -> None:
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self.woken.set)
