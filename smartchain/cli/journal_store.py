"""
The journal of a store, and the files that go in and come out, for the commands about it.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from smartchain.cli import journal_views
from smartchain.errors import InputError, StoreError

if TYPE_CHECKING:
    from smartchain.ports import Journal, Recorded

THROUGH = "-"
"""Instead of a file: stdin, or stdout."""

SQLITE = "sqlite:///"
FILE = click.Path(dir_okay=False, allow_dash=True, path_type=Path)


@contextmanager
def opened(db: str, *, write: bool = False, begin: bool = False) -> Iterator[Journal]:
    """The journal of a store; with `begin` made where there is none, and the store with it. Raises `StoreError`."""
    from smartchain.store import open_store

    if not begin and db.startswith(SQLITE) and not Path(db.removeprefix(SQLITE)).exists():
        raise StoreError(f"there is no store {db.removeprefix(SQLITE)}, and so no journal: 'journal add' begins one")
    with closing(open_store(db, create=begin, read_only=not write)) as store:
        yield store.journal(now() if begin else None)


def now() -> int:
    return int(time.time())


def note_of(found: Journal, index: int) -> tuple[Recorded, bytes]:
    """A note that is there and as it was written. Raises `InputError`, `CorruptStore`."""
    note = found.note(index)
    if note is None:
        size = found.status().size
        there = f"it has entries 0 to {size - 1}" if size else "it has none yet"
        raise InputError(f"the journal has no entry {index}: {there}")
    recorded, content = note
    if recorded.entry.is_seal:
        raise InputError(f"entry {index} of the journal is a seal, which closes a block and says nothing")
    journal_views.expect_sound(index, recorded.entry, found.info.address, content)
    return recorded, content or b""


def read(path: Path, most: int) -> bytes:
    """A file up to so many bytes, and one more if there is one. Raises `InputError`."""
    try:
        if str(path) == THROUGH:
            return click.get_binary_stream("stdin").read(most + 1)
        with path.open("rb") as file:
            return file.read(most + 1)
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}") from None


def write_new(path: Path, content: bytes) -> None:
    """Raises `InputError` for a file that is there already, or cannot be."""
    try:
        with path.open("xb") as file:
            file.write(content)
    except FileExistsError:
        raise InputError(f"{path} is there already: name another file with --output") from None
    except OSError as error:
        raise InputError(f"{path} cannot be written: {error.strerror}") from None
