"""
One process that indexes: the product as it is, with the connections, the threads and the clock of the simulation.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Executor, Future
from types import TracebackType
from typing import Any

from smartchain.host.endpoint import Endpoint
from smartchain.host.rpc import NO_RETRY, HttpRpc
from smartchain.host.source import HostLedger
from smartchain.host.transport import Pool
from smartchain.indexer.writer import Writer
from smartchain.ports import Step
from tests.simulation.host import Clock
from tests.simulation.world import LEDGER


class Stop(threading.Event):
    """Waits by the clock, which jumps now and then; set where there is nothing more to wait for."""

    def __init__(self, clock: Clock, jump: Callable[[], float]) -> None:
        super().__init__()
        self._clock = clock
        self._jump = jump

    def wait(self, timeout: float | None = None) -> bool:
        if not self.is_set():
            self._clock.now += (timeout or 0.0) + self._jump()
        return self.is_set()


class Inline(Executor):
    """Does at once what it is given."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        done: Future[Any] = Future()
        try:
            done.set_result(fn(*args, **kwargs))
        except Exception as error:  # noqa: BLE001  (raised again where the result is asked for)
            done.set_exception(error)
        return done


class InlineWriter(Writer):
    """Writes each step as it comes."""

    def __init__(self, take: Callable[[Step], None]) -> None:
        super().__init__(take)
        self._at_once = take

    def __enter__(self) -> InlineWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Nothing waits."""

    def put(self, step: Step) -> None:
        self._at_once(step)

    def flush(self) -> None:
        """Nothing waits."""


def source_of(host: Pool, name: str, confirmations: int) -> HostLedger:
    """The ledger, as that host tells of it."""
    endpoint = Endpoint(f"http://{name}.example:8545", timeout_s=5.0)
    return HostLedger(HttpRpc(endpoint, NO_RETRY, host), LEDGER, confirmations=confirmations, fetchers=Inline)
