"""Amounts of other subjects than Ether: as the ledger describes them, harmless, and raw where nobody did."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from smartchain.ledger.address import checksum
from smartchain.ledger.entry import Entry
from smartchain.ledger.hash import ETHER
from smartchain.ledger.unit import Unit, raw_unit
from smartchain.types import Address
from tests.browser.making import ETH, WALLETS, World, info_of, paid
from tests.unit.node_explorer.client import Client

NOW = 1_700_000_000
ANNA, BEN = WALLETS[:2]
TOKEN = Address(b"\x70" * 20)
WHERE = checksum(TOKEN)


def of_token(value: int) -> Entry:
    return replace(paid(ANNA, BEN, value, NOW), subject=TOKEN)


def asked(*entries: Entry, symbol: str = "USDC", decimals: int | None = 6, fee_ppm: int = 0) -> Client:
    """The explorer of a ledger that describes its token so."""
    unit = Unit(TOKEN, symbol, decimals)
    return Client(
        World(list(entries), info_of(fee_ppm, started=NOW)),
        unit_of=lambda subject: unit if subject == TOKEN else raw_unit(subject),
    )


def text_of(page: str) -> str:
    return " ".join(re.sub(r"<[^>]*>", "", page).split())


def test_a_token_is_shown_in_its_own_unit_wherever_an_amount_stands() -> None:
    client = asked(of_token(12_345_500_000), fee_ppm=10_000)

    for path in ("/", "/entries", "/block/0", "/entry/0", f"/address/{checksum(BEN)}"):
        if path != "/block/0":
            assert "12,345.5 USDC" in text_of(client.get(path).text), path
    entry = text_of(client.get("/entry/0").text)
    assert "123.455 USDC kept by the contract; the recipient got 12,222.045 USDC" in entry
    assert f"{WHERE} 12,345,500,000 smallest units" in entry.replace("copy ", "")
    assert "12,222.045 USDC" in text_of(client.get(f"/address/{checksum(BEN)}").text)


@pytest.mark.parametrize("decimals", [None, 78, 255])
def test_what_nobody_described_is_raw(decimals: int | None) -> None:
    client = asked(of_token(12_500_000), decimals=decimals)

    for path in ("/entries", "/entry/0", f"/address/{checksum(BEN)}"):
        page = client.get(path).text
        assert "12,500,000" in page
        assert "USDC" not in page


@pytest.mark.parametrize(
    ("symbol", "shown"),
    [
        ("<script>alert(1)</script>", "&#34;&lt;script&gt;alert(1)&lt;/script…&#34;"),
        ("US\u202eCD\x1b[2J", r"US\u202eCD\x1b[2J"),
        ("X" * 10_000, "X" * 24 + "…"),
        ("ETH", f"ETH of {WHERE}"),
        ("\U0001f415", "&#34;\U0001f415&#34;"),
    ],
)
def test_a_hostile_symbol_is_escaped_and_short(symbol: str, shown: str) -> None:
    client = asked(of_token(12_500_000), symbol=symbol)

    for path in ("/", "/entries", "/entry/0", f"/address/{checksum(BEN)}", "/send"):
        page = client.get(path).text
        assert f"<bdi>{shown}</bdi>" in page, path
        assert "\u202e" not in page
        assert "<script>alert" not in page
        assert len(page) < 40_000


def test_an_address_that_dealt_in_two_subjects_has_a_balance_of_each() -> None:
    client = asked(paid(ANNA, BEN, 2 * ETH, NOW), of_token(12_500_000))
    place = f"/address/{checksum(BEN)}"

    ether, token = client.get(place).text, client.get(f"{place}?subject={WHERE}").text

    assert f'<a href="?subject={WHERE}"><bdi>USDC</bdi></a>' in ether
    assert f'<a href="?subject={checksum(ETHER)}">Ether</a>' in token
    assert ">2</span> <abbr" in ether
    assert "12.5 USDC" in text_of(token)
    assert client.get(f"{place}.json").json()["subject"] == checksum(ETHER)


def test_where_no_ether_is_paid_the_page_says_so_and_offers_no_form() -> None:
    token, ether = asked(of_token(1)).get("/send").text, asked(paid(ANNA, BEN, 1, NOW)).get("/send").text

    assert "This ledger counts USDC" in text_of(token)
    assert '<form id="send"' not in token
    assert '<form id="send"' in ether
