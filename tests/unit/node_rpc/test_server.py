"""POST /rpc, and what everybody hears who comes otherwise."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass

import httpx
import pytest
from starlette.applications import Starlette

from smartchain.node.rpc import routes
from smartchain.node.rpc.server import MOST_BODY_BYTES
from tests.fakes.store import ListStore

JSON = "application/json"
CALL = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "eth_blockNumber"}).encode()


@dataclass(frozen=True)
class Services:
    store: ListStore


@dataclass(frozen=True)
class Client:
    """Asks the application in this process."""

    app: Starlette

    def request(self, method: str, content: bytes = b"", kind: str = JSON) -> httpx.Response:
        async def asked() -> httpx.Response:
            transport = httpx.ASGITransport(self.app)
            async with httpx.AsyncClient(transport=transport, base_url="http://node") as client:
                return await client.request(method, "/rpc", content=content, headers={"content-type": kind})

        return asyncio.run(asked())

    def post(self, content: bytes, kind: str = JSON) -> httpx.Response:
        return self.request("POST", content, kind)


@pytest.fixture
def client(store: ListStore) -> Client:
    return Client(Starlette(routes=routes(Services(store))))


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE"])
def test_another_method_hears_to_post(client: Client, method: str) -> None:
    response = client.request(method)

    assert (response.status_code, response.headers["allow"]) == (405, "POST")
    assert "POST a request with Content-Type: application/json" in response.json()["error"]["message"]


@pytest.mark.parametrize("kind", ["", "text/plain", "application/x-www-form-urlencoded", "application/jsonx"])
def test_another_content_type_is_refused_by_name(client: Client, kind: str) -> None:
    response = client.post(CALL, kind)

    assert response.status_code == 415
    assert response.json()["error"]["message"] == "send the request with Content-Type: application/json"


def test_a_body_too_large_is_refused_before_it_is_read_whole(client: Client) -> None:
    response = client.post(b" " * (MOST_BODY_BYTES + 1))

    assert (response.status_code, response.json()["error"]["code"]) == (413, -32600)


def test_a_notification_has_an_empty_response(client: Client) -> None:
    silent = b'{"jsonrpc": "2.0", "method": "eth_chainId"}'

    response = client.post(silent)
    assert (response.status_code, response.content) == (204, b"")


@pytest.mark.parametrize("kind", [JSON, "Application/JSON; charset=utf-8", "application/json-rpc"])
def test_a_call_is_answered_as_json(client: Client, kind: str) -> None:
    response = client.post(CALL, kind)

    assert (response.status_code, response.headers["content-type"]) == (200, JSON)
    assert response.json() == {"jsonrpc": "2.0", "id": 1, "result": "0x2"}


def test_an_error_of_the_protocol_is_an_answer_of_http(client: Client) -> None:
    response = client.post(b"{")

    assert (response.status_code, response.json()["error"]["code"]) == (200, -32700)
