"""
So many requests from one client and no more.

A client is an address; of IPv6 the half that a customer is given as a rule. Counted over ten seconds, so that a page
with its parts is no trouble.
"""

from __future__ import annotations

from functools import lru_cache
from ipaddress import IPv6Address, ip_address

from limits import RateLimitItemPerSecond
from limits.storage import MemoryStorage
from limits.strategies import FixedWindowRateLimiter
from starlette.types import ASGIApp, Receive, Scope, Send

from smartchain.node.api.answers import error

WINDOW_S = 10


class RateLimit:
    """ASGI: 429 past `rate` requests a second, on average over ten."""

    def __init__(self, app: ASGIApp, rate: int) -> None:
        self._app = app
        self._rate = rate
        self._limit = RateLimitItemPerSecond(rate * WINDOW_S, WINDOW_S)
        self._hits = FixedWindowRateLimiter(MemoryStorage())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        client = scope.get("client")
        if scope["type"] != "http" or client is None or self._hits.hit(self._limit, client_of(client[0])):
            return await self._app(scope, receive, send)
        says = f"more than {self._rate} requests a second: slow down"
        return await error(429, says, {"Retry-After": str(WINDOW_S)})(scope, receive, send)


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
