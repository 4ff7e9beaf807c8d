"""The front page of a node that serves several chains, and the way from it into each of them and back."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from smartchain.ledger.address import checksum
from smartchain.ledger.hash import keccak
from smartchain.ledger.unit import Unit
from smartchain.types import Address
from tests.browser.chains import Chains, ledger, of_token
from tests.browser.conftest import DESKTOP, PHONE, Scheme, Visit, Visitor
from tests.browser.making import WALLETS, history, paid
from tests.browser.test_looks import violations

TOKEN, STRANGE = (Address(keccak(name)[12:]) for name in (b"a token", b"a strange token"))
HOSTILE = "<b>US\u202eDC and a very long name"


@pytest.fixture(scope="module")
def chains() -> Chains:
    """Of Ether, of a token, of one that says strange things of itself, one without entries, and one that is left."""
    now = int(time.time())
    told = (of_token(history(40, now - 4_000), TOKEN), Unit(TOKEN, "USDC", 6))
    strange = (of_token(history(8, now - 90_000), STRANGE), Unit(STRANGE, HOSTILE, 18))
    chains = Chains([(history(60, now - 40), None), told, strange, ([], None)], listed=5)
    chains.fleet.leave(ledger(4), f"the contract at {checksum(ledger(4))} does not answer as a ledger does")
    return chains


@pytest.fixture(scope="module")
def url(chains: Chains) -> Iterator[str]:
    with chains.served() as url:
        yield url


@pytest.mark.parametrize(
    ("scheme", "screen"), [("light", DESKTOP), ("dark", PHONE)], ids=["light on a desktop", "dark on a phone"]
)
def test_axe_finds_nothing_wrong_with_the_front_page_and_it_fits_its_screen(
    url: str, visitor_with: Visit, axe_script: str, scheme: Scheme, screen: tuple[int, int]
) -> None:
    page = visitor_with(screen, scheme).visit(url)

    assert violations(page, axe_script) == []
    assert page.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0


def test_what_is_said_of_each_chain_is_its_own_and_what_strangers_say_is_harmless(url: str, visitor: Visitor) -> None:
    page = visitor.visit(url)
    rows = page.locator("table.chains tbody tr")

    expect(rows).to_have_count(5)
    expect(rows.nth(0)).to_contain_text("ETH")
    expect(rows.nth(1)).to_contain_text("USDC")
    expect(rows.nth(2)).to_contain_text('"<b>US\\u202eDC and a very long…"')
    expect(rows.nth(3).locator("td").nth(1)).to_have_text("0")
    expect(rows.nth(4)).to_contain_text("does not answer as a ledger does")
    expect(rows.nth(4).get_by_role("link")).to_have_count(0)


def test_a_chain_is_entered_walked_through_and_left_again_and_one_that_is_not_there_leads_back(
    url: str, visitor: Visitor
) -> None:
    page = visitor.visit(url)
    base = f"{url}/{checksum(ledger(1))}"

    page.locator("table.chains tbody a").nth(1).click()
    expect(page).to_have_url(f"{base}/")
    page.get_by_role("navigation", name="Pages").get_by_role("link", name="Entries").click()
    page.get_by_role("link", name="Older").click()
    page.locator("table.entries tbody th a").first.click()
    expect(page.locator("h1")).to_contain_text("#14")
    page.get_by_role("button", name="Verify it here").click()
    expect(page.locator("#verdict.good")).to_be_visible()
    page.get_by_role("searchbox").fill(checksum(WALLETS[0]))
    page.keyboard.press("Enter")
    expect(page).to_have_url(f"{base}/address/{checksum(WALLETS[0])}")
    page.get_by_role("link", name="All chains").click()
    expect(page).to_have_url(f"{url}/")

    page.goto(f"{url}/{checksum(ledger(9))}/")
    expect(page.locator("main")).to_contain_text(f"no chain of a ledger {checksum(ledger(9))}")
    page.get_by_role("link", name="To the chains").click()
    expect(page).to_have_url(f"{url}/")
    visitor.complaints = [one for one in visitor.complaints if "status of 404" not in one]


def test_the_front_page_follows_the_chains_while_it_is_open(chains: Chains, url: str, visitor: Visitor) -> None:
    page = visitor.visit(url)
    count = page.locator("table.chains tbody tr").nth(3).locator("td").nth(1)
    expect(count).to_have_text("0")

    chains.worlds[3].add(paid(WALLETS[0], WALLETS[1], 5, int(time.time())))

    expect(count).to_have_text("1", timeout=10_000)
    expect(page.locator("#news")).to_contain_text("1 new entry")
