"""
POST /rpc, and what everybody hears who comes there otherwise.
"""

from __future__ import annotations

from typing import Protocol

from anyio import CapacityLimiter, to_thread
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from smartchain.node.rpc.dispatch import answer, failure
from smartchain.node.rpc.faults import INVALID_REQUEST, Fault
from smartchain.ports import LedgerStore

PATH = "/rpc"
MOST_BODY_BYTES = 2**20
CALLS_AT_ONCE, BATCHES_AT_ONCE = 16, 4
"""Threads. A batch may take seconds and hold an answer of 25 MB: no other request waits for one, but another batch."""

JSON = "application/json"
_TYPES = {JSON, "application/json-rpc", "application/jsonrequest"}
_OTHERS = ["GET", "PUT", "PATCH", "DELETE"]


class Reads(Protocol):
    """What of the node's services this part needs."""

    @property
    def store(self) -> LedgerStore: ...


def routes(services: Reads) -> list[BaseRoute]:
    """`/rpc`."""
    calls, batches = CapacityLimiter(CALLS_AT_ONCE), CapacityLimiter(BATCHES_AT_ONCE)

    async def call(request: Request) -> Response:
        if request.headers.get("content-type", "").partition(";")[0].strip().lower() not in _TYPES:
            return _refusal(415, f"send the request with Content-Type: {JSON}")
        body = await _body(request)
        if body is None:
            return _refusal(413, f"a request is up to {MOST_BODY_BYTES} bytes: send a smaller batch")
        threads = batches if body.lstrip().startswith(b"[") else calls
        said = await to_thread.run_sync(answer, services.store.view(), body, limiter=threads)
        return Response(said, media_type=JSON) if said else Response(status_code=204)

    async def other(_: Request) -> Response:
        response = _refusal(405, f"this is JSON-RPC 2.0: POST a request with Content-Type: {JSON}")
        response.headers["Allow"] = "POST"
        return response

    return [Route(PATH, call, methods=["POST"]), Route(PATH, other, methods=_OTHERS)]


async def _body(request: Request) -> bytes | None:
    """The whole body; None as soon as it is too large."""
    pieces, size_bytes = [], 0
    async for piece in request.stream():
        size_bytes += len(piece)
        if size_bytes > MOST_BODY_BYTES:
            return None
        pieces.append(piece)
    return b"".join(pieces)


def _refusal(status: int, sentence: str) -> Response:
    return Response(failure(Fault(INVALID_REQUEST, sentence)), status, media_type=JSON)
