"""
Answers: errors as a status and a line of text, what is long as a stream, what takes its time on a thread of its own.
"""

from __future__ import annotations

import functools
from collections.abc import Awaitable, Callable, Iterable
from typing import TypeVar

from anyio import CapacityLimiter, to_thread
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response, StreamingResponse

from smartchain.errors import (
    HostError,
    InputError,
    KeyUnusable,
    LimitExceeded,
    NotConfirmed,
    SmartchainError,
    StoreError,
    WalletError,
)
from smartchain.node.legacy.asked import TooLarge

Handler = Callable[[Request], Awaitable[Response]]
T = TypeVar("T")

STATUSES: tuple[tuple[type[SmartchainError], int], ...] = (
    (KeyUnusable, 403),
    (LimitExceeded, 403),
    (TooLarge, 413),
    (InputError, 400),
    (NotConfirmed, 504),
    (WalletError, 409),
    (HostError, 503),
    (StoreError, 503),
)
"""The first that fits; what fits none is a fault of ours or of the host's."""


class TooBusy(HostError):
    """More is waiting than will be served in time."""

    retryable = True


def answering(handler: Handler) -> Handler:
    """A handler whose errors are answers."""

    @functools.wraps(handler)
    async def answer(request: Request) -> Response:
        try:
            return await handler(request)
        except SmartchainError as error:
            return said(str(error), next((status for kind, status in STATUSES if isinstance(error, kind)), 502))

    return answer


def said(text: str, status: int) -> Response:
    """A line that is shown as it is, never as a page."""
    return PlainTextResponse(text, status, {"X-Content-Type-Options": "nosniff"})


def message(text: str, status: int = 200, **more: object) -> Response:
    return JSONResponse({"message": text, **more}, status)


def streamed(pieces: Iterable[str], headers: dict[str, str] | None = None) -> Response:
    """JSON as it is written; whoever reads slowly holds nothing up."""
    return StreamingResponse((piece.encode() for piece in pieces), media_type="application/json", headers=headers)


class Lane:
    """Threads for what takes its time, apart from those that answer everybody else."""

    def __init__(self, threads: int, most_waiting: int) -> None:
        self._threads = threads
        self._most = threads + most_waiting
        self._here = 0
        self._limiter: CapacityLimiter | None = None

    async def run(self, deed: Callable[..., T], *values: object) -> T:
        """What `deed` returns. Raises `TooBusy` where too much waits already."""
        if self._here >= self._most:
            raise TooBusy("this node has too much of this to do already: ask again later")
        if self._limiter is None:
            self._limiter = CapacityLimiter(self._threads)
        self._here += 1
        try:
            return await to_thread.run_sync(functools.partial(deed, *values), limiter=self._limiter)
        finally:
            self._here -= 1
