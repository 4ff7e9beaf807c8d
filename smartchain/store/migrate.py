"""
An older file, brought up to date after a copy was put beside it.

Holding the file's write lock all through: whoever comes second finds the work done.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.script import ScriptDirectory

from smartchain.store import checksums, marks
from smartchain.store.connection import SqliteConnection
from smartchain.store.copies import put_copy_beside
from smartchain.store.engine import Connection
from smartchain.store.versions import REVISIONS, version_of

_SUMMED = "0004"
"""The first revision with checksums."""

SCRIPTS = Path(__file__).with_name("migrations")


def migrate(connection: SqliteConnection, path: Path) -> Path | None:
    """
    Bring a file to the newest schema, in one transaction.

    Returns where the copy of the older file is, None if another process was quicker. Raises `sqlite3.Error`.
    """
    connection.execute("BEGIN IMMEDIATE")
    copy = None
    try:
        if (version := version_of(connection, path)) != REVISIONS[-1]:
            copy = put_copy_beside(path)
            _upgrade(connection)
            fill(connection, version)
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        if copy is not None:
            copy.unlink(missing_ok=True)
        raise
    return copy


def fill(connection: Connection, version: str | None) -> None:
    """
    What follows from the rows, after the scripts that led here from a version; no script carries it over.

    The sparse index is made anew; where there were no checksums, the rows as they are count as right.
    """
    connection.execute("DELETE FROM mark")
    for (ledger,) in connection.execute("SELECT id FROM ledger").fetchall():
        connection.make_room(ledger)
        marks.fill(connection, ledger)
        if version is None or version < _SUMMED:
            checksums.fill(connection, ledger)


def _upgrade(connection: sqlite3.Connection) -> None:
    try:
        upgrade(connection)
    except sa.exc.DBAPIError as error:
        raise error.orig or error from error


def upgrade(connection: sqlite3.Connection, revision: str = REVISIONS[-1]) -> None:
    """Run the migrations up to a revision, inside the transaction that the connection is in."""
    engine = sa.create_engine("sqlite://", creator=lambda: _Lent(connection), poolclass=sa.pool.StaticPool)
    with engine.connect() as lent:
        lent.begin()
        run_scripts(lent, revision)


def run_scripts(connection: sa.Connection, revision: str) -> None:
    """Run the migrations up to a revision, inside the transaction that was begun, on whichever engine."""
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS))
    scripts = ScriptDirectory(str(SCRIPTS))

    def steps(current: Any, _context: Any) -> Any:
        return scripts._upgrade_revs(revision, current)  # what alembic's own `upgrade` command does

    with EnvironmentContext(config, scripts, fn=steps) as environment:
        environment.configure(connection=connection)
        environment.run_migrations()


class _Lent:
    """The connection for SQLAlchemy's use: it neither ends the transaction nor closes the connection."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)

    def commit(self) -> None: ...

    def rollback(self) -> None: ...

    def close(self) -> None: ...
