"""When a node serves the historical routes: where only its owner reaches it, or because that was said."""

from __future__ import annotations

import pytest
from starlette.routing import Route

from smartchain.config import NodeSettings
from smartchain.node.legacy import routes
from smartchain.node.services import Services
from tests.fakes.store import ListStore
from tests.store.making import INFO


def paths(settings: NodeSettings) -> list[str]:
    found = routes(Services(ListStore(INFO), settings))
    return [route.path for route in found if isinstance(route, Route)]


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5", "node.example"])
def test_where_others_reach_a_node_the_routes_are_off_until_somebody_says_otherwise(host: str) -> None:
    assert paths(NodeSettings(host)) == []
    assert "/transactions/new" in paths(NodeSettings(host, legacy_api=True))


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "[::1]", "localhost"])
def test_on_loopback_they_are_on_until_somebody_says_otherwise(host: str) -> None:
    assert paths(NodeSettings(host)) == ["/chain", "/smart/chain", "/transactions/new", "/nodes/register", "/mine"]
    assert paths(NodeSettings(host, legacy_api=False)) == []
