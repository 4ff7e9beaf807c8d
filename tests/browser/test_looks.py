"""Usable by everybody: with a keyboard, a screen reader, a phone, in dark and light."""

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from smartchain.ledger.address import checksum
from tests.browser.conftest import DESKTOP, PHONE, Scheme, Visit, Visitor
from tests.browser.making import WALLETS, demo
from tests.browser.serving import Served, serve

PAGES = {
    "overview": "/",
    "blocks": "/blocks",
    "block": "/block/3",
    "entries": "/entries",
    "a piece of a list": "/entries?before=100",
    "entry": "/entry/298",
    "pending entry": "/entry/299",
    "address": f"/address/{checksum(WALLETS[0])}",
    "stranger": "/address/0x" + "11" * 20,
    "several hits": "/search?q=7",
    "search": "/search",
    "peers": "/peers",
    "verify": "/verify",
    "verified": "/verify?entry=42",
    "send": "/send",
}


def violations(page: Page, script: str) -> list[dict[str, Any]]:
    """What axe finds wrong with the page as it is, by rule and place."""
    page.evaluate(script)
    found: list[dict[str, Any]] = page.evaluate("axe.run().then((found) => found.violations)")
    return [{"rule": one["id"], "at": [node["html"] for node in one["nodes"]]} for one in found]


def settled(page: Page) -> None:
    """Plots are drawn and verdicts spoken."""
    page.wait_for_load_state("load")
    if page.locator("[data-plots]").count():
        expect(page.locator("[data-plots] canvas").first).to_be_visible()
    if "entry=" in page.url:
        expect(page.locator("#verdict")).to_be_visible()


@pytest.mark.parametrize(
    ("scheme", "screen"), [("light", DESKTOP), ("dark", PHONE)], ids=["light on a desktop", "dark on a phone"]
)
def test_axe_finds_nothing_wrong_with_any_page(
    served: Served, visitor_with: Visit, axe_script: str, scheme: Scheme, screen: tuple[int, int]
) -> None:
    page = visitor_with(screen, scheme).visit(served.url)
    found = {}
    for name, path in PAGES.items():
        page.goto(served.url + path)
        settled(page)
        if wrong := violations(page, axe_script):
            found[name] = wrong

    assert found == {}


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_wrong_with_what_goes_wrong(visitor_with: Visit, axe_script: str, scheme: Scheme) -> None:
    visitor = visitor_with(DESKTOP, scheme)
    found = {}
    with serve(demo(30, verified=False)) as unverified:
        for path in ("/", "/entries", "/block/999", "/address/0x12", "/search?q=nothing"):
            page = visitor.visit(unverified.url + path)
            if wrong := violations(page, axe_script):
                found[path] = wrong
            page.close()
        page = visitor.visit(f"{unverified.url}/verify")
        page.get_by_role("button", name="Verify", exact=True).click()
        if wrong := violations(page, axe_script):
            found["a forged receipt"] = wrong
        page.close()
    visitor.complaints = [one for one in visitor.complaints if "status of 40" not in one]

    assert found == {}


@pytest.mark.parametrize("width", [320, 390, 820])
def test_no_page_is_wider_than_its_screen(served: Served, visitor_with: Visit, width: int) -> None:
    page = visitor_with((width, 800)).visit(served.url)
    wide = {}
    for name, path in PAGES.items():
        page.goto(served.url + path)
        settled(page)
        excess = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        if excess > 0:
            wide[name] = excess

    assert wide == {}


def test_dark_is_dark_and_light_is_light(served: Served, visitor_with: Visit) -> None:
    shade = "getComputedStyle(document.body).backgroundColor.match(/\\d+/g).map(Number).reduce((a, b) => a + b)"

    assert visitor_with(scheme="dark").visit(served.url).evaluate(shade) < 3 * 50
    assert visitor_with(scheme="light").visit(served.url).evaluate(shade) > 3 * 220


def test_the_first_thing_the_tab_key_reaches_skips_the_head(served: Served, visitor: Visitor) -> None:
    page = visitor.visit(served.url)

    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")

    expect(page.locator("#main")).to_be_focused()


def test_a_hash_is_copied_from_the_keyboard(served: Served, visitor: Visitor) -> None:
    visitor.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page = visitor.visit(f"{served.url}/block/3")
    copy = page.get_by_role("button", name="Copy the hash")
    whole = page.locator(".facts code").first.inner_text()

    copy.focus()
    page.keyboard.press("Enter")

    expect(page.locator("#news")).to_have_text("Copied.")
    assert page.evaluate("navigator.clipboard.readText()") == whole


def test_every_page_of_the_menu_is_reached_by_keyboard_alone(served: Served, visitor: Visitor) -> None:
    page = visitor.visit(served.url)
    for name in ("Blocks", "Entries", "Peers", "Verify", "Send", "Overview"):
        page.get_by_role("navigation", name="Pages").get_by_role("link", name=name).focus()
        page.keyboard.press("Enter")
        expect(page.locator("nav [aria-current=page]")).to_have_text(name)


def test_the_slash_key_stays_a_slash_where_somebody_types(served: Served, visitor: Visitor) -> None:
    page = visitor.visit(f"{served.url}/verify")

    page.get_by_label("Or paste it").press_sequentially("a/b")

    expect(page.get_by_label("Or paste it")).to_have_value("a/b")


def test_times_are_told_from_now_and_exactly(served: Served, visitor: Visitor) -> None:
    page = visitor.visit(f"{served.url}/block/0")
    told = page.locator(".facts time").last

    expect(told).to_have_text("1 hour ago")
    assert str(told.get_attribute("title")).endswith(" UTC")


def test_without_scripts_everything_is_there_to_read(served: Served, browser: Any) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(served.url)
    assert "verified up to #299" in page.inner_text(".badge")
    assert page.locator("#entry-299").count() == 1
    page.goto(f"{served.url}/verify")
    assert "scripts are off" in page.locator("noscript").inner_text()
    context.close()
