"""
Which schema a file has, and how a new one is made; what is older goes on to `migrate`.

Alembic is imported only where something is to be migrated: the version is one small read.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path

from smartchain.errors import StoreTooNew, WrongStore

APPLICATION_ID = int.from_bytes(b"smch", "big")
"""In the header of every file of ours, see SQLite's `PRAGMA application_id`."""

REVISIONS = ("0001", "0002", "0003", "0004", "0005")
"""Every schema there was, oldest first; the last is `schema`'s."""

PAGE_BYTES = 8192
SCHEMA = Path(__file__).with_name("schema.sql")


def version_of(connection: sqlite3.Connection, path: Path) -> str | None:
    """
    The revision of a file's schema, None for a file without anything in it.

    Raises `WrongStore` for a database of something else, `StoreTooNew` for a revision that is not known here.
    """
    # In this order: another process may make the store just now, and the tables and the id come together.
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    if application == 0 and tables == 0:
        return None
    if application != APPLICATION_ID:
        raise WrongStore(f"{path} is a database of another program; name another file with --db")
    row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    if row is None:
        raise WrongStore(f"{path} does not say which version wrote it; name another file with --db")
    if row[0] not in REVISIONS:
        raise StoreTooNew(
            f"{path} was written by a newer version of smartchain (schema {row[0]}, this one knows up to "
            f"{REVISIONS[-1]}); upgrade smartchain, or name another file with --db"
        )
    return str(row[0])


def make(connection: sqlite3.Connection, path: Path) -> None:
    """Make an empty file a store; whole or not at all, also where two processes do so at once."""
    connection.execute(f"PRAGMA page_size = {PAGE_BYTES}")
    connection.execute("BEGIN IMMEDIATE")
    try:
        if version_of(connection, path) is None:
            for statement in SCHEMA.read_text(encoding="utf-8").split(";\n"):
                connection.execute(statement)
            connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            connection.execute("INSERT INTO alembic_version VALUES (?)", (REVISIONS[-1],))
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
