"""The history adds up, to the wei and to the second, and is safe to open in a spreadsheet."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from datetime import UTC
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from smartchain.cli.history import How, Span, _csv, _lines, _row, _span
from smartchain.errors import InputError
from smartchain.indexer.growth import genesis_of
from smartchain.ledger.address import checksum
from smartchain.ledger.block import Assembler, BlockRule
from smartchain.ledger.entry import Entry
from smartchain.ledger.hash import EMPTY_ROOT, ETHER, SEAL, keccak
from smartchain.ledger.merkle import MerkleLog
from smartchain.ledger.unit import raw_unit
from smartchain.ports import Chunk, Genesis, HostBlock, LedgerInfo, Step
from smartchain.types import ZERO_ADDRESS, Address, ChainId, Hash32, Index, Size
from smartchain.wallet.memo import parse_memo
from tests.fakes.store import ListStore

LEDGER, ADA, BEN, TREASURY, TOKEN = (Address(bytes([n]) * 20) for n in (9, 1, 2, 3, 4))
START = 1_767_225_600
"""2026-01-01T00:00:00Z."""

DAY = 86_400
PPM = 50
ALWAYS = Span(0, None, UTC)


def pays(sender: Address, recipient: Address, value: int, days: float, memo: str = "") -> Entry:
    return Entry(ETHER, sender, recipient, value, int(START + days * DAY), parse_memo(memo))


ENTRIES = [
    pays(ADA, BEN, 10**18, 0),
    pays(BEN, ADA, 3 * 10**17 + 1, 0.5, "=HYPERLINK(1)"),
    Entry(SEAL, ADA, ZERO_ADDRESS, 0, START + DAY),
    pays(ADA, ADA, 10**6, 1.5, 'a "b", c'),
    pays(LEDGER, TREASURY, 5 * 10**13, 2),
    pays(ADA, BEN, 1, 3, "\x1b[2J"),
]


def store_of(entries: Sequence[Entry]) -> ListStore:
    info = LedgerInfo(ChainId(1), LEDGER, BlockRule(2, 0), Genesis(Size(0), EMPTY_ROOT, START), 5, PPM)
    store = ListStore(info)
    packed = [entry.pack() for entry in entries]
    blocks = list(Assembler(info.rule, genesis_of(info), MerkleLog()).feed(packed))
    chunk = Chunk(5, 9, Index(0), packed, [7] * len(packed), [keccak(one) for one in packed])
    store.take(Step(chunk, HostBlock(9, Hash32(bytes(32)), START), [genesis_of(info), *blocks], [], verified=True))
    return store


def amounts(address: Address | None = None, span: Span = ALWAYS) -> list[tuple[int, str, str]]:
    """Index, change and balance of each line."""
    rows = [_row(line, How(address, span.zone, raw_unit)) for line in _lines(store_of(ENTRIES), address, span)]
    return [(row["index"], row["change"], row["balance"]) for row in rows]


def test_what_each_payment_changed_adds_up_to_the_balance_fees_included() -> None:
    assert amounts(BEN) == [
        (0, "0.99995", "0.99995"),
        (1, "-0.300000000000000001", "0.699949999999999999"),
        (5, "0.000000000000000001", "0.69995"),
    ]
    store = store_of(ENTRIES)
    assert [line.balance for line in _lines(store, TREASURY, ALWAYS)] == [5 * 10**13]


def test_the_ledger_itself_gets_the_fees_of_all_payments() -> None:
    fees = [10**18 * PPM // 10**6, 3 * 10**17 * PPM // 10**6, 10**6 * PPM // 10**6]

    rows = amounts(LEDGER)

    assert [index for index, _, _ in rows] == [0, 1, 3, 4]
    assert Decimal(rows[-1][2]) * 10**18 == sum(fees) - 5 * 10**13


def test_of_a_token_fees_and_balances_are_its_own_and_in_its_smallest_unit() -> None:
    paid = Entry(TOKEN, ADA, BEN, 1_000_000, START, parse_memo(""))
    store = store_of([pays(ADA, BEN, 10**18, 0), paid, Entry(SEAL, BEN, ZERO_ADDRESS, 0, START, parse_memo(""))])

    rows = [_row(line, How(BEN, UTC, raw_unit)) for line in _lines(store, BEN, ALWAYS)]

    told = [(row["unit"], row["amount"], row["fee"], row["change"], row["balance"]) for row in rows]
    assert told == [
        ("ether", "1", "0.00005", "0.99995", "0.99995"),
        (checksum(TOKEN), "1000000", "50", "999950", "999950"),
        ("seal", "0", "0", "0", "999950"),
    ]
    assert [line.balance for line in _lines(store, LEDGER, ALWAYS)] == [5 * 10**13, 50]
    assert store.balance(BEN, TOKEN) == 999_950


def test_a_payment_to_oneself_costs_the_fee_alone() -> None:
    assert ("3", "-0.00000000000000005") in [(str(index), change) for index, change, _ in amounts(ADA)]


def test_a_span_leaves_lines_out_and_the_balance_as_it_is() -> None:
    span = _span("2026-01-01T12:00:00", "2026-01-02", "UTC")

    assert [index for index, _, _ in amounts(ADA, span)] == [1, 2, 3]
    assert amounts(BEN, _span("2026-01-03", None, "UTC")) == [(5, "0.000000000000000001", "0.69995")]
    lines = list(_lines(store_of(ENTRIES), None, span))
    assert [line.recorded.index for line in lines] == [1, 2, 3]


def test_a_day_is_a_day_of_the_zone_asked_for() -> None:
    tokyo = _span("2026-01-01", "2026-01-01", "Asia/Tokyo")

    assert (tokyo.start, tokyo.stop) == (START - 9 * 3600, START + 15 * 3600)
    assert tokyo.zone == ZoneInfo("Asia/Tokyo")
    assert _span("2026-01-01T00:00:00+02:00", None, "UTC").start == START - 2 * 3600


@pytest.mark.parametrize("text", ["yesterday", "2026-13-01", "2026-01-32", "", " ", "01.02.2026"])
def test_what_is_no_date_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="2026-01-31"):
        _span(text or "x", None, "UTC")


@pytest.mark.parametrize("zone", ["Mars/Olympus", "../etc/passwd", ""])
def test_what_is_no_time_zone_is_refused(zone: str) -> None:
    with pytest.raises(InputError, match="time zone"):
        _span(None, None, zone)


def test_a_block_is_named_once_the_entry_is_in_one() -> None:
    blocks = [line.block for line in _lines(store_of(ENTRIES), None, ALWAYS)]

    assert blocks == [1, 1, 2, 3, 3, None]


def test_the_csv_reads_back_whole_and_holds_neither_a_formula_nor_an_escape() -> None:
    lines = list(_csv(_lines(store_of(ENTRIES), None, ALWAYS), How(None, UTC, raw_unit)))
    rows = list(csv.DictReader(lines))

    assert [row["memo"] for row in rows] == ["", "'=HYPERLINK(1)", "", 'a "b", c', "", r"\x1b[2J"]
    assert [row["unit"] for row in rows] == ["ether", "ether", "seal", "ether", "ether", "ether"]
    assert rows[0]["time"] == "2026-01-01T00:00:00Z"
    assert rows[0]["fee"] == "0.00005"
    assert (rows[4]["fee"], rows[5]["block"]) == ("0", "")
