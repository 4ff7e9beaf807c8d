"""
A connection to PostgreSQL.

Rows go in by `COPY` in its binary form; those of entries, of which there are most, are packed here at once.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import count, islice
from struct import Struct
from typing import Any

import psycopg

from smartchain.store.engine import Values

_SIGNATURE = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_END = b"\xff\xff"
_ENTRY = Struct(">hiiiqi")
"""Four fields: 4 bytes of the ledger, 8 of the position, and the length of the third."""

_NO_MEMO = bytes(32)
_WITHOUT_MEMO = 100
_FIRST_ROWS, _MORE_ROWS = 64, 2048
_FIRST_ASKED, _MOST_ASKED = 8, 512
_FEW = 64
"""Rows that one statement replaces; more go through a table of their own."""

_COLUMNS = """
SELECT attname, atttypid::bigint FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped
ORDER BY attnum
"""
_PARTED = """
SELECT c.relname FROM pg_partitioned_table JOIN pg_class c ON c.oid = partrelid
WHERE c.relnamespace = current_schema()::regnamespace ORDER BY 1
"""


class PostgresConnection:
    """Implements `engine.Connection`."""

    def __init__(self, raw: psycopg.Connection[Any]) -> None:
        self.raw = raw
        self._names = count(1)
        self._known: dict[str, list[tuple[str, int]]] = {}

    def execute(self, sql: str, values: Values = (), /) -> psycopg.Cursor[Any]:
        return self.raw.cursor(binary=True).execute(_translated(sql), values or None)

    def begin(self, how: str) -> None:
        """Begin a transaction; one message to the server, however many statements it is."""
        self.raw.execute(how.encode(), prepare=False)

    def executemany(self, sql: str, rows: Iterable[Values], /) -> None:
        self.raw.cursor().executemany(_translated(sql), rows)

    def stream(self, sql: str, values: Values, /) -> Iterator[Any]:
        """By a cursor of the server's, so that other questions may be asked between two rows."""
        name, most = f"rows_{next(self._names)}", _FIRST_ROWS
        self.raw.cursor().execute(f"DECLARE {name} NO SCROLL CURSOR FOR ".encode() + _translated(sql), values)
        while True:
            rows = self.raw.cursor(binary=True).execute(f"FETCH {most} FROM {name}".encode()).fetchall()
            yield from rows
            if len(rows) < most:
                break
            most = _MORE_ROWS
        self.raw.execute(f"CLOSE {name}".encode())

    def first_of_each(self, sql: str, rows: Iterable[Values], /) -> Iterator[Any]:
        waiting, query, most = iter(rows), _translated(sql), _FIRST_ASKED
        while some := list(islice(waiting, most)):
            with self.raw.cursor(binary=True) as cursor:
                cursor.executemany(query, some, returning=True)
                found = [one.fetchone() for one in cursor.results()]
            yield from found
            most = min(_MOST_ASKED, 4 * most)

    def insert(self, table: str, rows: Iterable[Sequence[object]], /) -> None:
        there = list(rows)
        if not there:
            return
        kinds = [kind for _, kind in self._columns(table)]
        with self.raw.cursor().copy(_copy(table)) as copy:
            copy.set_types(kinds)
            for row in there:
                copy.write_row(row)

    def put(self, table: str, key: int, rows: Iterable[Sequence[object]], /) -> None:
        there = list(rows)
        columns = [name for name, _ in self._columns(table)]
        keys, rest = ", ".join(columns[:key]), ", ".join(f"{name} = excluded.{name}" for name in columns[key:])
        instead = f"ON CONFLICT ({keys}) DO UPDATE SET {rest}"
        if len(there) > _FEW:
            self._merge(table, there, instead)
        elif there:
            row = f"({', '.join(['%s'] * len(columns))})"
            values = [value for each in there for value in each]
            self.raw.execute(f"INSERT INTO {table} VALUES {', '.join([row] * len(there))} {instead}".encode(), values)  # noqa: S608

    def insert_entries(
        self, ledger: int, first: int, packed: Sequence[bytes], transactions: Sequence[bytes], /
    ) -> None:
        parts, head, tail = [_SIGNATURE], _ENTRY.pack, b"\0\0\0\x20"
        for position, (entry, transaction) in enumerate(zip(packed, transactions, strict=True), first):
            kept = entry[:_WITHOUT_MEMO] if entry.endswith(_NO_MEMO) else entry
            parts += head(4, 4, ledger, 8, position, len(kept)), kept, tail, transaction
        parts.append(_END)
        with self.raw.cursor().copy(_copy("entry")) as copy:
            copy.write(b"".join(parts))

    def make_room(self, ledger: int, /) -> None:
        """A partition of each table that has them; attaching one does not stop who reads or writes the others."""
        for (table,) in self.raw.execute(_PARTED).fetchall():
            part = f"{table}_{ledger}"
            if self.raw.execute("SELECT to_regclass(%s)", (part,)).fetchone() == (None,):
                self.raw.execute(f"CREATE TABLE {part} (LIKE {table} INCLUDING ALL)".encode())
                self.raw.execute(f"ALTER TABLE {table} ATTACH PARTITION {part} FOR VALUES IN ({ledger:d})".encode())

    def _merge(self, table: str, rows: Sequence[Sequence[object]], instead: str) -> None:
        self.raw.execute(f"CREATE TEMPORARY TABLE IF NOT EXISTS put_{table} (LIKE {table}) ON COMMIT DROP".encode())
        self.raw.execute(f"TRUNCATE put_{table}".encode())
        self.insert(f"put_{table}", rows)
        self.raw.execute(f"INSERT INTO {table} SELECT * FROM put_{table} {instead}".encode())  # noqa: S608

    def _columns(self, table: str) -> list[tuple[str, int]]:
        """Name and type of each column, in their order."""
        if table not in self._known:
            self._known[table] = self.raw.execute(_COLUMNS, (table,)).fetchall()
        return self._known[table]


@lru_cache(maxsize=512)
def _translated(sql: str) -> bytes:
    """The store's SQL with psycopg's places for values; no text in it holds a question mark, a colon or a percent."""
    return re.sub(r"(?<!:):(\w+)", r"%(\1)s", sql).replace("?", "%s").encode()


def _copy(table: str) -> bytes:
    return f"COPY {table} FROM STDIN (FORMAT BINARY)".encode()
