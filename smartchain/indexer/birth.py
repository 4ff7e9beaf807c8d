"""
Whether a ledger is still the one that the store began with.

A reorganisation that takes the deployment with it may bring it back at another second: the same address, another
genesis, and so another chain from block 0 on. While no entry is verified no root would tell.
"""

from __future__ import annotations

from smartchain.errors import NoContract, NotALedger, StateGone, WrongStore
from smartchain.ledger.address import checksum
from smartchain.ledger.block import BlockRule
from smartchain.ports import EntrySource, Genesis, HostBlock, LedgerStore

Beginning = tuple[BlockRule, Genesis]


class Birth:
    """The deployment, asked about before the first entries are verified and after everything was dropped."""

    def __init__(self, source: EntrySource, store: LedgerStore) -> None:
        self._source = source
        self._store = store
        self._asked_at: tuple[int, HostBlock] | None = None
        self._other: Beginning | None = None

    def doubt(self) -> None:
        """Blocks were dropped, perhaps the deployment's."""
        self._asked_at = None

    def stands(self, size: int, at: HostBlock) -> bool:
        """
        Whether what the contract says of its beginning is what the store has; asked once for that many entries and that
        newest host block: an answer from another fork must not stay the last word on a ledger without entries.

        False for a contract that is not there, and where it should be asked again: one replica may be of another
        fork. Raises `WrongStore` where the same other beginning was told twice.
        """
        if (size, at) == self._asked_at:
            return True
        try:
            said = self._ask(at)
        except (NoContract, NotALedger):
            return False
        ours = self._store.info
        if said == (ours.rule, ours.genesis):
            self._asked_at, self._other = (size, at), None
            return True
        if said == self._other:
            raise WrongStore(
                f"the ledger {checksum(ours.address)} was deployed anew: it began at second {said[1].timestamp}, "
                f"the one in the store at second {ours.genesis.timestamp}; name another file with --db"
            )
        self._other = said
        return False

    def _ask(self, at: HostBlock) -> Beginning:
        """At that very block, or at the newest where the host has forgotten the state of that one."""
        try:
            return self._source.origin(at)
        except StateGone:
            info = self._source.info()
            return info.rule, info.genesis
