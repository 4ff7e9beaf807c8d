"""
A page, and the three forms in which it is given: HTML for people, JSON and CSV for programs.

A page is made once, from one view of the store, so its numbers belong together whatever the form. Nothing in it can
run: the policy below lets a browser load what this node serves and nothing else, and no script from within a page.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import Response

from smartchain.ledger.address import checksum
from smartchain.ledger.unit import shown_symbol
from smartchain.node.base import base_of
from smartchain.node.explorer import forms, static

POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
}
WORTH_PACKING = 1_000
"""Bytes from which on an answer is compressed."""

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, slots=True)
class Page:
    """What a visitor asked for."""

    template: str
    title: str
    data: Mapping[str, Any]
    """What it says, for programs."""
    shown: Mapping[str, Any] = field(default_factory=dict)
    """What the template needs beside: objects of the domain."""
    columns: Sequence[str] = ()
    rows: Sequence[Mapping[str, Any]] = ()
    """Of a list, for a table file."""
    status: int = 200
    live: bool = False
    """Whether it changes when the chain grows."""
    links: Mapping[str, str] = field(default_factory=dict)
    """Where a list goes on, `next` and `prev`: the query that follows the page's own address."""


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """What was asked for is on another page."""

    href: str


def problem(status: int, title: str, says: str) -> Page:
    """A page that says in one sentence why there is no other."""
    return Page("problem.html", title, {"error": says}, {"says": says}, status=status)


def environment() -> Environment:
    """The templates: everything put into them is escaped, and a name that is not there is a mistake."""
    made = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    for name in ("hexed", "short", "ether", "short_ether", "plain_ether", "clock", "machine_time", "ago", "memo_text"):
        made.filters[name] = getattr(forms, name)
    made.filters["counted"] = forms.counted
    made.filters["checksum"] = checksum
    made.filters["symbol"] = shown_symbol
    made.filters["kind"] = forms.kind_of
    made.globals["static"] = static.href
    return made


def as_json(request: Request, page: Page, about: Mapping[str, Any]) -> Response:
    """A page for a program; what every answer about the chain says comes first."""
    links = {name: _at(request) + query for name, query in page.links.items()}
    return _answer(request, page, json.dumps({**about, **page.data, **links}) + "\n", "application/json", about)


def as_csv(request: Request, page: Page, about: Mapping[str, Any]) -> Response:
    """A list for a spreadsheet. No cell of it begins a formula, whatever a stranger wrote into it."""
    out = io.StringIO()
    writer = csv.DictWriter(out, [*page.columns, "verified"], lineterminator="\r\n")
    writer.writeheader()
    for row in page.rows:
        writer.writerow({name: _cell(value) for name, value in {"verified": about["verified"], **row}.items()})
    return _answer(request, page, out.getvalue(), "text/csv; charset=utf-8; header=present", about)


def as_html(
    request: Request, page: Page, about: Mapping[str, Any], templates: Environment, formats: Mapping[str, str]
) -> Response:
    """A page for a person; `formats` says where its other forms are."""
    asked = request.url.query
    address = request.url.path + (f"?{asked}" if asked else "")
    here = {"here": request.url.path, "address": address, "base": base_of(request)}
    given = {"page": page, "about": about, "formats": formats if page.status == 200 else {}, **here}
    text = templates.get_template(page.template).render({**given, **page.shown})
    return _answer(request, page, text, "text/html; charset=utf-8", about)


def _answer(request: Request, page: Page, text: str, kind: str, about: Mapping[str, Any]) -> Response:
    headers = {**HEADERS, "Content-Type": kind, "Cache-Control": "no-cache", "Vary": "Accept-Encoding"}
    headers["Smartchain-Verified"] = "true" if about["verified"] else "false"
    if page.links:
        headers["Link"] = ", ".join(f'<{_at(request)}{query}>; rel="{name}"' for name, query in page.links.items())
    body = text.encode(errors="replace")
    if len(body) >= WORTH_PACKING and takes_gzip(request):
        body, headers["Content-Encoding"] = gzip.compress(body, 5, mtime=0), "gzip"
    return Response(body, page.status, headers)


def _at(request: Request) -> str:
    """The page's own address, as a client asks for it."""
    return base_of(request) + request.url.path


def takes_gzip(request: Request) -> bool:
    """Whether whoever asks reads compressed answers."""
    return "gzip" in request.headers.get("accept-encoding", "")


def _cell(value: object) -> object:
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value
