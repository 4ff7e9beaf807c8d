"""
What was read before, held to what the host says now: where the two chains part, and from where to read again.

Only host blocks that the store knows are looked at: those that hold entries, and those where a step ended.
"""

from __future__ import annotations

from smartchain.errors import FinalityBroken, HostUnavailable, UnknownBlock
from smartchain.indexer.narrow import Suspicion, fits
from smartchain.indexer.plan import fork_of
from smartchain.ports import EntrySource, HostBlock, LedgerStore, Settled
from smartchain.types import Hash32

MOST_LOOKS = 256
"""Host blocks in doubt that are held to the host's own, one by one: what two answers part in is new."""


class Past:
    """The host blocks that a store knows, on the host as it is now."""

    def __init__(self, source: EntrySource, store: LedgerStore) -> None:
        self._source = source
        self._store = store

    def is_canonical(self, number: int, block_hash: Hash32) -> bool:
        block = self._source.block(number)
        return block is not None and block.hash == block_hash

    def stands(self, place: HostBlock | None) -> bool:
        """Whether a block that was read up to is still part of the host chain; nothing read always stands."""
        return place is None or self.is_canonical(place.number, place.hash)

    def newest_below(self, target: HostBlock) -> bool | None:
        """Whether the newest known block that the host can know too is the host's; None if there is none."""
        known = self._store.host_blocks(target.number + 1, 1)
        there = self._source.block(known[0][0]) if known else None
        return None if there is None else there.hash == known[0][1]

    def settled(self) -> Settled:
        """How far the host says that its chain is safe and finalized, where it has these very blocks on it."""
        said = self._source.settled()
        return Settled(self._of_the_ledger(said.safe), self._of_the_ledger(said.finalized))

    def _of_the_ledger(self, place: HostBlock | None) -> HostBlock | None:
        """Where no entry stands yet there is nothing to settle: a ledger may still be deployed anew."""
        opening = self._store.info.genesis.size
        is_there = place is not None and self._store.size_at(place.number) > opening and self.stands(place)
        return place if is_there else None

    def broken(self) -> FinalityBroken | None:
        """
        What to say where the finalized block is not the host's any more.

        Raises `HostUnavailable` where the host does not have a block of that number yet.
        """
        finalized = self._store.status().settled.finalized
        here = self._source.block(finalized.number) if finalized else None
        if finalized is None or here == finalized:
            return None
        number = finalized.number
        if here is None:
            raise HostUnavailable(f"{self._source.name} is behind host block {number}, which was finalized before")
        return FinalityBroken(
            f"host block {number} was finalized as 0x{finalized.hash.hex()}, and is 0x{here.hash.hex()} on "
            f"{self._source.name} now: ask another node; if the host chain did break its finality, or is another "
            "one, index again into another database (--db)",
            number,
            number,
        )

    def fork(self, newest: int) -> HostBlock | None:
        """
        The newest known block up to that number on which all that was read up to it still stands; None for none.

        Never before the finalized block. Raises `FinalityBroken` where that one was replaced too.

        Where it lies before the newest verified one, the contract is asked there too: of two forks that were read in
        turns, each may know blocks of which the other's entries are not.
        """
        if broken := self.broken():
            raise broken
        status = self._store.status()
        verified, finalized = status.verified_at, status.settled.finalized
        if verified is not None and not self.stands(verified):
            newest = min(newest, verified.number)  # the rest was read after what was replaced
        step = 1
        while True:
            found = fork_of(self._store.host_blocks, self.is_canonical, self._store.info.deployed_at, newest)
            if finalized is not None and (found is None or found[0] <= finalized.number):
                return finalized
            if found is None:
                return None
            block = self._source.block(found[0])
            if block is None or block.hash != found[1]:
                raise UnknownBlock(f"host block {found[0]} was replaced while the fork was looked for")
            if (
                verified is None
                or block.number >= verified.number
                or fits(self._source, self._store, block) is not False
            ):
                return block
            newest, step = block.number - step, 2 * step

    def first_replaced(self, doubt: Suspicion) -> int | None:
        """
        The first host block in doubt that was read and is no longer canonical, among the newest of them.

        One that still is may stand after it: the host was reorganised between two answers.
        """
        known = [
            one for one in self._store.host_blocks(doubt.last_block + 1, MOST_LOOKS) if one[0] >= doubt.first_block
        ]
        return next((number for number, block_hash in known if not self.is_canonical(number, block_hash)), None)

    def first_replaced_since(self, target: HostBlock) -> int | None:
        """
        The first host block that was read in an earlier answer and replaced since, among the newest below the target.

        Asked whenever reading goes on from what is not verified yet, and before it becomes so: by then the chain may
        have grown, and what was near its end be far below. Mined again at the same second, the same entries give the
        same root: it does not tell. Of what is verified the newest is looked at, which may have been replaced while
        what followed was read. What the host calls final today may have been replaced between being read and becoming
        so: what was final when it was verified counts.
        """
        status = self._store.status()
        verified = status.verified_at
        if status.cursor is None or status.cursor == verified:
            return None
        if verified is not None and not self.stands(verified):
            return verified.number
        seen = [place.number for place in (verified, status.settled.finalized) if place is not None]
        known = self._store.host_blocks(target.number + 1, MOST_LOOKS)
        near = (one for one in known if one[0] > max(*seen, target.number - MOST_LOOKS, -1))
        return next((number for number, block_hash in near if not self.is_canonical(number, block_hash)), None)

    def before(self, first_block: int) -> HostBlock | None:
        """Where to go back to, to read from that host block on again: never before what is verified and stands."""
        verified = self._store.status().verified_at
        least = verified if self.stands(verified) else None
        if least is not None and first_block <= least.number + 1:
            return least
        fork = self.fork(first_block - 1)
        return least if fork is None or (least is not None and fork.number < least.number) else fork
