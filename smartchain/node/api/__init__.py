"""
The chain for programs: `/api/v1`, read only.

    chain.py      where it stands, what it is, who else has it
    blocks.py     blocks; one of them before all routing
    entries.py    entries by address, subject, memo and time
    accounts.py   balances, at any size or block
    receipts.py   an entry with its proofs
    export.py     entries in one download: NDJSON, CSV, Parquet
    snapshot.py   what the ledger opened with, as the file that it was deployed with
    stream.py     what happens, as it happens; place.py says where a client was
    documents.py  the OpenAPI document and its page
    heads.py      HEAD, of all but the long answers
    asked.py      what an address line may ask; answers.py: how it is answered; cache.py: what is kept of that
"""

from __future__ import annotations

from fastapi import Depends, FastAPI
from starlette.routing import BaseRoute, Mount

from smartchain.node.api import accounts, blocks, chain, documents, entries, export, receipts, snapshot, stream
from smartchain.node.api.answers import HANDLERS
from smartchain.node.api.asked import only_known
from smartchain.node.api.heads import Heads
from smartchain.node.services import Services

__all__ = ["routes"]


def routes(services: Services) -> list[BaseRoute]:
    """All of `/api/v1` that nobody before has answered."""
    api = FastAPI(
        redirect_slashes=False,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        exception_handlers=HANDLERS,
        dependencies=[Depends(only_known)],
    )
    for part in (chain, blocks, entries, accounts, receipts, export, snapshot, stream):
        part.add(api, services)
    documents.add(api)
    return [Mount(blocks.PREFIX, Heads(api, [f"{blocks.PREFIX}/{long}" for long in ("export", "snapshot", "stream")]))]
