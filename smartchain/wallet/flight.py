"""
What delivery is about: a call under way, the journal that outlives a break, patience, and news for a person.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, Protocol

from smartchain.types import Hash32
from smartchain.wallet.mempool import Answer
from smartchain.wallet.receipt import Receipt
from smartchain.wallet.transaction import Signed

FIRST_PAUSE_S = 0.002


@dataclass(slots=True)
class Flight:
    """One call, and every transaction that was signed for it: all with one nonce."""

    number: int
    """Position of the call among those to be sent."""
    versions: list[Signed]
    receipt: Receipt | None = None
    settled: bool = False
    """Mined, with as many confirmations as asked for, and in the journal."""
    answer: Answer | None = None
    """What the host said to the newest version; None where it is not known to have arrived."""
    lost_since: float | None = None
    """When the nonce was first seen used and no receipt found."""

    @property
    def nonce(self) -> int:
        return self.versions[0].nonce

    @property
    def newest(self) -> Signed:
        return self.versions[-1]

    @property
    def foreign(self) -> bool:
        """Whether another transaction of the wallet, none of these, waits with this nonce."""
        return self.answer is Answer.OUTBID and len(self.versions) == 1

    @property
    def under_way(self) -> bool:
        """Whether a node has just taken it in, or had it."""
        return self.settled or self.answer in (Answer.TAKEN, Answer.KNOWN)

    @property
    def arrived(self) -> bool:
        """Whether the host has the newest version, or something that makes it pointless to send."""
        return self.answer not in (None, Answer.TOO_CHEAP)


class Journal(Protocol):
    """What must outlive a break."""

    def flights(self) -> list[Flight]:
        """Everything that was signed before, in the order of the nonces."""

    def signed(self, number: int, signed: Signed) -> None:
        """Keep it: it is on the disk when this returns, and broadcast only then."""

    def settled(self, number: int, receipt: Receipt) -> None: ...

    def undone(self, number: int) -> None:
        """A reorganisation of the host took the receipt back."""


class NoJournal:
    """For a payment that is followed to its end or not at all."""

    def flights(self) -> list[Flight]:
        return []

    def signed(self, number: int, signed: Signed) -> None: ...

    def settled(self, number: int, receipt: Receipt) -> None: ...

    def undone(self, number: int) -> None: ...


@dataclass(frozen=True, slots=True)
class Patience:
    """How long is waited, and for what."""

    confirmations: int = 1
    """Blocks that hold the transaction or stand on it; 0 does not wait at all."""
    timeout_s: float = 120
    """Without anything happening."""
    replace_after_s: float = 40
    """After so long a transaction counts as stuck and its price is raised."""
    poll_s: float = 2
    """At most, between two looks."""
    lost_after_s: float = 10
    """For so long, a used nonce without a receipt may be a node that lags behind itself."""


class Clock(Protocol):
    def now(self) -> float:
        """Seconds; only differences mean anything."""

    def sleep(self, seconds: float) -> None: ...


class SystemClock:
    def now(self) -> float:
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)


class Waiting:
    """Since when nothing has happened, and how long to the next look."""

    def __init__(self, clock: Clock, patience: Patience) -> None:
        self.clock = clock
        self._patience = patience
        self._seen: tuple[int, ...] = ()
        self._begin()

    def _begin(self) -> None:
        self._since = self._helped_at = self.clock.now()
        self._pause_s = min(FIRST_PAUSE_S, self._patience.poll_s)

    def note(self, *seen: int) -> None:
        """Begin anew if anything is not as it was."""
        if seen != self._seen:
            self._seen = seen
            self._begin()

    @property
    def over(self) -> bool:
        """Whether patience has run out."""
        return self.clock.now() - self._since >= self._patience.timeout_s

    @property
    def stuck(self) -> bool:
        """Whether the next transaction has waited so long that it needs help."""
        return self.clock.now() - self._helped_at >= self._patience.replace_after_s

    def helped(self) -> None:
        """It got help: let that work."""
        self._helped_at = self.clock.now()

    def rest(self) -> None:
        """Short pauses at first, for a chain that mines at once, and longer ones later."""
        self.clock.sleep(self._pause_s)
        self._pause_s = min(self._pause_s * 1.5, self._patience.poll_s)


@dataclass(frozen=True, slots=True)
class Progress:
    """Something that happened to one of the transactions."""

    what: Literal["tried", "signed", "sent", "replaced", "mined", "reverted", "undone", "waiting"]
    number: int
    """Position of the transaction among those to be sent."""
    transaction: Hash32 | None = None
    text: str = ""
    """Why, where something is waited for."""


OnProgress = Callable[[Progress], None]


def silent(_: Progress) -> None:
    """Tells nobody."""
