"""
Lookup: what each address had a part in, and what it had then.

A posting list, cut into rows of up to `ROW` references. A reference is an entry's position with two flags, sent and
received, in eight bytes. Each row ends with running totals, so the balance and the nonce of an address at any size of
the log are one short read, however much it did; wallets that come again cost a row for every `ROW` times and not a
row for each.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import repeat
from struct import pack, unpack

from smartchain.store.engine import Connection
from smartchain.types import ZERO_ADDRESS

ROW = 128
"""References a row: a page of the file still holds seven such rows."""

FEES = b"fees"
"""Stands for an address: where the fees are counted, which the ledger's own account is credited."""

RECEIVED, SENT = 1, 2

_ROWS = "SELECT first, refs, entries, sent, totals FROM posting WHERE ledger = ? AND address = ? AND first < ?"
_LAST = f"{_ROWS} ORDER BY first DESC LIMIT 1"
_KEY = 3
"""The first columns of `posting`, by which a row is known."""

_ENTRY = "SELECT packed FROM entry WHERE ledger = ? AND position = ?"
_BEYOND = 1 << 62

_Row = tuple[int, bytes, int, int, bytes]


@dataclass(frozen=True, slots=True)
class Terms:
    """What a ledger keeps of a payment. Source: the protocol's section on the relay of Ether."""

    ledger: bytes
    fee_ppm: int
    genesis_size: int

    def fee(self, position: int, sender: bytes, value: int) -> int:
        """Of that entry; none of an allocation, nor of what the ledger itself sends."""
        if not self.fee_ppm or position < self.genesis_size or sender in (ZERO_ADDRESS, self.ledger):
            return 0
        return value * self.fee_ppm // 1_000_000

    def add(self, totals: Totals, address: bytes, position: int, packed: bytes) -> None:
        """Count an entry, packed or as it is stored, for one of its parties, or for `FEES`."""
        sender, value = packed[20:40], int.from_bytes(packed[60:92], "big")
        fee = self.fee(position, sender, value)
        if address == FEES:
            totals.add(RECEIVED, packed[:20], fee, 0)
        else:
            flags = (SENT if sender == address else 0) | (RECEIVED if packed[40:60] == address else 0)
            totals.add(flags, packed[:20], value, fee)


@dataclass(slots=True)
class Totals:
    """Of one address, up to an entry."""

    entries: int = 0
    sent: int = 0
    flows: dict[bytes, list[int]] = field(default_factory=dict)
    """By subject: what it received, net of fees, and what it sent."""

    def add(self, flags: int, subject: bytes, value: int, fee: int) -> None:
        self.entries += 1
        flow = self.flows.setdefault(subject, [0, 0])
        if flags & RECEIVED:
            flow[0] += value - fee
        if flags & SENT:
            self.sent += 1
            flow[1] += value

    def packed(self) -> bytes:
        return b"".join(subject + _counted(flow[0]) + _counted(flow[1]) for subject, flow in self.flows.items())

    @classmethod
    def of(cls, entries: int, sent: int, packed: bytes) -> Totals:
        totals, at = cls(entries, sent), 0
        while at < len(packed):
            subject, at = packed[at : at + 20], at + 20
            flow = totals.flows[subject] = [0, 0]
            for side in (0, 1):
                stop = at + 1 + packed[at]
                flow[side], at = int.from_bytes(packed[at + 1 : stop], "big"), stop
        return totals


def terms_of(connection: Connection, ledger: int) -> Terms:
    row = connection.execute("SELECT address, fee_ppm, genesis_size FROM ledger WHERE id = ?", (ledger,)).fetchone()
    return Terms(*row)


def take(connection: Connection, ledger: int, start: int, stop: int) -> None:
    """Take the entries from start up to stop in; those before are in already."""
    terms = terms_of(connection, ledger)
    found, others = _found(connection, ledger, terms, start, stop)
    connection.put("posting", _KEY, _grown(connection, ledger, terms, found, others, fresh=start == 0))


def _found(
    connection: Connection, ledger: int, terms: Terms, start: int, stop: int
) -> tuple[dict[bytes, list[int]], dict[int, bytes]]:
    """
    By address: reference, value, reference, value, …; and the subject of each position.

    The subject that most entries have is written under -1 alone, which saves looking at it again.
    """
    found: dict[bytes, list[int]] = defaultdict(list)
    subjects: dict[int, bytes] = {}
    usual = b""
    whole = int.from_bytes
    rows = connection.stream(
        "SELECT position, packed FROM entry WHERE ledger = ? AND position >= ? AND position < ? ORDER BY position",
        (ledger, start, stop),
    )
    for position, packed in rows:
        sender, recipient, value = packed[20:40], packed[40:60], whole(packed[60:92], "big")
        if packed[:20] != usual:
            usual = usual or packed[:20]
            subjects[position] = packed[:20]
        reference = position << 2
        if sender == recipient:
            found[sender] += (reference | 3, value)
        else:
            found[sender] += (reference | 2, value)
            found[recipient] += (reference | 1, value)
        if terms.fee_ppm and (fee := terms.fee(position, sender, value)):
            found[FEES] += (reference | 1, fee)
            if sender != recipient:
                found[recipient][-1] = value - fee
    subjects[-1] = usual
    return found, subjects


