"""
How much a client may send, how deep its JSON may go, and how much of all of them is held at once.
"""

from __future__ import annotations

from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from smartchain.ledger.nesting import DEEPEST, is_too_deep
from smartchain.node.api.answers import error

MOST_HELD = 256
"""Bodies of the longest kind that are held at once, those that wait to be answered among them."""


class Bodies:
    """
    ASGI: takes a body in before anything looks at it.

    413 past `most_bytes`, 400 for JSON that is too deep, 503 where too much of others is held.
    """

    def __init__(self, app: ASGIApp, most_bytes: int) -> None:
        self._app = app
        self._most_bytes = most_bytes
        self._held_bytes = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not _has_body(scope):
            return await self._app(scope, receive, send)
        pieces: list[bytes] = []
        try:
            status = await self._take(scope, receive, pieces)
            if status is not None:
                says = f"the body of a request has {self._most_bytes} bytes at most"
                busy = "this node holds as many requests as it can: ask again later"
                return await error(status, says if status == 413 else busy)(scope, receive, send)
            body = b"".join(pieces)
            if is_too_deep(body):
                return await error(400, f"the JSON nests deeper than {DEEPEST} levels")(scope, receive, send)
            return await self._app(scope, _again(body, receive), send)
        except ClientDisconnect:
            return None
        finally:
            self._held_bytes -= sum(map(len, pieces))

    async def _take(self, scope: Scope, receive: Receive, pieces: list[bytes]) -> int | None:
        """The status with which it is refused, as soon as that is known. Raises `ClientDisconnect`."""
        if _declared(scope) > self._most_bytes:
            return 413
        size, more = 0, True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise ClientDisconnect
            piece: bytes = message.get("body", b"")
            pieces.append(piece)
            size += len(piece)
            self._held_bytes += len(piece)
            if size > self._most_bytes:
                return 413
            if self._held_bytes > MOST_HELD * self._most_bytes:
                return 503
            more = message.get("more_body", False)
        return None


def _has_body(scope: Scope) -> bool:
    return any(name in (b"content-length", b"transfer-encoding") for name, _ in scope["headers"])


def _declared(scope: Scope) -> int:
    lengths = [value for name, value in scope["headers"] if name == b"content-length"]
    return max((int(value) for value in lengths if value.isdigit()), default=0)


def _again(body: bytes, receive: Receive) -> Receive:
    """The body once more, then whatever comes after it."""
    given = False

    async def once_more() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return once_more
