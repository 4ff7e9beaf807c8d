"""How a node serves its chain to others, by calling the routes themselves."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

from starlette.applications import Starlette

from smartchain.node.bulk import MOST_DOWNLOADS, routes
from smartchain.ports import LedgerStore
from tests.fakes.store import ListStore
from tests.store.making import INFO, Story, payments


@dataclass(frozen=True)
class Services:
    store: LedgerStore


class Client:
    """One exchange with an app, at the speed of a test: the answer's body waits until `go_on` is set."""

    def __init__(self, app: Starlette, path: str, go_on: asyncio.Event) -> None:
        self.status = 0
        self.body = b""
        self.headers: dict[bytes, bytes] = {}
        self.answered = asyncio.Event()
        self._go_on = go_on
        where, _, query = path.partition("?")
        scope = {
            "type": "http", "asgi": {"version": "3.0", "spec_version": "2.4"}, "http_version": "1.1", "method": "GET",
            "path": where, "raw_path": where.encode(), "query_string": query.encode(), "headers": [], "root_path": "",
            "scheme": "http", "server": ("127.0.0.1", 80), "client": ("127.0.0.1", 1),
        }  # fmt: skip
        self.task = asyncio.create_task(app(scope, self._receive, self._send))

    async def _receive(self) -> dict[str, Any]:
        await asyncio.sleep(3600)
        return {"type": "http.disconnect"}

    async def _send(self, message: Any) -> None:
        if message["type"] == "http.response.start":
            self.status, self.headers = message["status"], dict(message["headers"])
            self.answered.set()
            await self._go_on.wait()
        else:
            self.body += message.get("body", b"")


def app_of(entries: int) -> Starlette:
    store, story = ListStore(INFO), Story()
    store.take(story.step(payments(1, entries), verified=True))
    return Starlette(routes=routes(Services(store)))


def test_a_download_past_those_there_is_room_for_is_told_to_come_again_until_one_ends() -> None:
    async def run() -> None:
        app, go_on, at_once = app_of(40), asyncio.Event(), asyncio.Event()
        at_once.set()
        path = "/api/v1/bulk/entries?start=0&stop=40"
        under_way = [Client(app, path, go_on) for _ in range(MOST_DOWNLOADS)]
        for client in under_way:
            await client.answered.wait()
        refused = Client(app, path, at_once)
        await refused.task
        under_way[0].task.cancel()
        await asyncio.gather(under_way[0].task, return_exceptions=True)
        later = Client(app, path, at_once)
        await later.task
        go_on.set()
        await asyncio.gather(*(client.task for client in under_way[1:]))

        assert (refused.status, refused.headers[b"retry-after"]) == (503, b"5")
        assert {client.status for client in [*under_way[1:], later]} == {200}
        assert {client.body for client in under_way[1:]} == {later.body} != {b""}

    asyncio.run(run())


def test_bad_numbers_are_a_clear_bad_request_and_repeat_nothing() -> None:
    async def run() -> None:
        app, at_once = app_of(3), asyncio.Event()
        at_once.set()
        for query in (
            "",
            "start=0",
            "start=0&stop=-1",
            "start=a&stop=b",
            "start=0&stop=1e3",
            "start=0&stop=" + "9" * 99,
        ):
            client = Client(app, "/api/v1/bulk/entries?" + query, at_once)
            await client.task
            assert client.status == 400, query
            assert b"must be a whole number" in client.body

    asyncio.run(run())
