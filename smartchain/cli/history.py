"""
`smartchain history`: the payments of a time span, for a spreadsheet and for whoever does the books.
"""

from __future__ import annotations

import csv
import io
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from itertools import chain
from typing import Any

import click

from smartchain.cli import kinds, options, output
from smartchain.cli.build import stored
from smartchain.cli.describe import Describer
from smartchain.config import HostSettings
from smartchain.errors import InputError
from smartchain.ledger.address import checksum
from smartchain.ledger.block import Block
from smartchain.ledger.hash import ETHER
from smartchain.ledger.unit import Unit
from smartchain.ports import LedgerStore, Recorded
from smartchain.types import ZERO_ADDRESS, Address
from smartchain.wallet.memo import show_memo
from smartchain.wallet.plan import fee_of

COLUMNS = (
    "time",
    "index",
    "sender",
    "recipient",
    "amount",
    "unit",
    "fee",
    "memo",
    "block",
    "host_block",
    "transaction",
)
OF_ADDRESS = ("change", "balance")
FORMULA = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, slots=True)
class Line:
    """One entry, with what the books want to know of it."""

    recorded: Recorded
    fee: int
    """What the ledger kept of the value."""
    block: int | None
    """None while it is in the open block."""
    change: int = 0
    """What it did to the address that is asked about."""
    balance: int = 0
    """What that address had received less sent after it, of `unit` alone."""
    unit: Address = ETHER
    """The subject of all these; a seal has none, and goes by the entry before it."""


@dataclass(frozen=True, slots=True)
class Span:
    """From a moment on, up to another and without it; seconds."""

    start: int
    stop: int | None
    zone: tzinfo


@dataclass(frozen=True, slots=True)
class How:
    """How lines are written."""

    address: Address | None
    """Whom they are about; None for everybody."""
    zone: tzinfo
    unit_of: Callable[[Address], Unit]


def _span(start: str | None, end: str | None, tz: str) -> Span:
    zone = _zone(tz)
    first = _moment(start, zone, last=False) if start else 0
    return Span(first, _moment(end, zone, last=True) if end else None, zone)


def _zone(name: str) -> tzinfo:
    from zoneinfo import ZoneInfo

    if name.upper() == "UTC":
        return UTC
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise InputError(f"{name!r} is no time zone: write one like Europe/Berlin") from None


def _moment(text: str, zone: tzinfo, *, last: bool) -> int:
    """The beginning of a moment or, for the last one, its end: a day ends with the next."""
    try:
        if len(text) == len("2026-01-31"):
            day = date.fromisoformat(text) + timedelta(days=int(last))
            return int(datetime(day.year, day.month, day.day, tzinfo=zone).timestamp())
        moment = datetime.fromisoformat(text)
        return int((moment if moment.tzinfo else moment.replace(tzinfo=zone)).timestamp()) + int(last)
    except (ValueError, OverflowError):
        raise InputError(f"{text!r} is no date: write 2026-01-31, or 2026-01-31T12:00:00") from None


@click.command()
@click.option("--address", type=kinds.ADDRESS, help="Only what this one sent or received, and what it came to.")
@options.bundle(
    "span",
    _span,
    click.option("--from", "start", metavar="DATE", help="Such as 2026-01-31, or 2026-01-31T12:00:00."),
    click.option("--to", "end", metavar="DATE", help="Up to and with this day or second."),
    click.option("--tz", default="UTC", metavar="ZONE", show_default=True, help="Times and dates are of this zone."),
)
@click.option("--csv", "as_csv", is_flag=True, help="Comma separated values.")
@options.ledger
@options.database
@options.asked
@options.as_json
def history(
    address: Address | None,
    span: Span,
    as_csv: bool,
    ledger: Address | None,
    db: str,
    host: HostSettings | None,
    as_json: bool,
) -> None:
    """
    The payments of a time span, one a line; what an address comes to is said of each subject by itself.

    As CSV amounts are plain numbers with their unit beside them, and a memo that a spreadsheet would take for a
    formula is put in quotes of its own.
    """
    if as_csv and as_json:
        raise click.UsageError("give --csv or --json, not both", click.get_current_context())
    with stored(db, ledger) as store:
        lines = _lines(store, address, span)
        how = How(address, span.zone, Describer(host, store.info.chain_id, store.info.address))
        if as_csv:
            output.stream(_csv(lines, how))
        elif as_json:
            output.stream_json(_row(line, how) for line in lines)
        else:
            output.stream(chain([_heading(address)], (_text(line, how) for line in lines)))


