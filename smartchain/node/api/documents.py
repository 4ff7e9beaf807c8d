"""
The OpenAPI document, and a page that shows it: made here, with nothing fetched from elsewhere.
"""

from __future__ import annotations

import json
from html import escape
from typing import Any

import msgspec
from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from smartchain import __version__
from smartchain.node import shapes
from smartchain.node.api import snapshot
from smartchain.node.api.export import MEDIA
from smartchain.node.base import base_of

ABOUT = (
    "An independent block chain, assembled from the events of a smart contract and verified against it. "
    "Everything that is said of the chain is said of its verified part; `verified` is false where other nodes agree "
    'on it and no contract was asked. Errors are a status and `{"error": "one sentence"}`.'
)
_POLICY = "default-src 'none'; style-src 'self' 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'"
_REF = "#/components/schemas/{name}"

ANSWERS: dict[str, type[msgspec.Struct]] = {
    "/head": shapes.Head,
    "/chain": shapes.Chain,
    "/peers": shapes.PeersAnswer,
    "/blocks": shapes.Blocks,
    "/blocks/{name}": shapes.BlockAnswer,
    "/entries": shapes.Entries,
    "/entries/{index}": shapes.EntryAnswer,
    "/accounts/{address}": shapes.AccountAnswer,
    "/accounts/{address}/balances": shapes.Balances,
}
_OTHERS: dict[str, list[str]] = {
    "/export": list(MEDIA.values()),
    "/snapshot": [snapshot.MEDIA],
    "/stream": ["text/event-stream"],
}
_STATUSES = {
    "400": "What was asked cannot be read.",
    "404": "It is not there.",
    "429": "Too many requests.",
    "501": "This node was set up without what it takes.",
    "503": "Not just now.",
}


def describe(api: FastAPI) -> dict[str, Any]:
    """The document, with the shapes of the answers as msgspec describes them."""
    made = get_openapi(
        title="Smart Blockchain node", version=__version__, description=ABOUT, routes=api.routes,
        servers=[{"url": "/api/v1"}],
    )  # fmt: skip
    _, schemas = msgspec.json.schema_components(
        [*ANSWERS.values(), shapes.Reorganisation, shapes.Error], ref_template=_REF
    )
    made["components"] = {"schemas": schemas}
    for path, item in made["paths"].items():
        for operation in item.values():
            operation["responses"] = _responses(path)
            for parameter in operation.get("parameters", ()):
                parameter["schema"] = _given(parameter["schema"])
    made["paths"]["/consistency"] = _consistency()
    return made


def _given(schema: dict[str, Any]) -> dict[str, Any]:
    """What a parameter is where it is given: it may be left out, and is never null."""
    kept = [one for one in schema.get("anyOf", [schema]) if one.get("type") != "null"]
    return {**kept[0], **{name: value for name, value in schema.items() if name == "default" and value is not None}}


def _responses(path: str) -> dict[str, Any]:
    said = {status: _content(text, {"$ref": _REF.format(name="Error")}) for status, text in _STATUSES.items()}
    if path in ANSWERS:
        return {"200": _content("As asked.", {"$ref": _REF.format(name=ANSWERS[path].__name__)}), **said}
    kinds = _OTHERS.get(path, ["application/json"])
    return {"200": {"description": "As asked.", "content": {kind: {} for kind in kinds}}, **said}


def _content(text: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"description": text, "content": {"application/json": {"schema": schema}}}


def _consistency() -> dict[str, Any]:
    """Served for peers by `node.bulk`, and good for everybody."""
    size = {"in": "query", "required": True, "schema": {"type": "integer", "minimum": 1, "maximum": 10**15 - 1}}
    parameters = [{"name": "first", **size}, {"name": "second", **size}]
    said = _responses("/consistency")
    said["416"] = _content("The log is not that long.", {"$ref": _REF.format(name="Error")})
    return {
        "get": {
            "tags": ["chain"],
            "summary": "Proof that the log of one size begins with that of another (RFC 9162)",
            "operationId": "consistency",
            "parameters": parameters,
            "responses": said,
        }
    }


def add(api: FastAPI) -> None:
    document = json.dumps(describe(api)).encode()
    page = _page(json.loads(document))

    @api.get("/openapi.json", include_in_schema=False)
    async def openapi(request: Request) -> Response:
        server = b'"/api/v1"', json.dumps(base_of(request) + "/api/v1").encode()
        return Response(document.replace(*server, 1), media_type="application/json")

    @api.get("/docs", include_in_schema=False)
    async def docs(_: Request) -> Response:
        return HTMLResponse(page, headers={"Content-Security-Policy": _POLICY, "X-Content-Type-Options": "nosniff"})


_PATTERNS = {"|0|": "number or hash", "{64}": "0x and 64 hex digits", "{40}": "address"}
_STYLE = """
:root { color-scheme: light dark }
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem }
code { font-family: ui-monospace, monospace; overflow-wrap: anywhere }
section { border-top: 1px solid color-mix(in srgb, currentColor 25%, transparent); padding: .5rem 0 1rem }
table { border-collapse: collapse; width: 100% }
td, th { text-align: left; padding: .2rem .8rem .2rem 0; vertical-align: top }
"""


def _page(document: dict[str, Any]) -> str:
    paths = ((path, item["get"]) for path, item in document["paths"].items())
    about = escape(document["info"]["description"]).replace("`", "")
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>The API of a Smart Blockchain node</title>'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><style>{_STYLE}</style></head>'
        f"<body><main><h1>The API of a Smart Blockchain node</h1><p>{about}</p>"
        '<p>For programs: <a href="openapi.json">openapi.json</a>. <a href="../../">The explorer</a>.</p>'
        + "".join(_operation(path, one) for path, one in paths)
        + "</main></body></html>"
    )


def _operation(path: str, one: dict[str, Any]) -> str:
    whole = f"/api/v1{path}"
    shown = f"<code>GET {escape(whole)}</code>"
    if "{" not in path and not any(each.get("required") for each in one.get("parameters", ())):
        shown = f'<a href="{escape(path.removeprefix("/"))}">{shown}</a>'
    rows = "".join(_parameter(each) for each in one.get("parameters", ()))
    head = "<thead><tr><th>Parameter</th><th>Form</th><th>What it does</th></tr></thead>"
    table = f"<table>{head}<tbody>{rows}</tbody></table>" if rows else ""
    return f"<section><h2>{escape(one['summary'])}</h2><p>{shown}</p>{table}</section>"


def _parameter(one: dict[str, Any]) -> str:
    schema = one["schema"]
    form = _form(schema)
    default = f" [{schema['default']}]" if isinstance(schema.get("default"), str | int) else ""
    return (
        f"<tr><td><code>{escape(one['name'])}</code></td><td>{escape(form + default)}</td>"
        f"<td>{escape(one.get('description', ''))}</td></tr>"
    )


def _form(schema: dict[str, Any]) -> str:
    if "enum" in schema:
        return ", ".join(schema["enum"])
    if "pattern" in schema:
        return next((says for part, says in _PATTERNS.items() if part in schema["pattern"]), "text")
    if "maximum" in schema:
        return f"{schema['minimum']} to {schema['maximum']:,}"
    return str(schema.get("type", ""))
