"""
SQLite's errors, said as the package's own: what is wrong with which file, and what mends it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from smartchain.errors import CorruptStore, StoreError, StoreLocked, WrongStore

_SAID: dict[int, tuple[type[StoreError], str]] = {
    sqlite3.SQLITE_BUSY: (StoreLocked, "{path} is in use by another process; end that one, or try again later"),
    sqlite3.SQLITE_LOCKED: (StoreLocked, "{path} is in use by another process; end that one, or try again later"),
    sqlite3.SQLITE_FULL: (StoreError, "no room is left on the disk for {path}; free some, then go on: nothing is lost"),
    sqlite3.SQLITE_READONLY: (StoreError, "{path} cannot be written; see to its permissions and its folder's"),
    sqlite3.SQLITE_PERM: (StoreError, "{path} may not be opened; see to its permissions"),
    sqlite3.SQLITE_CANTOPEN: (StoreError, "{path} cannot be opened; see to its permissions and its folder's"),
    sqlite3.SQLITE_IOERR: (StoreError, "the disk failed under {path} ({error}); see to it, then try again"),
    sqlite3.SQLITE_NOTADB: (WrongStore, "{path} is no SQLite database; name another file with --db"),
    sqlite3.SQLITE_CORRUPT: (CorruptStore, "{path} is damaged ({error}); move it away and index again"),
}

_GARBLED = b"malformed database schema"
"""How a message of SQLite's begins that quotes the file, and so may be no text."""


def as_store_error(path: Path, error: sqlite3.Error) -> StoreError:
    """The error of the tree that says what SQLite's says."""
    code = getattr(error, "sqlite_errorcode", None)
    kind, sentence = _SAID.get((code or 0) & 0xFF, (StoreError, "{path} cannot be used: {error}"))
    return kind(sentence.format(path=path, error=error))


@contextmanager
def said_of(path: Path) -> Iterator[None]:
    """Raise what SQLite raises inside as a `StoreError` about that file."""
    try:
        yield
    except sqlite3.Error as error:
        raise as_store_error(path, error) from error
    except UnicodeDecodeError as error:
        if not error.object.startswith(_GARBLED):
            raise
        raise CorruptStore(f"{path} is damaged ({ascii(error.object)[2:-1]}); move it away and index again") from error
    except OverflowError as error:
        raise StoreError(f"{path} takes numbers below 2^63; one that was given is larger") from error
