"""
The second engine: a store in PostgreSQL, behind the same protocol.
"""

from __future__ import annotations

from smartchain.errors import NoStore
from smartchain.store.ledgers import DatabaseStore
from smartchain.store.postgres.connection import PostgresConnection
from smartchain.store.postgres.database import PostgresDatabase
from smartchain.store.postgres.faults import said_of
from smartchain.store.postgres.place import Place
from smartchain.store.postgres.versions import make, migrate, version_of
from smartchain.store.versions import REVISIONS


def open_postgres(url: str, *, create: bool, read_only: bool, busy_s: float) -> DatabaseStore:
    """
    The store in the database at `postgresql://…`; its tables are made if there are none and `create` says so.

    Raises `SettingsError`, `StoreError`, `StoreUnavailable`, `WrongStore`, `StoreTooNew`, `StoreLocked`.
    """
    place = Place(url)
    with said_of(place.name), place.connect() as raw:
        _bring_up_to_date(PostgresConnection(raw), place, create)
    return DatabaseStore(PostgresDatabase(place, busy_s, read_only=read_only))


def _bring_up_to_date(connection: PostgresConnection, place: Place, create: bool) -> None:
    version = version_of(connection, place.name)
    if version is None:
        if not create:
            raise NoStore(f"{place.name} is empty; `smartchain index` makes a store of it, --db names another")
        make(connection)
        version = version_of(connection, place.name)
    if version != REVISIONS[-1]:
        migrate(place)
