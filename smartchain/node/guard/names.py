"""
Under which names the node answers.

A web page can have a name of its own point to this machine, and then read what the node says as if it were its own.
So what comes in by the loopback has to name it: as `localhost`, by its number, or by a name that was given.
"""

from __future__ import annotations

from collections.abc import Sequence

from starlette.types import ASGIApp, Receive, Scope, Send

from smartchain.node.api.answers import error
from smartchain.node.guard.spending import hosts_of, is_loopback


class KnownNames:
    """ASGI: 421 for a `Host` that is not this node. `names` are allowed beside its own."""

    def __init__(self, app: ASGIApp, bind: str, names: Sequence[str] = ()) -> None:
        self._app = app
        self._bind = bind
        self._names = frozenset(name.lower() for name in names)
        self._ours: dict[tuple[str, int | None], frozenset[str] | None] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        known = self._known(scope.get("server")) if scope["type"] == "http" else None
        if known is None:
            return await self._app(scope, receive, send)
        asked = [value for name, value in scope["headers"] if name == b"host"]
        if len(asked) == 1 and asked[0].decode("latin-1").lower() in known:
            return await self._app(scope, receive, send)
        says = "the Host of this request is no name of this node: start it with --name to give it one"
        return await error(421, says)(scope, receive, send)

    def _known(self, server: tuple[str, int | None] | None) -> frozenset[str] | None:
        """The names for a connection to there; None where any will do."""
        if server is None or server[1] is None:
            return None
        if server not in self._ours:
            names = hosts_of(self._bind, server) | self._names
            self._ours[server] = names if is_loopback(server[0]) else None
        return self._ours[server]
