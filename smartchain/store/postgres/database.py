"""
The connections to one PostgreSQL database: one that writes, behind a lock, and some that read.

Who writes holds the row of its ledger, so any number of processes may write different ledgers at once, and of one
ledger each waits for the other. Every read is a transaction of its own that sees the database as it was at its first
read. A connection that broke while nobody used it is made anew; what breaks in use is the caller's to try again.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg.pq import TransactionStatus

from smartchain.errors import StoreError
from smartchain.store.postgres.connection import PostgresConnection
from smartchain.store.postgres.faults import said_of
from smartchain.store.postgres.place import Place

SPARE_READERS = 8

READ = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
WRITE = "BEGIN ISOLATION LEVEL READ COMMITTED; SET LOCAL lock_timeout = {}"
HOLD_STORE = "SELECT version_num FROM alembic_version FOR UPDATE"
HOLD_LEDGER = "SELECT id FROM ledger WHERE id = ? FOR UPDATE"


class PostgresDatabase:
    """One database, or one schema of it; implements `engine.Database`."""

    def __init__(self, place: Place, busy_s: float, *, read_only: bool = False) -> None:
        self.place = place
        self._write = WRITE.format(max(1, round(busy_s * 1000)))
        self._read_only = read_only
        self._writer: PostgresConnection | None = None
        self._writing = threading.Lock()
        self._spare: list[PostgresConnection] = []
        self._closed = False

    @property
    def name(self) -> str:
        return self.place.name

    @contextmanager
    def writing(self, ledger: int | None = None) -> Iterator[PostgresConnection]:
        with self._writing, said_of(self.name):
            if self._closed or self._read_only:
                raise StoreError(f"{self.name} {'is closed' if self._closed else 'was opened for reading only'}")
            connection = self._writer = self._begun(self._writer, self._write)
            try:
                _hold(connection, ledger)
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                _undo(connection)
                raise

    @contextmanager
    def reading(self) -> Iterator[PostgresConnection]:
        with said_of(self.name):
            if self._closed:
                raise StoreError(f"{self.name} is closed")
            connection = self._begun(self._spare.pop() if self._spare else None, READ)
            try:
                yield connection
            finally:
                self._take_back(connection)

    def close(self) -> None:
        with self._writing:
            self._closed = True
            while self._spare:
                self._spare.pop().raw.close()
            if self._writer is not None:
                self._writer.raw.close()
                self._writer = None

    def _begun(self, connection: PostgresConnection | None, begin: str) -> PostgresConnection:
        """A transaction on that connection, or on a new one where it is gone."""
        if connection is not None:
            try:
                connection.begin(begin)
            except psycopg.OperationalError:
                connection.raw.close()
            else:
                return connection
        fresh = PostgresConnection(self.place.connect())
        try:
            fresh.begin(begin)
        except BaseException:
            fresh.raw.close()
            raise
        return fresh

    def _take_back(self, connection: PostgresConnection) -> None:
        _undo(connection)
        if self._closed or connection.raw.closed or len(self._spare) >= SPARE_READERS:
            connection.raw.close()
        else:
            self._spare.append(connection)


def _hold(connection: PostgresConnection, ledger: int | None) -> None:
    if ledger is None:
        connection.execute(HOLD_STORE)
    else:
        connection.execute(HOLD_LEDGER, (ledger,))


def _undo(connection: PostgresConnection) -> None:
    """End the transaction; a connection on which that does not go is closed, and the server ends it."""
    raw: psycopg.Connection[Any] = connection.raw
    try:
        if raw.info.transaction_status not in (TransactionStatus.IDLE, TransactionStatus.UNKNOWN):
            raw.execute("ROLLBACK")
    except psycopg.Error:
        raw.close()
