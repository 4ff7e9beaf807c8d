"""
Entries: those that fit a question, a piece at a time, and one by its index.

Where no index leads to what is asked for, a piece looks through so many entries and no more, so that no question
costs more than a moment; `next` goes on from there.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import islice
from typing import Annotated
from urllib.parse import urlencode

from fastapi import FastAPI, Query
from starlette.requests import Request
from starlette.responses import Response

from smartchain.node.api.answers import NotThere, answer
from smartchain.node.api.asked import ROWS, AddressText, HashText, InPath, Number, Order, Rows
from smartchain.node.api.blocks import PREFIX
from smartchain.node.base import base_of
from smartchain.node.services import Services
from smartchain.node.shapes import Entries, EntryAnswer, entry_shape, hexed, is_verified
from smartchain.ports import EntryQuery, Recorded, View
from smartchain.types import Address, Hash32

LOOKED_THROUGH = 20_000
"""Entries that one piece looks through where it has to look at each."""

_A = Annotated[AddressText | None, Query(description="Sent or received by it.")]
_S = Annotated[AddressText | None, Query(description="Of this subject: Ether, a token, what is recorded.")]
_M = Annotated[HashText | None, Query(description="With exactly this memo.")]
_SINCE = Annotated[Number | None, Query(description="Not before this second of 1970.")]
_UNTIL = Annotated[Number | None, Query(description="Before this second of 1970.")]
_FROM = Annotated[Number | None, Query(alias="from", description="The index to begin with.")]
_STOP = Annotated[Number | None, Query(alias="until_index", description="Only entries below this index.")]


def add(api: FastAPI, services: Services) -> None:
    @api.get("/entries", tags=["entries"], summary="Entries by address, subject, memo and time, a piece at a time")
    def entries(
        request: Request,
        address: _A = None,
        subject: _S = None,
        memo: _M = None,
        since: _SINCE = None,
        until: _UNTIL = None,
        order: Order = "ascending",
        first: _FROM = None,
        until_index: _STOP = None,
        limit: Rows = ROWS,
    ) -> Response:
        query = EntryQuery(
            None if address is None else Address(address),
            None if subject is None else Address(subject),
            None if memo is None else Hash32(memo),
            since,
            until,
            descending=order == "descending",
        )
        with services.store.view() as view:
            return answer(piece(view, query, first, until_index, limit, base_of(request)))

    @api.get("/entries/{index}", tags=["entries"], summary="One entry, and the block that holds it")
    def entry(index: InPath) -> Response:
        with services.store.view() as view:
            recorded = view.entry(index)
            if recorded is None:
                raise NotThere(f"there is no entry {index}: the log has {view.status.verified_size}")
            return answer(_one(view, recorded))


def _one(view: View, recorded: Recorded) -> EntryAnswer:
    shape, block = entry_shape(recorded), view.block_of(recorded.index)
    return EntryAnswer(
        shape.index,
        shape.subject,
        shape.sender,
        shape.recipient,
        shape.value,
        shape.timestamp,
        shape.memo,
        shape.host_block,
        shape.transaction,
        block=block.number if block else None,
        verified=is_verified(view),
    )


def piece(
    view: View,
    query: EntryQuery,
    first: int | None,
    stop: int | None,
    limit: int,
    base: str = "",
    looked_through: int = LOOKED_THROUGH,
) -> Entries:
    """At most `limit` of the entries that fit, from `first` on, below `stop`."""
    size = view.status.verified_size
    end = size if stop is None else min(stop, size)
    low, high = (first or 0, end) if not query.descending else (0, end if first is None else min(end, first + 1))
    window = _window(query, low, high, looked_through)
    rows = list(islice(view.entries(window), limit + 1))
    following = _following(window, rows, limit, low, high)
    link = None if following is None else f"{base}{PREFIX}/entries?{_asked(query, following, stop, limit)}"
    return Entries(is_verified(view), [entry_shape(row) for row in rows[:limit]], link)


def _window(query: EntryQuery, low: int, high: int, most: int) -> EntryQuery:
    """The part of the log that this piece looks through."""
    sought = query.subject is not None or (query.memo is not None and not any(query.memo))
    if query.memo is not None and query.address is not None:
        sought = True
    if sought and high - low > most:
        low, high = (high - most, high) if query.descending else (low, low + most)
    return replace(query, start=low, stop=max(low, high))


def _following(window: EntryQuery, rows: list[Recorded], limit: int, low: int, high: int) -> int | None:
    """Where the next piece begins; None where there is none."""
    if len(rows) > limit:
        return rows[limit].index
    if window.descending:
        return window.start - 1 if window.start > low else None
    return window.stop if window.stop is not None and window.stop < high else None


def _asked(query: EntryQuery, first: int, stop: int | None, limit: int) -> str:
    """The same question, from there on."""
    asked = {
        "address": query.address and hexed(query.address),
        "subject": query.subject and hexed(query.subject),
        "memo": query.memo and hexed(query.memo),
        "since": query.since,
        "until": query.until,
        "order": "descending" if query.descending else None,
        "from": first,
        "until_index": stop,
        "limit": limit,
    }
    return urlencode({name: value for name, value in asked.items() if value is not None})
