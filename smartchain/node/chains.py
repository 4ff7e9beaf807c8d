"""
Several chains on one node: a first page that lists them, and each chain whole behind `/0x…`, the address of its ledger.

A chain behind its address is what a node of that chain alone would be: the same pages, the same API, the same JSON-RPC
with an id of its own, and the same source for peers, who are given the longer URL.

    request -> counted -> known name -> rate -> /0x…: the chain's own app
                                             -> else: the front page and its forms
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from smartchain.config import NodeSettings
from smartchain.errors import InputError
from smartchain.ledger.address import checksum, parse_address
from smartchain.node.api.answers import HANDLERS, answer, error
from smartchain.node.app import guarded
from smartchain.node.base import below
from smartchain.node.explorer import fleet as pages
from smartchain.node.explorer import static
from smartchain.node.explorer.page import Page, as_csv, as_html, as_json, environment
from smartchain.node.fleet import NOT_ASKED, Fleet
from smartchain.node.metrics import COUNTED, Counted, FleetFigures, Metrics
from smartchain.types import Address

FORMATS = {"JSON": "/index.json", "CSV": "/index.csv"}
ELSEWHERE = "this node serves several chains, each behind the address of its ledger: / lists them"
_CHAIN = re.compile(r"/(0x[0-9a-fA-F]{40})(?:/.*)?", re.DOTALL)


def build_chains(fleet: Fleet, settings: NodeSettings, clock: Callable[[], float] = time.time) -> ASGIApp:
    """All chains of a fleet, and their front page; `clock` gives seconds since 1970."""
    metrics = Metrics(FleetFigures(fleet.metrics))
    return Counted(guarded(_Chains(fleet, _Front(fleet, metrics, clock)), settings), metrics)


class _Chains:
    """ASGI: to the chain that an address begins with, or to the front."""

    def __init__(self, fleet: Fleet, front: _Front) -> None:
        self._fleet, self._front = fleet, front

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        asked = _CHAIN.fullmatch(scope["path"]) if scope["type"] == "http" else None
        if asked is None:
            return await self._front.app(scope, receive, send)
        try:
            ledger = parse_address(asked[1])
        except InputError as wrong:
            return await self._front.astray(f"{wrong}: / lists the chains")(scope, receive, send)
        served = self._fleet.find(ledger)
        if served is None:
            return await self._front.astray(self._no_chain(ledger))(scope, receive, send)
        app = await run_in_threadpool(served.app)
        inner = below(scope, f"/{checksum(ledger)}")
        scope[COUNTED] = True
        return await app(inner, receive, send)

    def _no_chain(self, ledger: Address) -> str:
        if reason := self._fleet.not_served(ledger):
            return f"the chain of {checksum(ledger)} is not served: {reason}"
        return f"this node has no chain of a ledger {checksum(ledger)}: / lists those that it has"


class _Front:
    """What is said of all chains together."""

    def __init__(self, fleet: Fleet, metrics: Metrics, clock: Callable[[], float]) -> None:
        self._fleet, self._metrics = fleet, metrics
        self._templates = environment()
        self._templates.globals["now"] = clock
        self.app = Starlette(
            routes=[
                Route("/", self._html),
                Route("/index.json", self._json),
                Route("/index.csv", self._csv),
                Route("/static/{digest}/{name:path}", static.serve),
                Route("/health", self._health),
                Route("/ready", self._ready),
                Route("/metrics", self._figures),
            ],
            exception_handlers=HANDLERS,
        )
        self.app.router.redirect_slashes = False
        self.app.router.default = self.astray(ELSEWHERE)

    def astray(self, says: str) -> ASGIApp:
        """There is nothing at this address: a page for a person, a sentence for a program."""

        async def answered(scope: Scope, receive: Receive, send: Send) -> None:
            request = Request(scope)
            wants_page = "text/html" in request.headers.get("accept", "")
            response = self._shown(request, pages.astray(says)) if wants_page else error(404, says)
            await response(scope, receive, send)

        return answered

    def _html(self, request: Request) -> Response:
        return self._shown(request, self._page())

    def _shown(self, request: Request, page: Page) -> Response:
        return as_html(request, page, self._about(page), self._templates, FORMATS)

    def _json(self, request: Request) -> Response:
        page = self._page()
        return as_json(request, page, self._about(page))

    def _csv(self, request: Request) -> Response:
        page = self._page()
        return as_csv(request, page, self._about(page))

    def _page(self) -> Page:
        return pages.front(self._fleet.lines(), self._fleet.factory)

    def _about(self, page: Page) -> dict[str, object]:
        return pages.about(page, self._fleet.factory, self._fleet.asked)

    async def _health(self, _: Request) -> Response:
        """
        Bad only where none that is followed gets on: anybody can register a ledger that never will.

        What each waits for, its own `/health` says.
        """
        followed = self._fleet.followed()
        stalled = {name: why for name, why in followed.items() if why is not None}
        healthy = not stalled or len(stalled) < len(followed)
        said = {"alive": True, "healthy": healthy, "chains": len(self._fleet.names()), "stalled": stalled}
        return answer(said, 200 if healthy else 503)

    def _ready(self, _: Request) -> Response:
        """As soon as the factory was asked, and a chain of it can be: each says for itself whether that is so."""
        names, not_ready = self._fleet.names(), self._fleet.not_ready()
        reason = None if self._fleet.asked else NOT_ASKED
        if reason is None and names and len(not_ready) == len(names):
            reason = f"no chain is ready: {next(iter(not_ready.values()))}"
        said = {"ready": reason is None, "reason": reason, "chains": len(names), "not_ready": not_ready}
        return answer(said, 200 if reason is None else 503)

    def _figures(self, _: Request) -> Response:
        return self._metrics.text()
