"""A ledger in lists that grows and turns as a test says, and somebody who asks a node about it, without a network."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import httpx
from starlette.types import ASGIApp

from smartchain.ledger.block import BlockRule
from smartchain.ledger.entry import Entry
from smartchain.node.app import build_app
from smartchain.node.feed import Feed
from smartchain.node.services import Services
from smartchain.ports import LedgerInfo
from smartchain.types import Address, Size
from tests.fakes.store import ListStore
from tests.store.making import INFO, Story

HERE = "http://127.0.0.1:5000"


class World:
    """A store, and the feed that says when it moved."""

    def __init__(
        self, entries: Sequence[Entry] = (), rule: tuple[int, int] = (3, 0), address: Address = INFO.address
    ) -> None:
        self.info: LedgerInfo = replace(INFO, rule=BlockRule(*rule), address=address)
        self.store, self.feed = ListStore(self.info), Feed()
        self._story = Story(self.info)
        self.grow(entries)

    def grow(self, entries: Sequence[Entry], *, verified: bool = True) -> None:
        self.store.take(self._story.step(entries, verified=verified))
        self.feed.moved()

    def agree(self) -> None:
        """What is staged counts as agreed by other nodes, and no contract was asked."""
        self.store.verify(Size(len(self.store.rows)), len(self.store.chain), None)
        self.feed.moved()

    def turn(self, entries: Sequence[Entry]) -> None:
        """The host chain is another one, in which these were recorded."""
        other = World(entries, (self.info.rule.max_entries, self.info.rule.interval))
        for name in ("rows", "chain", "subtrees", "seen", "cursor", "verified_size", "verified_blocks", "verified_at"):
            setattr(self.store, name, getattr(other.store, name))
        self._story = other._story
        self.feed.moved()

    def services(self, **more: Any) -> Services:
        return Services(self.store, feed=self.feed, **more)


class Client:
    """Asks an application in this process."""

    def __init__(self, app: ASGIApp | World, address: str = "127.0.0.1") -> None:
        self._app = build_app(app.services()) if isinstance(app, World) else app
        self._address = address

    def ask(self, method: str, path: str, **said: Any) -> httpx.Response:
        async def asked() -> httpx.Response:
            transport = httpx.ASGITransport(self._app, client=(self._address, 1))
            async with httpx.AsyncClient(transport=transport, base_url=HERE) as client:
                return await client.request(method, path, **said)

        return asyncio.run(asked())

    def get(self, path: str, **said: Any) -> httpx.Response:
        return self.ask("GET", path, **said)

    def json(self, path: str) -> Any:
        """The answer, which must be a good one."""
        response = self.get(path)
        assert response.status_code == 200, response.text
        assert response.headers["content-type"] == "application/json"
        return response.json()

    def refused(self, path: str, status: int = 400) -> str:
        """The sentence of an answer that must be an error."""
        response = self.get(path)
        assert response.status_code == status, response.text
        said: dict[str, str] = response.json()
        assert said.keys() == {"error"}
        return said["error"]

    def walk(self, path: str, name: str) -> list[Any]:
        """All rows of a list, piece by piece."""
        rows: list[Any] = []
        following: str | None = path
        while following:
            piece = self.json(following)
            rows += piece[name]
            following = piece["next"]
        return rows
