"""A payment comes in, and the page shows it, without being loaded again."""

import re
import time

from playwright.sync_api import Page, expect

from smartchain.ledger.address import checksum
from tests.browser.conftest import Visitor
from tests.browser.making import ETH, MARKUP, WALLETS, paid, seal
from tests.browser.serving import Served

ANNA, BEN = WALLETS[:2]


def now() -> int:
    return int(time.time())


def mark(page: Page) -> None:
    """Something that a reload would wipe out."""
    page.evaluate("window.stillHere = true")


def was_not_loaded_again(page: Page) -> bool:
    return page.evaluate("window.stillHere === true") is True


def test_a_payment_moves_the_first_page(growing: Served, visitor: Visitor) -> None:
    page = visitor.visit(growing.url)
    expect(page.locator(".badge")).to_contain_text("verified up to #59")
    before = page.locator(".roots code").first.inner_text()
    mark(page)

    growing.add(paid(ANNA, BEN, 41 * ETH, now(), "first of many"))

    expect(page.locator(".badge")).to_contain_text("verified up to #60")
    row = page.locator("#entry-60")
    expect(row).to_contain_text("41 ETH")
    expect(row).to_contain_text("first of many")
    expect(page.locator(".figures")).to_contain_text("61")
    assert page.locator(".roots code").first.inner_text() != before
    assert was_not_loaded_again(page)


def test_the_plots_move_with_it(growing: Served, visitor: Visitor) -> None:
    page = visitor.visit(growing.url)
    plot = page.locator("[data-plot=entries]")
    expect(plot.locator("canvas")).to_be_visible()
    expect(plot).to_have_attribute("aria-label", re.compile("last 60,"))

    growing.add(paid(ANNA, BEN, ETH, now()), seal(now()))

    expect(plot).to_have_attribute("aria-label", re.compile("last 62,"))
    expect(page.locator("[data-plot=blocks]")).to_have_attribute("aria-label", re.compile("last 7,"))


def test_a_screen_reader_is_told(growing: Served, visitor: Visitor) -> None:
    page = visitor.visit(growing.url)

    growing.add(paid(ANNA, BEN, ETH, now()), paid(ANNA, BEN, ETH, now()))

    expect(page.locator("#news")).to_have_text("2 new entries, 62 in all.")


def test_an_address_moves_too(growing: Served, visitor: Visitor) -> None:
    page = visitor.visit(f"{growing.url}/address/{checksum(ANNA)}")
    mark(page)

    growing.add(paid(BEN, ANNA, 77 * ETH, now()))

    expect(page.locator("#entry-60")).to_contain_text("+77 ETH")
    assert was_not_loaded_again(page)


def test_an_entry_shows_its_block_when_it_comes_and_how_far_the_host_has_settled_it(
    growing: Served, visitor: Visitor
) -> None:
    growing.add(paid(ANNA, BEN, ETH, now()))
    page, main = visitor.visit(f"{growing.url}/entry/60"), visitor.context.pages[0].locator("main")
    expect(main).to_contain_text("in no block yet")
    expect(main).to_contain_text("unsafe the host chain may still replace this entry")

    growing.add(seal(now()))
    expect(main).not_to_contain_text("in no block yet")

    growing.settle(safe=61, finalized=3)
    growing.add(paid(BEN, ANNA, ETH, now()))
    expect(main).to_contain_text("safe the host chain is not expected to replace this entry")

    growing.settle(safe=62, finalized=61)
    growing.add(paid(BEN, ANNA, ETH, now()))
    expect(main).to_contain_text("finalized the host chain cannot replace this entry any more")
    assert page.locator("[hx-get]").count() == 0, "nothing more can happen to it"

    page.goto(f"{growing.url}/")
    expect(page.locator("#head-finalized")).to_contain_text("62 entries in 7 blocks")
    expect(page.locator("#head-unsafe")).to_contain_text("64 entries")


def test_an_older_piece_of_a_list_stands_still(growing: Served, visitor: Visitor) -> None:
    page = visitor.visit(f"{growing.url}/entries?before=30")
    other = visitor.visit(f"{growing.url}/entries")
    shown = page.locator("tbody th").all_inner_texts()

    growing.add(paid(ANNA, BEN, ETH, now()))

    expect(other.locator("#entry-60")).to_be_visible()
    assert page.locator("tbody th").all_inner_texts() == shown


def test_markup_in_a_memo_that_comes_in_stays_text(growing: Served, visitor: Visitor) -> None:
    page = visitor.visit(growing.url)

    growing.add(paid(ANNA, BEN, ETH, now(), MARKUP))

    expect(page.locator("#entry-60 .memo")).to_have_text(MARKUP)
    assert page.locator("main table img").count() == 0


def test_what_the_visitor_is_reading_keeps_its_focus(growing: Served, visitor: Visitor) -> None:
    page = visitor.visit(growing.url)
    page.locator("#entry-59 a").first.focus()

    growing.add(paid(ANNA, BEN, ETH, now()))

    expect(page.locator("#entry-60")).to_be_visible()
    expect(page.locator("#entry-59 a").first).to_be_focused()
