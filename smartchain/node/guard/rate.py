"""
So many requests from one client and no more.

A client is an address; of IPv6 the half that a customer is given as a rule. Counted over ten seconds, so that a page
with its parts is no trouble.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import lru_cache
from ipaddress import IPv6Address, ip_address

from starlette.types import ASGIApp, Receive, Scope, Send

from smartchain.node.api.answers import error

WINDOW_S = 10


class RateLimit:
    """ASGI: 429 past `rate` requests a second, on average over ten."""

    def __init__(self, app: ASGIApp, rate: int, clock: Callable[[], float] = time.monotonic) -> None:
        """`clock` never goes back: by one that does a client would be held up for as long as that."""
        self._app = app
        self._rate = rate
        self._clock = clock
        self._seen: dict[str, tuple[float, int]] = {}
        """When a client's ten seconds began, and its requests since."""
        self._swept = clock()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        client = scope.get("client")
        if scope["type"] != "http" or client is None or self._hit(client_of(client[0])) <= self._rate * WINDOW_S:
            return await self._app(scope, receive, send)
        says = f"more than {self._rate} requests a second: slow down"
        return await error(429, says, {"Retry-After": str(WINDOW_S)})(scope, receive, send)

    def _hit(self, client: str) -> int:
        """Which of the client's requests this is, within its ten seconds."""
        now = self._clock()
        if now - self._swept >= WINDOW_S:
            self._seen = {one: seen for one, seen in self._seen.items() if now - seen[0] < WINDOW_S}
            self._swept = now
        began, hits = self._seen.get(client, (now, 0))
        if now - began >= WINDOW_S:
            began, hits = now, 0
        self._seen[client] = began, hits + 1
        return hits + 1


@lru_cache(maxsize=4096)
def client_of(address: str) -> str:
    """Whom an address belongs to."""
    try:
        found = ip_address(address)
    except ValueError:
        return address
    if isinstance(found, IPv6Address):
        return str(found.ipv4_mapped or IPv6Address(int(found) >> 64 << 64))
    return address
