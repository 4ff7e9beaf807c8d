"""
The pictures of docs/: `python -m tests.browser.screenshots` writes them anew.

They show a ledger made up for the purpose, in the browser that the tests take.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, Page, expect, sync_playwright

from smartchain.ledger.address import checksum
from smartchain.ledger.entry import Entry
from smartchain.ledger.hash import keccak
from smartchain.ledger.unit import Unit
from smartchain.types import Address
from tests.browser.chains import Chains, of_token
from tests.browser.making import WALLETS, demo, history
from tests.browser.serving import serve
from tools.browser import FLAGS, find_chromium

IMAGES = Path(__file__).resolve().parents[2] / "docs/images"
ENTRIES = 1_500


@dataclass(frozen=True)
class Shot:
    """One picture."""

    name: str
    path: str
    dark: bool = False
    width: int = 1200
    height: int = 860


SHOTS = (
    Shot("overview", "/", height=1000),
    Shot("overview-dark", "/", dark=True, height=1000),
    Shot("overview-phone", "/", width=390, height=1000),
    Shot("address", f"/address/{checksum(WALLETS[0])}"),
    Shot("entry", f"/entry/{ENTRIES - 30}", height=780),
    Shot("verify", "/verify?entry=42", height=1240),
)


TOKENS = (("USDC", 6, 900, 12), ("DAI", 18, 240, 700), ("VILLAGE", 18, 120, 4_000))
"""Symbol, decimals, entries, and how many seconds ago the last of them was."""

ALL_CHAINS = Shot("chains", "/", height=680)
PICTURES = (*SHOTS, ALL_CHAINS)


def take(browser: Browser, folder: Path) -> Iterator[Path]:
    """Every picture; its file, once it is written."""
    with serve(demo(ENTRIES)) as node:
        for shot in SHOTS:
            yield _taken(browser, node.url, shot, folder)
    with several().served() as url:
        yield _taken(browser, url, ALL_CHAINS, folder)


def several() -> Chains:
    """Ether and three tokens, a chain each."""
    now = int(time.time())
    histories: list[tuple[list[Entry], Unit | None]] = [(history(ENTRIES, now - 3), None)]
    for symbol, decimals, count, ago_s in TOKENS:
        token = Address(keccak(symbol.encode())[12:])
        histories.append((of_token(history(count, now - ago_s), token), Unit(token, symbol, decimals)))
    return Chains(histories)


def _taken(browser: Browser, url: str, shot: Shot, folder: Path) -> Path:
    context = browser.new_context(
        viewport={"width": shot.width, "height": shot.height},
        color_scheme="dark" if shot.dark else "light",
        reduced_motion="reduce",
        locale="en-GB",
    )
    page = context.new_page()
    page.goto(url + shot.path)
    _ready(page)
    file = _written(page, folder / f"{shot.name}.png")
    context.close()
    return file


def _ready(page: Page) -> None:
    for plot in page.locator("[data-plot]").all():
        expect(plot.locator("canvas")).to_be_visible()
    if "/verify" in page.url:
        expect(page.locator("#verdict")).to_be_visible()


def _written(page: Page, file: Path) -> Path:
    page.evaluate("scrollTo(0, 0)")
    page.screenshot(path=file)
    return file


def _say(line: str) -> None:
    sys.stderr.write(line + "\n")


def main() -> int:
    """Write all of them into docs/images."""
    IMAGES.mkdir(parents=True, exist_ok=True)
    chromium = find_chromium(_say)
    environ: dict[str, str | float | bool] = {**os.environ, **chromium.environment}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium.executable, env=environ, args=list(FLAGS))
        for file in take(browser, IMAGES):
            sys.stdout.write(f"{file.relative_to(IMAGES.parents[1])}\n")
        browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
