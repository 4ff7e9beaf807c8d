"""JSON-RPC over HTTP: every way in which a node, or the way to it, can fail."""

from __future__ import annotations

import gzip
import json
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from smartchain.errors import HostUnavailable, RangeTooLarge, RpcRefused, StateGone
from smartchain.host import transport
from smartchain.host.endpoint import Endpoint
from smartchain.host.rpc import MOST_CALLS_IN_BATCH, NO_RETRY, HttpRpc, Retry
from smartchain.host.transport import seconds_of

TLS = Path(__file__).parent / "tls"
"""A certificate of its own for localhost, and its key: for these tests, worth nothing elsewhere."""

QUICK = Retry(attempts=4, first_wait_s=0.0, longest_wait_s=0.0, jitter_s=0.0, longest_asked_wait_s=0.5)

Answer = Callable[["Request"], None]


class Request(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Node

    def do_POST(self) -> None:
        self.asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.asked.append(self.asked)
        self.server.headers.append({name.lower(): value for name, value in self.headers.items()})
        self.server.paths.append(self.path)
        script = self.server.script
        (script.pop(0) if script else ok)(self)

    def answer(self, body: bytes | object, status: int = 200, **headers: str) -> None:
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)

    def log_message(self, *args: Any) -> None: ...


class Node(ThreadingHTTPServer):
    """A node that answers as its script says, then every call with its own parameters."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Request)
        self.script: list[Answer] = []
        self.asked: list[Any] = []
        self.headers: list[dict[str, str]] = []
        self.paths: list[str] = []

    def handle_error(self, *args: Any) -> None: ...

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


def result_of(call: dict[str, Any]) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": call["id"], "result": call["params"]}


def ok(request: Request) -> None:
    asked = request.asked
    request.answer([result_of(call) for call in reversed(asked)] if isinstance(asked, list) else result_of(asked))


def status(code: int, body: bytes = b"", **headers: str) -> Answer:
    return lambda request: request.answer(body, code, **headers)


def raw(body: bytes) -> Answer:
    return lambda request: request.answer(body)


def error(message: str, code: int = -32000, http: int = 200, **more: Any) -> Answer:
    said = {"code": code, "message": message, **more}
    return lambda request: request.answer({"jsonrpc": "2.0", "id": request.asked["id"], "error": said}, http)


def cut_off(request: Request) -> None:
    body = json.dumps(result_of(request.asked)).encode()
    request.send_response(200)
    request.send_header("Content-Length", str(len(body) + 10))
    request.end_headers()
    request.wfile.write(body)
    request.close_connection = True


def hang_up(request: Request) -> None:
    request.connection.shutdown(socket.SHUT_RDWR)
    request.close_connection = True


def without_end(pieces: int, piece: bytes, wait_s: float = 0.0) -> Answer:
    """An answer that goes on and on: much at a time, or little and slowly."""

    def answer(request: Request) -> None:
        request.send_response(200)
        request.send_header("Content-Length", str(1 << 40))
        request.end_headers()
        for _ in range(pieces):
            request.wfile.write(piece)
            time.sleep(wait_s)

    return answer


def until(event: threading.Event) -> None:
    event.wait(5)


@pytest.fixture
def node() -> Iterator[Node]:
    server = Node()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def rpc(node: Node) -> Iterator[HttpRpc]:
    connection = HttpRpc(Endpoint(node.url, timeout_s=5), QUICK)
    yield connection
    connection.close()


PASSING: dict[str, Answer] = {
    "bad gateway": status(502),
    "unavailable": status(503, b"<html>busy</html>"),
    "gateway time-out": status(504),
    "too many requests": status(429, b"", Retry_After="0"),
    "an answer cut off": cut_off,
    "no answer": hang_up,
    "cut-off JSON": raw(b'{"jsonrpc": "2.0", "id": 1, "res'),
    "no JSON": raw(b"<html>hello</html>"),
    "JSON that is no answer": raw(b"[]"),
    "no UTF-8": raw(b'{"jsonrpc": "2.0", "id": "\xff\xfe", "result": 1}'),
    "nested without end": raw(b'{"jsonrpc": "2.0", "id": 1, "result": ' + b"[" * 100_000 + b"]" * 100_000 + b"}"),
    "neither result nor error": lambda request: request.answer({"jsonrpc": "2.0", "id": request.asked["id"]}),
    "another call's id": lambda request: request.answer({"jsonrpc": "2.0", "id": 10**6, "result": 1}),
    "a JSON-RPC error that passes": error("Internal server error", -32603),
    "the same under HTTP 500": error("upstream timed out", -32603, 500),
}


@pytest.mark.parametrize("fault", PASSING.values(), ids=PASSING.keys())
def test_a_fault_that_passes_is_asked_again(node: Node, rpc: HttpRpc, fault: Answer) -> None:
    node.script = [fault, fault, fault]

    assert rpc.call("eth_chainId", 1, "two") == [1, "two"]
    assert len(node.asked) == 4


@pytest.mark.parametrize("fault", PASSING.values(), ids=PASSING.keys())
def test_a_fault_that_stays_is_given_up_as_unavailable(node: Node, rpc: HttpRpc, fault: Answer) -> None:
    node.script = [fault] * 4

    with pytest.raises(HostUnavailable, match=r"^http://127\.0\.0\.1:\d+ "):
        rpc.call("eth_chainId")
    assert len(node.asked) == 4


@pytest.mark.parametrize("fault", [status(503), cut_off, hang_up])
def test_what_may_change_something_is_never_sent_twice(node: Node, rpc: HttpRpc, fault: Answer) -> None:
    node.script = [fault]

    with pytest.raises(HostUnavailable):
        rpc.call("eth_sendRawTransaction", "0x00")
    assert len(node.asked) == 1


def test_a_batch_that_may_change_something_is_never_sent_twice(node: Node, rpc: HttpRpc) -> None:
    node.script = [status(503)]

    with pytest.raises(HostUnavailable):
        rpc.batch([("eth_chainId", []), ("eth_sendRawTransaction", ["0x00"])])
    assert len(node.asked) == 1


def test_patience_that_a_node_asks_for_is_given_within_bounds(node: Node, rpc: HttpRpc) -> None:
    node.script = [status(429, b"", Retry_After="3600")]

    with pytest.raises(HostUnavailable, match="3600 s of patience") as busy:
        rpc.call("eth_chainId")
    assert busy.value.retry_after_s == 3600
    assert len(node.asked) == 1


@pytest.mark.parametrize(
    ("header", "seconds"), [(None, None), ("7", 7.0), ("Thu, 01 Jan 1970 00:00:00 GMT", 0.0), ("soon", None)]
)
def test_retry_after_is_seconds_or_a_date(header: str | None, seconds: float | None) -> None:
    assert seconds_of(header) == seconds


LASTING: dict[str, Answer] = {
    "a revert": error("execution reverted", 3, data="0xdeadbeef"),
    "no such method": error("method not found", -32601),
    "an error as a text": lambda request: request.answer({"id": request.asked["id"], "error": "bad key"}),
    "a bad request": error("invalid params", -32602, 400),
    "no access": status(401),
    "no such path": status(404, b"not here"),
    "elsewhere": status(307, b"", Location="https://other.example/key"),
}


@pytest.mark.parametrize("fault", LASTING.values(), ids=LASTING.keys())
def test_a_refusal_is_not_asked_again(node: Node, rpc: HttpRpc, fault: Answer) -> None:
    node.script = [fault]

    with pytest.raises(RpcRefused):
        rpc.call("eth_call", {})
    assert len(node.asked) == 1


def test_a_revert_keeps_its_code_and_its_data(node: Node, rpc: HttpRpc) -> None:
    node.script = [LASTING["a revert"]]

    with pytest.raises(RpcRefused) as refused:
        rpc.call("eth_call", {})
    assert (refused.value.code, refused.value.data) == (3, b"\xde\xad\xbe\xef")


def test_logs_that_take_too_long_are_a_range_too_large(node: Node) -> None:
    late = threading.Event()
    node.script = [lambda request: until(late)]
    rpc = HttpRpc(Endpoint(node.url, timeout_s=0.1), NO_RETRY)

    with pytest.raises(RangeTooLarge, match=r"within 0\.1 s"):
        rpc.body("eth_getLogs", {"fromBlock": "0x0", "toBlock": "0x9"})
    late.set()
    rpc.close()


def test_any_other_call_that_takes_too_long_is_unavailable(node: Node) -> None:
    late = threading.Event()
    node.script = [lambda request: until(late)]
    rpc = HttpRpc(Endpoint(node.url, timeout_s=0.1), NO_RETRY)

    with pytest.raises(HostUnavailable, match=r"within 0\.1 s"):
        rpc.call("eth_call")
    late.set()
    rpc.close()


def test_a_gateway_that_gives_up_on_logs_wants_a_smaller_range(node: Node, rpc: HttpRpc) -> None:
    node.script = [status(504)]

    with pytest.raises(RangeTooLarge):
        rpc.body("eth_getLogs", {})


def test_a_refused_range_under_an_error_status_keeps_its_suggestion(node: Node, rpc: HttpRpc) -> None:
    node.script = [error("response size exceeded, this block range should work: [0x0, 0x8]", -32602, 400)]

    with pytest.raises(RangeTooLarge) as refused:
        rpc.body("eth_getLogs", {"fromBlock": "0x0", "toBlock": "0xff"})
    assert refused.value.suggested == 8


def test_a_node_that_is_not_there_is_unavailable() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]

    with pytest.raises(HostUnavailable, match="cannot be reached"):
        HttpRpc(Endpoint(f"http://127.0.0.1:{port}"), NO_RETRY).call("eth_chainId")


def test_an_error_never_shows_the_url_or_a_header(node: Node) -> None:
    url = node.url.replace("//", "//user:password@") + "/v3/0123456789abcdef"
    rpc = HttpRpc(Endpoint(url, {"X-Key": "s3cret-header"}), NO_RETRY)
    node.script = [error("no project 0123456789abcdef for s3cret-header"), status(401), status(404), cut_off]

    for _ in range(4):
        with pytest.raises((HostUnavailable, RpcRefused)) as refused:
            rpc.call("eth_chainId")
        assert not any(s in str(refused.value) for s in ("0123456789", "s3cret", "password", "/v3"))
    rpc.close()


def test_headers_and_authentication_are_sent_with_every_request(node: Node) -> None:
    rpc = HttpRpc(Endpoint(node.url.replace("//", "//user:pw@") + "/path?q=1", {"X-Key": "abc"}), NO_RETRY)

    rpc.call("eth_chainId")

    assert node.headers[0]["x-key"] == "abc"
    assert node.headers[0]["authorization"] == "Basic dXNlcjpwdw=="
    assert node.paths == ["/path?q=1"]
    rpc.close()


def test_goes_through_the_proxy_that_is_set(node: Node) -> None:
    rpc = HttpRpc(Endpoint("http://node.example/key", proxy=node.url.replace("//", "//me:pass@")), NO_RETRY)

    assert rpc.call("eth_chainId", 5) == [5]

    assert node.paths == ["http://node.example/key"]
    assert node.headers[0]["proxy-authorization"] == "Basic bWU6cGFzcw=="
    rpc.close()


@pytest.fixture
def secure(node: Node) -> str:
    """The same node, behind a certificate that only this test knows."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(TLS / "certificate.pem", TLS / "key.pem")
    node.socket = context.wrap_socket(node.socket, server_side=True)
    return node.url.replace("http://127.0.0.1", "https://localhost")


