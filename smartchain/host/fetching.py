"""
Logs of one contract over a range of host blocks, fetched ahead on threads, in requests as large as the host likes.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from typing import Any

from smartchain.errors import HostUnavailable, RangeTooLarge, RpcRefused
from smartchain.host.ranges import Ranges
from smartchain.ports import Rpc
from smartchain.types import Address

FETCHERS = 2
"""Requests under way at once."""

AHEAD = 8
"""Answers that are fetched, or being fetched, before they are needed: half a megabyte each."""


def ahead() -> Executor:
    return ThreadPoolExecutor(FETCHERS, "logs")


class LogFetcher:
    """Remembers, from one range to the next, how much the host gives at once. `topics` are the events', any of them."""

    def __init__(
        self, rpc: Rpc, address: Address, topics: Sequence[str], fetchers: Callable[[], Executor] = ahead
    ) -> None:
        self._rpc = rpc
        self._address = address
        self._topics = list(topics)
        self._fetchers = fetchers
        self._ranges = Ranges()

    def bodies(self, first_block: int, last_block: int) -> Iterator[tuple[int, int, bytes]]:
        """Response bodies in order of the host blocks they are for, fetched ahead of who reads them."""
        if last_block - first_block < self._ranges.span:
            yield from self._fetch(first_block, last_block)
            return
        waiting: deque[Future[list[tuple[int, int, bytes]]]] = deque()
        pool = self._fetchers()
        try:
            while first_block <= last_block or waiting:
                while first_block <= last_block and len(waiting) < AHEAD:
                    last = min(last_block, first_block + self._ranges.span - 1)
                    waiting.append(pool.submit(self._fetch, first_block, last))
                    first_block = last + 1
                yield from waiting.popleft().result()
        finally:
            pool.shutdown(wait=False, cancel_futures=True)

    def _fetch(self, first_block: int, last_block: int) -> list[tuple[int, int, bytes]]:
        """Bodies for a range, in as many requests as the host wants."""
        bodies = []
        span = last_block - first_block + 1
        while first_block <= last_block:
            last = min(last_block, first_block + span - 1)
            asked = last - first_block + 1
            try:
                body = self._rpc.body("eth_getLogs", self._filter(first_block, last))
            except RangeTooLarge as exc:
                if asked == 1:
                    kind = HostUnavailable if exc.slow else RpcRefused
                    raise kind(f"{self._rpc.name} does not give the logs of the single block {last}: {exc}") from exc
                suggested = None if exc.suggested is None else exc.suggested - first_block + 1
                span = self._ranges.refused(asked, suggested)
                continue
            except HostUnavailable:
                self._ranges.refused(asked)
                raise
            self._ranges.answered(asked, len(body))
            bodies.append((first_block, last, body))
            first_block = last + 1
        return bodies

    def _filter(self, first_block: int, last_block: int) -> dict[str, Any]:
        return {
            "address": "0x" + self._address.hex(),
            "fromBlock": hex(first_block),
            "toBlock": hex(last_block),
            "topics": [self._topics],
        }
