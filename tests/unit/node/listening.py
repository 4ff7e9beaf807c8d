"""The real server on a free port, and a client that follows its stream."""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from starlette.types import ASGIApp

from smartchain.config import NodeSettings
from smartchain.node.app import build_app
from smartchain.node.feed import Feed
from smartchain.node.server import Server
from tests.unit.node.asking import World

SETTINGS = NodeSettings(port=0)


@contextmanager
def serving(of: World | ASGIApp, settings: NodeSettings = SETTINGS) -> Iterator[Server]:
    """A node's server, until the end."""
    app = build_app(of.services(settings=settings)) if isinstance(of, World) else of
    server = Server(app, settings)
    server.start()
    try:
        yield server
    finally:
        if isinstance(of, World):
            of.feed.close()
            of.feed = Feed()
        server.stop()


@dataclass(frozen=True)
class Event:
    """One of the stream's."""

    kind: str
    id: str
    data: dict[str, Any]


class Follower:
    """Reads events one by one."""

    def __init__(self, server: Server | int, last: str | None = None, query: str = "") -> None:
        port = server if isinstance(server, int) else server.port
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
        headers = {"Accept": "text/event-stream"} | ({"Last-Event-ID": last} if last else {})
        self._connection.request("GET", "/api/v1/stream" + query, headers=headers)
        self.response = self._connection.getresponse()

    def __enter__(self) -> Follower:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()
        self.response.close()

    def block(self) -> dict[str, str]:
        """The fields of the next block of lines; empty at the end."""
        fields: dict[str, str] = {}
        while (line := self.response.readline().decode().rstrip("\n")) or not fields:
            if not line and self.response.isclosed():
                break
            name, _, value = line.partition(": ")
            fields |= {name: value} if name else {}
        return fields

    def begin(self) -> str:
        """The id that is given before anything happened."""
        fields = self.block()
        assert fields.keys() == {"retry", "id"}
        return fields["id"]

    def take(self, count: int) -> list[Event]:
        """The next events."""
        found = list[Event]()
        while len(found) < count:
            fields = self.block()
            if not fields:
                raise EOFError(f"the stream ended after {len(found)} events")
            if "event" in fields:
                found.append(Event(fields["event"], fields["id"], json.loads(fields["data"])))
        return found


def brief(events: list[Event]) -> list[tuple[str, int]]:
    """Kind and number of each."""
    key = {"entry": "index", "block": "number", "reorganisation": "from"}
    return [(event.kind, event.data[key[event.kind]]) for event in events]


def with_settings(**more: Any) -> NodeSettings:
    return replace(SETTINGS, **more)
