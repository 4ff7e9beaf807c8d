"""
Answers that are kept until the chain moves.
"""

from __future__ import annotations

import threading
from collections.abc import Sized
from typing import Generic, TypeVar

from smartchain.node.feed import Feed

T = TypeVar("T", bound=Sized)

MOST = 2**25
"""Of all sizes together, bytes for answers; past it everything is let go."""


class Cache(Generic[T]):
    """
    By name; empty again after each move of the chain.

    An answer is kept only if the chain did not move while it was made: `seen` is `feed.count` of before.
    """

    def __init__(self, feed: Feed, most: int = MOST) -> None:
        self._feed = feed
        self._most = most
        self._kept: dict[str, T] = {}
        self._size = 0
        self._lock = threading.Lock()
        feed.listen(self._clear)

    def get(self, name: str) -> T | None:
        return self._kept.get(name)

    def put(self, name: str, answer: T, seen: int) -> None:
        size = len(answer)
        with self._lock:
            if seen != self._feed.count or size > self._most:
                return
            if self._size + size > self._most:
                self._kept, self._size = {}, 0
            self._size += size
            self._kept[name] = answer

    def _clear(self) -> None:
        with self._lock:
            self._kept, self._size = {}, 0
