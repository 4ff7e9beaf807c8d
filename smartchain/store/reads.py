"""
What is read inside one transaction, staged rows included: what the indexer goes on from.

Plain SQL with named parameters, nothing that only SQLite knows. Reads of many rows are iterators over the
engine's own cursors, so memory does not grow with the ledger.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from smartchain.errors import CorruptStore
from smartchain.ledger.block import Block
from smartchain.ledger.hash import anchor_of
from smartchain.ports import LedgerInfo
from smartchain.store.engine import Connection, Rows
from smartchain.store.rows import BLOCK_COLUMNS, block_of, whole
from smartchain.types import ZERO_HASH, Hash32, Size

HOST_BLOCK_OF = """
SELECT number FROM host_block WHERE host_block.ledger = :ledger AND host_block.size > {position}
ORDER BY size, number LIMIT 1
"""

_IN_ORDER = "ledger = :ledger AND position >= :start AND position < :stop ORDER BY position"

_BLOCKS = f"SELECT {BLOCK_COLUMNS} FROM block WHERE ledger = :ledger AND {{}}"  # noqa: S608

_ANY = 2**63 - 1
"""Past every number of a host block, and more than there are of them."""


class Reader:
    """One ledger as one transaction sees it."""

    def __init__(self, connection: Connection, ledger: int, info: LedgerInfo) -> None:
        self._connection = connection
        self._ledger = ledger
        self._info = info
        self._anchor = anchor_of(info.chain_id, info.address)

    def _rows(self, query: str, **values: object) -> Rows:
        return self._connection.execute(query, {"ledger": self._ledger, **values})

    def _stream(self, query: str, **values: object) -> Iterator[Any]:
        return self._connection.stream(query, {"ledger": self._ledger, **values})

    def _size(self) -> int:
        row: tuple[int] = self._rows("SELECT size FROM ledger WHERE id = :ledger").fetchone()
        return row[0]

    def packed(self, start: int, stop: int) -> Iterator[bytes]:
        rows = self._stream(f"SELECT packed FROM entry WHERE {_IN_ORDER}", start=start, stop=stop)  # noqa: S608
        return (whole(packed) for (packed,) in rows)

    def nodes(self, level: int, start: int, stop: int) -> list[Hash32]:
        rows = self._rows(
            "SELECT root FROM subtree WHERE ledger = :ledger AND level = :level "
            "AND position >= :start AND position < :stop ORDER BY position",
            level=level,
            start=start,
            stop=stop,
        )
        return [root for (root,) in rows]

    def block_below(self, size: int) -> Block | None:
        return self._block("size < :size ORDER BY number DESC LIMIT 1", size=size)

    def host_blocks(self, below: int | None, most: int | None) -> list[tuple[int, Hash32]]:
        rows = self._rows(
            "SELECT number, hash FROM host_block WHERE ledger = :ledger AND number < :below AND hash <> :unknown "
            "ORDER BY number DESC LIMIT :most",
            unknown=ZERO_HASH,
            below=_ANY if below is None else below,
            most=_ANY if most is None else most,
        ).fetchall()
        rows.reverse()
        return rows

    def size_at(self, host_block: int) -> Size:
        """Never below the genesis size: those entries were there before any host block."""
        row = self._rows(
            "SELECT size FROM host_block WHERE ledger = :ledger AND number <= :number ORDER BY number DESC LIMIT 1",
            number=host_block,
        ).fetchone()
        return Size(max(row[0] if row else 0, min(self._info.genesis.size, self._size())))

    def host_block_of(self, index: int) -> int:
        if index < self._info.genesis.size:
            return self._info.deployed_at
        row = self._rows(HOST_BLOCK_OF.format(position=":position"), position=index).fetchone()
        if row is not None:
            return int(row[0])
        raise CorruptStore(f"no host block is known for entry {index}; the store has {self._size()} entries")

    def _blocks(self, where: str, **values: object) -> Iterator[Block]:
        return (block_of(row, self._anchor) for row in self._stream(_BLOCKS.format(where), **values))

    def _block(self, where: str, **values: object) -> Block | None:
        row = self._rows(_BLOCKS.format(where), **values).fetchone()
        return None if row is None else block_of(row, self._anchor)
