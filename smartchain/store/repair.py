"""
A store, mended: after a copy was put beside it, in one transaction that ends with a check of all of it.

Where the file itself is damaged, every row that can be read goes into a new one, which is mended and takes its place.
Killed at any moment, either the file as it was is there or the mended one, and a second run begins anew.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from smartchain.errors import CorruptStore, StoreLocked
from smartchain.store import checksums
from smartchain.store.checksums import LEDGER
from smartchain.store.connection import SqliteConnection
from smartchain.store.copies import put_copy_beside
from smartchain.store.database import connect
from smartchain.store.engine import Connection
from smartchain.store.faults import said_of
from smartchain.store.fetched import SourceOf
from smartchain.store.fsck import checked, expect_version
from smartchain.store.fsck_file import KEYED, file_fault, schema_fault, strays
from smartchain.store.mend import Mender
from smartchain.store.mend_row import ANEW, COLUMNS, made_anew
from smartchain.store.versions import make
from smartchain.types import Address

_IN_KEY_ORDER = ("ledger", *KEYED, "peer")


@dataclass(frozen=True, slots=True)
class Repaired:
    """What was mended, and where the store as it was is: a server's has its own copies."""

    mended: list[str]
    copy: Path | None


def repair(path: Path, source_of: SourceOf, ledger: Address | None = None) -> Repaired:
    """
    Mend what a check finds: by the store itself where that is enough, by the host for the rest.

    Raises `CorruptStore` for what cannot be mended, `StoreLocked`, and `HostError`s; then the file is as it was.
    """
    with said_of(path):
        with closing(connect(path, "rw")) as connection:
            connection.text_factory = _text
            if not (file_fault(connection) or schema_fault(connection)):
                expect_version(connection, path)
                with _whole(connection), _copied(path) as copy:
                    return Repaired(mended(connection, str(path), source_of, ledger), copy)
        return _written_anew(path, source_of, ledger)


def mended(
    connection: Connection,
    name: str,
    source_of: SourceOf,
    ledger: Address | None,
    *,
    all_host_blocks: bool = False,
) -> list[str]:
    """Mend inside the transaction. Raises `CorruptStore` where a check still finds something."""
    done = list(_lost_ledgers(connection, name, source_of, ledger))
    for table in KEYED:
        for key in strays(connection, table):
            connection.execute(f"DELETE FROM {table} WHERE ledger = ?", (key,))  # noqa: S608
            done.append(f"rows of `{table}` that belong to no ledger")
    known = connection.execute("SELECT id, address FROM ledger ORDER BY id").fetchall()
    named = [key for key, address in known if address == ledger] or [key for key, _ in known]
    for key in named:
        mender = Mender(connection, key, source_of, ledger if len(named) == 1 else None, all_host_blocks)
        mender.mend()
        done += mender.done
    for fault in checked(connection, name, ledger).faults:
        raise CorruptStore(f"{name} cannot be mended: {fault.says}; nothing was changed: index again")
    return done


def _text(data: bytes) -> str:
    """Also of a value that has become a text and is none."""
    return data.decode(errors="surrogateescape")


def _lost_ledgers(connection: Connection, name: str, source_of: SourceOf, ledger: Address | None) -> Iterator[str]:
    """No ledger's row is lost: what would be left of one is not for throwing away."""
    known = {address for (address,) in connection.execute("SELECT address FROM ledger").fetchall()}
    for key in dict.fromkeys(strays(connection, "entry") + strays(connection, "checksum")):
        of_one = connection.execute("SELECT count(*) FROM checksum WHERE ledger = ? AND kind = ?", (key, LEDGER))
        if not of_one.fetchone()[0] and known:
            continue
        if ledger is None or ledger in known:
            raise CorruptStore(
                f"{name} holds rows of ledger {key} and has lost what it knew of it; say with --ledger which one it is"
            )
        row = made_anew(connection, key, source_of(ledger, None))
        connection.insert("ledger", [[row[column] for column in COLUMNS]])
        checksums.sign(connection, key)
        known.add(ledger)
        yield ANEW


@contextmanager
def _whole(connection: SqliteConnection) -> Iterator[None]:
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


@contextmanager
def _copied(path: Path, alone: SqliteConnection | None = None) -> Iterator[Path]:
    """
    A copy of the file as it is, which goes again where it was not needed.

    A connection that writes cannot read it out itself; one that has the file alone has to, before it writes.
    """
    copy = put_copy_beside(path, alone)
    try:
        yield copy
    except BaseException:
        copy.unlink(missing_ok=True)
        raise


# a file whose pages are damaged


def _written_anew(path: Path, source_of: SourceOf, ledger: Address | None) -> Repaired:
    with closing(connect(path, "rw")) as source:
        source.text_factory = _text
        _take_alone(source, path)
        with _copied(path, source) as copy, _beside(path) as target:
            source.execute("BEGIN EXCLUSIVE")
            complete = _read_out(source, target)
            with _whole(target):
                done = _mended_anew(target, path, source_of, ledger, complete)
            Path(f"{path}.mending").replace(path)
            source.close()  # takes its own files away; nobody has begun others: the new one is still held
    return Repaired(["the file", *done], copy)


def _take_alone(source: SqliteConnection, path: Path) -> None:
    """
    Nobody else has the file open from here on, and all of it is in the one file.

    A log that stayed beside it would be taken for the new file's.
    """
    source.execute("PRAGMA locking_mode = EXCLUSIVE")
    (busy, *_), *_ = source.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    if busy:
        raise StoreLocked(f"{path} is in use by another process; end that one, or try again later")


@contextmanager
def _beside(path: Path) -> Iterator[SqliteConnection]:
    """A new, empty store beside the file, held alone; gone at the end unless it has another name by then."""
    names = [Path(f"{path}.mending{suffix}") for suffix in ("", "-journal")]
    for name in names:
        name.unlink(missing_ok=True)
    try:
        with closing(connect(names[0], "rwc")) as target:
            target.execute("PRAGMA locking_mode = EXCLUSIVE")
            make(target, names[0])
            yield target
    finally:
        for name in names:
            name.unlink(missing_ok=True)


def _mended_anew(
    target: SqliteConnection, path: Path, source_of: SourceOf, ledger: Address | None, complete: bool
) -> list[str]:
    try:
        done = mended(target, str(path), source_of, ledger, all_host_blocks=not complete)
        if not target.execute("SELECT count(*) FROM ledger").fetchone()[0]:
            raise CorruptStore("no ledger can be read")
    except CorruptStore as error:
        raise CorruptStore(
            f"{path} is damaged, and what can be read of it is not enough ({error}); move it away and index again"
        ) from error
    return done


def _read_out(source: SqliteConnection, target: SqliteConnection) -> bool:
    """Copies every row that can be read; whether no host block can be missing, which nothing else would show."""
    with _whole(target):
        for table in _IN_KEY_ORDER:
            for order in ("", " ORDER BY 1 DESC, 2 DESC"):
                for row in _rows(source, f"SELECT * FROM {table}{order}"):  # noqa: S608
                    places = ", ".join("?" * len(row))
                    target.execute(f"INSERT OR IGNORE INTO {table} VALUES ({places})", row)  # noqa: S608
    return [row[0] for row in _rows(source, "PRAGMA integrity_check(host_block)")] == ["ok"]


def _rows(source: SqliteConnection, query: str) -> Iterator[tuple[object, ...]]:
    """As far as they can be read."""
    try:
        yield from source.execute(query)
    except (sqlite3.DatabaseError, UnicodeDecodeError):
        return
