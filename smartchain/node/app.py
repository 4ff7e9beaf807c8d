"""
The node as one ASGI application: its parts, each with `routes(services)`, behind the guards.
"""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.routing import BaseRoute
from starlette.types import ASGIApp

from smartchain.node import bulk, explorer, legacy, rpc
from smartchain.node.services import Services

PARTS = (rpc.routes, bulk.routes, legacy.routes, explorer.routes)


def build_app(services: Services) -> ASGIApp:
    """Everything that is served."""
    return Starlette(routes=all_routes(services))


def all_routes(services: Services) -> list[BaseRoute]:
    """Of every part; the first that fits answers."""
    return [route for part in PARTS for route in part(services)]
