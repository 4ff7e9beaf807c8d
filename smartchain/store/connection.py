"""
A connection to SQLite.

A chunk's entries go in by one statement that cuts them out of one blob. Between the rows Python's lock is never
asked for, so the thread that hashes the next chunk runs on meanwhile; with a statement a row the two threads
would hand the lock to and fro at every row. Other rows go in many at a time for the same reason.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

from smartchain.ledger.entry import PACKED_BYTES
from smartchain.store.engine import Values

_MOST_ROWS = 128

_INSERT_ENTRIES = f"""
WITH RECURSIVE n(k) AS (SELECT 0 UNION ALL SELECT k + 1 FROM n WHERE k + 1 < :count)
INSERT INTO entry (ledger, position, packed, tx_hash)
SELECT :ledger, :first + k,
    CASE substr(:packed, {PACKED_BYTES} * k + 101, 32) WHEN x'{"00" * 32}'
    THEN substr(:packed, {PACKED_BYTES} * k + 1, 100)
    ELSE substr(:packed, {PACKED_BYTES} * k + 1, {PACKED_BYTES}) END,
    substr(:transactions, 32 * k + 1, 32)
FROM n
"""  # noqa: S608


class SqliteConnection(sqlite3.Connection):
    """Implements `engine.Connection`."""

    def stream(self, sql: str, values: Values, /) -> Iterator[Any]:
        return self.execute(sql, values)

    def first_of_each(self, sql: str, rows: Iterable[Values], /) -> Iterator[Any]:
        return (self.execute(sql, values).fetchone() for values in rows)

    def insert(self, table: str, rows: Iterable[Sequence[object]], /) -> None:
        self._insert("INSERT", table, rows)

    def put(self, table: str, _key: int, rows: Iterable[Sequence[object]], /) -> None:
        self._insert("REPLACE", table, rows)

    def insert_entries(
        self, ledger: int, first: int, packed: Sequence[bytes], transactions: Sequence[bytes], /
    ) -> None:
        row = {"ledger": ledger, "first": first, "count": len(packed)}
        self.execute(_INSERT_ENTRIES, row | {"packed": b"".join(packed), "transactions": b"".join(transactions)})

    def make_room(self, _ledger: int, /) -> None:
        """Rows of all ledgers share the tables."""

    def _insert(self, verb: str, table: str, rows: Iterable[Sequence[object]]) -> None:
        """Insert rows many at a time: by powers of two, so that a few statements serve for any number."""
        waiting, step = iter(rows), _MOST_ROWS
        while some := list(islice(waiting, _MOST_ROWS)):
            while some:
                while step > len(some):
                    step //= 2
                places = ", ".join([f"({', '.join('?' * len(some[0]))})"] * step)
                values: list[Any] = [value for row in some[:step] for value in row]
                self.execute(f"{verb} INTO {table} VALUES {places}", values)
                del some[:step]
