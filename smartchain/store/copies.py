"""
A copy of a file, put beside it before it is changed.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from itertools import count
from pathlib import Path


def put_copy_beside(path: Path, connection: sqlite3.Connection | None = None) -> Path:
    """A copy of the file as it is, or as a connection sees it, under a name that nothing has: `*.bak`, `*.bak.1`, …"""
    copy = next(name for name in _names(path) if _take(name))
    try:
        with _source(path, connection) as source, closing(sqlite3.connect(copy)) as target:
            source.backup(target)
    except BaseException:
        copy.unlink()
        raise
    return copy


@contextmanager
def _source(path: Path, connection: sqlite3.Connection | None) -> Iterator[sqlite3.Connection]:
    if connection is not None:
        yield connection
        return
    with closing(sqlite3.connect(path)) as own:
        yield own


def _names(path: Path) -> Iterator[Path]:
    yield path.with_name(f"{path.name}.bak")
    for number in count(1):
        yield path.with_name(f"{path.name}.bak.{number}")


def _take(name: Path) -> bool:
    """Take a name, if nothing has it; whether that went well."""
    try:
        name.touch(exist_ok=False)
    except FileExistsError:
        return False
    return True
