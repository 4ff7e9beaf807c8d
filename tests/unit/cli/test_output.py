"""What is printed: exact, in UTC, with units, and harmless."""

from datetime import UTC
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smartchain.cli import output
from smartchain.ledger.entry import Entry
from smartchain.ledger.hash import ETHER, SEAL
from smartchain.types import ZERO_ADDRESS, Address

ADA = Address(b"\x01" * 20)


def test_times_are_iso_8601_in_utc_with_a_z_or_of_the_zone_asked_for() -> None:
    assert output.when(0) == "1970-01-01T00:00:00Z"
    assert output.when(1_700_000_000, UTC) == "2023-11-14T22:13:20Z"
    assert output.when(1_700_000_000, ZoneInfo("Asia/Kolkata")) == "2023-11-15T03:43:20+05:30"


@pytest.mark.parametrize("timestamp", [output.LAST_TIMESTAMP + 1, 2**64 - 1])
def test_a_time_past_the_calendar_is_shown_as_its_number(timestamp: int) -> None:
    assert output.when(output.LAST_TIMESTAMP) == "9999-12-31T23:59:59Z"
    assert output.when(timestamp) == str(timestamp)


def test_ether_has_its_unit_a_seal_no_amount_and_another_subject_its_name() -> None:
    assert output.amount(Entry(ETHER, ADA, ADA, 10**17 + 1, 0)) == "0.100000000000000001 ether"
    assert output.amount(Entry(SEAL, ADA, ZERO_ADDRESS, 0, 0)) == ""
    assert output.amount(Entry(ADA, ADA, ADA, 5, 0)) == "5 of 0x0101010101010101010101010101010101010101"


def test_nobody_is_a_dash() -> None:
    assert output.party(ZERO_ADDRESS) == "-"
    assert output.party(ADA) == "0x0101010101010101010101010101010101010101"


@given(st.text())
def test_any_text_becomes_one_line_that_cannot_play_with_a_terminal(text: str) -> None:
    line = output.one_line(text)

    assert all(character.isprintable() for character in line)
    assert len(line.splitlines()) <= 1


def test_a_table_has_columns_as_wide_as_they_need_and_numbers_flush() -> None:
    rows = [["1", "Ada"], ["1,000", "B"]]

    assert list(output.table_lines(["count", "name"], rows, ["count"])) == ["count  name", "    1  Ada", "1,000  B"]
    assert list(output.table_lines(["none"], [])) == ["none"]


@pytest.mark.parametrize(
    ("count", "said"), [(0, "0 entries"), (1, "1 entry"), (2, "2 entries"), (1_234_567, "1,234,567 entries")]
)
def test_one_is_singular(count: int, said: str) -> None:
    assert output.plural(count, "entry", "entries") == said


def test_any_number_of_lines_is_written_without_holding_them(capsys: pytest.CaptureFixture[str]) -> None:
    count = 3 * output.LINES_AT_ONCE + 1

    output.stream_json({"n": number} for number in range(count))
    lines = capsys.readouterr().out.splitlines()
    output.stream([])

    assert lines == [f'{{"n": {number}}}' for number in range(count)]
    assert capsys.readouterr().out == ""
