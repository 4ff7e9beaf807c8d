"""A host whose logs are what a sound store was made of."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from smartchain.ledger.block import BlockRule
from smartchain.ports import Chunk, Genesis, Head, HostBlock, LedgerInfo, Settled
from smartchain.store.rows import INFO_COLUMNS, info_of
from smartchain.types import Hash32, Index, Size


class Sound:
    """A host whose logs are what the store was made of; implements `EntrySource`, and counts what it is asked for."""

    def __init__(self, path: Path) -> None:
        self.name = "the host"
        self.asked = 0
        with closing(sqlite3.connect(path)) as connection:
            query = "SELECT packed, tx_hash FROM entry WHERE ledger = 1 ORDER BY position"
            self._entries = connection.execute(query).fetchall()
            query = "SELECT number, hash, size FROM host_block WHERE ledger = 1 ORDER BY number"
            self._blocks = connection.execute(query).fetchall()
            columns = ", ".join(f"{place}_number, {place}_timestamp" for place in ("cursor", "verified"))
            cursor, at, verified, then = connection.execute(f"SELECT {columns} FROM ledger WHERE id = 1").fetchone()
            self._times = {cursor: at, verified: then}
            query = f"SELECT {INFO_COLUMNS} FROM ledger WHERE id = 1"
            self._info = info_of(connection.execute(query).fetchone())

    def chunks(self, first_block: int, last_block: int, expected: Index) -> Iterator[Chunk]:
        for number, host_hash, size in self._blocks:
            if first_block <= number <= last_block and size > expected:
                chunk = Chunk(number, number, expected)
                for packed, tx_hash in self._entries[expected:size]:
                    chunk.packed.append(packed.ljust(132, b"\0"))
                    chunk.transactions.append(tx_hash)
                    chunk.host_blocks.append(number)
                chunk.hashes[number] = host_hash
                self.asked += len(chunk.packed)
                expected = Index(size)
                yield chunk

    def info(self) -> LedgerInfo:
        return self._info

    def target(self) -> HostBlock:
        raise AssertionError

    def block(self, number: int) -> HostBlock | None:
        time = self._times.get(number, 0)
        return next((HostBlock(at, Hash32(host_hash), time) for at, host_hash, _ in self._blocks if at == number), None)

    def head(self, at: HostBlock) -> Head:
        raise AssertionError

    def peaks(self, at: HostBlock) -> list[Hash32]:
        raise AssertionError

    def checkpoint(self, size: Size, at: HostBlock) -> Hash32 | None:
        raise AssertionError

    def settled(self) -> Settled:
        raise AssertionError

    def origin(self, at: HostBlock) -> tuple[BlockRule, Genesis]:
        raise AssertionError
