"""
The chain as a whole: where it stands, what never changes about it, and the other nodes that have it.
"""

from __future__ import annotations

from fastapi import FastAPI
from starlette.responses import Response

from smartchain.node.api.answers import answer
from smartchain.node.services import Services, Standing
from smartchain.node.shapes import PeersAnswer, PeerShape, chain_shape, head_shape, hexed, is_verified


def add(api: FastAPI, services: Services) -> None:
    store = services.store

    @api.get("/head", tags=["chain"], summary="Where the chain stands")
    def head() -> Response:
        with store.view() as view:
            return answer(head_shape(view))

    @api.get("/chain", tags=["chain"], summary="The ledger, its rule and how it began")
    def chain() -> Response:
        with store.view() as view:
            return answer(chain_shape(view.info, is_verified(view)))

    @api.get("/peers", tags=["chain"], summary="The other nodes that this one was told of")
    def peers() -> Response:
        with store.view() as view:
            known = services.peers.standings if services.peers else ()
            return answer(PeersAnswer(is_verified(view), [_peer(one) for one in known]))


def _peer(one: Standing) -> PeerShape:
    head = one.head
    return PeerShape(
        one.peer.name, head.size if head else None, hexed(head.root) if head else None, one.lies, one.reason
    )
