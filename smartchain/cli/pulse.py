"""
What the thread that follows the chain tells to those that serve it.
"""

from __future__ import annotations

import threading
import time

from smartchain.errors import HostError, SmartchainError
from smartchain.indexer.outcome import Advanced, Outcome, Reread, Rewound, Waited
from smartchain.node.feed import Feed
from smartchain.node.health import Health
from smartchain.ports import LedgerStore, Status

UPDATE_S = 10.0
"""How long a client waits for a look upstream."""


LOOK_S = 1.0
"""Between two looks at the store during a step that takes long."""


class Pulse:
    """
    Hears of every step, and passes it on: to the feed what moved, to the health how it went.

    What moved the store says: another process may have written to it, and a long step does on its way.
    """

    def __init__(self, feed: Feed, health: Health) -> None:
        self._feed, self._health = feed, health
        self._store: LedgerStore | None = None
        self._last: Status | None = None
        self._next_look = 0.0
        self._looked = threading.Condition()
        self._looks, self._good = 0, False

    def watch(self, store: LedgerStore) -> None:
        """From now on look at this store, too."""
        self._store, self._last = store, store.status()

    def progress(self) -> None:
        """Somewhere within a step."""
        if time.monotonic() >= self._next_look:
            self._next_look = time.monotonic() + LOOK_S
            self._look(moved=False)

    def _look(self, *, moved: bool) -> None:
        status = None if self._store is None else self._store.status()
        if moved or status != self._last:
            self._last = status
            self._feed.moved()

    def report(self, outcome: Outcome) -> None:
        match outcome:
            case Waited(caught_up=True) | Advanced(verified=True):
                self._health.caught_up()
            case Waited(reason=reason):
                self._health.behind(reason)
            case Advanced():
                self._health.behind("entries are read that the contract has not confirmed yet")
            case Rewound(depth=depth, dropped=dropped):
                self._health.reorganised(depth, dropped)
            case Reread(reason=reason):
                self._health.mismatch(reason)
        self._look(moved=not isinstance(outcome, Waited))
        self._look_done(good=isinstance(outcome, Waited) and outcome.caught_up)

    def trouble(self, fault: SmartchainError) -> None:
        if isinstance(fault, HostError):
            self._health.rpc_error(str(fault))
        else:
            self._health.behind(str(fault))
        self._look_done(good=False, failed=True)

    def update(self) -> bool:
        """Wait for a look upstream that begins after this; whether it found all there is."""
        until = time.monotonic() + UPDATE_S
        with self._looked:
            last = self._looks + 1  # a look that is under way now may have begun before
            while self._looks <= last and (left := until - time.monotonic()) > 0:
                self._looked.wait(left)
            return self._looks > last and self._good

    def _look_done(self, *, good: bool, failed: bool = False) -> None:
        """Only what ends with nothing more to read, or with a fault, is a whole look."""
        if good or failed:
            with self._looked:
                self._looks, self._good = self._looks + 1, good
                self._looked.notify_all()