def test_a_certificate_of_an_unknown_authority_is_not_trusted(node: Node, secure: str) -> None:
    rpc = HttpRpc(Endpoint(secure), NO_RETRY)

    with pytest.raises(HostUnavailable, match="no certificate that is trusted"):
        rpc.call("eth_chainId")
    assert node.asked == []
    rpc.close()


def test_a_ca_file_makes_its_certificates_trusted(secure: str) -> None:
    rpc = HttpRpc(Endpoint(secure, ca_file=TLS / "certificate.pem"), NO_RETRY)

    assert rpc.call("eth_chainId", 1) == [1]
    rpc.close()


def test_reads_compressed_answers(node: Node, rpc: HttpRpc) -> None:
    node.script = [lambda r: r.answer(gzip.compress(json.dumps(result_of(r.asked)).encode()), Content_Encoding="gzip")]

    assert rpc.call("eth_chainId", 1) == [1]


def test_a_null_result_is_a_result(node: Node, rpc: HttpRpc) -> None:
    node.script = [lambda request: request.answer({"id": request.asked["id"], "result": None, "error": None})]

    assert rpc.call("eth_getTransactionReceipt", "0x") is None


def test_a_batch_comes_back_in_its_own_order_however_it_was_answered(node: Node, rpc: HttpRpc) -> None:
    calls = [("eth_getBlockByNumber", [hex(n), False]) for n in range(2 * MOST_CALLS_IN_BATCH + 1)]

    assert rpc.batch(calls) == [params for _, params in calls]
    assert [len(asked) for asked in node.asked] == [MOST_CALLS_IN_BATCH, MOST_CALLS_IN_BATCH, 1]


