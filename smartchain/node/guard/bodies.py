"""
How much a client may send, and how deep its JSON may go.
"""

from __future__ import annotations

from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from smartchain.ledger.nesting import DEEPEST, is_too_deep
from smartchain.node.api.answers import error


class Bodies:
    """ASGI: takes a body in before anything looks at it; 413 past `most_bytes`, 400 for JSON that is too deep."""

    def __init__(self, app: ASGIApp, most_bytes: int) -> None:
        self._app = app
        self._most_bytes = most_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not _has_body(scope):
            return await self._app(scope, receive, send)
        try:
            body = await self._whole(scope, receive)
        except ClientDisconnect:
            return None
        if body is None:
            says = f"the body of a request has {self._most_bytes} bytes at most"
            return await error(413, says)(scope, receive, send)
        if is_too_deep(body):
            return await error(400, f"the JSON nests deeper than {DEEPEST} levels")(scope, receive, send)
        return await self._app(scope, _again(body, receive), send)

    async def _whole(self, scope: Scope, receive: Receive) -> bytes | None:
        """None as soon as it is too long. Raises `ClientDisconnect` where it does not come."""
        if _declared(scope) > self._most_bytes:
            return None
        pieces, size, more = [], 0, True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise ClientDisconnect
            piece: bytes = message.get("body", b"")
            size += len(piece)
            if size > self._most_bytes:
                return None
            pieces.append(piece)
            more = message.get("more_body", False)
        return b"".join(pieces)


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
