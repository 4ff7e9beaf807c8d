"""
What is served: the verified part of a ledger, as one transaction sees it.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain

from smartchain.errors import ProofError
from smartchain.ledger.block import Block
from smartchain.ledger.hash import ETHER, SEAL, leaf_hash, transaction_hash
from smartchain.ledger.proof import perfect_from, root_at
from smartchain.ports import Account, EntryQuery, LedgerInfo, Point, Recorded, Status
from smartchain.store import marks, names, postings
from smartchain.store.engine import Connection
from smartchain.store.reads import HOST_BLOCK_OF, Reader
from smartchain.store.rows import entry_of
from smartchain.store.writes import status
from smartchain.types import ZERO_HASH, Address, Hash32, Index, Size

_HINT = HOST_BLOCK_OF.format(position="entry.position")
_SELECT = f"SELECT position, packed, tx_hash, ({_HINT}) FROM entry"  # noqa: S608
_ONE = f"{_SELECT} WHERE ledger = :ledger AND position = :position"
_RANGE = f"{_SELECT} WHERE ledger = :ledger AND position >= :start AND position < :stop"
_PARTY = "(substr(packed, 21, 20) = :name OR substr(packed, 41, 20) = :name)"
_SENDER = "substr(packed, 21, 20) = :name"
_MEMO = "substr(packed, 101) = :name"
_HOST_TRANSACTION = "tx_hash = :name"
_TRANSACTIONS = (
    "SELECT tx_hash FROM entry WHERE ledger = :ledger AND position >= :start AND position < :stop ORDER BY position"
)
_HOST_BLOCKS = "SELECT number, size FROM host_block WHERE ledger = :ledger AND size > :start ORDER BY size, number"
_TIME = "SELECT packed FROM entry WHERE ledger = ? AND position = ?"

_EXACT = 6_400
"""References that are worth reading one by one for a plot; past them the ends of the rows are dense enough."""


class StoredView(Reader):
    """Implements `ports.View`."""

    def __init__(self, connection: Connection, ledger: int, info: LedgerInfo) -> None:
        super().__init__(connection, ledger, info)
        self.info = info
        self.status: Status = status(connection, ledger)
        self._perfect = perfect_from(super().packed, self.nodes)
        self._terms = postings.Terms(info.address, info.fee_ppm, info.genesis.size)

    @property
    def _stop(self) -> int:
        return self.status.verified_size

    # the log

    def root(self, size: int | None = None) -> Hash32:
        size = self._stop if size is None else size
        self._check(size)
        return root_at(self._perfect, size)

    def perfect(self, level: int, position: int) -> Hash32:
        self._check((position + 1) << level)
        return self._perfect(level, position)

    def packed(self, start: int, stop: int) -> Iterator[bytes]:
        return super().packed(min(start, self._stop), min(stop, self._stop))

    def size_at(self, host_block: int) -> Size:
        return min(super().size_at(host_block), self.status.verified_size)

    def hints(self, start: int, stop: int) -> tuple[list[bytes], list[int]]:
        start, stop = min(max(0, start), self._stop), min(stop, self._stop)
        transactions = [found for (found,) in self._stream(_TRANSACTIONS, start=start, stop=stop)]
        opening = max(0, min(self.info.genesis.size, stop) - start)
        numbers = [self.info.deployed_at] * opening
        for number, size in self._stream(_HOST_BLOCKS, start=start + opening) if len(transactions) > opening else ():
            numbers += [number] * (min(size, stop) - start - len(numbers))
            if size >= stop:
                break
        return transactions, numbers + [self._info.deployed_at] * (len(transactions) - len(numbers))

    def _check(self, size: int) -> None:
        if not 0 <= size <= self._stop:
            raise ProofError(f"the verified log has {self._stop} entries, and {size} were asked for")

    # blocks

    def block(self, number: int) -> Block | None:
        if not 0 <= number < self.status.verified_blocks:
            return None
        return self._block("number = :number", number=number)

    def blocks(self, start: int = 0, stop: int | None = None) -> Iterator[Block]:
        verified = self.status.verified_blocks
        end = verified if stop is None else min(stop, verified)
        first = min(start, verified)  # however far past the end: an engine has a largest number
        return self._blocks("number >= :start AND number < :stop ORDER BY number", start=first, stop=end)

    def block_by_hash(self, block_hash: Hash32) -> Block | None:
        mark, stop = marks.mark_of(block_hash), self.status.verified_blocks
        for low, high in marks.spans(self._connection, self._ledger, marks.BLOCKS, mark, 0, stop):
            found = self._block(
                "number >= :low AND number < :high AND hash = :hash", low=low, high=high, hash=block_hash
            )
            if found is not None:
                return found
        return None

    def block_of(self, index: int) -> Block | None:
        """Blocks hold the log in order: the first that reaches past the entry, found by halving."""
        low, high = 0, self.status.verified_blocks
        while low < high:
            middle = (low + high) // 2
            low, high = (middle + 1, high) if self._end(middle) <= index else (low, middle)
        return self.block(low) if index >= 0 else None

    def _end(self, number: int) -> int:
        query = "SELECT size FROM block WHERE ledger = :ledger AND number = :number"
        row: tuple[int] = self._rows(query, number=number).fetchone()
        return row[0]

    # entries

    def entry(self, index: int) -> Recorded | None:
        return self._there(index) if 0 <= index < self._stop else None

    def entries(self, query: EntryQuery = EntryQuery()) -> Iterator[Recorded]:  # noqa: B008  (frozen)
        start, stop = self._span(query)
        if query.address is not None:
            found = self._of_address(query.address, start, stop, descending=query.descending)
        elif query.memo is not None and any(query.memo):
            found = self._marked(marks.mark_of_memo(query.memo), _MEMO, query.memo, start, stop, query.descending)
        else:
            found = self._range(start, stop, descending=query.descending)
        return (one for one in found if _fits(one, query))

    def _of_address(self, address: Address, start: int, stop: int, *, descending: bool) -> Iterator[Recorded]:
        """From the posting list as far as that reaches, by the sparse index past it."""
        reach = max(start, min(self._reach(), stop))
        listed = postings.positions(self._connection, self._ledger, address, start, reach, descending=descending)
        asked = ({"ledger": self._ledger, "position": position} for position in listed)
        first = (self._recorded(row) for row in self._connection.first_of_each(_ONE, asked))
        rest = self._marked(marks.mark_of(address), _PARTY, address, reach, stop, descending)
        yield from chain(rest, first) if descending else chain(first, rest)

    def _marked(
        self, mark: bytes, where: str, name: bytes, start: int, stop: int, descending: bool = False
    ) -> Iterator[Recorded]:
        """Entries for which `where` holds, in the parts that may have the name."""
        query = f"{_RANGE} AND {where} ORDER BY position {'DESC' if descending else 'ASC'}"
        spans = marks.spans(self._connection, self._ledger, marks.ENTRIES, mark, start, stop, descending=descending)
        for low, high in spans:
            for row in self._rows(query, start=low, stop=high, name=name):
                yield self._recorded(row)

    def _span(self, query: EntryQuery) -> tuple[int, int]:
        """First index and end of what the query's bounds and times leave: timestamps never fall."""
        start = min(max(0, query.start), self._stop)
        stop = self._stop if query.stop is None else min(query.stop, self._stop)
        if query.since is not None:
            start = max(start, self._since(query.since))
        if query.until is not None:
            stop = min(stop, self._since(query.until))
        return start, stop

    def _since(self, timestamp: int) -> int:
        """Index of the first entry not before that second."""
        return bisect_left(range(self._stop), timestamp, key=self._timestamp)

    def _timestamp(self, position: int) -> int:
        (packed,) = self._connection.execute(_TIME, (self._ledger, position)).fetchone()
        return int.from_bytes(packed[92:100], "big")

    def _range(self, start: int, stop: int, *, descending: bool) -> Iterator[Recorded]:
        query = f"{_RANGE} ORDER BY position {'DESC' if descending else 'ASC'}"
        return (self._recorded(row) for row in self._stream(query, start=start, stop=stop))

    def named(self, name: Hash32) -> list[Index]:
        """By the lookup first, then among the host's transactions, and at last by computing what is not looked up."""
        if name == ZERO_HASH:
            return []  # what stands for the transaction of opening entries
        looked_up = names.positions(self._connection, self._ledger, name)
        if known := self._named(name, ((at, one) for at in looked_up for one in self.packed(at, at + 1))):
            return known
        of_host = self._marked(marks.mark_of(name), _HOST_TRANSACTION, name, 0, self._stop)
        if found := [one.index for one in of_host]:
            return found
        reach = self._reach()
        return self._named(name, enumerate(self.packed(reach, self._stop), reach))

    def _named(self, name: Hash32, entries: Iterable[tuple[int, bytes]]) -> list[Index]:
        """The one of these whose smart chain transaction hash it is."""
        for position, packed in entries:
            if transaction_hash(self._anchor, position, leaf_hash(packed)) == name:
                return [Index(position)]
        return []

    def _reach(self) -> int:
        row: tuple[int] = self._rows("SELECT lookup_size FROM ledger WHERE id = :ledger").fetchone()
        return row[0]

    def _there(self, position: int) -> Recorded:
        return self._recorded(self._rows(_ONE, position=position).fetchone())

    def _recorded(self, row: tuple[int, bytes, bytes, int | None]) -> Recorded:
        position, packed, transaction, host_block = row
        opens = position < self.info.genesis.size
        known = self.info.deployed_at if host_block is None or opens else host_block
        return Recorded(Index(position), entry_of(packed), known, Hash32(transaction))

    # accounts

    def account(self, address: Address, subject: Address = ETHER, size: int | None = None) -> Account:
        size = self._stop if size is None else size
        self._check(size)
        totals = self._totals(address, size)
        received, sent = totals.flows.get(subject, (0, 0))
        if address == self.info.address and self.info.fee_ppm:
            received += self._totals(postings.FEES, size).flows.get(subject, (0, 0))[0]
        return Account(received, sent, totals.sent, totals.entries)

    def subjects(self, address: Address) -> list[Address]:
        found = set(self._totals(address, self._stop).flows)
        if address == self.info.address and self.info.fee_ppm:
            found |= set(self._totals(postings.FEES, self._stop).flows)
        return sorted(map(Address, found - {SEAL}), key=lambda subject: (subject != ETHER, subject))

    def count_sent(self, address: Address, size: int | None = None) -> int:
        size = self._stop if size is None else size
        self._check(size)
        reach = min(size, self._reach())
        rest = self._marked(marks.mark_of(address), _SENDER, address, reach, size) if reach < size else ()
        return postings.sent_at(self._connection, self._ledger, address, reach) + sum(1 for _ in rest)

    def _totals(self, address: bytes, size: int) -> postings.Totals:
        """By the posting list as far as that reaches, and entry by entry past it."""
        reach = min(size, self._reach())
        totals = postings.totals_at(self._connection, self._ledger, self._terms, address, reach)
        self._count(totals, address, reach, size)
        return totals

    def _count(self, totals: postings.Totals, address: bytes, start: int, stop: int) -> None:
        """Take the address's entries from start up to stop into the totals."""
        if address == postings.FEES:
            found = self._range(start, stop, descending=False)
        else:
            found = self._marked(marks.mark_of(address), _PARTY, address, start, stop)
        for one in found:
            self._terms.add(totals, address, one.index, one.entry.pack())

    def balances(self, address: Address, subject: Address = ETHER, points: int = 200) -> list[Point]:
        where = self._moments(address) if points > 0 else []
        step = -(-len(where) // points) if where else 1
        chosen = where[::-1][::step][::-1]
        counted = [address, *([postings.FEES] if address == self.info.address and self.info.fee_ppm else [])]
        histories = [list(self._history(each, subject, chosen)) for each in counted]
        return [
            Point(Index(at), self._timestamp(at), sum(balances))
            for at, *balances in zip(chosen, *histories, strict=True)
        ]

    def _history(self, address: bytes, subject: Address, positions: Sequence[int]) -> Iterator[int]:
        """Balance after each of these entries, ascending; what no posting list reaches is gone through once."""
        reach, before, totals = self._reach(), 0, postings.Totals()
        for at in positions:
            if at < reach or before < reach:
                totals = self._totals(address, at + 1)
            else:
                self._count(totals, address, before, at + 1)
            before = at + 1
            received, sent = totals.flows.get(subject, (0, 0))
            yield received - sent

    def _moments(self, address: Address) -> list[int]:
        """Entries of an address to draw its history by: all of them, or every so many and the newest."""
        reach = self._reach()
        ends = postings.ends(self._connection, self._ledger, address, min(reach, self._stop))
        rest = [one.index for one in self._of_address(address, reach, self._stop, descending=False)]
        if len(ends) * postings.ROW > _EXACT:
            return [*ends, *rest]
        return [*postings.positions(self._connection, self._ledger, address, 0, reach, descending=False), *rest]


def _fits(one: Recorded, query: EntryQuery) -> bool:
    entry = one.entry
    return (
        (query.address is None or query.address in (entry.sender, entry.recipient))
        and (query.subject is None or query.subject == entry.subject)
        and (query.memo is None or query.memo == entry.memo)
    )
