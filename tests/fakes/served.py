"""A store, or a fake of a peer, behind HTTP on a free port: what a node serves to its peers, and nothing else of it."""

from __future__ import annotations

import socket
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

import uvicorn
from starlette.applications import Starlette

from smartchain.node.bulk import routes, routes_of
from smartchain.ports import LedgerStore, PeerSource


@dataclass(frozen=True)
class _Services:
    store: LedgerStore


class Served:
    """A context manager; `url` is where it listens, with a certificate of its own where `tls` is a folder with one."""

    def __init__(
        self, store: LedgerStore | None = None, peer: PeerSource | None = None, tls: Path | None = None
    ) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        app = Starlette(routes=routes(_Services(store)) if store else routes_of(peer) if peer else [])
        secure = {"ssl_certfile": tls / "certificate.pem", "ssl_keyfile": tls / "key.pem"} if tls else {}
        if tls:
            self.url = self.url.replace("http://127.0.0.1", "https://localhost")
        self._server = uvicorn.Server(
            uvicorn.Config(app, log_config=None, access_log=False, lifespan="off", ws="none", **secure)  # type: ignore[arg-type]
        )
        self._thread = threading.Thread(target=self._server.run, kwargs={"sockets": [self._socket]}, daemon=True)

    def __enter__(self) -> Served:
        self._thread.start()
        while not self._server.started:
            time.sleep(0.005)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.should_exit = self._server.force_exit = True
        self._thread.join()
        self._socket.close()
