"""
Where a node of the host chain is reached, and what of that may be shown.

A URL often carries a key: in its path, its query, or as user and password. What is shown of it, in logs, errors
and saved files, is scheme, host and port, and nothing else.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import SplitResult, unquote, urlsplit, urlunsplit

from smartchain.errors import SettingsError

DEFAULT_TIMEOUT_S = 30.0
_DEFAULT_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True, repr=False)
class Endpoint:
    """
    A node's address and how to speak to it.

    Raises `SettingsError` for what cannot be one; the message never shows more than `name` does.
    """

    url: str
    """`http://…` or `https://…`; user and password in it are sent as basic authentication."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """Sent with each request, as `--rpc-header` gives them."""
    timeout_s: float = DEFAULT_TIMEOUT_S
    """How long one answer may take to begin, and to go on."""
    ca_file: Path | None = None
    """Certificates to trust instead of the system's."""
    proxy: str | None = None
    """URL of an HTTP proxy, with user and password if it wants them."""

    def __post_init__(self) -> None:
        _split(self.url)
        if self.timeout_s <= 0:
            raise SettingsError(f"the time-out for {self.name} must be above 0 seconds, not {self.timeout_s:g}")
        if self.ca_file is not None and not Path(self.ca_file).is_file():
            raise SettingsError(f"there is no CA file at {self.ca_file}")
        if self.proxy is not None:
            _check_proxy(self.proxy)

    @classmethod
    def parse(
        cls,
        url: str,
        header_lines: Sequence[str] = (),
        *,
        timeout_s: float = DEFAULT_TIMEOUT_S,
        ca_file: Path | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> Endpoint:
        """
        An endpoint from what a person gave: `Name: value` header lines, and the proxy variables of the environment.

        HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY are read in either case; this machine itself is never
        reached through a proxy. Raises `SettingsError`.
        """
        return cls(
            url.strip(),
            dict(parse_header(line) for line in header_lines),
            timeout_s,
            ca_file,
            proxy_for(url, environment or {}),
        )

    @property
    def name(self) -> str:
        """Scheme, host and, unless it is the scheme's own, port."""
        parts = _split(self.url)
        host = f"[{parts.hostname}]" if ":" in str(parts.hostname) else parts.hostname
        port = "" if parts.port in (None, _DEFAULT_PORTS[parts.scheme]) else f":{parts.port}"
        return f"{parts.scheme}://{host}{port}"

    @property
    def request_url(self) -> str:
        """The URL to ask for: without user and password."""
        parts = _split(self.url)
        return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2], fragment=""))

    @property
    def request_headers(self) -> dict[str, str]:
        """The headers to send, basic authentication included; one that was given by hand wins."""
        parts = _split(self.url)
        own = {"Authorization": _basic(parts)} if parts.username is not None else {}
        given = {name.lower() for name in self.headers}
        return {name: value for name, value in own.items() if name.lower() not in given} | dict(self.headers)

    @property
    def is_local(self) -> bool:
        """Whether the node runs on this machine."""
        return _is_loopback(str(_split(self.url).hostname))

    def redact(self, text: str) -> str:
        """A node's own words without the secrets of this endpoint, should it repeat them."""
        for secret in sorted(self._secrets(), key=len, reverse=True):
            text = text.replace(secret, "…")
        return text

    def _secrets(self) -> set[str]:
        parts = _split(self.url)
        pieces = {*parts.path.split("/"), parts.query, *(pair.partition("=")[2] for pair in parts.query.split("&"))}
        pieces |= {text for part in (parts.username, parts.password) for text in (part or "", unquote(part or ""))}
        pieces |= set(self.headers.values())
        pieces |= {value.rpartition(" ")[2] for value in self.headers.values()}
        return {piece for piece in pieces if len(piece) >= 4}

    def __str__(self) -> str:
        return self.name

    def __repr__(self) -> str:
        return f"Endpoint({self.name})"


def parse_header(line: str) -> tuple[str, str]:
    """Name and value of a `Name: value` line. Raises `SettingsError`, never showing the value."""
    name, colon, value = line.partition(":")
    name, value = name.strip(), value.strip()
    if not colon or not name or not name.isascii() or any(c.isspace() for c in name):
        raise SettingsError("a header for the RPC node is written 'Name: value'")
    if not (value.isprintable() and value.isascii()):
        raise SettingsError(f"the value of the header {name!r} must be printable ASCII on one line")
    return name, value


def proxy_for(url: str, environment: Mapping[str, str]) -> str | None:
    """The proxy that these variables ask for on the way to a URL; None for none."""
    variables = {name.lower(): value.strip() for name, value in sorted(environment.items())}
    variables |= {name: value.strip() for name, value in environment.items() if name.islower()}
    parts = _split(url.strip())
    if _is_loopback(str(parts.hostname)) or _goes_direct(parts, variables.get("no_proxy", "")):
        return None
    found = variables.get(f"{parts.scheme}_proxy") or variables.get("all_proxy")
    if not found:
        return None
    return found if "://" in found else f"http://{found}"


def _split(url: str) -> SplitResult:
    """The parts of a node's URL; says what is wrong with it without repeating it."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError as exc:
        raise SettingsError("the URL of the RPC node cannot be read: check its host and port") from exc
    if parts.scheme in ("ws", "wss"):
        raise SettingsError(f"the RPC node is spoken to over http, not {parts.scheme}: give its http(s):// URL")
    if parts.scheme not in _DEFAULT_PORTS or not host or port == 0:
        raise SettingsError("the URL of the RPC node must begin with http:// or https:// and name a host")
    if any(c.isspace() or not c.isprintable() for c in url):
        raise SettingsError(f"the URL of the RPC node at {host} holds spaces or control characters")
    return parts


def _check_proxy(proxy: str) -> None:
    try:
        parts = urlsplit(proxy)
        usable = parts.scheme in _DEFAULT_PORTS and parts.hostname and parts.port != 0
    except ValueError as exc:
        raise SettingsError("the URL of the proxy cannot be read: check its host and port") from exc
    if not usable:
        kind = parts.scheme or "?"
        raise SettingsError(
            f"a proxy of the kind {kind}:// cannot be used: give one that begins with http:// or https://"
        )


def _goes_direct(parts: SplitResult, no_proxy: str) -> bool:
    """Whether NO_PROXY names the host: itself, a domain that it is in, either with a port, or `*` for all."""
    host = str(parts.hostname)
    with_port = f"{host}:{parts.port or _DEFAULT_PORTS[parts.scheme]}"
    for item in no_proxy.lower().split(","):
        suffix = item.strip().lstrip("*").lstrip(".")
        if item.strip() == "*" or (suffix and any(f".{name}".endswith(f".{suffix}") for name in (host, with_port))):
            return True
    return False


def _basic(parts: SplitResult) -> str:
    pair = f"{unquote(parts.username or '')}:{unquote(parts.password or '')}"
    return "Basic " + b64encode(pair.encode()).decode()


def _is_loopback(host: str) -> bool:
    return host == "localhost" or host.endswith(".localhost") or host.startswith("127.") or host == "::1"
