"""
What is served: the verified part of a ledger, as one transaction sees it.
"""

from __future__ import annotations

import sqlite3
from bisect import bisect_left
from collections.abc import Iterator
from itertools import takewhile

from smartchain.errors import ProofError
from smartchain.ledger.block import Block
from smartchain.ledger.hash import ETHER, anchor_of, leaf_hash, transaction_hash
from smartchain.ledger.proof import perfect_from, root_at
from smartchain.ports import Account, EntryQuery, LedgerInfo, Point, Recorded, Status
from smartchain.store import names, postings
from smartchain.store.reads import HOST_BLOCK_OF, Reader
from smartchain.store.rows import entry_of
from smartchain.store.writes import status
from smartchain.types import Address, Hash32, Index

_HINT = HOST_BLOCK_OF.format(position="entry.position")
_SELECT = f"SELECT position, packed, tx_hash, ({_HINT}) FROM entry"  # noqa: S608
_ONE = f"{_SELECT} WHERE ledger = :ledger AND position = :position"
_RANGE = f"{_SELECT} WHERE ledger = :ledger AND position >= :start AND position < :stop ORDER BY position"
_TIME = "SELECT packed FROM entry WHERE ledger = ? AND position = ?"

_EXACT = 6_400
"""References that are worth reading one by one for a plot; past them the ends of the rows are dense enough."""


class StoredView(Reader):
    """Implements `ports.View`."""

    def __init__(self, connection: sqlite3.Connection, ledger: int, info: LedgerInfo) -> None:
        super().__init__(connection, ledger, info)
        self.info = info
        self.status: Status = status(connection, ledger)
        self._perfect = perfect_from(super().packed, self.nodes)

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
        return super().packed(start, min(stop, self._stop))

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
        return self._blocks("number >= :start AND number < :stop ORDER BY number", start=start, stop=end)

    def block_by_hash(self, block_hash: Hash32) -> Block | None:
        found = self._rows(
            "SELECT number FROM block_name WHERE ledger = :ledger AND hash = :hash", hash=block_hash
        ).fetchone()
        return self.block(found[0]) if found else None

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
        if not 0 <= index < self._stop:
            return None
        return self._recorded(self._rows(_ONE, position=index).fetchone())

    def entries(self, query: EntryQuery = EntryQuery()) -> Iterator[Recorded]:  # noqa: B008  (frozen)
        start, stop = self._span(query)
        if query.memo is not None and any(query.memo):
            found = self._with_memo(query.memo, start, stop, descending=query.descending)
        elif query.address is not None:
            where = postings.positions(
                self._connection, self._ledger, query.address, start, stop, descending=query.descending
            )
            found = (self._there(position) for position in where)
        else:
            found = self._range(start, stop, descending=query.descending)
        return (one for one in found if _fits(one, query))

    def _span(self, query: EntryQuery) -> tuple[int, int]:
        """First index and end of what the query's bounds and times leave: timestamps never fall."""
        start, stop = max(0, query.start), self._stop if query.stop is None else min(query.stop, self._stop)
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
        order = " DESC" if descending else ""
        return (self._recorded(row) for row in self._rows(_RANGE + order, start=start, stop=stop))

    def _with_memo(self, memo: Hash32, start: int, stop: int, *, descending: bool) -> Iterator[Recorded]:
        reach = self._names_reach()
        looked_up = names.with_key(
            self._connection, self._ledger, names.memo_key(memo), start, min(stop, reach), descending=descending
        )
        indexed = (self._there(position) for position in looked_up)
        rest = self._range(max(start, reach), stop, descending=descending)
        for part in (rest, indexed) if descending else (indexed, rest):
            yield from part

    def named(self, name: Hash32) -> list[Index]:
        reach = min(self._names_reach(), self._stop)
        for position in names.with_key(self._connection, self._ledger, names.key_of(name), 0, reach):
            if found := self._answers(self._there(position), name):
                return found
        return next(
            filter(None, (self._answers(one, name) for one in self._range(reach, self._stop, descending=False))), []
        )

    def _answers(self, one: Recorded, name: Hash32) -> list[Index]:
        """The entry if the name is its own, or all of its host transaction, which stand together."""
        if one.transaction == name:
            same = takewhile(
                lambda next_one: next_one.transaction == name, self._range(one.index, self._stop, descending=False)
            )
            return [each.index for each in same]
        anchor = anchor_of(self.info.chain_id, self.info.address)
        return [one.index] if transaction_hash(anchor, one.index, leaf_hash(one.entry.pack())) == name else []

    def _names_reach(self) -> int:
        row: tuple[int] = self._rows("SELECT name_size FROM ledger WHERE id = :ledger").fetchone()
        return row[0]

    def _there(self, position: int) -> Recorded:
        return self._recorded(self._rows(_ONE, position=position).fetchone())

    def _recorded(self, row: tuple[int, bytes, bytes, int | None]) -> Recorded:
        position, packed, transaction, host_block = row
        known = self._info.deployed_at if host_block is None else host_block
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

    def _totals(self, address: bytes, size: int) -> postings.Totals:
        return postings.totals_at(self._connection, self._ledger, self._terms(), address, size)

    def _terms(self) -> postings.Terms:
        return postings.Terms(self.info.address, self.info.fee_ppm, self.info.genesis.size)

    def balances(self, address: Address, subject: Address = ETHER, points: int = 200) -> list[Point]:
        if points < 1:
            return []
        if self._totals(address, self._stop).entries <= _EXACT:
            where = list(postings.positions(self._connection, self._ledger, address, 0, self._stop, descending=False))
        else:
            where = [end for end, _ in postings.rows_of(self._connection, self._ledger, address, self._stop)]
            newest = next(postings.positions(self._connection, self._ledger, address, 0, self._stop, descending=True))
            where += [newest] if where[-1] != newest else []
        step = -(-len(where) // points) or 1
        chosen = where[::-1][::step][::-1]
        return [Point(Index(at), self._timestamp(at), self.account(address, subject, at + 1).balance) for at in chosen]


def _fits(one: Recorded, query: EntryQuery) -> bool:
    entry = one.entry
    return (
        (query.address is None or query.address in (entry.sender, entry.recipient))
        and (query.subject is None or query.subject == entry.subject)
        and (query.memo is None or query.memo == entry.memo)
    )
