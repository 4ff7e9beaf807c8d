"""Exports: the same entries in each format, and never those of two chains in one file."""

from __future__ import annotations

import csv
import io
import json

import httpx
import pytest

from smartchain.errors import StoreMoved
from smartchain.node.api.export import PIECE, WRITERS, EntryRange
from tests.store.making import ANNA, BEN, payment, payments
from tests.unit.node.asking import Client, World

ENTRIES = [payment(ANNA, BEN, 2**256 - 1, b"=1+1"), *payments(3, PIECE + 500)]


@pytest.fixture(scope="module")
def client() -> Client:
    return Client(World(ENTRIES))


def rows_of(response: httpx.Response, form: str) -> list[dict[str, str]]:
    """Every row, each value as text."""
    assert response.status_code == 200
    if form == "ndjson":
        return [{name: text(value) for name, value in json.loads(line).items()} for line in response.iter_lines()]
    if form == "csv":
        return list(csv.DictReader(io.StringIO(response.text)))
    from pyarrow import parquet

    table = parquet.read_table(io.BytesIO(response.content))
    return [{name: text(value) for name, value in row.items()} for row in table.to_pylist()]


def text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


@pytest.mark.parametrize("form", WRITERS)
def test_an_export_that_is_replaced_meanwhile_breaks_off(form: str) -> None:
    world = World(ENTRIES)
    pieces = WRITERS[form](EntryRange(world.store, 0, None))  # type: ignore[index]
    if form != "parquet":  # which writes at the end
        next(pieces)

    world.turn([*ENTRIES[:-1], payment(BEN, ANNA, 1)])

    with pytest.raises(StoreMoved):
        list(pieces)


@pytest.mark.parametrize("form", WRITERS)
def test_every_format_holds_every_entry_to_the_digit(client: Client, form: str) -> None:
    response = client.get(f"/api/v1/export?format={form}")
    expected = [
        {name: text(value) for name, value in row.items() if name != "verified"}
        for row in client.walk("/api/v1/entries?limit=1000", "entries")
    ]

    rows = rows_of(response, form)

    assert {row.pop("verified") for row in rows} == {"true"}
    assert rows == expected
    assert response.headers["smartchain-root"] == client.json("/api/v1/head")["root"]
    assert response.headers["content-disposition"] == f'attachment; filename="entries-0-{len(ENTRIES)}.{form}"'


@pytest.mark.parametrize("form", WRITERS)
def test_a_part_is_exported_by_its_bounds(client: Client, form: str) -> None:
    part = rows_of(client.get(f"/api/v1/export?format={form}&from=3&until_index=5"), form)
    none = rows_of(client.get(f"/api/v1/export?format={form}&from=5&until_index=3"), form)

    assert [row["index"] for row in part] == ["3", "4"]
    assert none == []


def test_no_cell_of_a_table_begins_a_formula(client: Client) -> None:
    rows = rows_of(client.get("/api/v1/export?format=csv&until_index=1"), "csv")

    assert not any(value.startswith(("=", "+", "-", "@")) for value in rows[0].values())
