"""What stands behind the historical routes, in memory."""

from __future__ import annotations

from smartchain.errors import KeyUnusable, SmartchainError
from smartchain.ledger.entry import Entry
from smartchain.ledger.hash import SEAL
from smartchain.types import ZERO_ADDRESS, Address, Index, Wei
from tests.fakes.store import ListStore
from tests.store.making import ANNA, INFO, Story, payment


class Ledger:
    """A host chain, a ledger on it that closes a block at 3 entries, and an indexer: all at once, in memory."""

    def __init__(self, store: ListStore | None = None) -> None:
        self.store = store or ListStore(INFO)
        self._story = Story(INFO)
        self.store.take(self._story.step(verified=True))
        self.behind = False
        self.problem: SmartchainError | None = None
        self.paid = list[tuple[Address, int]]()

    address = ANNA

    def pay(self, sender: Address, recipient: Address, amount: Wei) -> Index:
        if sender != ANNA:
            raise KeyUnusable("no key of that one")
        self.paid.append((recipient, amount))
        return self._record(payment(sender, recipient, amount))

    def seal(self) -> Index:
        return self._record(Entry(SEAL, ANNA, ZERO_ADDRESS, 0, 1_700_000_100))

    def _record(self, entry: Entry) -> Index:
        if self.problem:
            raise self.problem
        self.store.take(self._story.step([entry], verified=not self.behind))
        return Index(len(self.store.rows) - 1)
