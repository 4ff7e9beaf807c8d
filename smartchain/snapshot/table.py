"""
A table of wallets and values, as CSV: read line by line, so that it may be as long as a chain is old.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator

from smartchain.errors import AddressError, SnapshotError
from smartchain.ledger.address import parse_address
from smartchain.ledger.entry import MAX_VALUE

COLUMNS = ["wallet", "value"]
_EXPECTED = "the first line is wallet,value"
_MOST_SHOWN = 40

Allocation = tuple[bytes, int, int]
"""Wallet, value in the smallest unit, and the line that says so."""


def read_table(lines: Iterable[str]) -> Iterator[Allocation]:
    """
    Every wallet of a table, in its order; empty lines count for nothing.

    Raises `SnapshotError` for the first line that is wrong.
    """
    reader = csv.reader(lines, strict=True)
    try:
        yield from _rows(reader)
    except csv.Error as error:
        raise SnapshotError(f"this is not CSV: {error}", reader.line_num) from None
    except UnicodeDecodeError as error:  # met where a buffer is decoded, lines ahead of the row that is being read
        byte = error.object[error.start]
        raise SnapshotError(f"a byte 0x{byte:02x} in it is not UTF-8: save the table as CSV in UTF-8") from None


def _rows(reader: Iterator[list[str]]) -> Iterator[Allocation]:
    has_header = False
    for cells in reader:
        line: int = reader.line_num  # type: ignore[attr-defined]
        if not any(cell.strip() for cell in cells):
            continue
        if not has_header:
            _expect_header(cells, line)
            has_header = True
            continue
        yield _row(cells, line)
    if not has_header:
        raise SnapshotError(f"the table is empty: {_EXPECTED}")


def _expect_header(cells: list[str], line: int) -> None:
    if [cell.strip().lower() for cell in cells] != COLUMNS:
        raise SnapshotError(f"{_shown(','.join(cells))} is no header: {_EXPECTED}", line)


def _row(cells: list[str], line: int) -> Allocation:
    if len(cells) != len(COLUMNS):
        raise SnapshotError(f"this line has {len(cells)} columns: {_EXPECTED}", line)
    try:
        wallet = parse_address(cells[0])
    except AddressError as error:
        raise SnapshotError(str(error), line) from None
    return wallet, _value(cells[1].strip(), line), line


def _value(text: str, line: int) -> int:
    if not (text.isascii() and text.isdigit()):
        why = "a balance is never below zero" if text.startswith("-") else "write a whole number of the smallest unit"
        raise SnapshotError(f"{_shown(text)} is no balance: {why}", line)
    value = int(text) if len(text) <= len(str(MAX_VALUE)) else MAX_VALUE + 1
    if value > MAX_VALUE:
        raise SnapshotError(f"{_shown(text)} is 2^256 or more, which no balance is", line)
    return value


def _shown(text: str) -> str:
    """Short, and without what could play with a terminal."""
    return ascii(text if len(text) <= _MOST_SHOWN else text[:_MOST_SHOWN] + "...")
