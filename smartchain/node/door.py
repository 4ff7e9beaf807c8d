"""
What answers before there is anything to answer with: the node's address is taken at once, its ledger takes a while.
"""

from __future__ import annotations

from starlette.types import ASGIApp, Receive, Scope, Send

from smartchain.node.api.answers import answer, error


class Door:
    """ASGI: says that the node is starting until it is opened; `/health` is answered from the first moment on."""

    def __init__(self) -> None:
        self._app: ASGIApp | None = None
        self.waits_for = "its ledger"

    def open(self, app: ASGIApp) -> None:
        """From now on the application answers."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._app is not None:
            return await self._app(scope, receive, send)
        if scope["path"] == "/health":
            return await answer({"alive": True})(scope, receive, send)
        says = f"this node is starting: it waits for {self.waits_for}"
        if scope["path"] == "/ready":
            return await answer({"ready": False, "reason": says}, 503)(scope, receive, send)
        return await error(503, says, {"Retry-After": "2"})(scope, receive, send)
