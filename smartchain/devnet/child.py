"""
A process that lives no longer than this one: started, listened to, and ended with its parent.
"""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

STOP_S = 20.0
"""How long a process may take to end in good order; anvil writes its state then."""


class Child:
    """
    A running program.

    It lives in a session of its own, so that a Ctrl-C goes to this program, which then ends it in good order; a
    watcher ends it should this program die without saying so.
    """

    def __init__(
        self,
        command: Sequence[str],
        environment: Mapping[str, str] | None = None,
        output: Path | None = None,
        folder: Path | None = None,
    ) -> None:
        """`environment` comes on top of this program's, `output` is the file that what it writes goes to."""
        self._output: IO[bytes] = output.open("wb+") if output else tempfile.TemporaryFile()  # noqa: SIM115
        self._process = subprocess.Popen(
            list(command),
            stdin=subprocess.DEVNULL,
            stdout=self._output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            env={**os.environ, **(environment or {})},
            cwd=folder,
        )
        self._watcher = _watch(self._process.pid)

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def ended(self) -> bool:
        """By itself, or killed."""
        return self._process.poll() is not None

    def last_words(self) -> str:
        """The last line that it wrote."""
        self._output.seek(0)
        lines = self._output.read().decode(errors="replace").split("\n")
        said = [line.strip() for line in lines if line.strip()]
        return said[-1] if said else "it said nothing"

    def close(self) -> None:
        """End it, and wait until it is gone."""
        if not self.ended:
            self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        _release(self._watcher)
        self._output.close()


def _watch(pid: int) -> subprocess.Popen[bytes]:
    """A shell that ends the process once its own standard input ends, and so when this program dies."""
    return subprocess.Popen(
        ["/bin/sh", "-c", 'read -r _ || kill "$0"', str(pid)],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def _release(watcher: subprocess.Popen[bytes]) -> None:
    """Let the watcher end without doing anything: it is told a line."""
    try:
        watcher.communicate(b"done\n", timeout=STOP_S)
    except (BrokenPipeError, subprocess.TimeoutExpired):
        watcher.kill()
        watcher.wait()
