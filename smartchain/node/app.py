"""
The node as one ASGI application: its parts, each with `routes(services)`, behind the guards.

    request -> counted -> known name -> rate -> origins -> body -> a block out of memory -> the first route that fits
"""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from smartchain.config import NodeSettings
from smartchain.node import api, bulk, explorer, legacy, rpc, watched
from smartchain.node.api.answers import HANDLERS, WRONG_METHOD, error
from smartchain.node.api.blocks import HotBlocks
from smartchain.node.guard.bodies import Bodies
from smartchain.node.guard.names import KnownNames
from smartchain.node.guard.origins import Origins
from smartchain.node.guard.rate import RateLimit
from smartchain.node.metrics import ChainFigures, Counted, Metrics
from smartchain.node.services import Services


def build_app(services: Services) -> ASGIApp:
    """Everything that is served, and who may ask how much of it."""
    metrics = Metrics(ChainFigures(services))
    return Counted(guarded(chain_app(services, metrics), services.settings), metrics)


def chain_app(services: Services, metrics: Metrics) -> ASGIApp:
    """Everything about one chain, without guards."""
    parts = Starlette(routes=all_routes(services, metrics), exception_handlers=HANDLERS)
    parts.router.redirect_slashes = False  # it would send a client to whatever host, and scheme, its request named
    app: ASGIApp = Bodies(HotBlocks(parts, services), services.settings.most_body_bytes)
    return Origins(app, services.settings.cors) if services.settings.cors else app


def guarded(app: ASGIApp, settings: NodeSettings) -> ASGIApp:
    """Who may ask at all, and how often."""
    if settings.rate:
        app = RateLimit(app, settings.rate)
    return KnownNames(app, settings.host, settings.names)


def all_routes(services: Services, metrics: Metrics) -> list[BaseRoute]:
    """Of every part; the first that fits answers."""
    parts = (rpc.routes, bulk_routes, api.routes, legacy.routes, explorer.routes)
    return [route for part in parts for route in part(services)] + watched.routes(services, metrics)


def bulk_routes(services: Services) -> list[BaseRoute]:
    """Those for peers, and a refusal of every other method: what is mounted at `/api/v1` does not know them."""
    found = bulk.routes(services)
    return found + [Route(route.path, _Refusal()) for route in found if isinstance(route, Route)]


class _Refusal:
    """ASGI: this address is asked by GET."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await error(405, WRONG_METHOD, {"Allow": "GET, HEAD"})(scope, receive, send)