def test_the_first_error_of_a_batch_is_raised(node: Node, rpc: HttpRpc) -> None:
    def second_fails(request: Request) -> None:
        gone = {"code": -32000, "message": "missing trie node"}
        request.answer([result_of(request.asked[0]), {"id": request.asked[1]["id"], "error": gone}])

    node.script = [second_fails]

    with pytest.raises(StateGone):
        rpc.batch([("eth_chainId", []), ("eth_call", [])])


def test_a_batch_with_an_answer_missing_is_asked_again(node: Node, rpc: HttpRpc) -> None:
    node.script = [lambda request: request.answer([result_of(request.asked[0])]), raw(b"[1, 2]"), raw(b"[{")]

    assert rpc.batch([("eth_chainId", [1]), ("eth_call", [2])]) == [[1], [2]]
    assert len(node.asked) == 4


def test_a_node_that_takes_no_batches_is_asked_one_by_one(node: Node, rpc: HttpRpc) -> None:
    node.script = [raw(b'{"jsonrpc": "2.0", "id": null, "error": {"code": -32600, "message": "batches are disabled"}}')]

    assert rpc.batch([("eth_chainId", [1]), ("eth_call", [2])]) == [[1], [2]]
    assert [type(asked) for asked in node.asked] == [list, dict, dict]


