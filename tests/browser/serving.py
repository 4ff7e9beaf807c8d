"""The node as a browser meets it: on a port, with a chain that a test lets grow."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from smartchain.host.source import HostLedger
from smartchain.indexer.follow import Follower
from smartchain.indexer.outcome import Advanced
from smartchain.ledger.entry import Entry
from smartchain.node.app import build_app
from smartchain.node.feed import Feed
from smartchain.node.services import Peers, Services
from smartchain.store import open_store
from tests.browser.making import World
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
    """A node that follows a ledger on a host chain of its own; its address."""
    source = HostLedger(chain.rpc, chain.ledger)
    store = open_store(f"sqlite:///{folder / 'chain.db'}", create=True)
    services, stop = Services(store=store.ledger(source.info())), threading.Event()

    def follow() -> None:
        follower = Follower(source, services.store)
        while not stop.wait(0.1):
            if isinstance(follower.step(), Advanced):
                services.feed.moved()

    thread = threading.Thread(target=follow)
    with node_of(services) as (_, url):
        thread.start()
        try:
            yield url
        finally:
            stop.set()
            thread.join()
    store.close()
