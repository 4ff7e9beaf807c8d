"""The node as a browser meets it: on a port, with a chain that a test lets grow."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn

from smartchain.ledger.entry import Entry
from smartchain.node.app import build_app
from smartchain.node.feed import Feed
from smartchain.node.services import Peers, Services
from tests.browser.making import World


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
    feed = Feed()
    services = Services(store=world.store, feed=feed, peers=peers)
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        settings = uvicorn.Config(
            build_app(services),
            log_level="error",
            lifespan="off",
            timeout_graceful_shutdown=1,
        )
        server = uvicorn.Server(settings)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        try:
            _wait_for(server)
            yield Served(world, feed, url)
        finally:
            feed.close()
            server.should_exit = True
            thread.join()


def _wait_for(server: uvicorn.Server) -> None:
    deadline = time.monotonic() + 20
    while not server.started:
        assert time.monotonic() < deadline, "the server did not start"
        time.sleep(0.01)
