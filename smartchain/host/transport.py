"""
Bytes to a node and back by HTTP; what goes wrong on the way, as `HostError`s.

This is the one seam to the HTTP library: its exceptions and its words end here.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Protocol
from urllib.parse import unquote

import urllib3
from urllib3.exceptions import (
    ConnectTimeoutError,
    HTTPError,
    NameResolutionError,
    NewConnectionError,
    ProxyError,
    ReadTimeoutError,
    SSLError,
)

from smartchain import __version__
from smartchain.errors import HostError, HostUnavailable, RangeTooLarge, RpcRefused
from smartchain.host.endpoint import Endpoint

MOST_CONNECTIONS = 8
CONNECT_TIMEOUT_S = 10.0

WHOLE_ANSWER = 10
"""How many times as long as it may take to begin an answer may take in all."""
MOST_BYTES = 1 << 26
"""Of one answer: a hundred times what is asked for at once, and more than a host block's logs can be."""
PIECE_BYTES = 1 << 17
"""Measured: larger pieces cost three times as much, in memory that is asked for and given back."""

_LOGS = "eth_getLogs"

Explain = Callable[[bytes], HostError | None]
"""What a body that came with an error status says, if it is an answer all the same."""


class Pool(Protocol):
    """What makes the requests: urllib3, or a node in this process that answers as urllib3 would."""

    def request(self, method: str, url: str, **options: Any) -> urllib3.BaseHTTPResponse: ...

    def clear(self) -> None: ...


class Transport:
    """Connections to one node, kept alive; any number of threads may use them at once."""

    def __init__(self, endpoint: Endpoint, pool: Pool | None = None) -> None:
        self._endpoint = endpoint
        self._url = endpoint.request_url
        self._pool = pool or _pool_of(endpoint)

    def close(self) -> None:
        self._pool.clear()

    def post(self, request: bytes, method: str, explain: Explain = lambda _body: None) -> bytes:
        """The body of the answer to a request; `method` is the call's, for the sentence of an error."""
        try:
            response = self._pool.request(
                "POST", self._url, body=request, redirect=False, retries=False, preload_content=False
            )
            body = self._body(response, method)
        except HTTPError as exc:
            raise self._unreachable(exc, method) from exc
        if response.status == 200:
            return body
        raise self._http_error(response.status, response.headers.get("Retry-After"), method, explain(body))

    def _body(self, response: urllib3.BaseHTTPResponse, method: str) -> bytes:
        """The whole body, within bounds: a node that never ends its answer would else be waited for as long."""
        pieces, size = list[bytes](), 0
        last_s = time.monotonic() + WHOLE_ANSWER * self._endpoint.timeout_s
        while piece := response.read1(PIECE_BYTES):
            pieces.append(piece)
            size += len(piece)
            if size > MOST_BYTES or time.monotonic() > last_s:
                response.close()
                raise self._endless(method, size)
        response.release_conn()
        return b"".join(pieces)

    def _endless(self, method: str, size: int) -> HostError:
        said = f"{self._endpoint.name} does not come to an end with its answer to {method} ({size} bytes so far)"
        return RangeTooLarge(said, slow=True) if method == _LOGS else HostUnavailable(said)

    def _unreachable(self, exc: HTTPError, method: str) -> HostError:
        name, seconds = self._endpoint.name, f"{self._endpoint.timeout_s:g} s"
        match exc:
            case ConnectTimeoutError() | NameResolutionError() | NewConnectionError():
                return HostUnavailable(f"{name} cannot be reached: check the URL, and that the node runs")
            case ReadTimeoutError() if method == _LOGS:
                return RangeTooLarge(f"{name} did not answer {method} within {seconds}", slow=True)
            case ReadTimeoutError():
                return HostUnavailable(f"{name} did not answer {method} within {seconds}")
            case SSLError():
                return HostUnavailable(f"{name} shows no certificate that is trusted: check the URL or the CA file")
            case ProxyError():
                return HostUnavailable(f"{name} cannot be reached through the proxy that is set")
        return HostUnavailable(f"{name} broke off while it answered {method}")

    def _http_error(self, status: int, retry_after: str | None, method: str, explained: HostError | None) -> HostError:
        name, wait_s = self._endpoint.name, seconds_of(retry_after)
        if status in (429, 502, 503):
            asked = "" if wait_s is None else f" and asks for {wait_s:.0f} s of patience"
            return HostUnavailable(f"{name} is busy (HTTP {status}){asked}", wait_s)
        if status in (408, 413, 504) and method == _LOGS:
            return RangeTooLarge(f"{name} found {method} too much (HTTP {status})", slow=status != 413)
        if explained is not None:
            return explained
        if status in (401, 403, 407):
            return RpcRefused(f"{name} refuses access (HTTP {status}): check the key in its URL or the headers sent")
        if status >= 500 or status == 408:
            return HostUnavailable(f"{name} failed (HTTP {status})", wait_s)
        if 300 <= status < 400:
            return RpcRefused(f"{name} points elsewhere (HTTP {status}): give the URL that it redirects to")
        return RpcRefused(f"{name} speaks no JSON-RPC at this path (HTTP {status}): check the URL")


def seconds_of(retry_after: str | None) -> float | None:
    """A Retry-After header in seconds: it is a number or a date. None for neither."""
    if retry_after is None:
        return None
    if retry_after.strip().isdecimal():
        return float(retry_after)
    try:
        return max(0.0, (parsedate_to_datetime(retry_after) - datetime.now(UTC)).total_seconds())
    except (ValueError, TypeError):
        return None


def _pool_of(endpoint: Endpoint) -> Pool:
    headers = {"Content-Type": "application/json", "User-Agent": f"smartchain/{__version__}"}
    if not endpoint.is_local:
        headers["Accept-Encoding"] = "gzip"
    options: dict[str, Any] = {
        "headers": headers | endpoint.request_headers,
        "maxsize": MOST_CONNECTIONS,
        "timeout": urllib3.Timeout(connect=min(CONNECT_TIMEOUT_S, endpoint.timeout_s), read=endpoint.timeout_s),
    }
    if endpoint.ca_file is not None:
        options["ca_certs"] = str(endpoint.ca_file)
    if endpoint.proxy is None:
        return urllib3.PoolManager(**options)
    proxy = urllib3.util.parse_url(endpoint.proxy)
    if proxy.auth is not None:
        options["proxy_headers"] = urllib3.make_headers(proxy_basic_auth=unquote(proxy.auth))
    return urllib3.ProxyManager(proxy._replace(auth=None).url, **options)