# what happened


def _lines(store: LedgerStore, address: Address | None, span: Span) -> Iterator[Line]:
    info = store.info
    block_of = _Blocks(store.blocks())
    gathers = address == info.address and info.fee_ppm > 0
    start = 0 if address is not None else _first_at(store, span.start)
    balances, unit = Counter[Address](), ETHER
    for recorded in store.entries(start, None, None if gathers else address):
        if span.stop is not None and recorded.entry.timestamp >= span.stop:
            return
        fee = _fee(store, recorded)
        change = _change(recorded, fee, address, info.address)
        unit = unit if recorded.entry.is_seal else recorded.entry.subject
        balances[unit] += change
        if recorded.entry.timestamp < span.start or (gathers and change == 0):
            continue
        yield Line(recorded, fee, block_of(recorded.index), change, balances[unit], unit)


class _Blocks:
    """The block of each entry, asked for in the order of the entries."""

    def __init__(self, blocks: Iterator[Block]) -> None:
        self._blocks = blocks
        self._block = next(blocks, None)

    def __call__(self, index: int) -> int | None:
        while self._block is not None and self._block.size <= index:
            self._block = next(self._blocks, None)
        return self._block.number if self._block else None


def _first_at(store: LedgerStore, timestamp: int) -> int:
    """Index of the first entry that is not older: a ledger's timestamps never fall."""

    def time_of(index: int) -> int:
        return next(store.entries(index, index + 1)).entry.timestamp

    return bisect_left(range(store.status().verified_size), timestamp, key=time_of) if timestamp else 0


def _fee(store: LedgerStore, recorded: Recorded) -> int:
    """The fee rule of the protocol: relay entries alone, of Ether or of a token."""
    entry, info = recorded.entry, store.info
    if recorded.index < info.genesis.size or entry.sender in (ZERO_ADDRESS, info.address):
        return 0
    return fee_of(entry.value, info.fee_ppm)


def _change(recorded: Recorded, fee: int, address: Address | None, ledger: Address) -> int:
    entry = recorded.entry
    if address is None:
        return 0
    got = (entry.value - fee) * (entry.recipient == address) + fee * (ledger == address)
    return got - entry.value * (entry.sender == address)


# how it is shown


def _row(line: Line, how: How) -> dict[str, Any]:
    """Numbers in the unit that stands beside them, which is a subject's address where nobody described it."""
    entry, unit = line.recorded.entry, how.unit_of(line.unit)
    row: dict[str, Any] = {
        "time": output.when(entry.timestamp, how.zone),
        "index": line.recorded.index,
        "sender": checksum(entry.sender),
        "recipient": checksum(entry.recipient),
        "amount": str(entry.value) if entry.is_seal else unit.number(entry.value),
        "unit": "seal" if entry.is_seal else unit.name.removeprefix("of "),
        "fee": unit.number(line.fee),
        "memo": show_memo(entry.memo),
        "block": line.block,
        "host_block": line.recorded.host_block,
        "transaction": output.hexed(line.recorded.transaction),
    }
    if how.address is None:
        return row
    return {**row, "change": unit.number(line.change), "balance": unit.number(line.balance)}


def _csv(lines: Iterator[Line], how: How) -> Iterator[str]:
    columns = COLUMNS if how.address is None else COLUMNS + OF_ADDRESS
    yield ",".join(columns)
    for line in lines:
        row = _row(line, how)
        for name in ("unit", "memo"):
            if row[name].startswith(FORMULA):
                row[name] = "'" + row[name]
        cells = io.StringIO()
        csv.writer(cells, lineterminator="").writerow(row.values())
        yield cells.getvalue()


def _heading(address: Address | None) -> str:
    came_to = f"  {'change':>24}  {'balance':>24}" if address is not None else ""
    return f"{'time':20}  {'index':>8}  {'sender':42}  {'recipient':42}{came_to}  amount"


def _text(line: Line, how: How) -> str:
    row = _row(line, how)
    what = output.amount(line.recorded.entry, how.unit_of) or "seal"
    who = f"{output.party(line.recorded.entry.sender):42}  {output.party(line.recorded.entry.recipient):42}"
    came_to = f"  {row['change']:>24}  {row['balance']:>24}" if how.address is not None else ""
    return f"{row['time']:20}  {row['index']:>8}  {who}{came_to}  {what}  {row['memo']}".rstrip()
