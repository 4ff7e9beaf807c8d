"""
Receipts: one entry with its proofs, the bytes of the file as `smartchain receipt` writes it.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import FastAPI, Query
from starlette.responses import Response

from smartchain.node.api.answers import JSON, NotThere
from smartchain.node.api.asked import InPath, Number
from smartchain.node.services import Services
from smartchain.store.receipts import receipt_of

_SIZE = Annotated[Number | None, Query(description="In the log as it was with so many entries.")]


def add(api: FastAPI, services: Services) -> None:
    @api.get("/receipts/{index}", tags=["entries"], summary="The receipt of an entry: its file, for anyone to check")
    def receipt(index: InPath, size: _SIZE = None) -> Response:
        with services.store.view() as view:
            known = view.status.verified_size
            at = known if size is None else size
            if not index < at <= known:
                raise NotThere(f"there is no entry {index} in a log of {at}: this node has {known} entries")
            made = receipt_of(view, index, size).to_json()
            verified = view.status.verified_at is not None
        headers = {
            "Content-Disposition": f'attachment; filename="receipt-{index}.json"',
            "Smartchain-Verified": str(verified).lower(),
        }
        return Response(made, headers=headers, media_type=JSON)
