"""
A store in PostgreSQL, checked and mended by its rows as one in a file is. Its pages are the server's to look after.
"""

from __future__ import annotations

from contextlib import closing

from smartchain.errors import NoStore, StoreError
from smartchain.store.database import BUSY_S
from smartchain.store.fetched import SourceOf
from smartchain.store.fsck import Checked, checked
from smartchain.store.postgres.connection import PostgresConnection
from smartchain.store.postgres.database import PostgresDatabase
from smartchain.store.postgres.place import Place
from smartchain.store.postgres.versions import version_of
from smartchain.store.repair import Repaired, mended
from smartchain.store.versions import REVISIONS
from smartchain.types import Address

_HOLD_LEDGERS = "SELECT id FROM ledger ORDER BY id FOR UPDATE"


def check(url: str, ledger: Address | None) -> Checked:
    """As of one moment, whoever writes meanwhile. Raises as `fsck.check` does, and `StoreUnavailable`."""
    with closing(PostgresDatabase(Place(url), BUSY_S, read_only=True)) as database, database.reading() as connection:
        _expect_version(connection, database.name)
        return checked(connection, database.name, ledger)


def repair(url: str, source_of: SourceOf, ledger: Address | None) -> Repaired:
    """In one transaction, while nobody else writes; there is no copy. Raises as `repair.repair` does."""
    with closing(PostgresDatabase(Place(url), BUSY_S)) as database, database.writing() as connection:
        _expect_version(connection, database.name)
        connection.execute(_HOLD_LEDGERS)
        return Repaired(mended(connection, database.name, source_of, ledger), None)


def _expect_version(connection: PostgresConnection, name: str) -> None:
    version = version_of(connection, name)
    if version is None:
        raise NoStore(f"{name} is empty; `smartchain index` makes a store of it, --db names another")
    if version != REVISIONS[-1]:
        raise StoreError(f"{name} has schema {version}; any other command brings it up to date, then check again")