LARGE = ["0x" + "ab" * 40_000]


def test_a_large_body_is_handed_on_whole(node: Node, rpc: HttpRpc) -> None:
    body = rpc.body("eth_getLogs", *LARGE)

    assert json.loads(body)["result"] == LARGE


@pytest.mark.parametrize(
    "spoil",
    [
        lambda answer: answer | {"id": 10**6},
        lambda answer: json.dumps(answer).encode()[:-1],
        lambda answer: {"result": answer["result"]},
    ],
    ids=["another call's id", "cut off", "no id"],
)
def test_a_large_body_that_is_another_s_or_cut_off_is_asked_again(
    node: Node, rpc: HttpRpc, spoil: Callable[[dict[str, Any]], Any]
) -> None:
    node.script = [lambda request: request.answer(spoil(result_of(request.asked)))]

    assert json.loads(rpc.body("eth_getLogs", *LARGE))["result"] == LARGE
    assert len(node.asked) == 2


ENDLESS = {
    "much": without_end(transport.MOST_BYTES // (1 << 20) + 2, b" " * (1 << 20)),
    "slowly": without_end(100, b" ", 0.01),
}


@pytest.mark.parametrize("how", ENDLESS)
@pytest.mark.parametrize(("method", "kind"), [("eth_getLogs", RangeTooLarge), ("eth_call", HostUnavailable)])
def test_an_answer_that_does_not_end_is_not_waited_for(
    node: Node, how: str, method: str, kind: type[HostUnavailable | RangeTooLarge]
) -> None:
    node.script = [ENDLESS[how]]
    rpc = HttpRpc(Endpoint(node.url, timeout_s=0.02 if how == "slowly" else 5), NO_RETRY)
    with pytest.raises(kind, match="does not come to an end"):
        rpc.body(method, {})
    assert json.loads(HttpRpc(Endpoint(node.url)).body(method, {}))["result"] == [{}]
    rpc.close()


def test_any_number_of_threads_may_ask_at_once(node: Node, rpc: HttpRpc) -> None:
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda n: rpc.call("eth_call", n), range(200)))

    assert found == [[n] for n in range(200)]
