"""
Where a PostgreSQL database is: a URL as libpq takes it, with libpq's own variables and files for what it leaves out.
"""

from __future__ import annotations

from typing import Any

import psycopg
from psycopg.conninfo import conninfo_to_dict
from psycopg.pq import Conninfo

from smartchain.errors import SettingsError

CONNECT_TIMEOUT_S = 10

_FORM = "postgresql://USER@HOST:PORT/DATABASE, with % signs and @ in names and passwords written as %25 and %40"


class Place:
    """One database, to connect to."""

    def __init__(self, url: str) -> None:
        self._given = _parsed(url)
        self.name = _name_of(self._given)
        """For a person: the database and its server, no user and no password."""

    def connect(self) -> psycopg.Connection[Any]:
        """A connection in autocommit mode, for any thread. Raises `psycopg.Error`."""
        given: dict[str, Any] = {"connect_timeout": CONNECT_TIMEOUT_S, "application_name": "smartchain", **self._given}
        return psycopg.connect(**given, autocommit=True)


def _parsed(url: str) -> dict[str, Any]:
    try:
        return {key: value for key, value in conninfo_to_dict(url).items() if value is not None}
    except psycopg.ProgrammingError:  # its words may repeat the password
        raise SettingsError(f"--db is no PostgreSQL URL; write {_FORM}") from None


def _name_of(given: dict[str, Any]) -> str:
    usual = {one.keyword.decode(): one.val.decode() for one in Conninfo.get_defaults() if one.val is not None}
    known = {**usual, **given}
    host = known.get("host") or known.get("hostaddr") or "localhost"
    database = known.get("dbname") or known.get("service") or known.get("user") or "of the service"
    return f"PostgreSQL database {database} at {host}:{known.get('port', 5432)}"