def _grown(
    connection: Connection,
    ledger: int,
    terms: Terms,
    found: dict[bytes, list[int]],
    subjects: dict[int, bytes],
    *,
    fresh: bool,
) -> Iterator[tuple[object, ...]]:
    """The rows that are new or longer than before."""
    usual, addresses = subjects[-1], sorted(found)
    asked = ((ledger, address, _BEYOND) for address in addresses)
    lasts: Iterator[_Row | None] = repeat(None) if fresh else connection.first_of_each(_LAST, asked)
    for address, last in zip(addresses, lasts, strict=False):
        refs, values = found[address][::2], found[address][1::2]
        first, kept, totals = (
            (refs[0] >> 2, b"", Totals()) if last is None else (last[0], last[1], Totals.of(*last[2:]))
        )
        at, room = 0, ROW - len(kept) // 8
        while at < len(refs):
            if room == 0:
                first, kept, room = refs[at] >> 2, b"", ROW
            end = at + room
            for ref, value in zip(refs[at:end], values[at:end], strict=True):
                subject = subjects.get(ref >> 2, usual)
                fee = terms.fee(ref >> 2, address, value) if ref & 3 == 3 else 0
                totals.add(ref & 3, subject, value, fee)
            added = refs[at:end]
            yield (
                ledger,
                address,
                first,
                kept + pack(f">{len(added)}q", *added),
                totals.entries,
                totals.sent,
                totals.packed(),
            )
            at, room = end, 0


def cut(connection: Connection, ledger: int, size: int, stop: int) -> None:
    """Forget the entries from size up to stop, the last that was taken in; their rows must still be there."""
    terms = terms_of(connection, ledger)
    for address in sorted(_found(connection, ledger, terms, size, stop)[0]):
        connection.execute(
            "DELETE FROM posting WHERE ledger = ? AND address = ? AND first >= ?", (ledger, address, size)
        )
        last: _Row | None = connection.execute(_LAST, (ledger, address, _BEYOND)).fetchone()
        if last is None:
            continue
        refs = references(last[1])
        kept = refs[: bisect_left(refs, size << 2)]
        if len(kept) < len(refs):
            totals = totals_at(connection, ledger, terms, address, size)
            packed = pack(f">{len(kept)}q", *kept)
            row = (ledger, address, last[0], packed, totals.entries, totals.sent, totals.packed())
            connection.put("posting", _KEY, [row])


def references(packed: bytes) -> tuple[int, ...]:
    """Position and flags of each reference of a row, ascending."""
    return unpack(f">{len(packed) // 8}q", packed)


def positions(
    connection: Connection, ledger: int, address: bytes, start: int, stop: int, *, descending: bool
) -> Iterator[int]:
    """Where the address sent or received, from start up to stop."""
    before: _Row | None = connection.execute(_LAST, (ledger, address, start + 1)).fetchone()
    rows = connection.stream(
        "SELECT refs FROM posting WHERE ledger = ? AND address = ? AND first >= ? AND first < ? "  # noqa: S608
        f"ORDER BY first {'DESC' if descending else 'ASC'}",
        (ledger, address, before[0] if before else start, stop),
    )
    for (refs,) in rows:
        there = [ref >> 2 for ref in references(refs)]
        there = there[bisect_left(there, start) : bisect_left(there, stop)]
        yield from reversed(there) if descending else there


def totals_at(connection: Connection, ledger: int, terms: Terms, address: bytes, size: int) -> Totals:
    """Of an address in the entries below that size, which the posting lists reach."""
    last: _Row | None = connection.execute(_LAST, (ledger, address, size)).fetchone()
    if last is None:
        return Totals()
    refs = references(last[1])
    if refs[-1] >> 2 < size:
        return Totals.of(*last[2:])
    before: _Row | None = connection.execute(_LAST, (ledger, address, last[0])).fetchone()
    totals = Totals.of(*before[2:]) if before else Totals()
    for position in (ref >> 2 for ref in refs if ref >> 2 < size):
        (packed,) = connection.execute(_ENTRY, (ledger, position)).fetchone()
        terms.add(totals, address, position, packed)
    return totals


def sent_at(connection: Connection, ledger: int, address: bytes, size: int) -> int:
    """How many of the entries below that size the address sent."""
    last: _Row | None = connection.execute(_LAST, (ledger, address, size)).fetchone()
    if last is None:
        return 0
    refs = references(last[1])
    return last[3] - sum(1 for ref in refs[bisect_left(refs, size << 2) :] if ref & SENT)


def ends(connection: Connection, ledger: int, address: bytes, stop: int) -> list[int]:
    """The last position of each row, below `stop`: every so many of the address's entries one, and the newest."""
    rows = connection.stream(f"{_ROWS} ORDER BY first", (ledger, address, stop))
    refs = ([ref >> 2 for ref in references(row[1]) if ref >> 2 < stop] for row in rows)
    return [there[-1] for there in refs]


def _counted(number: int) -> bytes:
    length = (number.bit_length() + 7) // 8
    return bytes((length,)) + number.to_bytes(length, "big")
