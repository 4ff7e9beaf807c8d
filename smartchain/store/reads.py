"""
What is read inside one transaction: what the indexer goes on from, and what is served.

Plain SQL with named parameters, nothing that only SQLite knows. Reads of many rows are iterators over the
engine's own cursor, so memory does not grow with the ledger.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

from smartchain.errors import CorruptStore
from smartchain.ledger.block import Block
from smartchain.ledger.hash import anchor_of
from smartchain.ports import LedgerInfo, Recorded
from smartchain.store.rows import BLOCK_COLUMNS, block_of, entry_of, whole
from smartchain.types import ZERO_ADDRESS, Address, Hash32, Index, Size

_HOST_BLOCK_OF = """
SELECT number FROM host_block WHERE host_block.ledger = :ledger AND host_block.size > {position}
ORDER BY size, number LIMIT 1
"""

_ENTRIES = f"SELECT entry.position, packed, tx_hash, ({_HOST_BLOCK_OF.format(position='entry.position')})"
_FLOWS = "SELECT entry.position, sender = :address, recipient = :address, sender, value"

_ALL = "FROM entry_fields AS entry"
_IN_ORDER = "entry.ledger = :ledger AND entry.position >= :start AND entry.position < :stop"
_OF_ADDRESS = "(sender = :address OR recipient = :address)"

# A cross join, so that no engine begins with the entries: there are more of them.
_LOOKED_UP = "FROM part CROSS JOIN entry_fields AS entry"
_PART_IN_ORDER = """part.ledger = :ledger AND part.address = :address
AND part.position >= :start AND part.position < :stop
AND entry.ledger = part.ledger AND entry.position = part.position"""

_FlowRow = tuple[int, int, int, bytes, bytes]

_FEES = f"""
SELECT value {_ALL}
WHERE {_IN_ORDER} AND subject = :subject AND sender <> :zero AND sender <> :address
"""


class Reader:
    """One ledger as one transaction sees it."""

    def __init__(self, connection: sqlite3.Connection, ledger: int, info: LedgerInfo) -> None:
        self._connection = connection
        self._ledger = ledger
        self._info = info

    def _rows(self, query: str, **values: object) -> sqlite3.Cursor:
        return self._connection.execute(query, {"ledger": self._ledger, **values})

    def _reach(self) -> tuple[int, int, int, int, int]:
        """(size, verified size, verified blocks, entries looked up, blocks looked up)."""
        row: tuple[int, int, int, int, int] = self._rows(
            "SELECT size, verified_size, verified_blocks, lookup_size, lookup_blocks FROM ledger WHERE id = :ledger"
        ).fetchone()
        return row

    # staged rows too

    def packed(self, start: int, stop: int) -> Iterator[bytes]:
        rows = self._rows(f"SELECT packed FROM entry WHERE {_IN_ORDER} ORDER BY position", start=start, stop=stop)  # noqa: S608
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

    def host_blocks(self) -> list[tuple[int, Hash32]]:
        return self._rows("SELECT number, hash FROM host_block WHERE ledger = :ledger ORDER BY number").fetchall()

    def size_at(self, host_block: int) -> Size:
        """Never below the genesis size: those entries were there before any host block."""
        row = self._rows(
            "SELECT size FROM host_block WHERE ledger = :ledger AND number <= :number ORDER BY number DESC LIMIT 1",
            number=host_block,
        ).fetchone()
        return Size(max(row[0] if row else 0, min(self._info.genesis.size, self._reach()[0])))

    def host_block_of(self, index: int) -> int:
        row = self._rows(_HOST_BLOCK_OF.format(position=":position"), position=index).fetchone()
        if row is not None:
            return int(row[0])
        if index < self._info.genesis.size:
            return self._info.deployed_at
        raise CorruptStore(f"no host block is known for entry {index}; the store has {self._reach()[0]} entries")

    # the verified part

    def blocks(self, start: int, stop: int | None) -> Iterator[Block]:
        verified = self._reach()[2]
        return self._blocks(
            "number >= :start AND number < :stop ORDER BY number", start=start, stop=_least(stop, verified)
        )

    def block_by_hash(self, block_hash: Hash32) -> Block | None:
        _, _, verified, _, looked_up = self._reach()
        found = self._rows(
            "SELECT number FROM block_name WHERE ledger = :ledger AND hash = :hash", hash=block_hash
        ).fetchone()
        if found is not None:
            return self._block("number = :number AND number < :verified", number=found[0], verified=verified)
        return self._block(
            "number >= :start AND number < :stop AND hash = :hash", start=looked_up, stop=verified, hash=block_hash
        )

    def entries(self, start: int, stop: int | None, address: Address | None) -> Iterator[Recorded]:
        _, verified, _, looked_up, _ = self._reach()
        stop = _least(stop, verified)
        if address is None:
            yield from self._entries(f"{_ALL} WHERE {_IN_ORDER} ORDER BY entry.position", start=start, stop=stop)
            return
        yield from self._entries(
            f"{_LOOKED_UP} WHERE {_PART_IN_ORDER} ORDER BY part.position",
            address=address,
            start=start,
            stop=stop,
        )
        yield from self._entries(
            f"{_ALL} WHERE {_IN_ORDER} AND {_OF_ADDRESS} ORDER BY entry.position",
            address=address,
            start=max(start, looked_up),
            stop=stop,
        )

    def balance(self, address: Address, subject: Address) -> int:
        """Source: the protocol's sections on the fee and on balances."""
        info = self._info
        total = sum(self._flow(row) for row in self._flows(address, subject))
        if info.fee_ppm and address == info.address:
            total += sum(self._fee(value) for (value,) in self._paying(subject))
        return total

    def _flow(self, row: _FlowRow) -> int:
        position, sent, received, sender, packed_value = row
        value = int.from_bytes(packed_value, "big")
        if not received:
            return -value
        if position >= self._info.genesis.size and sender not in (ZERO_ADDRESS, self._info.address):
            return value - self._fee(packed_value) - (value if sent else 0)
        return 0 if sent else value

    def _fee(self, value: bytes) -> int:
        return int.from_bytes(value, "big") * self._info.fee_ppm // 1_000_000

    def _flows(self, address: Address, subject: Address) -> Iterator[_FlowRow]:
        _, verified, _, looked_up, _ = self._reach()
        yield from self._rows(
            f"{_FLOWS} {_LOOKED_UP} WHERE {_PART_IN_ORDER} AND subject = :subject",
            address=address,
            subject=subject,
            start=0,
            stop=verified,
        )
        yield from self._rows(
            f"{_FLOWS} {_ALL} WHERE {_IN_ORDER} AND {_OF_ADDRESS} AND subject = :subject",
            address=address,
            subject=subject,
            start=looked_up,
            stop=verified,
        )

    def _paying(self, subject: Address) -> Iterator[tuple[bytes]]:
        """Values of the entries that the ledger keeps a fee of."""
        return self._rows(
            _FEES,
            start=self._info.genesis.size,
            stop=self._reach()[1],
            subject=subject,
            zero=ZERO_ADDRESS,
            address=self._info.address,
        )

    def _entries(self, where: str, **values: object) -> Iterator[Recorded]:
        for position, packed, transaction, host_block in self._rows(f"{_ENTRIES} {where}", **values):
            known = self._info.deployed_at if host_block is None else host_block
            yield Recorded(Index(position), entry_of(packed), known, Hash32(transaction))

    def _blocks(self, where: str, **values: object) -> Iterator[Block]:
        anchor = anchor_of(self._info.chain_id, self._info.address)
        query = f"SELECT {BLOCK_COLUMNS} FROM block WHERE ledger = :ledger AND {where}"  # noqa: S608
        return (block_of(row, anchor) for row in self._rows(query, **values))

    def _block(self, where: str, **values: object) -> Block | None:
        return next(self._blocks(where, **values), None)


def _least(stop: int | None, verified: int) -> int:
    return verified if stop is None else min(stop, verified)
