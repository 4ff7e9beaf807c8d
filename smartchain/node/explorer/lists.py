"""
Lists, a piece at a time, the newest first: by position and not by page number, so that a piece stays what it is while
the chain grows, and the millionth costs what the first does.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any, Generic, TypeVar
from urllib.parse import urlencode

from smartchain.ledger.block import Block
from smartchain.ledger.hash import ETHER
from smartchain.node.explorer.forms import block_json, entry_json, hexed, memo_text, plain_ether
from smartchain.node.explorer.questions import Place
from smartchain.ports import EntryQuery, Recorded, View

Row = TypeVar("Row")

BLOCK_COLUMNS = ("number", "hash", "parent", "timestamp", "size", "root")
ENTRY_COLUMNS = (
    "index", "subject", "sender", "recipient", "value", "ether", "timestamp", "memo", "memo_text", "host_block",
    "transaction",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Piece(Generic[Row]):
    """Some rows, the newest first, and the queries of the pieces beside it."""

    rows: Sequence[Row]
    links: Mapping[str, str]


def entries_piece(view: View, query: EntryQuery, place: Place, given: Mapping[str, Any]) -> Piece[Recorded]:
    """The entries at a place of those that a query holds."""
    if place.after is not None:
        upward = replace(query, start=place.after + 1, descending=False)
        rows = list(islice(view.entries(upward), place.limit + 1))
        return _piece(rows[: place.limit][::-1], [row.index for row in rows], place, given)
    downward = replace(query, stop=query.stop if place.before is None else place.before, descending=True)
    rows = list(islice(view.entries(downward), place.limit + 1))
    return _piece(rows[: place.limit], [row.index for row in rows], place, given)


def blocks_piece(view: View, place: Place) -> Piece[Block]:
    """The blocks at a place."""
    count = view.status.verified_blocks
    if place.after is not None:
        rows = list(view.blocks(place.after + 1, place.after + 2 + place.limit))
        return _piece(rows[: place.limit][::-1], [row.number for row in rows], place, {})
    stop = count if place.before is None else min(place.before, count)
    rows = list(view.blocks(max(0, stop - place.limit - 1), stop))[::-1]
    return _piece(rows[: place.limit], [row.number for row in rows], place, {})


def _piece(rows: Sequence[Row], positions: Sequence[int], place: Place, given: Mapping[str, Any]) -> Piece[Row]:
    """`positions` are those of the rows and of one more, where there is one, in the order in which they were read."""
    more = len(positions) > place.limit
    shown = positions[: place.limit]
    if place.after is not None:
        older, newer = (shown[:1], shown[-1:] if more else ())
    else:
        older, newer = (shown[-1:] if more else (), () if place.newest else shown[:1])
    links = {}
    if older:
        links["next"] = _query(place, given, before=older[0])
    if newer:
        links["prev"] = _query(place, given, after=newer[0])
    return Piece(rows, links)


def _query(place: Place, given: Mapping[str, Any], **where: int) -> str:
    return "?" + urlencode({**given, **where, "limit": place.limit})


def entry_row(recorded: Recorded) -> dict[str, Any]:
    """An entry as a line of a table file: with its amount in ether and its memo's text."""
    entry = recorded.entry
    beside = {
        "ether": plain_ether(entry.value) if entry.subject == ETHER else "",
        "memo_text": memo_text(entry.memo),
    }
    known = entry_json(recorded) | beside
    return {name: known[name] for name in ENTRY_COLUMNS}


def entry_rows(rows: Sequence[Recorded]) -> list[dict[str, Any]]:
    return [entry_row(row) for row in rows]


def block_rows(rows: Sequence[Block]) -> list[dict[str, Any]]:
    return [block_json(row) for row in rows]


def asked(given: Mapping[str, Any]) -> dict[str, Any]:
    """A filter as a query says it."""
    return {name: hexed(value) if isinstance(value, bytes) else value for name, value in given.items()}
