"""A real Chromium, one for all tests here, with a fresh profile for each; and what a page may never do."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Literal

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Dialog, Page, sync_playwright

from tests.browser.making import demo
from tests.browser.serving import Served, serve
from tools.browser import FLAGS, axe, find_chromium

DESKTOP, PHONE = (1280, 900), (390, 844)
Scheme = Literal["light", "dark"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """One browser: under xdist all of its tests run in one process."""
    for item in items:
        if "/browser/" in item.nodeid:
            item.add_marker(pytest.mark.xdist_group("browser"))


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    chromium = find_chromium(print)
    environ: dict[str, str | float | bool] = {**os.environ, **chromium.environment}
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=chromium.executable, env=environ, args=list(FLAGS))
        yield running
        running.close()


@dataclass
class Visitor:
    """Somebody with a browser, and everything that the browser complained about."""

    context: BrowserContext
    complaints: list[str] = field(default_factory=list)

    def visit(self, url: str) -> Page:
        page = self.context.new_page()
        page.on("console", self._heard)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("dialog", self._asked)
        page.goto(url)
        return page

    def _asked(self, dialog: Dialog) -> None:
        self.complaints.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    def _heard(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            self.complaints.append(f"{message.text} {message.location.get('url', '')}")


Visit = Callable[..., Visitor]


@pytest.fixture
def visitor_with(browser: Browser) -> Iterator[Visit]:
    """Visitors with a screen and a taste of their own; no page of theirs may have met an error."""
    visitors: list[Visitor] = []

    def made(screen: tuple[int, int] = DESKTOP, scheme: Scheme = "light") -> Visitor:
        context = browser.new_context(
            viewport={"width": screen[0], "height": screen[1]},
            color_scheme=scheme,
            reduced_motion="reduce",
            locale="en-GB",
        )
        context.set_default_timeout(10_000)
        visitors.append(Visitor(context))
        return visitors[-1]

    yield made
    for visitor in visitors:
        visitor.context.close()
    assert [complaint for visitor in visitors for complaint in visitor.complaints] == []


@pytest.fixture
def visitor(visitor_with: Visit) -> Visitor:
    return visitor_with()


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    """A node with 300 entries; tests that let it grow take one of their own."""
    with serve(demo(300)) as node:
        yield node


@pytest.fixture
def growing() -> Iterator[Served]:
    """A node of the test's own."""
    with serve(demo(60)) as node:
        yield node


@pytest.fixture(scope="session")
def axe_script() -> str:
    return axe(print).read_text()
