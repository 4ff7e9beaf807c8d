"""
`/api/v1/stream`: what happens, as server-sent events, from now on or from where a client was.

    event: entry             the next entry of the log
    event: block             a block closed; it comes after its last entry
    event: reorganisation    {"from": n, …}: entries from n on were replaced, and come again from there

A client that comes back says by `Last-Event-ID` where it was, and misses nothing. All who are at one place are told
the same bytes, made once.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import FastAPI, Header, Query
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response, StreamingResponse

from smartchain.ledger.merkle import MerkleLog
from smartchain.ledger.proof import peaks_at
from smartchain.node.api.answers import NotThere, TooBusy
from smartchain.node.api.asked import Number
from smartchain.node.api.cache import Cache
from smartchain.node.api.place import Place, hash_of, place_at
from smartchain.node.services import Services
from smartchain.node.shapes import Reorganisation, block_shape, encode, entry_shape, is_verified
from smartchain.ports import EntryQuery, View
from smartchain.types import Hash32

PIECE = 500
"""Entries that are read in one go."""

PING_S = 15.0
"""Without news a line that says nothing, so that nobody in between takes the connection for a dead one."""

RETRY_MS = 2000
"""After which a browser comes back."""

_LAST = Annotated[
    str | None, Header(alias="Last-Event-ID", max_length=600, description="The id of the last event that was seen.")
]
_FROM = Annotated[Number | None, Query(alias="from", description="Begin with this entry instead of the next one.")]


def add(api: FastAPI, services: Services) -> None:
    followers = _Followers(services)

    @api.get("/stream", tags=["stream"], summary="What happens, as server-sent events")
    async def stream(last: _LAST = None, first: _FROM = None) -> Response:
        place = Place.parse(last) if last else await run_in_threadpool(followers.begin, first)
        return followers.follow(place)


class _Told:
    """Events as bytes, and the place after them."""

    def __init__(self, events: bytes, place: Place) -> None:
        self.events = events
        self.place = place

    def __len__(self) -> int:
        return len(self.events) + 256


class _Followers:
    """Everybody who listens."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._feed = services.feed
        self._most = max(1, services.settings.connections // 2)
        self._count = 0
        self._told: Cache[_Told] = Cache(services.feed)

    def begin(self, first: int | None) -> Place:
        """The place of who has seen nothing. Raises `NotThere` past the end."""
        with self._services.store.view() as view:
            size = view.status.verified_size
            if first is not None and first > size:
                raise NotThere(f"the log has {size} entries: there is none to begin with at {first}")
            return place_at(view, size if first is None else first)

    def follow(self, place: Place) -> Response:
        """Raises `TooBusy` where there is no room for one more."""
        if self._count >= self._most:
            raise TooBusy(f"{self._most} clients follow the stream already: try again later")
        headers = {"Cache-Control": "no-cache", "X-Accel-Buffering": "no"}
        return StreamingResponse(self._events(place), headers=headers, media_type="text/event-stream")

    async def _events(self, place: Place) -> AsyncIterator[bytes]:
        self._count += 1
        try:
            yield b"retry: %d\nid: %s\n\n" % (RETRY_MS, str(place).encode())
            said_s = time.monotonic()
            while not self._feed.closed:
                seen = self._feed.count
                told = await self._next(place, seen)
                place = told.place
                if told.events:
                    yield told.events
                    said_s = time.monotonic()
                    continue
                await self._feed.after(seen, PING_S)
                if time.monotonic() - said_s >= PING_S:
                    yield b":\n\n"
                    said_s = time.monotonic()
        finally:
            self._count -= 1

    async def _next(self, place: Place, seen: int) -> _Told:
        told = self._told.get(str(place))
        if told is None:
            told = await run_in_threadpool(self._read, place)
            self._told.put(str(place), told, seen)
        return told

    def _read(self, place: Place) -> _Told:
        with self._services.store.view() as view:
            if place.holds_in(view):
                return told_from(view, place)
            back = place_at(view, place.common_with(view))
            said = Reorganisation(from_=back.size, size=view.status.verified_size, verified=is_verified(view))
            return _Told(_event("reorganisation", back, encode(said)), back)


def told_from(view: View, place: Place, most: int = PIECE) -> _Told:
    """Events of the entries and blocks that follow a place which the view's chain leads to."""
    teller = _Teller(view, place)
    for recorded in view.entries(EntryQuery(start=place.size, stop=place.size + most)):
        teller.blocks_up_to(recorded.index)
        teller.take(recorded.entry.leaf)
        teller.tell("entry", {**_fields(entry_shape(recorded)), "verified": teller.verified})
    teller.blocks_up_to(teller.log.size)
    return _Told(b"".join(teller.events), teller.place)


class _Teller:
    """Walks on from a place, keeping its root and its marks."""

    def __init__(self, view: View, place: Place) -> None:
        self.log = MerkleLog(place.size, peaks_at(view.perfect, place.size))
        self.place = place
        self.verified = is_verified(view)
        self.events: list[bytes] = []
        self._view = view
        self._known: dict[int, Hash32] = {}
        self._blocks = view.blocks(place.blocks)
        self._upcoming = next(self._blocks, None)

    def take(self, leaf: Hash32) -> None:
        self.log.append(leaf)
        self.place = Place(self.log.size, self.place.blocks, self.log.root().hex()[:8], self.place.marks)

    def blocks_up_to(self, size: int) -> None:
        """Those that end there or before."""
        while self._upcoming is not None and self._upcoming.size <= size:
            block = self._upcoming
            self._known[block.number] = block.hash
            self.place = Place.of(self.log.size, block.number + 1, self.log.root(), self._hash_of)
            self.tell("block", {**_fields(block_shape(block)), "verified": self.verified})
            self._upcoming = next(self._blocks, None)

    def tell(self, kind: str, said: object) -> None:
        self.events.append(_event(kind, self.place, encode(said)))

    def _hash_of(self, number: int) -> Hash32:
        if number not in self._known:
            self._known[number] = hash_of(self._view, number)
        return self._known[number]


def _fields(shape: object) -> dict[str, object]:
    return {name: getattr(shape, name) for name in shape.__struct_fields__}  # type: ignore[attr-defined]


def _event(kind: str, place: Place, data: bytes) -> bytes:
    return b"event: %s\nid: %s\ndata: %s\n\n" % (kind.encode(), str(place).encode(), data)
