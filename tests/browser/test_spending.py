"""A page of another origin, in a real browser, tries to spend: by image, form, frame, link, beacon and fetch."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

import pytest
from playwright.sync_api import Browser

from smartchain.ledger.address import checksum
from smartchain.node.app import build_app
from smartchain.node.services import Services
from tests.fakes.serving import serving
from tests.store.making import ANNA, BEN
from tests.unit.legacy.making import Ledger

ATTACKS = """
async ([node, transfer]) => {
  const tries = ["/mine", "/transactions/new"].map((path) => node + path);
  const quiet = (promise) => Promise.resolve(promise).catch(() => null);
  const bodies = [transfer, new Blob([transfer], {type: "application/json"}), new URLSearchParams({transfer})];
  for (const url of tries) {
    const image = new Image();
    image.src = url;
    await new Promise((done) => { image.onload = image.onerror = done; });
    await quiet(fetch(url, {mode: "no-cors"}));
    await quiet(fetch(url, {mode: "no-cors", referrerPolicy: "no-referrer", credentials: "include"}));
    await quiet(fetch(url));
    for (const body of bodies) {
      await quiet(fetch(url, {method: "POST", mode: "no-cors", body}));
      await quiet(fetch(url, {method: "POST", body, headers: {"Content-Type": "application/json"}}));
      navigator.sendBeacon(url, body);
    }
    for (const enctype of ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data"]) {
      for (const method of ["GET", "POST"]) {
        const frame = document.createElement("iframe");
        frame.name = "f" + Math.random();
        document.body.append(frame);
        const form = document.createElement("form");
        Object.assign(form, {action: url, method, enctype, target: frame.name});
        const field = document.createElement("input");
        Object.assign(field, {name: transfer.slice(0, -1) + ', "x": "', value: '"}'});
        form.append(field);
        document.body.append(form);
        const gone = new Promise((done) => { frame.onload = done; setTimeout(done, 300); });
        form.submit();
        await gone;
      }
    }
  }
}
"""

TRANSFER = f'{{"sender": "{checksum(ANNA)}", "amount": 1, "recipient": "{checksum(BEN)}"}}'


class Page(http.server.BaseHTTPRequestHandler):
    """Somebody else's, which allows its scripts everything."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(b"<!doctype html><title>kittens</title><body>")

    def log_message(self, *_: object) -> None: ...


@contextmanager
def elsewhere() -> Iterator[int]:
    """A web server of somebody else's; its port."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(Page))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server.server_port
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize("name", ["localhost", "127.0.0.1"])
def test_no_page_of_another_origin_spends_a_wei(browser: Browser, name: str) -> None:
    ledger = Ledger()
    app = build_app(Services(ledger.store, spender=ledger))
    with serving(app) as node, elsewhere() as port:
        page = browser.new_page()
        page.goto(f"http://{name}:{port}/")
        page.evaluate(ATTACKS, [node, TRANSFER])
        page.set_content(f'<a href="{node}/mine">look, kittens</a>')
        page.click("a")
        page.wait_for_load_state()
        page.close()

    assert (ledger.paid, len(ledger.store.rows)) == ([], 0)


def test_the_nodes_own_page_and_the_address_bar_may(browser: Browser) -> None:
    ledger = Ledger()
    app = build_app(Services(ledger.store, spender=ledger))
    with serving(app) as node:
        page = browser.new_page()
        assert page.goto(f"{node}/mine") is not None
        page.goto(f"{node}/chain")
        status = page.evaluate(
            """(body) => fetch("/transactions/new", {method: "POST", body, headers: {"Content-Type":
            "application/json"}}).then((answer) => answer.status)""",
            TRANSFER,
        )
        page.close()

    assert status == 201
    assert (len(ledger.paid), len(ledger.store.rows)) == (1, 2)
