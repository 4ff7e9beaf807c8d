"""
The historical routes, and who may use which.

What spends or writes is for the owner's programs alone (`guard.spending`); the rest is for everybody who may read.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import chain as joined
from urllib.parse import urlsplit

from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from smartchain.errors import InputError, KeyUnusable, NotConfirmed, SmartchainError
from smartchain.ledger.address import parse_address
from smartchain.ledger.block import Block
from smartchain.node.guard.spending import OwnersOnly
from smartchain.node.legacy.answering import Handler, Lane, answering, message, said, streamed
from smartchain.node.legacy.asked import body_of, read_json, wei_of
from smartchain.node.legacy.information import kept
from smartchain.node.legacy.text import ChainText, NotesText
from smartchain.node.legacy.walk import Past, parts, written
from smartchain.ports import Journal, LedgerStore, Spender, View

CAUGHT_UP_S = 30.0
"""How long a client waits, at most, until what it had mined is verified here too."""

LOOK_S = 0.05
MOST_NODES = 1000
MOST_NAME = 300
SMALL_BODY = 64 * 1024

UPDATED = "Smart chain update by bpsc"
TRY_AGAIN = "Unsuccessful: Please try again"
NO_NODES = "Error: Please supply a valid list of nodes"
MISSING = "Missing values"


@dataclass(frozen=True)
class Served:
    """What these routes stand on."""

    store: LedgerStore
    bind: str
    """The host that the node was told to listen on."""
    spender: Spender | None = None
    journal: Journal | None = None
    """A member's; then `/mine` is about it."""
    update: Callable[[], bool] | None = None
    """Takes the newest chain from upstream, and says whether that is now what is served."""
    nodes: dict[str, None] = field(default_factory=dict)
    """Registered by clients, in order."""
    now: Callable[[], float] = time.time
    caught_up_s: float = CAUGHT_UP_S


def legacy_routes(served: Served) -> list[BaseRoute]:
    chain = _Chain(served)
    everybody = [("/chain", chain.whole), ("/smart/chain", chain.update)]
    owners: list[tuple[str, str, Handler]] = [
        ("POST", "/transactions/new", chain.pay),
        ("POST", "/nodes/register", chain.register),
    ]
    if served.journal is None:
        owners.append(("GET", "/mine", chain.mine))
    else:
        notes = _Notes(served.journal, served.now)
        everybody.append(("/chain2", notes.whole))
        owners += [("POST", "/information/new", notes.add), ("GET", "/mine", notes.mine)]
    only = [Middleware(OwnersOnly, bind=served.bind)]
    return [
        *(_Only("GET", path, answering(handler)) for path, handler in everybody),
        *(_Only(method, path, answering(handler), only) for method, path, handler in owners),
    ]


class _Only(Route):
    """A route of one method: no `HEAD`, which a `GET` brings along as a rule, seals a block or writes a chain."""

    def __init__(self, method: str, path: str, handler: Handler, middleware: Sequence[Middleware] = ()) -> None:
        super().__init__(path, handler, methods=[method], middleware=middleware)
        self.methods = {method}


