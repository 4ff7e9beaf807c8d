"""
A proxy between the program and a real node, which can be told to misbehave.

Faults (see `faults.py`) are functions of a call and of the answer that the node gave to it; each befalls the methods
that it is meant for, as often as it was told. Everything else passes through.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any
from urllib.parse import urlsplit

Call = dict[str, Any]
Logs = list[dict[str, Any]]


@dataclass(slots=True)
class Answer:
    """What is sent back: by default what the node said."""

    body: bytes
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    cut_bytes: int = 0
    """Bytes at the end that are announced and never sent."""
    delay_s: float = 0.0


Fault = Callable[[Call, Answer], Answer]


@dataclass(slots=True)
class Rule:
    """A fault, the methods that it befalls (all of them: none named), and how often it does yet."""

    fault: Fault
    methods: tuple[str, ...] = ()
    times: int = 10**9

    def befalls(self, method: str) -> bool:
        return self.times > 0 and (not self.methods or method in self.methods)


class Proxy(ThreadingHTTPServer):
    """
    Listens on a free port of this machine; a context manager that ends it.

    `proxy.fault(status(503), times=3)` or `proxy.fault(logs(drop(7)), "eth_getLogs")` sets it to misbehave, `heal()`
    ends that. Faults apply in the order in which they were set. Nothing is random but what is given a `random.Random`.
    """

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, node_url: str) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.node = urlsplit(node_url)
        self.rules: list[Rule] = []
        self.calls: list[str] = []
        """Methods asked for, in order."""
        self.lock = threading.Lock()
        self._thread = threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def fault(self, fault: Fault, *methods: str, times: int = 10**9) -> None:
        with self.lock:
            self.rules.append(Rule(fault, methods, times))

    def heal(self) -> None:
        with self.lock:
            self.rules.clear()

    def ask_node(self, request: bytes) -> Answer:
        """What the node says to a request."""
        node = HTTPConnection(self.node.hostname or "", self.node.port or 80, timeout=60)
        try:
            node.request("POST", self.node.path or "/", request, {"Content-Type": "application/json"})
            response = node.getresponse()
            return Answer(response.read(), response.status)
        except OSError:
            return Answer(b"the node is away", 502)
        finally:
            node.close()

    def count(self, method: str) -> int:
        """How often a method was asked for."""
        return self.calls.count(method)

    def befalling(self, method: str) -> list[Fault]:
        """The faults of this answer, each of them used up by one."""
        with self.lock:
            self.calls.append(method)
            rules = [rule for rule in self.rules if rule.befalls(method)]
            for rule in rules:
                rule.times -= 1
        return [rule.fault for rule in rules]

    def handle_error(self, *_args: Any) -> None:
        """A client that went away, or was cut off, is what this is for."""

    def close(self) -> None:
        self.shutdown()
        self._thread.join()
        self.server_close()

    def __enter__(self) -> Proxy:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: Proxy

    def do_POST(self) -> None:
        request = self.rfile.read(int(self.headers["Content-Length"]))
        asked = json.loads(request)
        answer = self.server.ask_node(request)
        if isinstance(asked, dict):
            self._send(self._spoil(asked, answer))
        elif answer.status == 200:
            self._send(_together([self._spoil(*pair) for pair in _apart(asked, answer)]))
        else:
            self._send(answer)

    def _spoil(self, call: Call, answer: Answer) -> Answer:
        for fault in self.server.befalling(call["method"]):
            answer = fault(call, answer)
        return answer

    def _send(self, answer: Answer) -> None:
        time.sleep(answer.delay_s)
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        self.wfile.write(answer.body[: len(answer.body) - answer.cut_bytes])
        self.close_connection = self.close_connection or answer.cut_bytes > 0

    def log_message(self, *_args: Any) -> None: ...


def _apart(calls: list[Call], answer: Answer) -> list[tuple[Call, Answer]]:
    """The calls of a batch, each with its own answer."""
    found = {item["id"]: item for item in json.loads(answer.body)}
    return [(call, Answer(json.dumps(found[call["id"]]).encode())) for call in calls]


def _together(answers: list[Answer]) -> Answer:
    """One answer to a batch; a fault of the way that befell any of them befalls all."""
    worst = next((answer for answer in answers if answer.status != 200), None)
    if worst is not None:
        return worst
    body = b"[" + b",".join(answer.body for answer in answers) + b"]"
    return Answer(body, cut_bytes=max(a.cut_bytes for a in answers), delay_s=max(a.delay_s for a in answers))
