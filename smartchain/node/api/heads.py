"""
HEAD: what GET would answer, without the body. Whoever watches a node, and many a proxy, asks so.
"""

from __future__ import annotations

from collections.abc import Collection

from starlette.types import ASGIApp, Message, Receive, Scope, Send


class Heads:
    """ASGI: HEAD for an app that knows GET alone; not for the paths `long`, whose answers would be made for nothing."""

    def __init__(self, app: ASGIApp, long: Collection[str]) -> None:
        self._app = app
        self._long = frozenset(long)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "HEAD" or scope["path"] in self._long:
            return await self._app(scope, receive, send)

        async def without_body(message: Message) -> None:
            await send({**message, "body": b""} if message["type"] == "http.response.body" else message)

        asked = {**scope, "method": "GET"}
        await self._app(asked, receive, without_body)
        scope.update({name: asked[name] for name in ("route", "root_path") if name in asked})  # for the figures
        return None
