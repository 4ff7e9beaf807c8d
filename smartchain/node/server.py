"""
The server under the application: uvicorn, in a thread of its own, its connections bounded.
"""

from __future__ import annotations

import logging
import socket
import threading
from asyncio import CancelledError
from collections.abc import Callable

import uvicorn
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp

from smartchain.config import NodeSettings
from smartchain.errors import SettingsError, SmartchainError, StoreMoved
from smartchain.node.guard.connections import SWEEP_S, Bounded, Connections, Patience

GRACE_S = 5
"""For answers under way when the node ends."""

START_S = 30.0
SPARE_FILES = 256
"""For the store, the host chain and the peers."""

NO_FAULTS = (ClientDisconnect, StoreMoved, CancelledError)
"""The client's own affair; a long answer that a reorganisation broke off; one that the end of the node did."""

Failed = Callable[[str], None]
"""Told what went wrong inside, in one line."""


class Server:
    """
    Serves an application until it is stopped.

    The address is taken when it is made: raises `SettingsError` if that cannot be had.
    """

    def __init__(
        self,
        app: ASGIApp,
        settings: NodeSettings,
        failed: Failed = lambda _line: None,
        patience: Patience = Patience(),  # noqa: B008  (frozen)
    ) -> None:
        self._socket = listen(settings.host, settings.port)
        self.port: int = self._socket.getsockname()[1]
        self.url = f"http://{_shown(settings.host)}:{self.port}"
        bounds = Connections(affordable(settings.connections), patience)
        self._server = uvicorn.Server(
            uvicorn.Config(
                app,
                http=Bounded.of(bounds),
                ws="none",
                lifespan="off",
                log_config=None,
                access_log=False,
                proxy_headers=False,
                server_header=False,
                timeout_keep_alive=60,  # `Bounded` is sooner
                timeout_graceful_shutdown=GRACE_S,
                callback_notify=bounds.sweep,
                timeout_notify=int(SWEEP_S),
            )
        )
        self._thread = threading.Thread(target=self._run, name="http", daemon=True)
        self._ended = threading.Event()
        _tell(failed)

    def start(self) -> None:
        """Returns once connections are taken."""
        self._thread.start()
        for _ in range(int(START_S / 0.01)):
            if self._server.started or self._ended.wait(0.01):
                return

    def stop(self) -> None:
        """End what is under way, within some seconds."""
        self._server.should_exit = True
        if self._thread.is_alive():
            self._thread.join(GRACE_S + 5)
        self._socket.close()

    def _run(self) -> None:
        try:
            self._server.run(sockets=[self._socket])
        finally:
            self._ended.set()


def listen(host: str, port: int) -> socket.socket:
    """A socket at that address. Raises `SettingsError`."""
    try:
        family, kind, proto, _, address = socket.getaddrinfo(
            host.strip("[]"), port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        found = socket.socket(family, kind, proto)
    except OSError as error:
        raise SettingsError(f"{host} is no address to listen on: {error.strerror}") from None
    try:
        found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        found.bind(address)
    except (OSError, OverflowError) as error:
        found.close()
        why = error.strerror if isinstance(error, OSError) else "a port goes up to 65535"
        raise SettingsError(f"cannot listen on {host}:{port}: {why}; choose another with --bind") from None
    return found


def affordable(connections: int) -> int:
    """As many as were asked for, or as the system lets this process have files open."""
    try:
        import resource
    except ImportError:
        return connections
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = connections + SPARE_FILES
    if soft != resource.RLIM_INFINITY and soft < wanted:
        soft = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        return max(16, soft - SPARE_FILES) if soft < wanted else connections
    return connections


def _shown(host: str) -> str:
    """The host as a browser on this machine finds it."""
    name = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}.get(host.strip("[]"), host.strip("[]"))  # noqa: S104
    return f"[{name}]" if ":" in name else name


class _Lines(logging.Handler):
    """What uvicorn says went wrong, as a line: its kind, never a text that could hold what a client sent."""

    def __init__(self, failed: Failed) -> None:
        super().__init__(logging.ERROR)
        self._failed = failed

    def emit(self, record: logging.LogRecord) -> None:
        fault = _within(record.exc_info[1]) if record.exc_info else None
        if isinstance(fault, NO_FAULTS):
            return
        if fault is not None:
            place = fault.__traceback__
            while place is not None and place.tb_next is not None:
                place = place.tb_next
            where = f" in {place.tb_frame.f_code.co_qualname}, line {place.tb_lineno}" if place else ""
            self._failed(f"{type(fault).__name__}{where}")
        else:
            self._failed(record.getMessage())


def _within(fault: BaseException | None) -> BaseException | None:
    """What went wrong; after an answer has begun it comes wrapped up."""
    wrapped = isinstance(fault, RuntimeError) and isinstance(fault.__cause__, SmartchainError)
    return fault.__cause__ if fault is not None and wrapped else fault


def _tell(failed: Failed) -> None:
    log = logging.getLogger("uvicorn")
    log.handlers = [_Lines(failed)]
    log.propagate = False
    log.setLevel(logging.ERROR)
    logging.getLogger("uvicorn.error").setLevel(logging.NOTSET)  # whatever another server in this process wanted
