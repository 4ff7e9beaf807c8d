"""
Connections: how many there are, and how long each may take over what.

A client that says nothing, sends a byte a second, or never reads its answer costs a connection and nothing else, and
that only for so long. When all are taken the next one gets the place of the one that has been idle longest: who comes
to ask something is served, however many only hold the line.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

MOST_HEAD_BYTES = 64 * 1024
SWEEP_S = 1.0


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds that a client may take."""

    head: float = 10.0
    """From the connection, or the last answer, to the first byte of a request."""
    request: float = 30.0
    """From a request's first byte to its last."""
    stuck: float = 30.0
    """In which it takes 64 KB of an answer."""


class Connections:
    """All connections of a server, `most` of them; `sweep` is called every second."""

    def __init__(self, most: int, patience: Patience = Patience()) -> None:
        self.patience = patience
        self._most = most
        self._idle: OrderedDict[Bounded, None] = OrderedDict()
        """Nothing of them is being answered; in the order in which they became so."""
        self._all: set[Bounded] = set()

    def opened(self, one: Bounded) -> None:
        if len(self._all) >= self._most:
            longest = next(iter(self._idle), one)
            self.closed(longest)
            longest.cut()
            if longest is one:
                return
        self._all.add(one)
        self._idle[one] = None

    def closed(self, one: Bounded) -> None:
        self._all.discard(one)
        self._idle.pop(one, None)

    def busy(self, one: Bounded) -> None:
        self._idle.pop(one, None)

    def idle(self, one: Bounded) -> None:
        if one in self._all:
            self._idle[one] = None

    async def sweep(self) -> None:
        """Cut those off whose time is up."""
        now = time.monotonic()
        for one in [one for one in self._all if one.is_late(now)]:
            self.closed(one)
            one.cut()


class Bounded(HttpToolsProtocol):
    """A connection of uvicorn's that has only so much time; `of` makes the class for one server."""

    bounds: Connections

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self._since = time.monotonic()
        self._until_s = self.bounds.patience.head
        self._stuck: float | None = None
        self._in_head, self._head_bytes = True, 0

    @staticmethod
    def of(bounds: Connections) -> type[Bounded]:
        return type("Bounded", (Bounded,), {"bounds": bounds})

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self.bounds.opened(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self.bounds.closed(self)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """What comes with the end of a head is no longer its: a body may arrive in one piece with it."""
        while data and not self.transport.is_closing():
            room = MOST_HEAD_BYTES - self._head_bytes if self._in_head else len(data)
            piece, data = data[:room], data[room:]
            self._head_bytes += len(piece) if self._in_head else 0
            super().data_received(piece)
            if self._in_head and self._head_bytes >= MOST_HEAD_BYTES:
                self._refuse(b"431 Request Header Fields Too Large", "the head of a request has 64 KB at most")

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._wait(self.bounds.patience.request)

    def on_headers_complete(self) -> None:
        self._in_head, self._head_bytes = False, 0
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        self._in_head = True
        if not self.cycle.response_complete:
            self._until_s = 0.0  # as long as it takes to answer
            self.bounds.busy(self)
        super().on_message_complete()

    def on_response_complete(self) -> None:
        if not self.pipeline:
            self._wait(self.bounds.patience.head)
            self.bounds.idle(self)
        super().on_response_complete()

    def pause_writing(self) -> None:
        self._stuck = time.monotonic()
        super().pause_writing()

    def resume_writing(self) -> None:
        self._stuck = None
        super().resume_writing()

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002
        self._refuse(b"400 Bad Request", "this is no HTTP request")

    def is_late(self, now: float) -> bool:
        """Whether its time is up."""
        if self._stuck is not None and now - self._stuck > self.bounds.patience.stuck:
            return True
        return self._until_s > 0 and now - self._since > self._until_s

    def cut(self) -> None:
        """End it at once, whatever is still to be sent."""
        if self.transport is not None:
            self.transport.abort()

    def _wait(self, seconds: float) -> None:
        self._since, self._until_s = time.monotonic(), seconds

    def _refuse(self, status: bytes, says: str) -> None:
        body = b'{"error":"%s"}' % says.encode()
        head = b"content-type: application/json\r\ncontent-length: %d\r\nconnection: close\r\n\r\n" % len(body)
        self.transport.write(b"HTTP/1.1 " + status + b"\r\n" + head + body)
        self.transport.close()
