"""A server that says whatever a test wants, byte by byte: what no web framework would let itself be made to say."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable
from types import TracebackType

Behaviour = Callable[[str, Callable[[bytes], None], threading.Event], None]
"""Is given the path asked for, a way to send bytes, and an event that says that the test is over."""


class Rude:
    """A context manager; `url` is where it listens."""

    def __init__(self, behaviour: Behaviour) -> None:
        self._behaviour = behaviour
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._over = threading.Event()
        self._threads = [threading.Thread(target=self._listen, daemon=True)]
        self._connections: list[socket.socket] = []
        self.asked: list[str] = []

    def __enter__(self) -> Rude:
        self._threads[0].start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for connection in self._connections:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join()

    def _listen(self) -> None:
        while not self._over.is_set():
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self._connections.append(connection)
            thread = threading.Thread(target=self._serve, args=(connection,), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _serve(self, connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError):
            asked = b""
            while b"\r\n\r\n" not in asked:
                came = connection.recv(4096)
                if not came:
                    return
                asked += came
            path = asked.split(b" ")[1].decode()
            self.asked.append(path)
            self._behaviour(path, connection.sendall, self._over)


def answer(body: bytes, *, announced: int | None = None, headers: str = "") -> bytes:
    """A whole answer of HTTP."""
    length = len(body) if announced is None else announced
    return f"HTTP/1.1 200 OK\r\n{headers}Content-Length: {length}\r\n\r\n".encode() + body
