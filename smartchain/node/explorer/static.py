"""
The explorer's own files: styles, scripts, and the libraries that it brings along, with their licences.

They are read once and kept compressed. Their address holds a digest of all of them, so a browser keeps them for ever
and asks again only when one changed.
"""

from __future__ import annotations

import gzip
from functools import cache
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response

from smartchain.ledger.hash import keccak

FOLDER = Path(__file__).parent / "static"
KINDS = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".LICENSE": "text/plain; charset=utf-8",
}
FOR_EVER = "public, max-age=31536000, immutable"


@cache
def names() -> frozenset[str]:
    """Every file there is, by its path: what is not among them is not served, however it is asked for."""
    found = (path for path in FOLDER.rglob("*") if path.suffix in KINDS)
    return frozenset(path.relative_to(FOLDER).as_posix() for path in found)


@cache
def digest() -> str:
    """Of all files: changes when one does."""
    return keccak(b"".join(name.encode() + (FOLDER / name).read_bytes() for name in sorted(names()))).hex()[:12]


def href(name: str) -> str:
    """Where a page finds a file. Raises `KeyError` for one that is not there."""
    if name not in names():
        raise KeyError(name)
    return f"/static/{digest()}/{name}"


@cache
def _file(name: str) -> tuple[bytes, bytes]:
    """As it is, and compressed."""
    content = (FOLDER / name).read_bytes()
    return content, gzip.compress(content, 9, mtime=0)


async def serve(request: Request) -> Response:
    """A file of the explorer."""
    name = request.path_params["name"]
    if name not in names():
        return Response("There is no such file.\n", 404, {"Content-Type": "text/plain; charset=utf-8"})
    plain, packed = _file(name)
    gzipped = "gzip" in request.headers.get("accept-encoding", "")
    headers = {
        "Content-Type": KINDS[Path(name).suffix],
        "Cache-Control": FOR_EVER if request.path_params["digest"] == digest() else "no-cache",
        "X-Content-Type-Options": "nosniff",
        "Vary": "Accept-Encoding",
        **({"Content-Encoding": "gzip"} if gzipped else {}),
    }
    return Response(packed if gzipped else plain, 200, headers)
