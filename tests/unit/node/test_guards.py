"""Guards: how much, how deep, how often, under which name, and for whose pages."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

from smartchain.config import NodeSettings
from smartchain.ledger.nesting import DEEPEST, is_too_deep
from smartchain.node.app import build_app
from smartchain.node.guard.bodies import MOST_HELD, Bodies
from smartchain.node.guard.rate import RateLimit, client_of
from tests.store.making import payments
from tests.unit.node.asking import Client, World
from tests.unit.node.listening import serving

JSON = {"Content-Type": "application/json"}
CALL = {"jsonrpc": "2.0", "id": 1, "method": "eth_blockNumber", "params": []}


def client_with(address: str = "127.0.0.1", **more: Any) -> Client:
    return Client(build_app(World(payments(1, 7)).services(settings=NodeSettings(**more))), address)


async def in_pieces(piece: bytes, count: int) -> AsyncIterator[bytes]:
    for _ in range(count):
        yield piece


# bodies


def test_a_body_that_is_too_large_is_refused_before_it_is_read() -> None:
    client = client_with(most_body_bytes=1000)

    declared = client.ask("POST", "/rpc", content=b" " * 1001, headers=JSON)
    streamed = client.ask("POST", "/rpc", content=in_pieces(b" " * 100, 11), headers=JSON)

    assert (declared.status_code, streamed.status_code) == (413, 413)
    assert declared.json() == {"error": "the body of a request has 1000 bytes at most"}


@pytest.mark.parametrize("path", ["/rpc", "/transactions/new"])
def test_json_that_is_too_deep_is_refused(path: str) -> None:
    body = b'{"a":' * 5000 + b"1" + b"}" * 5000

    response = client_with().ask("POST", path, content=body, headers=JSON)

    assert response.status_code == 400
    assert response.json() == {"error": "the JSON nests deeper than 64 levels"}


def test_a_body_arrives_as_it_was_sent() -> None:
    text = "[" * 500 + '"\\"[[{{'
    call = {**CALL, "id": text}

    response = client_with().ask("POST", "/rpc", json=call)

    assert (response.json()["id"], response.json()["result"]) == (text, "0x2")


def test_no_more_is_held_than_there_is_room_for_and_room_is_given_back() -> None:
    """All but the last of them wait to be answered."""
    gone = asyncio.Event()

    async def waiting(scope: Scope, receive: Receive, send: Send) -> None:
        await gone.wait()
        await Response()(scope, receive, send)

    async def asked() -> list[int]:
        transport = httpx.ASGITransport(Bodies(waiting, 10))
        async with httpx.AsyncClient(transport=transport, base_url="http://node") as client:
            held = [asyncio.create_task(client.post("/", content=b" " * 10)) for _ in range(MOST_HELD)]
            await asyncio.sleep(0.2)
            refused = await client.post("/", content=b" ")
            gone.set()
            return [
                refused.status_code,
                (await held[0]).status_code,
                (await client.post("/", content=b" ")).status_code,
            ]

    assert asyncio.run(asked()) == [503, 200, 200]


JSONS = st.recursive(
    st.none() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=30,
)


def depth_of(value: object) -> int:
    if isinstance(value, dict):
        return 1 + max(map(depth_of, value.values()), default=0)
    return 1 + max(map(depth_of, value), default=0) if isinstance(value, list) else 0


@given(value=JSONS, deepest=st.integers(0, 6))
def test_the_depth_that_is_found_is_that_of_the_json(value: object, deepest: int) -> None:
    for escaped in (True, False):
        assert is_too_deep(json.dumps(value, ensure_ascii=escaped).encode(), deepest) == (depth_of(value) > deepest)


@given(body=st.binary(max_size=300))
def test_no_body_breaks_the_measuring_of_its_depth(body: bytes) -> None:
    assert is_too_deep(body) in (True, False)
    assert is_too_deep(b"[" * (DEEPEST + 1))


# rate


def test_who_asks_too_often_is_told_to_slow_down_and_others_are_not() -> None:
    world = World(payments(1, 7))
    app = build_app(world.services(settings=NodeSettings(rate=1)))
    greedy, other = Client(app, "192.0.2.1"), Client(app, "192.0.2.2")

    statuses = [greedy.get("/api/v1/head").status_code for _ in range(25)]

    assert statuses[:10] == [200] * 10
    assert statuses.count(429) >= 5
    refused = greedy.get("/api/v1/head")
    assert refused.headers["retry-after"] == "10"
    assert refused.json() == {"error": "more than 1 requests a second: slow down"}
    assert other.get("/api/v1/head").status_code == 200


def test_ten_seconds_after_its_first_request_a_client_is_served_again_and_then_forgotten() -> None:
    now = 0.0
    limited = RateLimit(Response("served"), 1, clock=lambda: now)
    greedy, other = Client(limited, "192.0.2.1"), Client(limited, "192.0.2.2")

    said = [greedy.get("/").status_code for _ in range(12)]
    now = 9.9
    said.append(greedy.get("/").status_code)
    now = 10.0
    said += [other.get("/").status_code, greedy.get("/").status_code]

    assert said == [200] * 10 + [429] * 3 + [200] * 2
    now = 30.0
    other.get("/")
    assert list(limited._seen) == ["192.0.2.2"]


def test_without_a_rate_nobody_is_held_up() -> None:
    client = client_with(rate=0)

    assert {client.get("/health").status_code for _ in range(30)} == {200}


def test_a_client_with_a_whole_network_of_addresses_is_one_client() -> None:
    assert client_of("2001:db8::1") == client_of("2001:db8::ffff:2")
    assert client_of("2001:db8:0:1::1") != client_of("2001:db8::1")
    assert client_of("::ffff:192.0.2.1") == client_of("192.0.2.1")
    assert client_of("a socket") == "a socket"


# names


@pytest.mark.parametrize(
    "host", ["evil.example:5000", "127.0.0.1", "localhost:5001", "", "localhost:5000.evil.example"]
)
def test_a_name_that_is_made_to_point_here_is_not_answered(host: str) -> None:
    response = client_with().get("/api/v1/head", headers={"Host": host})

    assert response.status_code == 421
    assert "--name" in response.json()["error"]


@pytest.mark.parametrize("host", ["127.0.0.1:5000", "localhost:5000", "LOCALHOST:5000", "[::1]:5000", "chain.example"])
def test_the_names_of_the_node_are_answered(host: str) -> None:
    client = client_with(names=("Chain.example",))

    assert client.get("/api/v1/head", headers={"Host": host}).status_code == 200


# origins


def test_a_name_that_is_made_to_point_here_is_not_answered_by_a_socket_of_ipv6_either() -> None:
    app = build_app(World(payments(1, 3)).services(settings=NodeSettings(host="::")))

    async def asked(host: str) -> int:
        statuses = list[int]()

        async def sent(message: Message) -> None:
            statuses.append(message.get("status", 0))

        headers = [(b"host", host.encode())]
        scope: Scope = {"type": "http", "method": "GET", "path": "/health", "query_string": b"", "headers": headers}
        scope.update(server=("::ffff:127.0.0.1", 5000), client=("::ffff:127.0.0.1", 1))
        await app(scope, nothing, sent)
        return statuses[0]

    assert [asyncio.run(asked(host)) for host in ("evil.example:5000", "127.0.0.1:5000")] == [421, 200]


async def nothing() -> Message:
    return {"type": "http.request", "body": b"", "more_body": False}


def test_no_page_of_another_origin_may_read_unless_it_was_named() -> None:
    asked = {"Origin": "https://shop.example"}

    assert "access-control-allow-origin" not in client_with().get("/api/v1/head", headers=asked).headers
    client = client_with(cors=("https://shop.example",))
    said = client.get("/api/v1/head", headers=asked).headers
    assert said["access-control-allow-origin"] == "https://shop.example"
    other = client.get("/api/v1/head", headers={"Origin": "https://evil.example"}).headers
    assert "access-control-allow-origin" not in other


def test_a_page_that_was_named_may_call_rpc_and_never_a_route_that_spends() -> None:
    client = client_with(cors=("*",))
    before = {"Origin": "https://a.example", "Access-Control-Request-Method": "POST",
              "Access-Control-Request-Headers": "content-type"}  # fmt: skip

    assert client.ask("OPTIONS", "/rpc", headers=before).status_code == 200
    for path in ("/transactions/new", "/mine", "/nodes/register"):
        refused = client.ask("OPTIONS", path, headers=before)
        assert refused.status_code == 405
        assert "access-control-allow-origin" not in refused.headers
        spent = client.get("/mine", headers={"Origin": "https://a.example"})
        assert spent.status_code == 403


# everything


def test_what_is_not_there_is_said_in_a_sentence_wherever_it_is_asked() -> None:
    client = client_with()

    for path in ("/nothing", "/api/v2/head", "/static/../../config.py", "/%2e%2e/etc/passwd", "/api/v1/%00", "/💥"):
        response = client.get(path)
        assert response.status_code == 404
        assert "root:" not in response.text


def test_a_server_says_nothing_of_what_it_is_made_of() -> None:
    with serving(World()) as server:
        headers = Client(World()).get("/health").headers

        assert "server" not in headers
        assert server.url.startswith("http://127.0.0.1:")


@pytest.mark.parametrize("path", ["/rpc/", "/api/v1/blocks/", "/blocks/", "/static/app.js", "/health/"])
def test_nobody_is_sent_on_to_a_host_that_a_request_named(path: str) -> None:
    response = Client(World(payments(1, 3))).get(path, headers={"Host": "127.0.0.1:5000"})
    assert response.status_code in (400, 404)
    assert "location" not in response.headers
