"""
Which web pages of other origins may read the node: none, unless some were named.
"""

from __future__ import annotations

from collections.abc import Sequence

from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

READ = ("/api/", "/rpc", "/health", "/ready")
"""What is there for programs and changes nothing; the historical routes are not among it."""


class Origins:
    """ASGI: CORS for what is read."""

    def __init__(self, app: ASGIApp, origins: Sequence[str]) -> None:
        self._app = app
        self._open = CORSMiddleware(
            app,
            allow_origins=list(origins),
            allow_methods=["GET", "HEAD", "POST"],
            allow_headers=["Content-Type", "Last-Event-ID"],
            expose_headers=["Retry-After", "Smartchain-Verified", "Smartchain-Size", "Smartchain-Root"],
            max_age=3600,
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        is_open = scope["type"] == "http" and scope["path"].startswith(READ)
        await (self._open if is_open else self._app)(scope, receive, send)
