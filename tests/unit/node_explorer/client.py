"""Asks the explorer as a browser does, without a network; follows nothing unless told to."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping

import httpx
from starlette.applications import Starlette

from smartchain.ledger.unit import Unit, raw_unit
from smartchain.node.explorer import routes
from smartchain.node.services import Peers, Services
from smartchain.ports import LedgerStore
from smartchain.types import Address
from tests.browser.making import World


class Client:
    """The explorer of one ledger."""

    def __init__(
        self,
        of: World | LedgerStore,
        peers: Peers | None = None,
        unit_of: Callable[[Address], Unit] = raw_unit,
    ) -> None:
        store = of.store if isinstance(of, World) else of
        self._app = Starlette(routes=routes(Services(store, peers=peers, unit_of=unit_of)))

    def get(
        self,
        path: str,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        *,
        follow: bool = False,
    ) -> httpx.Response:
        return self.request("GET", path, params, headers, follow=follow)

    def request(
        self,
        method: str,
        path: str,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        *,
        follow: bool = False,
    ) -> httpx.Response:
        async def asked() -> httpx.Response:
            transport = httpx.ASGITransport(self._app)
            async with httpx.AsyncClient(transport=transport, base_url="http://node") as client:
                return await client.request(method, path, params=params, headers=headers, follow_redirects=follow)

        return asyncio.run(asked())
