"""
The chain for other nodes: `/api/v1/bulk/…` and `/api/v1/consistency`.

A node that takes the chain from here trusts nothing of it, so nothing here is signed or dressed up: the head, the
roots of its parts, proofs between two sizes, and the entries as one stream.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Protocol

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from smartchain.errors import InputError, ProofError, SmartchainError
from smartchain.node.download import Download
from smartchain.peer import answers, wire
from smartchain.peer.client import MOST_ROOTS
from smartchain.peer.outline import PART
from smartchain.peer.serve import StorePeer
from smartchain.ports import LedgerStore, PeerSource, Portion

MOST_DOWNLOADS = 16
"""At once; each takes a thread of the pool while a portion is read and packed."""

Handler = Callable[[Request], Response]


class HasStore(Protocol):
    """What of `node.services.Services` is needed here."""

    @property
    def store(self) -> LedgerStore: ...


def routes(services: HasStore) -> list[BaseRoute]:
    """Routes for peers; plain functions, so that Starlette runs them in its thread pool."""
    return routes_of(StorePeer(services.store))


def routes_of(peer: PeerSource) -> list[BaseRoute]:
    """The same of anything that can be asked as a peer is."""
    bulk = _Bulk(peer)
    return [
        Route("/api/v1/bulk/head", _answering(bulk.head)),
        Route("/api/v1/bulk/outline", _answering(bulk.outline)),
        Route("/api/v1/bulk/entries", _answering(bulk.entries)),
        Route("/api/v1/consistency", _answering(bulk.consistency)),
    ]


class _Bulk:
    def __init__(self, peer: PeerSource) -> None:
        self._peer = peer
        self._room = threading.BoundedSemaphore(MOST_DOWNLOADS)

    def head(self, request: Request) -> Response:
        size = _number(request, "size") if "size" in request.query_params else None
        return _json(answers.write_head(self._peer.head(size)))

    def outline(self, request: Request) -> Response:
        start, stop = _number(request, "start"), _number(request, "stop")
        if stop - start > MOST_ROOTS * PART:
            raise InputError(f"an outline of more than {MOST_ROOTS * PART} entries is asked for in pieces")
        return Response(b"".join(self._peer.outline(start, stop)), media_type="application/octet-stream")

    def consistency(self, request: Request) -> Response:
        first, second = _number(request, "first"), _number(request, "second")
        if not 0 < first <= second:
            raise InputError(
                f"a consistency proof goes from a size above 0 to one not below it, not {first} to {second}"
            )
        proof = self._peer.consistency(first, second)
        earlier, later = self._peer.head(first), self._peer.head(second)
        roots = (earlier.root, later.root)
        return _json(answers.write_consistency(first, second, roots, proof, verified=later.verified))

    def entries(self, request: Request) -> Response:
        portions = self._peer.portions(_number(request, "start"), _number(request, "stop"))
        first = next(portions, None)  # so that a range that is not there is refused before the stream begins
        if first is None:
            raise ProofError("the entries were replaced just now")
        if not self._room.acquire(blocking=False):
            return _said(503, f"{MOST_DOWNLOADS} downloads are under way; try again later", {"Retry-After": "5"})
        return Download(_stream(first, portions), self._room.release, wire.MEDIA_TYPE)


def _stream(first: Portion, rest: Iterator[Portion]) -> Iterator[bytes]:
    yield wire.MAGIC + wire.encode(first)
    for portion in rest:
        yield wire.encode(portion)


def _number(request: Request, name: str) -> int:
    text = request.query_params.get(name, "")
    if not (text.isascii() and text.isdecimal() and len(text) <= 15):
        raise InputError(f"{name} must be a whole number from 0 to 10^15")
    return int(text)


def _answering(handler: Handler) -> Handler:
    """The handler, its errors as the HTTP statuses that they are."""

    def answer(request: Request) -> Response:
        try:
            return handler(request)
        except InputError as error:
            return _said(400, str(error))
        except ProofError as error:
            return _said(416, str(error))
        except SmartchainError as error:
            return _said(503 if error.retryable else 500, str(error))

    return answer


def _json(body: bytes) -> Response:
    return Response(body, media_type="application/json")


def _said(status: int, error: str, headers: dict[str, str] | None = None) -> Response:
    return JSONResponse({"error": error}, status, headers)
