"""
What every run of `smartchain node` does, of one chain or of several: take an address, and tell who asks what is seen.
"""

from __future__ import annotations

import gc
from collections.abc import Callable
from contextlib import ExitStack

from smartchain.cli import following, output
from smartchain.cli import node_parts as parts
from smartchain.cli.pulse import Pulse
from smartchain.cli.stopping import signals
from smartchain.config import NodeSettings
from smartchain.errors import SmartchainError
from smartchain.indexer.outcome import Outcome
from smartchain.node.door import Door
from smartchain.node.feed import Feed
from smartchain.node.health import Health, Waiting
from smartchain.node.server import Server

Serve = Callable[[Server, Door, ExitStack], None]


def on_air(settings: NodeSettings, watch: following.Watch, say_where: Callable[[str], None], serve: Serve) -> None:
    """Serve until a signal, from the first moment on: what `serve` opens the door to. Raises what it raises."""
    gc.set_threshold(following.SELDOM)
    door = Door()
    server = Server(door, settings, lambda line: watch.log.error("failed", where=output.one_line(line)))
    with signals(watch.stop), ExitStack() as ends:
        ends.callback(server.stop)
        server.start()
        say_where(server.url)
        serve(server, door, ends)
    watch.log.info("stopped")


class Serving(following.Watch):
    """Somebody who follows a ledger, and tells those that are served."""

    def serves(self, max_lag: int) -> None:
        """To be called once it is made: what is served is ready with so many entries unverified."""
        self.feed = Feed()
        self.health = Health(max_lag, waiting=self._waiting, heads=lambda: self.heads)
        self.pulse = Pulse(self.feed, self.health)

    def _waiting(self) -> Waiting:
        """What it waits for, and how the nodes of the host chain stand."""
        wait, pool = self.dog.wait(), self.pool
        return Waiting(wait.reason, wait.since_s, wait.stalled, () if pool is None else parts.standings_of(pool))

    def progress(self, done: int, total: int) -> None:
        super().progress(done, total)
        self.pulse.progress()

    def report(self, outcome: Outcome) -> None:
        super().report(outcome)
        self.pulse.report(outcome)

    def trouble(self, fault: SmartchainError, wait_s: float) -> None:
        super().trouble(fault, wait_s)
        self.pulse.trouble(fault)
