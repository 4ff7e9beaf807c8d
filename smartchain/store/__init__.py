"""
Where ledgers are kept: entries, blocks, and how far they are verified, in one transaction a step.

`open_store` is the way in: SQLite in one file, or a PostgreSQL database. Whatever they do in ways of their own is
behind `engine`, and all else is the same code.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from smartchain.errors import NoStore, SettingsError, StoreError, WrongStore
from smartchain.store.connection import SqliteConnection
from smartchain.store.database import BUSY_S, Mode, SqliteDatabase, connect, use_wal
from smartchain.store.faults import said_of
from smartchain.store.ledgers import DatabaseStore, StoredLedger
from smartchain.store.versions import REVISIONS, make, version_of

__all__ = ["DatabaseStore", "StoredLedger", "is_postgres", "open_store", "path_of", "postgres_there"]

_MAGIC = b"SQLite format 3\0"
_PREFIX = "sqlite:///"
_POSTGRES = ("postgresql://", "postgres://")


def open_store(url: str, *, create: bool, read_only: bool = False, busy_s: float = BUSY_S) -> DatabaseStore:
    """
    The store at `sqlite:///PATH` or `postgresql://USER@HOST/DATABASE`, made if there is none and `create` says so.

    A file of an older version is brought up to date first, also for one who only reads; a copy of it stays
    beside it as `*.bak`. Waits `busy_s` seconds for another process that writes, each time.

    Raises `SettingsError` for another kind of URL, `StoreError`, `WrongStore`, `StoreTooNew`, `StoreLocked`.
    """
    if is_postgres(url):
        with postgres_there():
            from smartchain.store.postgres import open_postgres
        return open_postgres(url, create=create, read_only=read_only, busy_s=busy_s)
    path = path_of(url)
    with said_of(path):
        writer = _opened(path, "rwc" if create else "ro" if read_only else "rw", busy_s)
        try:
            _bring_up_to_date(writer, path, create, read_only, busy_s)
        except BaseException:
            writer.close()
            raise
    if read_only:
        writer.close()
        return DatabaseStore(SqliteDatabase(path, None, busy_s))
    return DatabaseStore(SqliteDatabase(path, writer, busy_s))


def is_postgres(url: str) -> bool:
    return url.startswith(_POSTGRES)


@contextmanager
def postgres_there() -> Iterator[None]:
    """Says what is to be installed where an import within needs it."""
    try:
        yield
    except ImportError as error:
        if error.name is None or error.name.partition(".")[0] != "psycopg":
            raise
        raise SettingsError(
            "a store in PostgreSQL needs psycopg, which is not here: pip install 'smartchain[postgres]'"
        ) from error


def path_of(url: str) -> Path:
    """The file of `sqlite:///PATH`. Raises `SettingsError` for anything else."""
    scheme = url.partition(":")[0]
    name = url.removeprefix(_PREFIX)
    if not url.startswith(_PREFIX) or name in ("", ":memory:"):
        said = f"{scheme}: is no kind of store" if "://" in url and scheme != "sqlite" else f"{url!r} names no file"
        raise SettingsError(
            f"{said}; write sqlite:///PATH, as in sqlite:///smartchain.db, or postgresql://USER@HOST/DATABASE"
        )
    return Path(name)


def _opened(path: Path, mode: Mode, busy_s: float) -> SqliteConnection:
    if path.is_dir():
        raise StoreError(f"{path} is a folder; name a file in it")
    if mode != "rwc" and not path.exists():
        raise NoStore(f"there is no store {path}; `smartchain index` makes one, --db names another")
    if not path.absolute().parent.is_dir():
        raise StoreError(f"there is no folder {path.parent} to make the store {path.name} in; make it first")
    if path.exists() and not _is_database(path):
        raise WrongStore(f"{path} is no SQLite database; name another file with --db")
    return connect(path, mode, busy_s)


def _is_database(path: Path) -> bool:
    """Or empty. SQLite itself takes any file of a few bytes for empty, and would write over it."""
    try:
        with path.open("rb") as file:
            return file.read(len(_MAGIC)) in (b"", _MAGIC)
    except OSError as error:
        raise StoreError(f"{path} cannot be opened ({error.strerror}); see to its permissions") from error


def _bring_up_to_date(connection: SqliteConnection, path: Path, create: bool, read_only: bool, busy_s: float) -> None:
    version = version_of(connection, path)
    if version is None:
        if not create:
            raise NoStore(f"{path} is empty; `smartchain index` makes a store of it, --db names another")
        make(connection, path)
    elif version != REVISIONS[-1]:
        _migrate(connection, path, read_only, busy_s)
    if not read_only or create:
        use_wal(connection, busy_s)


def _migrate(connection: SqliteConnection, path: Path, read_only: bool, busy_s: float) -> None:
    from smartchain.store.migrate import migrate

    if not read_only:
        migrate(connection, path)
        return
    writer = connect(path, "rw", busy_s)
    try:
        migrate(writer, path)
    finally:
        writer.close()
