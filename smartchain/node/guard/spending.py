"""
Who may have this node spend, or write: its owner's programs, and no page that a browser happens to show.

A web page anywhere can have its reader's browser send requests to this machine. Four things give them away: the
`Host` of a name that was made to point here, an `Origin` or `Referer` that is not ours, `Sec-Fetch-Site`, and a body
that is not declared as JSON, which a page cannot do without asking first. What is none of a browser's carries none of
them; a browser that does not say where its request comes from is refused.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address
from urllib.parse import urlsplit

from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

OURS = frozenset({"none", "same-origin"})
"""What `Sec-Fetch-Site` may say: typed by a person, or asked by a page of this node."""

_LOOPBACK = ("127.0.0.1", "localhost", "::1")


@dataclass(frozen=True, slots=True)
class Asked:
    """What a request says about where it comes from: every value of each header, in lower case."""

    method: str
    host: tuple[str, ...]
    origin: tuple[str, ...] = ()
    referer: tuple[str, ...] = ()
    site: tuple[str, ...] = ()
    """`Sec-Fetch-Site`."""
    agent: tuple[str, ...] = ()
    content_type: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Refusal:
    """A status and a reason."""

    status: int
    says: str


def refusal(asked: Asked, hosts: frozenset[str]) -> Refusal | None:
    """Why a request is not served; None if it is. `hosts` are the values of `Host` that mean this node."""
    if len(asked.host) != 1 or asked.host[0] not in hosts:
        return Refusal(403, f"the Host of this request is not this node's address, {min(hosts, default='none')}")
    here = f"http://{asked.host[0]}"
    if any(origin != here for origin in asked.origin):
        return Refusal(403, "this request comes from a page of another origin, which may not spend or write here")
    if any(site not in OURS for site in asked.site):
        return Refusal(403, "this request comes from a page of another site, which may not spend or write here")
    if any(_origin_of(referer) != here for referer in asked.referer):
        return Refusal(403, "this request comes from a page of another origin, which may not spend or write here")
    if not asked.site and any(agent.startswith("mozilla/") for agent in asked.agent):
        return Refusal(403, "this browser does not say which page a request comes from (Sec-Fetch-Site)")
    if asked.method == "POST" and not _is_json(asked.content_type):
        return Refusal(415, "the body has to be declared as JSON: Content-Type: application/json")
    return None


def hosts_of(bind: str, server: tuple[str, int | None] | None) -> frozenset[str]:
    """
    What `Host` may say on a connection to this node: the name it was bound to, and the address it was reached at.

    `bind` is the host of `--bind`, `server` the connection's own end. An address for "everywhere" is nobody's name:
    browsers take it for this machine.
    """
    if server is None or server[1] is None:
        return frozenset()
    names = {_plain(bind), _plain(server[0])}
    if any(map(is_loopback, names)):
        names |= set(_LOOPBACK)
    named = {_bracketed(name) for name in names if name and not _is_everywhere(name)}
    bare = named if server[1] == 80 else set[str]()
    return frozenset({f"{name}:{server[1]}" for name in named} | bare)


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches an address."""
    name = _plain(host)
    if name == "localhost":
        return True
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return False


def _plain(host: str) -> str:
    """In lower case, without brackets; an address of IPv4 as itself where a socket of IPv6 was reached at it."""
    name = host.strip("[]").lower()
    try:
        mapped = IPv6Address(name).ipv4_mapped
    except ValueError:
        return name
    return name if mapped is None else str(mapped)


def _is_everywhere(name: str) -> bool:
    try:
        return ip_address(name).is_unspecified
    except ValueError:
        return False


def _bracketed(name: str) -> str:
    return f"[{name}]" if ":" in name else name


def _origin_of(url: str) -> str:
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    return f"{parts.scheme}://{parts.netloc}"


def _is_json(content_type: tuple[str, ...]) -> bool:
    return len(content_type) == 1 and content_type[0].partition(";")[0].strip() == "application/json"


class OwnersOnly:
    """ASGI: an app behind `refusal`. `bind` is the host that the node was told to listen on."""

    def __init__(self, app: ASGIApp, bind: str) -> None:
        self._app = app
        self._bind = bind

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        refused = refusal(asked_in(scope), hosts_of(self._bind, scope.get("server")))
        if refused is None:
            await self._app(scope, receive, send)
        else:
            await PlainTextResponse(refused.says + "\n", refused.status)(scope, receive, send)


def asked_in(scope: Scope) -> Asked:
    """What an ASGI request says about where it comes from."""
    headers: Iterable[tuple[bytes, bytes]] = scope["headers"]
    found: dict[bytes, list[str]] = {}
    for name, value in headers:
        found.setdefault(name.lower(), []).append(value.decode("latin-1").strip().lower())

    def values(name: bytes) -> tuple[str, ...]:
        return tuple(found.get(name, ()))

    return Asked(
        scope["method"],
        values(b"host"),
        values(b"origin"),
        values(b"referer"),
        values(b"sec-fetch-site"),
        values(b"user-agent"),
        values(b"content-type"),
    )
