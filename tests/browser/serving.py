"""The node as a browser meets it: on a port, with a chain that a test lets grow."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from smartchain.ledger.entry import Entry
from smartchain.node.app import build_app
from smartchain.node.feed import Feed
from smartchain.node.services import Peers, Services
from tests.browser.making import World
from tests.e2e.typed import shell_for
from tests.fakes.anvil import OnAnvil
from tests.fakes.serving import serving


class Served:
    """A world, and where it is shown."""

    def __init__(self, world: World, feed: Feed, url: str) -> None:
        self.world = world
        self.url = url
        self._feed = feed

    def add(self, *entries: Entry) -> None:
        """Something is recorded, and everybody who looks hears of it."""
        self.world.add(*entries)
        self._feed.moved()

    def settle(self, *, safe: int, finalized: int) -> None:
        """From now on the host calls so what it holds up to and with those entries."""
        self.world.settle(safe, finalized)
        self._feed.moved()


@contextmanager
def serve(world: World, peers: Peers | None = None) -> Iterator[Served]:
    """A node with this chain, for as long as the block lasts."""
    with node_of(Services(store=world.store, peers=peers)) as (services, url):
        yield Served(world, services.feed, url)


@contextmanager
def node_of(services: Services) -> Iterator[tuple[Services, str]]:
    """A node with these services, and its address."""
    with serving(build_app(services)) as url:
        try:
            yield services, url
        finally:
            services.feed.close()


@contextmanager
def following(chain: OnAnvil, folder: Path) -> Iterator[str]:
    """`smartchain node`, as it is typed, following a ledger on a host chain of its own; its address."""
    with shell_for(folder, chain).start("node", "--bind", "127.0.0.1:0") as process:
        assert process.stdout is not None
        name, url = process.stdout.readline().split()
        assert name == "page"
        yield url.rstrip("/")
