"""
Which schema a database has, how a new one is made, and an older one brought up to date.

The tables are those of the first schema on the search path, which holds nothing else; each step is one transaction.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import psycopg

from smartchain.errors import StoreTooNew, WrongStore
from smartchain.store.postgres.connection import PostgresConnection
from smartchain.store.postgres.database import HOLD_STORE
from smartchain.store.postgres.place import Place
from smartchain.store.versions import REVISIONS

SCHEMA = Path(__file__).with_name("schema.sql")
PARTED = " PARTITION BY LIST (ledger)"

_OURS = {"alembic_version", "ledger", "entry", "block", "host_block"}
_TABLES = """
SELECT relname FROM pg_class WHERE relkind IN ('r', 'p') AND relnamespace = current_schema()::regnamespace
"""
_ANOTHER = "name another database with --db, or a schema of its own by ?options=-csearch_path%3DSCHEMA at the URL's end"


def version_of(connection: PostgresConnection, name: str) -> str | None:
    """
    The revision of a database's schema, None for a database without any table.

    Raises `WrongStore` for a database of something else, `StoreTooNew` for a revision that is not known here.
    """
    if connection.execute("SELECT current_schema()").fetchone() == (None,):
        raise WrongStore(f"{name} has no schema to keep tables in; CREATE SCHEMA, or see to its search_path")
    tables = {table for (table,) in connection.execute(_TABLES)}
    if not tables:
        return None
    if not tables >= _OURS:
        raise WrongStore(f"{name} is a database of another program; {_ANOTHER}")
    row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    if row is None:
        raise WrongStore(f"{name} does not say which version wrote it; {_ANOTHER}")
    if row[0] not in REVISIONS:
        raise StoreTooNew(
            f"{name} was written by a newer version of smartchain (schema {row[0]}, this one knows up to "
            f"{REVISIONS[-1]}); upgrade smartchain, or name another database with --db"
        )
    return str(row[0])


def make(connection: PostgresConnection) -> None:
    """Make an empty database a store; where another process does so at once, the second finds it there."""
    statements = SCHEMA.read_text(encoding="utf-8")
    if "CockroachDB" in str(connection.execute("SELECT version()").fetchone()):
        statements = statements.replace(PARTED, "")
    try:
        with connection.raw.transaction():
            for statement in statements.split(";\n"):
                connection.execute(statement)
            connection.execute("INSERT INTO alembic_version VALUES (?)", (REVISIONS[-1],))
    except (psycopg.errors.DuplicateTable, psycopg.errors.UniqueViolation):
        return


def migrate(place: Place) -> None:
    """Bring a database to the newest schema, in one transaction; nobody else writes meanwhile."""
    import sqlalchemy as sa

    from smartchain.store.migrate import fill, run_scripts

    engine = sa.create_engine("postgresql+psycopg://", creator=lambda: _session(place), poolclass=sa.pool.NullPool)
    try:
        with engine.begin() as lent:
            connection = PostgresConnection(_raw(lent))
            connection.execute(HOLD_STORE)
            if (version := version_of(connection, place.name)) != REVISIONS[-1]:
                run_scripts(lent, REVISIONS[-1])
                fill(connection, version)
    except sa.exc.DBAPIError as error:
        raise error.orig or error from error


def _session(place: Place) -> psycopg.Connection[Any]:
    connection = place.connect()
    connection.autocommit = False
    return connection


def _raw(lent: Any) -> psycopg.Connection[Any]:
    raw: psycopg.Connection[Any] = lent.connection.dbapi_connection
    return raw
