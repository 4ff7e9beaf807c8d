"""
A progress bar, on a terminal and for what takes a while; elsewhere nothing.
"""

from __future__ import annotations

import sys
import time
from types import TracebackType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

PATIENCE_S = 0.7
"""What ends sooner needs no bar."""


class Bar:
    """Call it with (done, total); it appears on stderr when that is a terminal and time goes by."""

    def __init__(self, label: str) -> None:
        self._label = label
        self._since = time.monotonic()
        self._wanted = sys.stderr.isatty()
        self._bar: Progress | None = None
        self._task: TaskID | None = None

    def __call__(self, done: int, total: int) -> None:
        if not self._wanted:
            return
        if self._bar is None:
            if time.monotonic() - self._since < PATIENCE_S:
                return
            self._bar, self._task = self._start(total)
        if self._task is not None:
            self._bar.update(self._task, completed=done, total=max(total, done))

    def _start(self, total: int) -> tuple[Progress, TaskID]:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        columns = [TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()]
        bar = Progress(*columns, console=Console(stderr=True), transient=True)
        bar.start()
        return bar, bar.add_task(self._label, total=total)

    def close(self) -> None:
        """Take it away; the next call may bring it again."""
        if self._bar is not None:
            self._bar.stop()
        self._bar, self._since = None, time.monotonic()

    def __enter__(self) -> Bar:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
