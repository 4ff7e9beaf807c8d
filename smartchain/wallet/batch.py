"""
A file of payments: columns `recipient,amount[,memo]`, read whole and judged before anything else happens.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from smartchain.errors import BatchFileError, InputError
from smartchain.ledger.address import parse_address
from smartchain.types import ZERO_HASH, Address, Hash32, Wei
from smartchain.wallet.amount import parse_amount
from smartchain.wallet.labels import is_address_like
from smartchain.wallet.memo import escape, parse_memo

COLUMNS = ("recipient", "amount", "memo")
_EXPECTED = "the columns are recipient,amount[,memo]"
_MOST_SHOWN = 40


@dataclass(frozen=True, slots=True)
class Row:
    """One payment of a file."""

    line: int
    """Where it begins in the file, counted from 1."""
    recipient: Address
    amount: Wei
    memo: Hash32 = ZERO_HASH
    label: str | None = None
    """What stands in the file for the recipient, where that is no address."""


def read_rows(
    content: bytes, who: Callable[[str], Address] = parse_address, much: Callable[[str], Wei] = parse_amount
) -> list[Row]:
    """
    Payments of a file's content, in order; `who` finds the address of a recipient, `much` the amount, as written.

    UTF-8 with or without a byte order mark, comma or semicolon, any line ends, a header or none; empty lines
    count for nothing. Raises `BatchFileError` for the first line that is wrong, and for a file with no payment.
    """
    records = _records(_decode(content))
    first = next(records, None)
    if first is None:
        raise BatchFileError(f"the file holds no payment: {_EXPECTED}")
    columns = _header(*first)
    rows = [] if columns else [_row(*first, COLUMNS, who, much)]
    rows += [_row(line, cells, columns or COLUMNS, who, much) for line, cells in records]
    if not rows:
        raise BatchFileError("the file holds a header and no payment")
    return rows


def _decode(content: bytes) -> str:
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise BatchFileError("the file is UTF-16: save it as CSV in UTF-8")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as exc:
        line = content.count(b"\n", 0, exc.start) + 1
        raise BatchFileError("these bytes are not UTF-8: save the file as CSV in UTF-8", line) from None


def _records(text: str) -> Iterator[tuple[int, list[str]]]:
    """Lines that hold something, with their numbers, cells stripped and empty ones at the end dropped."""
    stream = io.StringIO(text, newline="")
    reader = csv.reader(stream, delimiter=_delimiter(text), strict=True)
    line = 1
    while True:
        try:
            cells = next(reader, None)
        except csv.Error as exc:
            raise BatchFileError(f"this is not CSV: {exc}", line) from None
        if cells is None:
            return
        if any("\n" in cell or "\r" in cell for cell in cells):
            raise BatchFileError("a quotation mark is opened here and not closed on the same line", line)
        if stripped := _strip(cells):
            yield line, stripped
        line = reader.line_num + 1


def _strip(cells: Sequence[str]) -> list[str]:
    stripped = [cell.strip() for cell in cells]
    while stripped and not stripped[-1]:
        stripped.pop()
    return stripped


def _delimiter(text: str) -> str:
    first = next((line for line in text.splitlines() if line.strip(" \t,;")), "")
    return ";" if ";" in first and "," not in first.split(";")[0] else ","


def _header(line: int, cells: list[str]) -> tuple[str, ...] | None:
    """The columns that a first line names; None if it is a payment."""
    if cells[0][:2].lower() == "0x" or (len(cells) > 1 and cells[1][:1] in tuple("0123456789.-+")):
        return None
    names = tuple(cell.lower() for cell in cells)
    for name, cell in zip(names, cells, strict=True):
        if name not in COLUMNS:
            raise BatchFileError(f"column {_shown(cell)} is not known: {_EXPECTED}", line)
        if names.count(name) > 1:
            raise BatchFileError(f"column {name!r} is there twice: {_EXPECTED}", line)
    for name in COLUMNS[:2]:
        if name not in names:
            raise BatchFileError(f"column {name!r} is missing: {_EXPECTED}", line)
    return names


def _row(
    line: int,
    cells: list[str],
    columns: tuple[str, ...],
    who: Callable[[str], Address],
    much: Callable[[str], Wei],
) -> Row:
    if len(cells) > len(columns):
        extra = _shown(cells[len(columns)])
        raise BatchFileError(f"{extra} stands in no column: {_EXPECTED}, a comma in a memo needs quotes", line)
    row = dict(zip(columns, cells, strict=False))
    for name in COLUMNS[:2]:
        if not row.get(name):
            raise BatchFileError(f"the {name} is missing", line)
    try:
        written = row["recipient"]
        label = None if is_address_like(written) else written
        return Row(line, who(written), much(row["amount"]), parse_memo(row.get("memo", "")), label)
    except InputError as exc:
        raise BatchFileError(str(exc), line) from None


def _shown(cell: str) -> str:
    """A cell for an error: short, and without what could play with a terminal."""
    return repr(escape(cell if len(cell) <= _MOST_SHOWN else cell[:_MOST_SHOWN] + "…"))
