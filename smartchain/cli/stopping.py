"""
Being told to stop, by SIGINT or SIGTERM.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

SIGNALS = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def signals(stop: threading.Event) -> Iterator[None]:
    """
    Within, the first SIGINT or SIGTERM sets `stop`; the next one does what it always did.

    A handler runs wherever the main thread happens to be, perhaps inside the event's own lock: so it only writes to
    a pipe, and a thread that reads there sets the event.
    """
    reader, writer = os.pipe()
    before = {kind: signal.getsignal(kind) for kind in SIGNALS}

    def ask(kind: int, _frame: object) -> None:
        os.write(writer, b"s")
        signal.signal(kind, before[signal.Signals(kind)])

    def listen() -> None:
        if os.read(reader, 1):
            stop.set()

    listener = threading.Thread(target=listen, name="signals", daemon=True)
    listener.start()
    for kind in SIGNALS:
        signal.signal(kind, ask)
    try:
        yield
    finally:
        for kind, handler in before.items():
            signal.signal(kind, handler)
        os.close(writer)
        listener.join()
        os.close(reader)
