"""
The log of a command that goes on: one line for each thing that happened, with fields, on stderr.

    2026-01-31T12:00:00.123456Z [info     ] advanced   host_block=7 entries=3 verified=True
"""

from __future__ import annotations

import os
import sys
import threading
from datetime import UTC, datetime

_COLOURS = {"info": "32", "warning": "33", "error": "31"}


class Log:
    """Writes lines from any thread: coloured for a terminal, `key=value` pairs for everything else."""

    def __init__(self, coloured: bool) -> None:
        self._coloured = coloured
        self._writing = threading.Lock()
        self._about: dict[str, object] = {}

    def about(self, **fields: object) -> Log:
        """The same log, with these fields in front of every line's own."""
        log = Log(self._coloured)
        log._writing, log._about = self._writing, {**self._about, **fields}
        return log

    def info(self, event: str, **fields: object) -> None:
        self._write("info", event, fields)

    def warning(self, event: str, **fields: object) -> None:
        self._write("warning", event, fields)

    def error(self, event: str, **fields: object) -> None:
        self._write("error", event, fields)

    def _write(self, level: str, event: str, fields: dict[str, object]) -> None:
        now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        pairs = " ".join(
            f"{self._paint('36', name)}={_value(value)}" for name, value in {**self._about, **fields}.items()
        )
        line = f"{now} [{self._paint(_COLOURS[level], f'{level:<9}')}] {self._paint('1', f'{event:<10}')} {pairs}"
        with self._writing:
            sys.stderr.write(line.rstrip() + "\n")
            sys.stderr.flush()

    def _paint(self, colour: str, text: str) -> str:
        return f"\x1b[{colour}m{text}\x1b[0m" if self._coloured else text


def _value(value: object) -> str:
    """As it is, or quoted where it would not be one word."""
    text = str(value)
    return (
        repr(text)
        if not text or any(each.isspace() or each in "\"'=" or not each.isprintable() for each in text)
        else text
    )


def logger() -> Log:
    """The log of this process."""
    return Log(coloured=sys.stderr.isatty() and not os.environ.get("NO_COLOR"))
