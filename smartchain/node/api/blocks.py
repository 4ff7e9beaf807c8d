"""
Blocks: a piece of the chain, and one block with its entries.

One block is what is asked for most. Its answer is kept as bytes until the chain moves, and given before any routing.
"""

from __future__ import annotations

from itertools import islice
from typing import Annotated

from anyio import CapacityLimiter, to_thread
from fastapi import FastAPI, Query
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from smartchain.errors import InputError, SmartchainError
from smartchain.ledger.block import Block
from smartchain.node.api.answers import JSON, NOTHING_HERE, NotThere, answer, error, of_error
from smartchain.node.api.asked import MOST_ROWS, ROWS, BlockName, Number, Order, Rows, hash_of, number
from smartchain.node.api.cache import Cache
from smartchain.node.base import base_of
from smartchain.node.services import Services
from smartchain.node.shapes import BlockAnswer, Blocks, block_shape, encode, entry_shape, is_verified
from smartchain.ports import EntryQuery, View

PREFIX = "/api/v1"
ONE = f"{PREFIX}/blocks/"
READERS = 2
"""Threads that make the answers of large blocks; with more they hinder one another."""

SMALL = 32
"""Entries up to which that takes less time than handing it to a thread and back: a fraction of a millisecond."""


def add(api: FastAPI, services: Services) -> None:
    @api.get("/blocks", tags=["blocks"], summary="Blocks, a piece at a time")
    def blocks(
        request: Request,
        order: Order = "ascending",
        first: Annotated[Number | None, Query(alias="from", description="The first block's number.")] = None,
        limit: Rows = ROWS,
    ) -> Response:
        with services.store.view() as view:
            return answer(_piece(view, order, first, limit, base_of(request)))

    @api.get("/blocks/{name}", tags=["blocks"], summary="A block by its number or hash, with its entries")
    def block(request: Request, name: BlockName) -> Response:
        return Response(one_block(services, name, base_of(request)), media_type=JSON)


def _piece(view: View, order: Order, first: int | None, limit: int, base: str) -> Blocks:
    count = view.status.verified_blocks
    if order == "ascending":
        start = first or 0
        rows = list(view.blocks(start, min(start + limit, count)))
        following = start + limit if start + limit < count else None
    else:
        stop = count if first is None else min(first + 1, count)
        rows = list(view.blocks(max(0, stop - limit), stop))[::-1]
        following = stop - limit - 1 if stop > limit else None
    link = None if following is None else f"{base}{PREFIX}/blocks?order={order}&from={following}&limit={limit}"
    return Blocks(is_verified(view), [block_shape(row) for row in rows], link)


def one_block(services: Services, name: str, base: str = "") -> bytes:
    """The JSON of a block. Raises `InputError` for what is no name of one, `NotThere`."""
    with services.store.view() as view:
        return encode(_answer(view, *_find(view, name), base))


def small_block(services: Services, name: str) -> bytes | None:
    """The same; None for a block that is not small, or not named by its number."""
    if not name.isdecimal():
        return None
    with services.store.view() as view:
        block, start = _find(view, name)
        return encode(_answer(view, block, start)) if block.size - start <= SMALL else None


def _find(view: View, name: str) -> tuple[Block, int]:
    """A block, and the index of its first entry."""
    block = _named(view, name)
    below = view.block(block.number - 1) if block.number else None
    return block, below.size if below else 0


def _named(view: View, name: str) -> Block:
    if name.startswith("0x"):
        found = view.block_by_hash(hash_of(name))
        if found is None:
            raise NotThere("no block has this hash")
        return found
    found = view.block(number(name))
    if found is None:
        raise NotThere(f"there is no block {int(name)}: the newest is {view.status.verified_blocks - 1}")
    return found


def _answer(view: View, block: Block, start: int, base: str = "") -> BlockAnswer:
    entries = [entry_shape(one) for one in islice(view.entries(EntryQuery(start=start, stop=block.size)), MOST_ROWS)]
    end = start + len(entries)
    shape = block_shape(block)
    return BlockAnswer(
        shape.number,
        shape.hash,
        shape.parent,
        shape.timestamp,
        shape.size,
        shape.root,
        count=block.size - start,
        entries=entries,
        next=f"{base}{PREFIX}/entries?from={end}&until_index={block.size}&limit={MOST_ROWS}"
        if end < block.size
        else None,
        verified=is_verified(view),
    )


class HotBlocks:
    """ASGI: single blocks, out of memory where they are there; everything else is the application's."""

    def __init__(self, app: ASGIApp, services: Services) -> None:
        self._app = app
        self._services = services
        self._feed = services.feed
        self._cache: Cache[bytes] = Cache(services.feed)
        self._readers = CapacityLimiter(READERS)
        self._route = Route(f"{ONE}{{name}}", lambda _: None)  # for the figures

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not scope["path"].startswith(ONE) or scope["method"] not in ("GET", "HEAD"):
            return await self._app(scope, receive, send)
        scope["route"] = self._route
        name: str = scope["path"][len(ONE) :]
        body = self._cache.get(name)
        if body is None or scope["query_string"] or scope["method"] == "HEAD":
            response = await self._made(scope, name)
            return await response(scope, receive, send)
        headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})
        return None

    async def _made(self, scope: Scope, name: str) -> Response:
        if "/" in name:
            return error(404, NOTHING_HERE)
        if scope["query_string"]:
            return of_error(InputError("a block is asked for without parameters"))
        seen = self._feed.count
        try:
            body = small_block(self._services, name)
            if body is None:
                body = await to_thread.run_sync(
                    one_block, self._services, name, base_of(Request(scope)), limiter=self._readers
                )
        except SmartchainError as fault:
            return of_error(fault)
        self._cache.put(name, body, seen)
        return Response(body, media_type=JSON)
