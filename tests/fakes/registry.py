"""An npm registry on this machine, with packages of one's own making and faults by script."""

import io
import json
import tarfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote

from tools.npm import sha512


def tarball(files: dict[str, str]) -> bytes:
    """An npm package: its files under `package/`, all executable."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as tar:
        for name, text in files.items():
            member = tarfile.TarInfo(name if name.startswith("/") else f"package/{name}")
            member.size, member.mode = len(text.encode()), 0o755
            tar.addfile(member, io.BytesIO(text.encode()))
    return out.getvalue()


@dataclass
class Registry:
    """What it holds, what it was asked for, and how it misbehaves."""

    url: str = ""
    packages: dict[str, bytes] = field(default_factory=dict)
    """Tarballs by `name@version`."""
    paths: list[str] = field(default_factory=list)
    """Every path asked for, in order."""
    logins: list[str] = field(default_factory=list)
    """The Authorization header of every request, empty if there was none."""
    statuses: list[int] = field(default_factory=list)
    """What to answer the next requests instead of the truth."""
    own_addresses: bool = False
    """Tarballs lie only where the metadata says."""

    def add(self, name: str, version: str, files: dict[str, str]) -> str:
        """Hold a package; returns its sha512 in npm's form."""
        self.packages[f"{name}@{version}"] = data = tarball(files)
        return sha512(data)

    def answer(self, path: str) -> tuple[int, bytes]:
        """Status and body for a path."""
        if self.statuses:
            return self.statuses.pop(0), b"no"
        for key, data in self.packages.items():
            name, _, version = key.rpartition("@")
            usual = f"/{name}/-/{name.rpartition('/')[2]}-{version}.tgz"
            place = f"/elsewhere/{key}" if self.own_addresses else usual
            if unquote(path) == place:
                return 200, data
            if unquote(path) == f"/{name}":
                dist = {"tarball": self.url + place, "integrity": sha512(data)}
                return 200, json.dumps({"versions": {version: {"dist": dist}}}).encode()
        return 404, b"{}"


@contextmanager
def serve() -> Iterator[Registry]:
    """A registry on a free port, until the block ends."""
    registry = Registry()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            registry.paths.append(self.path)
            registry.logins.append(self.headers.get("Authorization", ""))
            status, body = registry.answer(self.path)
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *words: object) -> None:
            """Say nothing: the test's output is the test's."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    registry.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield registry
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
