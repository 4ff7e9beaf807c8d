"""
Wallets: what one did, as it is and as it was at any size of the log or with any block.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import FastAPI, Path, Query
from starlette.responses import Response

from smartchain.ledger.address import checksum
from smartchain.ledger.hash import ETHER
from smartchain.node.api.answers import NotThere, answer
from smartchain.node.api.asked import AddressText, Number, Points
from smartchain.node.services import Services
from smartchain.node.shapes import AccountAnswer, Balances, PointShape, is_verified
from smartchain.ports import View
from smartchain.types import Address

_WHO = Annotated[AddressText, Path(description="The wallet.")]
_SUBJECT = Annotated[AddressText | None, Query(description="Of what; without it, of Ether.")]
_SIZE = Annotated[Number | None, Query(description="As it was when the log had so many entries.")]
_BLOCK = Annotated[Number | None, Query(description="As it was with the last entry of this block.")]


def add(api: FastAPI, services: Services) -> None:
    @api.get("/accounts/{address}", tags=["accounts"], summary="A wallet's balance, now or at any size or block")
    def account(address: _WHO, subject: _SUBJECT = None, size: _SIZE = None, block: _BLOCK = None) -> Response:
        with services.store.view() as view:
            at, what = _size_of(view, size, block), Address(subject or ETHER)
            found = view.account(Address(address), what, at)
            return answer(
                AccountAnswer(
                    is_verified(view),
                    checksum(Address(address)),
                    checksum(what),
                    at,
                    str(found.balance),
                    str(found.received),
                    str(found.sent),
                    found.count_sent,
                    found.count,
                )
            )

    @api.get("/accounts/{address}/balances", tags=["accounts"], summary="A wallet's balance over time")
    def balances(address: _WHO, subject: _SUBJECT = None, points: Points = 200) -> Response:
        with services.store.view() as view:
            what = Address(subject or ETHER)
            found = view.balances(Address(address), what, points)
            shapes = [PointShape(one.index, one.timestamp, str(one.balance)) for one in found]
            return answer(Balances(is_verified(view), checksum(Address(address)), checksum(what), shapes))


def _size_of(view: View, size: int | None, number: int | None) -> int:
    """The size of the log that is asked about. Raises `NotThere` for one that is not, or not that of the block."""
    known = view.status.verified_size
    if size is not None and size > known:
        raise NotThere(f"the log has {known} entries, fewer than {size}")
    if number is None:
        return known if size is None else size
    block = view.block(number)
    if block is None:
        raise NotThere(f"there is no block {number}: the newest is {view.status.verified_blocks - 1}")
    if size not in (None, block.size):
        raise NotThere(f"block {number} ends at size {block.size}, not at {size}: give one of them")
    return block.size
