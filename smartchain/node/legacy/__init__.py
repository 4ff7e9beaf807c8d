"""The historical programs' routes, unchanged in form: their clients work against this node as they are."""

from __future__ import annotations

from starlette.routing import BaseRoute

from smartchain.config import NodeSettings
from smartchain.node.guard.spending import is_loopback
from smartchain.node.legacy.routes import Served, legacy_routes
from smartchain.node.services import Services


def routes(services: Services) -> list[BaseRoute]:
    """None where others could reach them, unless that was said to be meant."""
    if not is_on(services.settings):
        return []
    served = Served(
        services.store,
        services.settings.host,
        services.spender,
        services.journal,
        services.update,
        now=services.clock,
    )
    return legacy_routes(served)


def is_on(settings: NodeSettings) -> bool:
    """Whether a node serves these routes: as it was told, else where only this machine can reach it."""
    return is_loopback(settings.host) if settings.legacy_api is None else settings.legacy_api
