"""
Another node over HTTP: few answers, small and bounded, and one download that may be as long as the ledger.

Whatever the other side does, an exchange ends: in time, in bytes, and in an error that names the peer and the
reason. What it sent is still unproven then.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NoReturn, Protocol, TypeVar
from urllib.parse import unquote, urlsplit, urlunsplit

import urllib3
from urllib3.exceptions import HTTPError, SSLError

from smartchain import __version__
from smartchain.errors import PeerError, PeerUnavailable, PeerUnusable
from smartchain.peer import answers, wire
from smartchain.peer.outline import PART
from smartchain.peer.pace import Pace, Watch, tapped
from smartchain.ports import PeerHead, Portion
from smartchain.types import Hash32

T = TypeVar("T")

MOST_ANSWER_BYTES = 64 * 1024
MOST_ROOTS = 2**16
"""Roots of parts in one answer: two megabytes, for 2^28 entries."""
_READ_BYTES = 256 * 1024


class Where(Protocol):
    """How to reach a peer: `host.endpoint.Endpoint` is one."""

    @property
    def name(self) -> str: ...
    @property
    def request_url(self) -> str: ...
    @property
    def request_headers(self) -> dict[str, str]: ...
    @property
    def ca_file(self) -> Path | None: ...
    @property
    def proxy(self) -> str | None: ...


class HttpPeer:
    """Implements `ports.PeerSource`; for one thread at a time."""

    def __init__(self, where: Where, pace: Pace = Pace()) -> None:  # noqa: B008  (frozen)
        parts = urlsplit(where.request_url)
        self._base = urlunsplit(parts._replace(path=parts.path.rstrip("/"), query="", fragment=""))
        self._name = where.name
        self._pace = pace
        self._pool = _pool_of(where, pace)

    @property
    def name(self) -> str:
        return self._name

    def close(self) -> None:
        self._pool.clear()

    def head(self, size: int | None = None) -> PeerHead:
        body = self._get("bulk/head", {} if size is None else {"size": size}, MOST_ANSWER_BYTES)
        return self._parsed(lambda: answers.read_head(body))

    def consistency(self, first: int, second: int) -> list[Hash32]:
        body = self._get("consistency", {"first": first, "second": second}, MOST_ANSWER_BYTES)
        return self._parsed(lambda: answers.read_consistency(body, first, second))

    def outline(self, start: int, stop: int) -> list[Hash32]:
        roots: list[Hash32] = []
        for at in range(start, stop, MOST_ROOTS * PART):
            end = min(stop, at + MOST_ROOTS * PART)
            most = 32 * ((end - at) // PART)
            body = self._get("bulk/outline", {"start": at, "stop": end}, most)
            if len(body) != most:
                self._sent(f"{len(body)} bytes where {most} were due")
            roots += [Hash32(body[n : n + 32]) for n in range(0, most, 32)]
        return roots

    def portions(self, start: int, stop: int) -> Iterator[Portion]:
        query = {"start": start, "stop": stop}
        with Watch(self._pace.window_s, self._pace.least_bytes) as watch:
            response = self._open("bulk/entries", query, watch)
            try:
                yield from self._stream(_Reader(response, watch), start, stop)
            except HTTPError as error:
                self._broken(error, watch)
            finally:
                response.close()

    def _stream(self, reader: _Reader, start: int, stop: int) -> Iterator[Portion]:
        at = start
        try:
            for portion in wire.read(reader.take, start, stop):
                at += len(portion.packed)
                yield portion
        except (wire.Malformed, EOFError) as error:
            if reader.watch.cut:
                self._slow()
            if isinstance(error, wire.Malformed):
                self._sent(str(error), error)
            raise PeerUnavailable(f"{self._name} broke off its download at entry {at} of {stop}") from None

    # exchanges

    def _get(self, path: str, query: Mapping[str, int], most: int) -> bytes:
        """A small answer, whole."""
        with Watch(self._pace.answer_s, None) as watch:
            response = self._open(path, query, watch)
            try:
                body = _Reader(response, watch).take(most + 1)
            except HTTPError as error:
                self._broken(error, watch)
            else:
                if watch.cut:
                    self._slow()
                if len(body) > most:
                    self._sent(f"more than the {most} bytes that an answer has")
                response.drain_conn()
                return body
            finally:
                response.release_conn() if not watch.cut else response.close()

    def _open(self, path: str, query: Mapping[str, int], watch: Watch) -> urllib3.BaseHTTPResponse:
        try:
            with watch.waiting():
                response = self._pool.request(
                    "GET", f"{self._base}/api/v1/{path}", fields={name: str(n) for name, n in query.items()},
                    redirect=False, retries=False, preload_content=False, decode_content=False,
                )  # fmt: skip
        except HTTPError as error:
            self._broken(error, watch)
        if response.status != 200:
            response.close()
            raise self._refused(response.status)
        if response.headers.get("Content-Encoding", "identity") != "identity":
            response.close()
            self._sent("an answer in an encoding that nobody asked for")
        return response

    def _parsed(self, parse: Callable[[], T]) -> T:
        try:
            return parse()
        except wire.Malformed as error:
            self._sent(str(error), error)

    # what went wrong

    def _sent(self, what: str, cause: Exception | None = None) -> NoReturn:
        raise PeerUnusable(f"{self._name} sent {what}") from cause

    def _slow(self) -> NoReturn:
        pace = self._pace
        raise PeerUnusable(
            f"{self._name} stalls: an answer in more than {pace.answer_s:g} s, "
            f"or a download of less than {pace.least_bytes} bytes in {pace.window_s:g} s"
        )

    def _broken(self, error: HTTPError, watch: Watch) -> NoReturn:
        if watch.cut:
            self._slow()
        match error:
            case urllib3.exceptions.ReadTimeoutError():
                raise PeerUnusable(f"{self._name} stalls: no byte within {self._pace.idle_s:g} s") from error
            case SSLError():
                raise PeerUnusable(f"{self._name} shows no certificate that is trusted") from error
            case urllib3.exceptions.ProtocolError() if not isinstance(error, urllib3.exceptions.IncompleteRead):
                raise PeerUnavailable(f"{self._name} broke off, or speaks no HTTP") from error
            case urllib3.exceptions.IncompleteRead():
                raise PeerUnavailable(f"{self._name} broke off in the middle of an answer") from error
        raise PeerUnavailable(f"{self._name} cannot be reached") from error

    def _refused(self, status: int) -> PeerError:
        if status in (408, 429, 500, 502, 503, 504):
            return PeerUnavailable(f"{self._name} is busy or failed (HTTP {status})")
        if status == 416:
            return PeerUnavailable(f"{self._name} no longer has what it announced (HTTP 416)")
        if 300 <= status < 400:
            return PeerUnusable(f"{self._name} points elsewhere (HTTP {status}): give the URL that it redirects to")
        return PeerUnusable(f"{self._name} serves no ledger to peers at this URL (HTTP {status})")


class _Reader:
    """Takes so many bytes from a response, reporting each arrival to the watch."""

    def __init__(self, response: urllib3.BaseHTTPResponse, watch: Watch) -> None:
        self._response = response
        self.watch = watch
        self._left = bytearray()

    def take(self, count: int) -> bytes:
        """That many bytes; fewer at the end."""
        while len(self._left) < count:
            with self.watch.waiting():
                came = self._response.read1(_READ_BYTES)
            if not came:
                break
            self.watch.came(len(came))
            self._left += came
        taken = bytes(self._left[:count])
        del self._left[:count]
        return taken


def _pool_of(where: Where, pace: Pace) -> urllib3.PoolManager:
    options: dict[str, Any] = {
        "headers": {"User-Agent": f"smartchain/{__version__}", "Accept-Encoding": "identity"} | where.request_headers,
        "maxsize": 1,
        "timeout": urllib3.Timeout(connect=pace.idle_s, read=pace.idle_s),
    }
    if where.ca_file is not None:
        options["ca_certs"] = str(where.ca_file)
    if where.proxy is None:
        return tapped(urllib3.PoolManager(**options))
    proxy = urllib3.util.parse_url(where.proxy)
    if proxy.auth is not None:
        options["proxy_headers"] = urllib3.make_headers(proxy_basic_auth=unquote(proxy.auth))
    return tapped(urllib3.ProxyManager(proxy._replace(auth=None).url, **options))
