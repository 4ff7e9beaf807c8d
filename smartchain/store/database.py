"""
The connections to one SQLite file: one that writes, behind a lock, and some that read.

In WAL mode neither kind waits for the other. Every read is a transaction of its own, so what it yields belongs
together however long it takes and whatever is written meanwhile.
"""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from smartchain.errors import StoreError
from smartchain.store.connection import SqliteConnection
from smartchain.store.faults import said_of

BUSY_S = 10.0
"""How long to wait for another process before `StoreLocked`."""

CACHE_KIB = 4096
"""Pages in memory, each connection; larger slows sorting down, which has the rest in files."""

WAL_LIMIT_BYTES = 64 * 2**20
SPARE_READERS = 4

Mode = Literal["ro", "rw", "rwc"]


def connect(path: Path, mode: Mode, busy_s: float = BUSY_S) -> SqliteConnection:
    """
    A connection in autocommit mode, for any thread. Raises `sqlite3.Error`.

    What a process left half-written that was killed while it made the file is undone first, also for one who only
    reads: only who writes can do that.
    """
    try:
        return _connected(path, mode, busy_s)
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode != sqlite3.SQLITE_READONLY_ROLLBACK:
            raise
        _connected(path, "rw", busy_s).close()
        return _connected(path, mode, busy_s)


def _connected(path: Path, mode: Mode, busy_s: float) -> SqliteConnection:
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode={mode}",
        timeout=busy_s,
        uri=True,
        isolation_level=None,
        check_same_thread=False,
        factory=SqliteConnection,
    )
    try:
        connection.execute(f"PRAGMA cache_size = -{CACHE_KIB}")
        if mode != "ro":
            connection.execute("PRAGMA synchronous = NORMAL")
            connection.execute("PRAGMA secure_delete = OFF")
            connection.execute(f"PRAGMA journal_size_limit = {WAL_LIMIT_BYTES}")
    except BaseException:
        connection.close()
        raise
    return connection


def use_wal(connection: sqlite3.Connection, busy_s: float = BUSY_S) -> None:
    """
    Have readers and the writer not wait for one another, from now on; the file remembers it.

    SQLite does not wait here for another process that has the file open just now, so this does.
    """
    until = time.monotonic() + busy_s
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > until:
                raise
            time.sleep(0.01)


class SqliteDatabase:
    """One file; implements `engine.Database`."""

    def __init__(self, path: Path, writer: SqliteConnection | None, busy_s: float = BUSY_S) -> None:
        self.path = path
        self._busy_s = busy_s
        self._writer = writer
        self._writing = threading.Lock()
        self._spare: list[SqliteConnection] = []
        self._closed = False
        self._file = _identity(path)

    @property
    def name(self) -> str:
        return str(self.path)

    @contextmanager
    def writing(self, _ledger: int | None = None) -> Iterator[SqliteConnection]:
        """A transaction that holds the file's write lock from its start; whole or, on any error, not at all."""
        with self._writing, said_of(self.path):
            connection = self._writer
            if connection is None:
                how = "is closed" if self._closed else "was opened for reading only"
                raise StoreError(f"the store {self.path} {how}")
            self._expect_same_file()
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise

    @contextmanager
    def reading(self) -> Iterator[SqliteConnection]:
        """A transaction that sees the file as it is at its first read, until its end."""
        with said_of(self.path):
            connection = self._reader()
            try:
                connection.execute("BEGIN")
                yield connection
            finally:
                self._take_back(connection)

    def close(self) -> None:
        """Close every connection; a second time does nothing."""
        with self._writing, said_of(self.path):
            self._closed = True
            while self._spare:
                self._spare.pop().close()
            if self._writer is not None:
                self._writer.close()
                self._writer = None

    def _reader(self) -> SqliteConnection:
        if self._closed:
            raise StoreError(f"the store {self.path} is closed")
        self._expect_same_file()
        try:
            return self._spare.pop()
        except IndexError:
            return connect(self.path, "ro", self._busy_s)

    def _expect_same_file(self) -> None:
        """
        Raises `StoreError` where the path leads to another file by now, or to none.

        What is open goes on without a word: what is written is lost at the end, and a connection that is opened later
        reads something else.
        """
        if _identity(self.path) != self._file:
            raise StoreError(f"{self.path} was removed or replaced while it was in use; start again with what is there")

    def _take_back(self, connection: SqliteConnection) -> None:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        if self._closed or len(self._spare) >= SPARE_READERS:
            connection.close()
        else:
            self._spare.append(connection)


def _identity(path: Path) -> tuple[int, int] | None:
    """Which file it is; None for none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino
