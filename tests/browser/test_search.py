"""One box, from the keyboard."""

from playwright.sync_api import expect

from smartchain.ledger.address import checksum
from tests.browser.conftest import Visitor
from tests.browser.making import WALLETS
from tests.browser.serving import Served


def test_an_address_typed_into_the_box_leads_to_its_page(served: Served, visitor: Visitor) -> None:
    page = visitor.visit(served.url)

    page.keyboard.press("/")
    page.keyboard.type("0x" + WALLETS[0].hex())
    page.keyboard.press("Enter")

    expect(page).to_have_url(f"{served.url}/address/{checksum(WALLETS[0])}")
    expect(page.get_by_role("heading", level=1)).to_contain_text(checksum(WALLETS[0]))
    expect(page.locator("[data-plot=balance] canvas")).to_be_visible()


def test_what_may_be_several_things_is_listed_and_each_leads_on(served: Served, visitor: Visitor) -> None:
    page = visitor.visit(f"{served.url}/search?q=7")
    expect(page.locator(".hits a")).to_have_count(2)

    page.get_by_role("link", name="entry #7").click()

    expect(page.get_by_role("heading", level=1)).to_have_text("Entry #7")


def test_a_block_is_found_by_its_hash(served: Served, visitor: Visitor) -> None:
    page = visitor.visit(f"{served.url}/block/3")
    found = page.locator(".facts code").first.inner_text()

    page.get_by_role("searchbox").fill(found)
    page.get_by_role("button", name="Search").click()

    expect(page).to_have_url(f"{served.url}/block/3")


def test_a_memo_that_many_have_leads_to_their_list(served: Served, visitor: Visitor) -> None:
    page = visitor.visit(served.url)
    page.get_by_role("searchbox").fill("coffee")
    page.get_by_role("searchbox").press("Enter")

    expect(page.locator("tbody tr").first).to_contain_text("coffee")
    assert set(page.locator("tbody .memo").all_inner_texts()) == {"coffee"}


def test_markup_that_is_looked_for_is_not_obeyed(served: Served, visitor: Visitor) -> None:
    page = visitor.visit(f"{served.url}/entries")
    page.get_by_role("searchbox").fill("<img src=x onerror=alert(1)>")
    page.get_by_role("searchbox").press("Enter")

    expect(page).to_have_url(f"{served.url}/entry/298")
    expect(page.locator(".facts .memo")).to_have_text("<img src=x onerror=alert(1)>")
    assert page.locator("main img").count() == 0


def test_older_and_newer_pieces_of_a_list_are_a_click_away(served: Served, visitor: Visitor) -> None:
    page = visitor.visit(f"{served.url}/entries")
    page.get_by_role("link", name="Older").click()
    expect(page.locator("tbody th").first).to_have_text("#274")

    page.get_by_role("link", name="Newer").click()

    expect(page.locator("tbody th").first).to_have_text("#299")