class _Chain:
    """The smart chain."""

    def __init__(self, served: Served) -> None:
        self._served = served
        self._past = Past(served.store, lambda text_hash: ChainText(served.store.info, text_hash))
        self._reading, self._paying, self._following = Lane(4, 100), Lane(1, 100), Lane(4, 1000)

    async def whole(self, _: Request) -> Response:
        return await self._answer("chain")

    async def update(self, _: Request) -> Response:
        update = self._served.update
        if update is not None and await self._reading.run(update):
            return await self._answer("smart chain", UPDATED)
        return await self._answer("old chain", TRY_AGAIN)

    async def _answer(self, name: str, says: str | None = None) -> Response:
        status = await self._reading.run(self._served.store.status)
        more: dict[str, object] = {} if says is None else {"message": says}
        more |= {} if status.verified_at else {"verified": False}
        found = parts(self._served.store, None, status.verified_blocks)
        pieces = _listed(name, written(self._past.text(), found), status.verified_blocks, more)
        return streamed(pieces, {"X-Verified": str(status.verified_at is not None).lower()})

    async def pay(self, request: Request) -> Response:
        asked = read_json(await body_of(request, SMALL_BODY), exact=True)
        if not {"sender", "amount", "recipient"} <= asked.keys():
            return said(MISSING, 400)
        sender, recipient = _address(asked, "sender"), _address(asked, "recipient")
        spender = self._spender(f"of {asked['sender']}")
        index = await self._paying.run(spender.pay, sender, recipient, wei_of(asked["amount"]))
        number = await self._following.run(self._number_of, index)
        return message(f"Transaction will be added to Block {number + 1}", 201)

    async def mine(self, _: Request) -> Response:
        spender = self._spender("to seal a block with")
        index = await self._paying.run(spender.seal)
        return streamed(await self._following.run(self._sealed, index))

    async def register(self, request: Request) -> Response:
        nodes = read_json(await body_of(request, SMALL_BODY), exact=False).get("nodes")
        names = [_node(node) for node in nodes] if isinstance(nodes, list) else []
        if not names or None in names:
            return said(NO_NODES, 400)
        known = self._served.nodes
        if len({*known, *names}) > MOST_NODES:
            raise InputError(f"this node remembers {MOST_NODES:,} others and no more")
        known.update(dict.fromkeys(name for name in names if name))
        return message("New nodes have been added", 201, total_nodes=list(known))

    def _spender(self, what: str) -> Spender:
        if self._served.spender is None:
            raise KeyUnusable(f"this node has no key {what}: it was started without one")
        return self._served.spender

    def _number_of(self, index: int) -> int:
        """Of the block that holds an entry, or will; as near as is known where the store is behind."""
        with _made(f"it was paid, as entry {index} of the ledger"):
            self._wait_for(index)
            with self._served.store.view() as view:
                block = _block_of(view, index)
                return block.number if block else view.status.verified_blocks

    def _sealed(self, index: int) -> Iterator[str]:
        """The answer about the block that an entry closed."""
        with _made(f"the block was sealed, by entry {index} of the ledger"):
            self._wait_for(index)
            with self._served.store.view() as view:
                block = _block_of(view, index)
            if block is None:
                raise NotConfirmed(f"this node has not verified that within {self._served.caught_up_s:g} s")
            return self._past.forged(block.number)

    def _wait_for(self, index: int) -> None:
        until = time.monotonic() + self._served.caught_up_s
        while self._served.store.status().verified_size <= index and time.monotonic() < until:
            time.sleep(LOOK_S)


class _Notes:
    """A member's personal chain."""

    def __init__(self, journal: Journal, now: Callable[[], float]) -> None:
        self._journal = journal
        self._now = now
        self._past = Past(journal, lambda text_hash: NotesText(journal, text_hash))
        self._lane = Lane(2, 100)

    async def whole(self, _: Request) -> Response:
        blocks = (await self._lane.run(self._journal.status)).verified_blocks
        found = parts(self._journal, None, blocks)
        return streamed(_listed("chain2", written(self._past.text(), found), blocks, {}))

    async def add(self, request: Request) -> Response:
        asked = read_json(await body_of(request), exact=False)
        if "information" not in asked:
            return said(MISSING, 400)
        number = await self._lane.run(self._add, kept(asked["information"]))
        return message(f"information will be added to Block {number + 1}", 201)

    async def mine(self, _: Request) -> Response:
        block = await self._lane.run(self._journal.seal, int(self._now()))
        return streamed(await self._lane.run(self._past.forged, block.number))

    def _add(self, note: bytes) -> int:
        """The number of the block that will hold it, or does already if somebody was quick to seal."""
        index = self._journal.add(note, int(self._now())).index
        with self._journal.view() as view:
            block = _block_of(view, index)
            return block.number if block else view.status.verified_blocks


@contextmanager
def _made(what: str) -> Iterator[None]:
    """What goes wrong afterwards does not undo it, and must not have a client ask for it again."""
    try:
        yield
    except SmartchainError as error:
        raise NotConfirmed(f"{what}, and the rest cannot be told: {error}; look at /chain") from error


def _block_of(view: View, index: int) -> Block | None:
    return view.block_of(index) if index < view.status.verified_size else None


def _listed(name: str, blocks: Iterator[str], length: int, more: dict[str, object]) -> Iterator[str]:
    """The object around a chain, its keys in order."""
    whole = json.dumps({**more, "length": length, name: 0}, sort_keys=True)
    opening, closing = whole.split(f'"{name}": 0')
    return joined([f'{opening}"{name}": ['], blocks, ["]" + closing])


def _address(asked: dict[str, object], name: str) -> bytes:
    value = asked[name]
    if not isinstance(value, str):
        raise InputError(f"{name} is an address, as text")
    return parse_address(value[:MOST_NAME])


def _node(given: object) -> str | None:
    """Host and port of a node, as the historical programs remembered it; None for what names none."""
    if not isinstance(given, str) or len(given) > MOST_NAME or not given.isprintable():
        return None
    try:
        parts = urlsplit(given if "//" in given else f"//{given}")
        parts.port  # noqa: B018  (raises for one that is no number)
    except ValueError:
        return None
    return parts.netloc.rpartition("@")[2] or None
