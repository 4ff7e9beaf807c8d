"""
Lookups, made once more from the entries and compared row by row.

The engine sorts what is made, in files, as the stored rows are sorted; so memory does not grow with the ledger.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby, islice, zip_longest
from struct import pack

from smartchain.ledger.hash import anchor_of
from smartchain.store import marks, names, postings
from smartchain.store.engine import Connection
from smartchain.store.fsck_sums import part_of
from smartchain.types import Address, ChainId

_SIDES = """
SELECT substr(packed, 21, 20) AS address, position, substr(packed, 1, 92) AS fields FROM entry
WHERE ledger = :ledger AND position < :reach
UNION ALL
SELECT substr(packed, 41, 20), position, substr(packed, 1, 92) FROM entry
WHERE ledger = :ledger AND position < :reach AND substr(packed, 41, 20) <> substr(packed, 21, 20)
ORDER BY 1, 2
"""
_IN_ORDER = "SELECT position, packed FROM entry WHERE ledger = :ledger AND position < :reach ORDER BY position"
_NAME = "SELECT 1 FROM name WHERE ledger = ? AND hash = ? AND position = ?"
_POSTINGS = "SELECT address, first, refs, entries, sent, totals FROM posting WHERE ledger = ?"

_AT_ONCE = 2048

_Row = tuple[object, ...]


def _reach(connection: Connection, key: int) -> int:
    (reach,) = connection.execute("SELECT lookup_size FROM ledger WHERE id = ?", (key,)).fetchone()
    return int(reach)


def _difference(table: str, stored: Iterable[_Row], made: Iterable[_Row], key: int = 2) -> str | None:
    """How the stored rows differ from the ones that were made; a row is named by its first columns."""
    for one, other in zip_longest(stored, made):
        if one != other:
            extra = other is None or (one is not None and one[:key] < other[:key])
            row = one if extra else other
            what = "follows from no entry" if extra else "is missing, or differs"
            place = ", ".join("0x" + value.hex() if isinstance(value, bytes) else str(value) for value in row[:key])
            return f"a row of the lookup `{table}` {what} ({place})"
    return None


def marks_fault(connection: Connection, key: int) -> str | None:
    stored = connection.stream("SELECT kind, part, marks FROM mark WHERE ledger = ? ORDER BY kind, part", (key,))
    return _difference("mark", stored, _marks(connection, key))


def _marks(connection: Connection, key: int) -> Iterator[_Row]:
    size, blocks = connection.execute("SELECT size, blocks FROM ledger WHERE id = ?", (key,)).fetchone()
    for part in range(size // marks.PART):
        packed, hosts = zip(*part_of(connection, key, part), strict=True)
        yield marks.ENTRIES, part, marks.of_entries(packed, hosts)
    for part in range(blocks // marks.PART):
        yield marks.BLOCKS, part, marks.of_blocks(connection, key, part)


def postings_fault(connection: Connection, key: int) -> str | None:
    terms = postings.terms_of(connection, key)
    values = {"ledger": key, "reach": _reach(connection, key)}
    stored = connection.stream(f"{_POSTINGS} AND address <> ? ORDER BY address, first", (key, postings.FEES))
    sides = connection.stream(_SIDES, values)
    said = _difference("posting", stored, _postings(terms, sides))
    if said is None:
        stored = connection.stream(f"{_POSTINGS} AND address = ? ORDER BY first", (key, postings.FEES))
        said = _difference("posting", stored, _postings(terms, _with_fees(terms, connection.stream(_IN_ORDER, values))))
    return said


def _with_fees(terms: postings.Terms, rows: Iterator[tuple[int, bytes]]) -> Iterator[tuple[bytes, int, bytes]]:
    for position, packed in rows:
        if terms.fee(position, packed[20:40], int.from_bytes(packed[60:92], "big")):
            yield postings.FEES, position, packed


def _postings(terms: postings.Terms, sides: Iterator[tuple[bytes, int, bytes]]) -> Iterator[_Row]:
    """The rows of these references, sorted by address and position."""
    for address, of_address in groupby(sides, key=lambda side: side[0]):
        totals = postings.Totals()
        while some := list(islice(of_address, postings.ROW)):
            refs = []
            for _, position, packed in some:
                terms.add(totals, address, position, packed)
                refs.append(position << 2 | _flags(address, packed))
            row = (pack(f">{len(refs)}q", *refs), totals.entries, totals.sent, totals.packed())
            yield address, some[0][1], *row


def _flags(address: bytes, packed: bytes) -> int:
    if address == postings.FEES:
        return postings.RECEIVED
    sent = postings.SENT if packed[20:40] == address else 0
    return sent | (postings.RECEIVED if packed[40:60] == address else 0)


def names_fault(connection: Connection, key: int) -> str | None:
    """Each entry's name is there; and no others, where there are as many."""
    chain_id, address = connection.execute("SELECT chain_id, address FROM ledger WHERE id = ?", (key,)).fetchone()
    anchor, reach = anchor_of(ChainId(chain_id), Address(address)), _reach(connection, key)
    entries = connection.stream(_IN_ORDER, {"ledger": key, "reach": reach})
    while some := list(islice(entries, _AT_ONCE)):
        rows = [(key, names.name_of(anchor, *entry), entry[0]) for entry in some]
        for row, there in zip(rows, connection.first_of_each(_NAME, rows), strict=True):
            if there is None:
                return f"a row of the lookup `name` is missing, or differs (0x{row[1].hex()}, {row[2]})"
    (count,) = connection.execute("SELECT count(*) FROM name WHERE ledger = ?", (key,)).fetchone()
    return None if count == reach else f"the lookup `name` has {count} rows, and {reach} follow from the entries"
