"""
The explorer's routes: each page at its address, with `.json` behind it for programs and `.csv` where it is a list.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from smartchain.errors import InputError, SmartchainError
from smartchain.node.base import base_of
from smartchain.node.explorer import pages, static
from smartchain.node.explorer.counting import Counts
from smartchain.node.explorer.page import HEADERS, Elsewhere, Page, as_csv, as_html, as_json, environment, problem
from smartchain.node.services import Services

Make = Callable[[pages.Ask], Page | Elsewhere]

PAGES: Sequence[tuple[str, Make, str]] = (
    ("/index", pages.home, "html json"),
    ("/plots", pages.plots, "json csv"),
    ("/blocks", pages.blocks, "html json csv"),
    ("/block/{name}", pages.block, "html json csv"),
    ("/entries", pages.entries, "html json csv"),
    ("/entry/{index}", pages.entry, "html json"),
    ("/address/{address}/balance", pages.balance, "json csv"),
    ("/address/{address}", pages.address, "html json csv"),
    ("/search", pages.find, "html json csv"),
    ("/peers", pages.peers, "html json csv"),
    ("/verify", pages.verify, "html json"),
    ("/send", pages.send, "html json"),
)
"""Where each page is, and in which forms."""


class Site:
    """The pages of one ledger."""

    def __init__(self, services: Services) -> None:
        self._store = services.store
        self._services = services
        self._counts = Counts(services.store)
        self._templates = environment()
        self._templates.globals["now"] = services.clock
        self._templates.globals["unit_of"] = services.unit_of

    def endpoint(self, make: Make, form: str, forms: str) -> Callable[[Request], Response]:
        """What answers for a page in one form; it reads a store, so it runs in a thread."""

        def answer(request: Request) -> Response:
            with self._store.view() as view:
                known = self._services.peers.standings if self._services.peers else ()
                base = base_of(request)
                ask = pages.Ask(view, request.path_params, request.query_params, form, self._counts, known, base)
                made = self._made(make, ask)
                if isinstance(made, Elsewhere):
                    return RedirectResponse(quote(made.href, safe="/?=#&"), 303, HEADERS)
                return self._given(request, made, pages.about(view), form, forms)

        return answer

    def _made(self, make: Make, ask: pages.Ask) -> Page | Elsewhere:
        try:
            return make(ask)
        except InputError as error:
            return problem(400, "That cannot be read", f"{str(error)[:1].upper()}{str(error)[1:]}.")
        except SmartchainError as error:
            return problem(
                503 if error.retryable else 500, "Not just now", f"{str(error)[:1].upper()}{str(error)[1:]}."
            )

    def _given(self, request: Request, page: Page, about: dict[str, object], form: str, forms: str) -> Response:
        if form == "json" or (form == "csv" and page.status >= 400):
            return as_json(request, page, about)
        if form == "csv":
            return as_csv(request, page, about)
        at, asked = request.url.path, f"?{request.url.query}" if request.url.query else ""
        file = base_of(request) + ("/index" if at == "/" else at)
        beside = {one.upper(): f"{file}.{one}{asked}" for one in ("json", "csv") if one in forms}
        return as_html(request, page, about, self._templates, beside)


def routes(services: Services) -> list[BaseRoute]:
    """The explorer, to be mounted at the root."""
    site = Site(services)
    found: list[BaseRoute] = [Route("/static/{digest}/{name:path}", static.serve)]
    for path, make, forms in PAGES:
        for form in ("csv", "json", "html"):
            if form in forms:
                at = path if form == "html" else f"{path}.{form}"
                found.append(Route("/" if at == "/index" else at, site.endpoint(make, form, forms)))
    return found
