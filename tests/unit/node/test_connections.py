"""The server among clients that are slow, mute, endless or broken: whoever asks something is answered."""

from __future__ import annotations

import asyncio
import http.client
import json
import socket
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, _GeneratorContextManager, contextmanager

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from smartchain.config import NodeSettings
from smartchain.errors import CorruptStore, SettingsError, SmartchainError, StoreMoved
from smartchain.node.api.answers import HANDLERS
from smartchain.node.app import build_app
from smartchain.node.guard.connections import Patience
from smartchain.node.server import Server
from smartchain.node.services import Services
from tests.fakes.store import ListStore, ListView
from tests.store.making import INFO, Story, payments
from tests.unit.node.asking import World
from tests.unit.node.listening import Follower, serving, with_settings

SHORT = Patience(head=0.5, request=1.0, stuck=1.0)
LONGEST_S = 6.0
"""To be cut off by: the longest patience, a sweep, and a slow machine."""


@contextmanager
def impatient(app: object, connections: int = 100) -> Iterator[Server]:
    failed = list[str]()
    server = Server(app, with_settings(connections=connections), failed.append, SHORT)  # type: ignore[arg-type]
    server.start()
    try:
        yield server
    finally:
        server.stop()
    assert failed == []


async def quick(scope: Scope, receive: Receive, send: Send) -> None:
    """Says how long the body was."""
    body = await Request(scope, receive).body()
    await Response(f"{len(body)}")(scope, receive, send)


class Endless:
    """An answer that never ends, and the ports of those it ended for all the same."""

    def __init__(self) -> None:
        self.ended = set[int]()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def pieces() -> AsyncIterator[bytes]:
            while True:
                await asyncio.sleep(0)
                yield b"x" * 65536

        try:
            await StreamingResponse(pieces())(scope, receive, send)
        finally:
            self.ended.add(scope["client"][1])


def connected(server: Server) -> socket.socket:
    return socket.create_connection(("127.0.0.1", server.port), timeout=LONGEST_S)


def ask(server: Server, path: str = "/") -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=LONGEST_S)
    connection.request("GET", path)
    response = connection.getresponse()
    said = response.status, response.read()
    connection.close()
    return said


def send_slowly(client: socket.socket, said: bytes) -> None:
    for byte in said:
        client.sendall(bytes([byte]))
        time.sleep(0.05)


def is_cut(client: socket.socket) -> bool:
    """Wait until the server has ended it."""
    try:
        while client.recv(65536):
            pass
    except ConnectionError:
        pass
    return True


@pytest.mark.parametrize(
    "said",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"GET / HT", id="half a line"),
        pytest.param(b"GET / HTTP/1.1\r\nHost: a\r\n", id="half a head"),
        pytest.param(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nhalf", id="half a body"),
    ],
)
def test_who_does_not_go_on_is_cut_off(said: bytes) -> None:
    with impatient(quick) as server, connected(server) as client:
        client.sendall(said)

        assert is_cut(client)


def test_a_byte_now_and_then_does_not_buy_more_time() -> None:
    begun = time.monotonic()
    with impatient(quick) as server, connected(server) as client:
        with pytest.raises(ConnectionError):
            send_slowly(client, b"GET / HTTP/1.1\r\nX: " + b"a" * 1000)
        assert time.monotonic() - begun < LONGEST_S


def test_who_does_not_read_the_answer_is_cut_off_and_who_reads_it_is_not() -> None:
    endless = Endless()
    with impatient(endless) as server, connected(server) as lazy, connected(server) as eager:
        for client in (lazy, eager):
            client.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        until = time.monotonic() + 30
        while lazy.getsockname()[1] not in endless.ended:
            assert time.monotonic() < until
            assert eager.recv(65536)
        assert is_cut(lazy)
        assert eager.recv(65536)


def test_a_connection_that_is_kept_is_good_for_many_requests() -> None:
    with impatient(quick) as server:
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=LONGEST_S)
        for count in range(4):
            connection.request("POST", "/", body=b"x" * count)
            assert connection.getresponse().read() == b"%d" % count
            time.sleep(0.3)
        connection.close()


def test_an_answer_may_take_longer_than_a_question() -> None:
    world = World(payments(1, 3))
    server = Server(build_app(world.services()), with_settings(), patience=SHORT)
    server.start()
    with Follower(server) as follower:
        follower.begin()
        time.sleep(2.5)
        world.grow(payments(2, 1))
        assert follower.take(1)[0].data["index"] == 3
    world.feed.close()
    server.stop()


@pytest.mark.parametrize(
    ("said", "status", "says"),
    [
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 400, "no HTTP request"),
        (b"GET /\xff HTTP/1.1\r\nHost: a\r\n\r\n", 400, "no HTTP request"),
        (b"GET / HTTP/1.1\r\nContent-Length: -1\r\n\r\n", 400, "no HTTP request"),
        (b"GET / HTTP/1.1\r\nX: " + b"a" * 70_000, 431, "64 KB"),
        (b"GET / HTTP/1.1\r\n" + b"X: a\r\n" * 20_000, 431, "64 KB"),
        (b"GET /" + b"a" * 70_000, 431, "64 KB"),
    ],
)
def test_what_is_no_request_is_refused_in_a_sentence(said: bytes, status: int, says: str) -> None:
    with impatient(quick) as server, connected(server) as client:
        for at in range(0, len(said), 4096):
            try:
                client.sendall(said[at : at + 4096])
                time.sleep(0.002)
            except ConnectionError:
                break
        response = http.client.HTTPResponse(client)
        response.begin()
        assert response.status == status
        assert says in json.loads(response.read())["error"]
        response.close()


