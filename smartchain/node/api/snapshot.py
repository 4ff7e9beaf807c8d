"""
`/api/v1/snapshot`: what the ledger opened with, as the very file that `smartchain snapshot create` writes.

It is made of the opening entries, which never change; whoever takes it checks it against `genesis()` of the contract.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator

from fastapi import FastAPI
from starlette.responses import Response

from smartchain.ledger.address import checksum
from smartchain.ledger.snapshot import Header, record_of, subject_of, value_of
from smartchain.node.api.answers import NotThere, TooBusy
from smartchain.node.download import Download
from smartchain.node.services import Services
from smartchain.ports import LedgerStore

MEDIA = "application/octet-stream"
PIECE = 4_096
"""Wallets that are read in one go."""

MOST_AT_ONCE = 8


def add(api: FastAPI, services: Services) -> None:
    file = _File(services.store)
    room = threading.BoundedSemaphore(MOST_AT_ONCE)

    @api.get("/snapshot", tags=["chain"], summary="What the ledger opened with, as a file")
    def snapshot() -> Response:
        header = file.header()
        if not room.acquire(blocking=False):
            raise TooBusy(f"{MOST_AT_ONCE} snapshots are under way: try again later")
        return Download(
            file.pieces(header),
            room.release,
            MEDIA,
            {
                "Content-Length": str(header.file_bytes),
                "Content-Disposition": f'attachment; filename="{checksum(services.store.info.address)}.snapshot"',
            },
        )


class _File:
    """The opening entries of a store, as a snapshot."""

    def __init__(self, store: LedgerStore) -> None:
        self._store = store
        self._header: Header | None = None
        self._making = threading.Lock()

    def header(self) -> Header:
        """Raises `NotThere`. The sum is made once: it takes reading all of them."""
        self._expect()
        with self._making:
            self._header = self._header or self._made()
        return self._header

    def pieces(self, header: Header) -> Iterator[bytes]:
        yield header.pack()
        for entries in self._entries():
            yield b"".join(map(record_of, entries))

    def _expect(self) -> None:
        genesis, there = self._store.info.genesis, self._store.status().verified_size
        if not genesis.size:
            raise NotThere("this ledger opened without balances")
        if there < genesis.size:
            raise NotThere(f"this ledger opened with {genesis.size} balances, and this node does not have them yet")

    def _made(self) -> Header:
        genesis, total, subject = self._store.info.genesis, 0, None
        for entries in self._entries():
            subject = subject or subject_of(entries[0])
            total += sum(map(value_of, entries))
        if subject is None:
            raise NotThere("this ledger opened without balances")
        return Header(subject, genesis.timestamp, genesis.size, total, genesis.root)

    def _entries(self) -> Iterator[list[bytes]]:
        size = self._store.info.genesis.size
        for start in range(0, size, PIECE):
            yield list(self._store.packed(start, min(start + PIECE, size)))
