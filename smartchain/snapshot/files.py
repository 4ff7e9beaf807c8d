"""
Snapshot files: written whole or not at all, read piece by piece, and never believed before they fit their own header.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import IO

from smartchain.errors import SnapshotError
from smartchain.ledger.snapshot import HEADER_BYTES, RECORD_BYTES, Header, Tally, checked
from smartchain.snapshot.sorting import records
from smartchain.snapshot.table import Allocation, read_table
from smartchain.types import Address, Hash32

PIECE_RECORDS = 4096


def write(path: Path, allocations: Iterable[Allocation], subject: Address, timestamp: int) -> Header:
    """
    Write the snapshot of these allocations, and have it on disk before its name stands.

    Raises `SnapshotError`; then nothing is written, and a file of that name is as it was.
    """
    tally = Tally(subject, timestamp)
    beside = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        with beside.open("xb") as file:
            file.write(bytes(HEADER_BYTES))
            rows = records(allocations)
            while piece := b"".join(islice(rows, PIECE_RECORDS)):
                tally.take(piece)
                file.write(piece)
            file.seek(0)
            file.write(tally.header.pack())
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    except OSError as error:
        raise SnapshotError(f"{path} cannot be written: {error.strerror or error}") from error
    finally:
        with suppress(OSError):
            beside.unlink(missing_ok=True)
    return tally.header


def write_table(path: Path, table: Path, subject: Address, timestamp: int) -> Header:
    """The same of a CSV file. Raises `SnapshotError`."""
    try:
        with table.open(encoding="utf-8-sig", newline="") as lines:
            return write(path, read_table(lines), subject, timestamp)
    except OSError as error:
        raise SnapshotError(f"{table} cannot be read: {error.strerror or error}") from error


class Snapshot:
    """A snapshot file. Reading the entries proves them: what was yielded counts once all of it was."""

    def __init__(self, path: Path) -> None:
        """Raises `SnapshotError` for a file that is no snapshot, or not as long as one."""
        self.path = path
        with _opened(path) as file:
            self.header = Header.unpack(file.read(HEADER_BYTES))
            there = os.fstat(file.fileno()).st_size
        if there != self.header.file_bytes:
            why = "cut off" if there < self.header.file_bytes else "longer than that"
            raise SnapshotError(
                f"{path} is {why}: {self.header.size} wallets take {self.header.file_bytes} bytes, and it has {there}"
            )

    def entries(self) -> Iterator[list[bytes]]:
        """Packed entries, some thousand at a time. Raises `SnapshotError` where they do not fit the header."""
        with _opened(self.path) as file:
            file.seek(HEADER_BYTES)
            yield from checked(self.header, iter(lambda: file.read(RECORD_BYTES * PIECE_RECORDS), b""))

    def verify(self) -> list[Hash32]:
        """The peaks that a contract is deployed with. Raises `SnapshotError`."""
        tally = Tally(self.header.subject, self.header.timestamp)
        with _opened(self.path) as file:
            file.seek(HEADER_BYTES)
            while piece := file.read(RECORD_BYTES * PIECE_RECORDS):
                tally.take(piece)
        tally.expect(self.header)
        return tally.peaks


def _opened(path: Path) -> IO[bytes]:
    try:
        return path.open("rb")
    except OSError as error:
        raise SnapshotError(f"{path} cannot be read: {error.strerror or error}") from error