@pytest.mark.parametrize("size", [65_536, 200_000, 900_000])
def test_a_long_body_that_comes_in_one_piece_with_its_head_is_taken_in(size: int) -> None:
    with impatient(quick) as server, connected(server) as client:
        client.sendall(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n" % size + b"x" * size)
        response = http.client.HTTPResponse(client)
        response.begin()
        assert (response.status, response.read()) == (200, b"%d" % size)
        response.close()


def test_a_head_after_a_body_in_the_same_piece_has_the_same_bound() -> None:
    first = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx"
    with impatient(quick) as server, connected(server) as client:
        client.sendall(first + b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"a" * 200_000)
        said = b""
        while piece := client.recv(65536):
            said += piece
    assert said.count(b"HTTP/1.1") == said.count(b"431 Request Header Fields Too Large") + said.count(b"200 OK")
    assert b"431 Request Header Fields Too Large" in said


def test_thousands_of_connections_that_hold_the_line_stop_nobody() -> None:
    world = World(payments(1, 30))
    with serving(world, with_settings(connections=300, rate=0)) as server, ExitStack() as clients:
        for number in range(1500):
            client = clients.enter_context(connected(server))
            client.sendall(b"POST /rpc HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 9\r\n\r\n"[: number % 60])
            if number % 100 == 99:
                begun = time.monotonic()
                status, body = ask(server, "/api/v1/blocks/1")
                assert (status, json.loads(body)["number"]) == (200, 1)
                assert time.monotonic() - begun < 2


class Laborious(ListStore):
    """A call's view is asked for before its thread begins: in the server's own."""

    def __init__(self, let_go: threading.Event) -> None:
        super().__init__(INFO)
        self._let_go = let_go

    def view(self) -> _GeneratorContextManager[ListView]:
        plain = super().view()

        @contextmanager
        def later() -> Iterator[ListView]:
            assert self._let_go.wait(20)
            with plain as view:
                yield view

        return later() if threading.current_thread().name == "http" else plain


def test_batches_that_take_long_hold_up_nobody_but_batches() -> None:
    let_go = threading.Event()
    store = Laborious(let_go)
    store.take(Story().step(payments(1, 30), verified=True))
    batch = b'[{"jsonrpc":"2.0","id":1,"method":"eth_blockNumber"}]'
    with serving(build_app(Services(store))) as server, ExitStack() as clients:
        for _ in range(60):
            client = clients.enter_context(connected(server))
            head = b"POST /rpc HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nContent-Type: application/json\r\n" % server.port
            client.sendall(head + b"Content-Length: %d\r\n\r\n" % len(batch) + batch)
        time.sleep(0.5)
        other = http.client.HTTPConnection("127.0.0.1", server.port, timeout=LONGEST_S)
        other.request("GET", "/api/v1/entries?limit=1")
        assert other.getresponse().status == 200
        other.close()
        let_go.set()
        assert client.recv(12) == b"HTTP/1.1 200"


def test_followers_cannot_take_every_place() -> None:
    world = World(payments(1, 30))
    with serving(world, with_settings(connections=40, rate=0)) as server, ExitStack() as clients:
        followers = [clients.enter_context(Follower(server)) for _ in range(60)]

        assert sum(follower.response.status == 200 for follower in followers) <= 20
        status, body = ask(server, "/health")
        assert (status, b'"alive":true' in body) == (200, True)


def test_an_address_that_is_taken_is_said_to_be() -> None:
    with serving(World()) as server, pytest.raises(SettingsError, match=f"127.0.0.1:{server.port}.*--bind"):
        Server(quick, NodeSettings(port=server.port))


@pytest.mark.parametrize("host", ["no.such.host.invalid", "192.0.2.1"])
def test_an_address_that_is_not_of_this_machine_is_said_to_be_none(host: str) -> None:
    with pytest.raises(SettingsError, match=host):
        Server(quick, NodeSettings(host=host, port=0))


def test_a_fault_inside_is_an_answer_without_a_reason_and_a_line_for_the_log() -> None:
    failed = list[str]()

    async def broken(scope: Scope, receive: Receive, send: Send) -> None:
        raise KeyError("a secret")

    server = Server(broken, with_settings(), failed.append)
    server.start()
    status, body = ask(server)
    server.stop()

    assert (status, body) == (500, b"Internal Server Error")
    assert len(failed) == 1
    assert failed[0].startswith("KeyError in ")
    assert "secret" not in failed[0]


@pytest.mark.parametrize(
    ("fault", "said"),
    [(StoreMoved("entries were replaced"), []), (CorruptStore("a row is wrong"), ["CorruptStore in "])],
)
def test_a_long_answer_that_a_reorganisation_breaks_off_is_no_fault_and_one_that_the_store_does_is(
    fault: SmartchainError, said: list[str]
) -> None:
    failed = list[str]()

    async def pieces() -> AsyncIterator[bytes]:
        yield b"half of it"
        raise fault

    async def download(_: Request) -> Response:
        return StreamingResponse(pieces())

    server = Server(
        Starlette(routes=[Route("/", download)], exception_handlers=HANDLERS), with_settings(), failed.append
    )
    server.start()
    with connected(server) as client:
        client.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        got = b""
        while piece := client.recv(4096):
            got += piece
    server.stop()

    assert got.endswith(b"half of it\r\n")
    assert [line[: len(start)] for line, start in zip(failed, said, strict=True)] == said


def test_an_answer_that_the_end_of_the_node_cuts_is_no_fault() -> None:
    failed = list[str]()

    async def cancelled(scope: Scope, receive: Receive, send: Send) -> None:
        raise asyncio.CancelledError

    server = Server(cancelled, with_settings(), failed.append)
    server.start()
    ask(server)
    server.stop()

    assert failed == []
