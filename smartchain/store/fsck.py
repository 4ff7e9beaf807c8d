"""
Whether a store is what its own hashes say: the file, then each ledger's log, blocks, host blocks and lookups.

Nothing is asked of anybody and nothing is written. The lookups are built once more, in temporary tables whose names
hide the stored ones, by the very code that wrote those; what differs is wrong. Each area ends with its first fault.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from smartchain.errors import SmartchainError, StoreError
from smartchain.store import marks, names, postings
from smartchain.store.connection import SqliteConnection
from smartchain.store.database import connect
from smartchain.store.faults import said_of
from smartchain.store.fsck_chain import blocks_fault, entries_fault, notes_fault, places_fault
from smartchain.store.rows import INFO_COLUMNS, info_of
from smartchain.store.versions import REVISIONS, version_of

_LOOKUPS = ("mark", "posting", "name")


@dataclass(frozen=True, slots=True)
class Fault:
    """The first wrong thing of an area: `file`, `ledger`, `entries`, `blocks`, …"""

    area: str
    says: str
    ledger: int | None = None
    """Number of the ledger's row; None for the file as a whole."""


@dataclass(frozen=True, slots=True)
class Checked:
    """What was looked at, and what is wrong with it."""

    ledgers: int
    entries: int
    faults: list[Fault]


def check(path: Path) -> Checked:
    """Check a store. Raises `StoreError` for a file that cannot be opened, or of an older version."""
    if not path.is_file():
        raise StoreError(f"there is no store {path}; `smartchain index` makes one, --db names another")
    with said_of(path), closing(connect(path, "ro")) as connection:
        if said := _file_fault(connection):
            return Checked(0, 0, [Fault("file", said)])
        if (version := version_of(connection, path)) != REVISIONS[-1]:
            raise StoreError(f"{path} has schema {version}; any other command brings it up to date, then check again")
        connection.execute("BEGIN")
        rows = connection.execute("SELECT id, size FROM ledger ORDER BY id").fetchall()
        faults = [fault for key, _ in rows for fault in _ledger_faults(connection, key)]
        return Checked(len(rows), sum(size for _, size in rows if isinstance(size, int)), faults)


def _file_fault(connection: SqliteConnection) -> str | None:
    try:
        (said,) = connection.execute("PRAGMA integrity_check(1)").fetchone()
    except sqlite3.DatabaseError as error:
        if error.sqlite_errorcode & 0xFF not in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_ERROR):
            raise
        said = str(error)
    return None if said == "ok" else "the file itself is damaged: " + " ".join(said.split())


def _ledger_faults(connection: SqliteConnection, key: int) -> Iterator[Fault]:
    """The lookups are compared only where what they are built from is sound."""
    try:
        info = info_of(connection.execute(f"SELECT {INFO_COLUMNS} FROM ledger WHERE id = ?", (key,)).fetchone())  # noqa: S608
    except (SmartchainError, TypeError, ValueError):
        yield Fault("ledger", f"what is stored about ledger {key} cannot be read", key)
        return
    found = [
        Fault(area, said, key)
        for area, fault in (
            ("entries", lambda: entries_fault(connection, key)),
            ("blocks", lambda: blocks_fault(connection, key, info)),
            ("host blocks", lambda: places_fault(connection, key, info)),
            ("notes", lambda: notes_fault(connection, key, info)),
        )
        if (said := _said(fault))
    ]
    yield from found
    if not any(fault.area in ("entries", "blocks") for fault in found):
        yield from _lookup_faults(connection, key)


def _said(fault: Callable[[], str | None]) -> str | None:
    """What the check finds; a value of another kind than the column holds is a fault like any other."""
    try:
        return fault()
    except (SmartchainError, TypeError, ValueError, OverflowError, sqlite3.OperationalError) as error:
        return f"a row cannot be read: {error}"


def _lookup_faults(connection: SqliteConnection, key: int) -> Iterator[Fault]:
    for table in _LOOKUPS:
        (made,) = connection.execute(
            "SELECT sql FROM main.sqlite_master WHERE type = 'table' AND name = ?", (table,)
        ).fetchone()
        connection.execute(f"DROP TABLE IF EXISTS temp.{table}")
        connection.execute(made.replace("CREATE TABLE", "CREATE TEMP TABLE", 1))
    (reach,) = connection.execute("SELECT lookup_size FROM ledger WHERE id = ?", (key,)).fetchone()
    marks.fill(connection, key)
    postings.take(connection, key, 0, reach)
    names.take(connection, key, 0, reach)
    for table in _LOOKUPS:
        if said := _difference(connection, table, key):
            yield Fault(table, said, key)


def _difference(connection: SqliteConnection, table: str, key: int) -> str | None:
    """How the stored lookup differs from the one that was built; a row is named by its key."""
    for one, other, what in (("main", "temp", "follows from no entry"), ("temp", "main", "is missing, or differs")):
        row = connection.execute(
            f"SELECT * FROM {one}.{table} WHERE ledger = :key EXCEPT "  # noqa: S608
            f"SELECT * FROM {other}.{table} WHERE ledger = :key LIMIT 1",
            {"key": key},
        ).fetchone()
        if row is not None:
            place = ", ".join("0x" + value.hex() if isinstance(value, bytes) else str(value) for value in row[1:3])
            return f"a row of the lookup `{table}` {what} ({place})"
    return None
