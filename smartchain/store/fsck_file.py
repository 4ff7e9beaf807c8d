"""
What is wrong with the file as a whole: its pages, its schema, rows that belong to no ledger.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing

from smartchain.store.connection import SqliteConnection
from smartchain.store.engine import Connection
from smartchain.store.versions import SCHEMA

KEYED = ("entry", "block", "subtree", "host_block", "mark", "posting", "name", "note", "checksum")
"""Tables whose rows belong to a ledger."""

_NAMES = "SELECT name, type, sql FROM main.sqlite_master WHERE name NOT LIKE 'sqlite_stat%' ORDER BY name"
_DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_ERROR, sqlite3.SQLITE_NOTADB)


def file_fault(connection: SqliteConnection) -> str | None:
    """What the engine itself finds, or that the schema is not what this version makes."""
    try:
        (said,) = connection.execute("PRAGMA integrity_check(1)").fetchone()
    except sqlite3.DatabaseError as error:
        if error.sqlite_errorcode & 0xFF not in _DAMAGED:
            raise
        said = str(error)
    return None if said == "ok" else "the file itself is damaged: " + " ".join(said.split())


def schema_fault(connection: SqliteConnection) -> str | None:
    with closing(sqlite3.connect(":memory:")) as fresh:
        fresh.executescript(SCHEMA.read_text(encoding="utf-8"))
        right, found = _described(fresh), _described(connection)
    for name in sorted(right.keys() | found.keys()):
        if right.get(name) != found.get(name):
            return f"the file itself is damaged: `{name}` is not made as this version makes it"
    return None


def _described(connection: sqlite3.Connection) -> dict[str, list[object]]:
    """Every table, index and view, in the engine's own words."""
    return {
        name: [
            *connection.execute("SELECT * FROM pragma_table_xinfo(?)", (name,)),
            *connection.execute("SELECT * FROM pragma_index_xinfo(?)", (name,)),
            (kind, _words(sql) if kind == "view" else None),
        ]
        for name, kind, sql in connection.execute(_NAMES).fetchall()
    }


def _words(sql: object) -> object:
    """Whatever the spaces between them."""
    return " ".join(sql.split()) if isinstance(sql, str) else sql


def strays_fault(connection: Connection) -> str | None:
    for table in KEYED:
        for key in strays(connection, table):
            return f"the table `{table}` holds rows of ledger {key}, which is none"
    return None


def strays(connection: Connection, table: str) -> list[int]:
    """Numbers of ledgers that a table has rows of, and that there are none of."""
    query = f"SELECT min(ledger) FROM {table} WHERE ledger > ?"  # noqa: S608
    known = {key for (key,) in connection.execute("SELECT id FROM ledger")}
    found, after = [], -(2**63)
    while (after := connection.execute(query, (after,)).fetchone()[0]) is not None:
        if after not in known:
            found.append(after)
    return found
