"""
A ledger's row, mended: by its checksum where that says what the row was, else from the other rows and the contract.

Whatever other rows and the host say of a column is tried, and the checksum tells which of it was there. Where it tells
nothing, the row is made anew as that of a ledger that was read and not yet verified: the next `index` verifies it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product
from typing import Any

from smartchain.errors import CorruptStore
from smartchain.ledger.journal import CHAIN
from smartchain.ports import EntrySource, HostBlock, LedgerInfo
from smartchain.store import checksums, correct
from smartchain.store.checksums import LEDGER
from smartchain.store.engine import Connection
from smartchain.store.fetched import SourceOf
from smartchain.store.fsck_sums import UNREADABLE
from smartchain.store.rows import INFO_COLUMNS, info_of, row_of_info, row_of_place
from smartchain.types import ZERO_HASH, Address

WHAT = "what is stored about the ledger"
ANEW = f"{WHAT}, of which nothing is verified until the next `smartchain index`"

PLACES = ("cursor", "verified", "safe", "finalized")
_INFO = tuple(INFO_COLUMNS.split(", "))


def _of_place(place: str) -> tuple[str, str, str]:
    return f"{place}_number", f"{place}_hash", f"{place}_timestamp"


COLUMNS = (
    *("id", *_INFO, "size", "blocks", *_of_place("cursor")),
    *("verified_size", "verified_blocks", *_of_place("verified"), "lookup_size"),
    *(*_of_place("safe"), *_of_place("finalized")),
)
"""Of the table `ledger`, in their order."""

_MOST_GUESSES = 300_000
_NEWEST = 16
"""Of the numbers of entries that host blocks end with, those that may have been verified."""

_ROW = f"SELECT {', '.join(COLUMNS)} FROM ledger WHERE id = ?"  # noqa: S608
_SUM = "SELECT checksum FROM checksum WHERE ledger = ? AND kind = ? AND part = 0"
_VOUCHED = "SELECT 1 FROM checksum WHERE checksum = ?"
_BLOCKS = "SELECT coalesce(max(number) + 1, 0) FROM block WHERE ledger = ?"
_CLOSED = "SELECT count(*) FROM block WHERE ledger = ? AND size <= ?"
_HOST_BLOCKS = "SELECT number, hash, size, checksum FROM host_block WHERE ledger = ? ORDER BY number DESC"

_Row = dict[str, Any]
_Choices = list[tuple[tuple[str, ...], list[tuple[object, ...]]]]


def mend_row(connection: Connection, key: int, source_of: SourceOf, address: Address | None) -> Iterator[str]:
    """Says what was mended. Raises `CorruptStore` where nothing tells what the row was, `HostError`s."""
    if checksums.fits(connection, key):
        return
    row = dict(zip(COLUMNS, connection.execute(_ROW, (key,)).fetchone(), strict=True))
    what, mended = WHAT, _as_it_was(connection, row, None)
    if mended is None:
        source = _source(row, source_of, address)
        mended = _as_it_was(connection, row, source)
        if mended is None:
            what, mended = ANEW, made_anew(connection, key, source)
    put_row(connection, mended)
    yield what


def put_row(connection: Connection, row: _Row) -> None:
    change = f"UPDATE ledger SET {', '.join(f'{name} = ?' for name in row)} WHERE id = ?"  # noqa: S608
    connection.execute(change, [*row.values(), row["id"]])
    checksums.sign(connection, row["id"])


def _source(row: _Row, source_of: SourceOf, address: Address | None) -> EntrySource:
    said = (
        "what is stored about a ledger has more wrong than one bit, and the rest of the store does not say what it was"
    )
    if row["chain_id"] == CHAIN:
        raise CorruptStore(f"{said}: nothing but a copy of the store says that of a journal")
    if address is None and not (isinstance(row["address"], bytes) and len(row["address"]) == 20):
        raise CorruptStore(f"{said}, nor where the ledger is: name it with --ledger")
    return source_of(address or Address(row["address"]), None)


# by the checksum


def _as_it_was(connection: Connection, row: _Row, source: EntrySource | None) -> _Row | None:
    """The row that its checksum is of, if that can be found."""
    kept = connection.execute(_SUM, (row["id"], LEDGER)).fetchone()
    values = [row[name] for name in COLUMNS]
    if kept is None or not isinstance(kept[0], int):  # it may stand somewhere else
        return row if connection.execute(_VOUCHED, (checksums.of_row(values),)).fetchone() else None
    off = kept[0] ^ checksums.of_row(values)
    if correct.is_one_bit(off):
        return row
    told = correct.by_checksum(checksums.told_of(values), off)
    was = None if told is None else correct.row_of(told)
    if was is not None:
        return dict(zip(COLUMNS, [*was, *[None] * (len(COLUMNS) - len(was))], strict=True))
    return _guessed(row, kept[0], _choices(connection, row, source))


def _guessed(row: _Row, kept: int, choices: _Choices) -> _Row | None:
    tried = 0
    for chosen in product(*(values for _, values in choices)):
        guess = dict(row)
        for (names, _), some in zip(choices, chosen, strict=True):
            guess.update(zip(names, some, strict=True))
        if checksums.of_row(guess[name] for name in COLUMNS) == kept:
            return guess
        if (tried := tried + 1) == _MOST_GUESSES:
            break
    return None


def _choices(connection: Connection, row: _Row, source: EntrySource | None) -> _Choices:
    """What may have stood in the columns: what does now, what follows from other rows, what the host says."""
    key = row["id"]
    (entries,) = connection.execute("SELECT count(*) FROM entry WHERE ledger = ?", (key,)).fetchone()
    (blocks,) = connection.execute(_BLOCKS, (key,)).fetchone()
    (names,) = connection.execute("SELECT count(*) FROM name WHERE ledger = ?", (key,)).fetchone()
    sound = _sound(connection, key)
    held = list(dict.fromkeys(size for _, _, size in sound))[:_NEWEST]
    closed = [connection.execute(_CLOSED, (key, size)).fetchone()[0] for size in held]
    choices: _Choices = [
        (("size",), _some((row["size"],), (entries,))),
        (("blocks",), _some((row["blocks"],), (blocks,))),
        (("verified_size",), _some((row["verified_size"],), (entries,), *((size,) for size in held))),
        (("verified_blocks",), _some((row["verified_blocks"],), (blocks,), *((number,) for number in closed))),
        (("lookup_size",), _some((row["lookup_size"],), (names,))),
    ]
    if source is not None:
        info = row_of_info(source.info())
        moved = dict(zip(_INFO, info, strict=True)) | {"deployed_at": row["deployed_at"]}
        now = tuple(row[name] for name in _INFO)
        choices.append((_INFO, _some(now, tuple(moved.values()), info)))
    known = {number: host_hash for number, host_hash, _ in sound}
    for place in PLACES:
        names_of = _of_place(place)
        now = tuple(row[name] for name in names_of)
        choices.append((names_of, _some(now, (None, None, None), *_places(now, known, source))))
    return choices


def _places(now: Sequence[Any], known: dict[int, bytes], source: EntrySource | None) -> Iterator[tuple[object, ...]]:
    """Host blocks that a place may have been: of the number or the hash that is there, or the newest that is known."""
    number, host_hash, timestamp = now
    numbers = [number, *(at for at, other in known.items() if other == host_hash), max(known, default=None)]
    for at in dict.fromkeys(one for one in numbers if isinstance(one, int) and 0 <= one < 2**63):
        if at in known:
            yield at, known[at], timestamp
        if source is not None and (block := source.block(at)) is not None:
            yield row_of_place(block)
        if at != number:
            yield at, host_hash, timestamp


def _some(*values: tuple[object, ...]) -> list[tuple[object, ...]]:
    """Each once; those that a row can hold."""
    return list(dict.fromkeys(values))


def _sound(connection: Connection, key: int) -> list[tuple[int, bytes, int]]:
    rows = connection.execute(_HOST_BLOCKS, (key,)).fetchall()
    return [row[:3] for row in rows if checksums.host_block_fits(key, *row)]


# anew


def made_anew(connection: Connection, key: int, source: EntrySource) -> _Row:
    """The row of a ledger with all entries that are there, none of them verified. Raises `CorruptStore`."""
    info = source.info()
    query = "SELECT coalesce(max(position) + 1, 0) FROM entry WHERE ledger = ?"
    (entries,) = connection.execute(query, (key,)).fetchone()
    (blocks,) = connection.execute(_BLOCKS, (key,)).fetchone()
    row: _Row = dict.fromkeys(COLUMNS)
    row |= zip(_INFO, row_of_info(info), strict=True)
    row |= {"id": key, "size": entries, "blocks": blocks, "verified_size": 0, "verified_blocks": 0, "lookup_size": 0}
    if entries or blocks:
        cursor, size = _newest(connection, key, source)
        if (size := max(size, info.genesis.size)) < entries:
            raise CorruptStore(f"ledger {key} has {entries} entries, and its host blocks hold {size}: index again")
        row |= zip((*_of_place("cursor"), "size"), (*row_of_place(cursor), size), strict=True)
    return row


def _newest(connection: Connection, key: int, source: EntrySource) -> tuple[HostBlock, int]:
    """The newest host block that is known, and how many entries stand up to it."""
    known = _sound(connection, key)
    block = source.block(known[0][0]) if known and known[0][1] != ZERO_HASH else None
    if block is None or block.hash != known[0][1]:
        raise CorruptStore(
            f"what is stored about ledger {key} is lost, and {source.name} does not have the host blocks that were "
            "read: check --rpc-url, or move the store away and index again"
        )
    return block, known[0][2]


def info_in(connection: Connection, key: int) -> LedgerInfo:
    """Raises `CorruptStore` for a row that holds something else."""
    try:
        return info_of(connection.execute(f"SELECT {INFO_COLUMNS} FROM ledger WHERE id = ?", (key,)).fetchone())  # noqa: S608
    except UNREADABLE as error:
        raise CorruptStore(f"what is stored about ledger {key} cannot be read") from error
