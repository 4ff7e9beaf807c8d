"""
How slow a peer may be, and how a connection to one that is slower is cut.

A socket's time-out starts again with every byte, so a byte now and then holds a reader for ever: in a body, in a
header, in a TLS handshake. A watch looks from outside at what came in each window of waiting, and shuts the
connection's socket down. Time in which nobody waits for the peer does not count against it.
"""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from types import TracebackType
from typing import Any

import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection

_TICK_S = 0.1


@dataclass(frozen=True, slots=True)
class Pace:
    """What a peer has to keep to."""

    idle_s: float = 10.0
    """Without a single byte."""
    answer_s: float = 15.0
    """For the whole of a small answer."""
    window_s: float = 10.0
    least_bytes: int = 64 * 1024
    """In each window of a download."""


class Watch:
    """One exchange under watch; `cut` says that it was too slow. Everything happens in the thread that entered it."""

    def __init__(self, window_s: float, least_bytes: int | None) -> None:
        self._window_s = window_s
        self._least = least_bytes
        self._lock = threading.Lock()
        self._taps: list[socket.socket] = []
        self._since: float | None = None
        self._waited_s = 0.0
        self._got = 0
        self._mark = (0.0, 0)
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._run, name="peer-watch", daemon=True)
        self.cut = False

    def __enter__(self) -> Watch:
        _current.watch = self
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._done.set()
        self._thread.join()
        _current.watch = None

    def holds(self, tap: socket.socket) -> None:
        with self._lock:
            self._taps.append(tap)
            if self.cut:
                _shut(tap)

    def came(self, count: int) -> None:
        with self._lock:
            self._got += count

    @contextlib.contextmanager
    def waiting(self) -> Iterator[None]:
        """Around whatever waits for the peer."""
        with self._lock:
            self._since = time.monotonic()
        try:
            yield
        finally:
            with self._lock:
                self._waited_s, self._since = self._waited(), None

    def _waited(self) -> float:
        return self._waited_s + (0.0 if self._since is None else time.monotonic() - self._since)

    def _run(self) -> None:
        while not self._done.wait(min(_TICK_S, self._window_s / 4)):
            with self._lock:
                if self._is_slow():
                    self.cut = True
                    for tap in self._taps:
                        _shut(tap)

    def _is_slow(self) -> bool:
        waited, got = self._mark
        now = self._waited()
        if now - waited < self._window_s:
            return False
        if self._least is None or self._got - got < self._least:
            return True
        self._mark = (now, self._got)
        return False


def _shut(tap: socket.socket) -> None:
    with contextlib.suppress(OSError):
        tap.shutdown(socket.SHUT_RDWR)


class _Current(threading.local):
    watch: Watch | None = None


_current = _Current()


class _Tapped(HTTPConnection):
    """A connection whose socket a watch can shut down, also while it is being made."""

    tap: socket.socket | None = None

    def _new_conn(self) -> socket.socket:
        made = super()._new_conn()
        self.tap = made.dup()
        self._show()
        return made

    def request(self, *args: Any, **options: Any) -> None:
        self._show()
        super().request(*args, **options)

    def close(self) -> None:
        super().close()
        if self.tap is not None:
            self.tap.close()
            self.tap = None

    def _show(self) -> None:
        if self.tap is not None and _current.watch is not None:
            _current.watch.holds(self.tap)


class _TappedTls(_Tapped, HTTPSConnection):
    pass


class _Pool(urllib3.HTTPConnectionPool):
    ConnectionCls = _Tapped


class _TlsPool(urllib3.HTTPSConnectionPool):
    ConnectionCls = _TappedTls


def tapped(pool: urllib3.PoolManager) -> urllib3.PoolManager:
    """The same pool, whose connections can be watched."""
    pool.pool_classes_by_scheme = {"http": _Pool, "https": _TlsPool}
    return pool
