"""
A small answer of another node, over HTTP: bounded in size and time, and from nowhere but where it was asked for.
"""

from __future__ import annotations

import http.client
import urllib.error
import urllib.request
from urllib.parse import urlsplit

from smartchain.cli.output import one_line
from smartchain.errors import HostUnavailable, InputError

TIMEOUT_S = 20.0


class _Stay(urllib.request.HTTPRedirectHandler):
    """Nobody sends us elsewhere."""

    def redirect_request(self, *_: object) -> None:
        return None


def fetch(base: str, path: str, most_bytes: int, timeout_s: float = TIMEOUT_S) -> bytes:
    """
    The body of `GET base + path`.

    Raises `InputError` for a URL that is none and for an answer of 4xx, `HostUnavailable` for one that did not come,
    is not 200, or is longer.
    """
    parts = urlsplit(base)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise InputError("the URL of a node begins with http:// or https:// and names a host")
    name = f"{parts.scheme}://{parts.hostname}" + (f":{parts.port}" if parts.port else "")
    opener = urllib.request.build_opener(_Stay)
    try:
        with opener.open(base.rstrip("/") + path, timeout=timeout_s) as answer:
            body: bytes = answer.read(most_bytes + 1)
    except urllib.error.HTTPError as exc:
        with exc:
            said = one_line(exc.read(300).decode(errors="replace"))
        if 400 <= exc.code < 500 and exc.code != 429:
            raise InputError(f"{name} answers {exc.code} to {path}: {said}") from None
        raise HostUnavailable(f"{name} answers {exc.code} to {path}: try again later, or another node") from None
    except (OSError, http.client.HTTPException) as exc:
        reason = getattr(exc, "reason", exc)
        raise HostUnavailable(f"{name} cannot be reached: {one_line(str(reason))}") from None
    if len(body) > most_bytes:
        raise HostUnavailable(f"{name} answers {path} with more than the {most_bytes} bytes that it can be")
    return body
