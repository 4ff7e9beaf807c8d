"""
Whether a store is what its own hashes and checksums say: the file, then each ledger's row, log, blocks and lookups.

Nothing is asked of anybody and nothing is written. Whatever follows from other rows is made once more and compared,
by the very code that wrote it; the rest is held to its checksum. Each area ends with its first fault.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from smartchain.errors import CorruptStore, StoreError, WrongStore
from smartchain.ledger.address import checksum
from smartchain.store import fsck_chain, fsck_lookups, fsck_sums
from smartchain.store.connection import SqliteConnection
from smartchain.store.database import connect
from smartchain.store.engine import Connection
from smartchain.store.faults import said_of
from smartchain.store.fsck_file import file_fault, schema_fault, strays_fault
from smartchain.store.rows import INFO_COLUMNS, info_of
from smartchain.store.versions import REVISIONS, version_of
from smartchain.types import Address


@dataclass(frozen=True, slots=True)
class Fault:
    """The first wrong thing of an area: `file`, `ledger`, `entries`, `blocks`, …"""

    area: str
    says: str
    ledger: int | None = None
    """Number of the ledger's row; None for the file as a whole."""


@dataclass(frozen=True, slots=True)
class Checked:
    """What was looked at, and what is wrong with it."""

    ledgers: int
    entries: int
    faults: list[Fault]


def check(path: Path, ledger: Address | None = None) -> Checked:
    """
    Check a store, or of its ledgers one alone. Damage of any kind is a fault.

    Raises `StoreError` for a file that is not there, `WrongStore`, and `StoreError` for one of another version.
    """
    if not path.is_file():
        raise StoreError(f"there is no store {path}; `smartchain index` makes one, --db names another")
    try:
        with said_of(path), closing(connect(path, "ro")) as connection:
            if said := file_fault(connection):
                return Checked(0, 0, [Fault("file", said)])
            expect_version(connection, path)
            if said := schema_fault(connection):
                return Checked(0, 0, [Fault("file", said)])
            connection.execute("BEGIN")
            return checked(connection, str(path), ledger)
    except CorruptStore as error:
        return Checked(0, 0, [Fault("file", f"the file itself is damaged: {error}")])


def expect_version(connection: SqliteConnection, path: Path) -> None:
    if (version := version_of(connection, path)) != REVISIONS[-1]:
        raise StoreError(f"{path} has schema {version}; any other command brings it up to date, then check again")


def checked(connection: Connection, name: str, ledger: Address | None = None) -> Checked:
    """The same of rows that the engine can read, on whichever engine, inside a transaction."""
    rows = connection.execute("SELECT id, size, address FROM ledger ORDER BY id").fetchall()
    chosen = [(key, size) for key, size, address in rows if ledger in (None, address)]
    if ledger is not None and not chosen:
        raise WrongStore(f"{name} does not hold ledger {checksum(ledger)}; without --ledger all are checked")
    faults = [Fault("file", said)] if (said := strays_fault(connection)) else []
    faults += [fault for key, _ in chosen for fault in ledger_faults(connection, key)]
    return Checked(len(chosen), sum(size for _, size in chosen if isinstance(size, int)), faults)


def ledger_faults(connection: Connection, key: int) -> Iterator[Fault]:
    """What is built from other rows is compared only where those are sound."""
    try:
        said = fsck_sums.ledger_fault(connection, key)
        info = info_of(connection.execute(f"SELECT {INFO_COLUMNS} FROM ledger WHERE id = ?", (key,)).fetchone())  # noqa: S608
    except fsck_sums.UNREADABLE:
        said = f"what is stored about ledger {key} cannot be read"
    if said:
        yield Fault("ledger", said, key)
        return
    found = [
        Fault(area, said, key)
        for area, fault in (
            ("entries", lambda: fsck_chain.entries_fault(connection, key) or fsck_sums.tail_fault(connection, key)),
            ("host transactions", lambda: fsck_sums.transactions_fault(connection, key)),
            ("blocks", lambda: fsck_chain.blocks_fault(connection, key, info)),
            (
                "host blocks",
                lambda: fsck_sums.host_blocks_fault(connection, key) or fsck_chain.places_fault(connection, key, info),
            ),
            ("notes", lambda: fsck_chain.notes_fault(connection, key, info)),
        )
        if (said := _said(fault))
    ]
    yield from found
    if not any(fault.area in ("entries", "host transactions", "blocks") for fault in found):
        yield from _lookup_faults(connection, key)


def _lookup_faults(connection: Connection, key: int) -> Iterator[Fault]:
    for name, fault in (
        ("mark", lambda: fsck_lookups.marks_fault(connection, key)),
        ("posting", lambda: fsck_lookups.postings_fault(connection, key)),
        ("name", lambda: fsck_lookups.names_fault(connection, key)),
    ):
        if said := _said(fault):
            yield Fault(name, said, key)


def _said(fault: Callable[[], str | None]) -> str | None:
    """What the check finds; a value of another kind than the column holds is a fault like any other."""
    try:
        return fault()
    except fsck_sums.UNREADABLE as error:
        return f"a row cannot be read: {error}"
