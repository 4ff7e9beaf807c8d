"""
What a writer does inside one transaction: take a step in, raise the verified size, settle it, go back.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence

from smartchain.errors import BrokenSequence, EntryError, FinalityBroken, StoreError, StoreMoved
from smartchain.ledger.block import Block
from smartchain.ledger.entry import PACKED_BYTES
from smartchain.ports import Chunk, HostBlock, Settled, Status, Step
from smartchain.store import checksums, lookups, marks
from smartchain.store.engine import Connection
from smartchain.store.rows import STATUS_COLUMNS, row_of_place, signed, status_of
from smartchain.types import Size

EMPTY_KEPT = 1024
"""How far behind the cursor, in host blocks, those that ended a step without entries are remembered."""

HIGHEST_LEVEL = 48
"""No ledger reaches 2^48 entries."""

_FORGET_EMPTY = """
DELETE FROM host_block WHERE ledger = :ledger AND number >= :since AND number < :before AND EXISTS (
    SELECT 1 FROM host_block AS earlier WHERE earlier.ledger = host_block.ledger
    AND earlier.size = host_block.size AND earlier.number < host_block.number
)
"""


_SIZE_AT = "SELECT size FROM host_block WHERE ledger = ? AND number <= ? ORDER BY number DESC LIMIT 1"


def status(connection: Connection, ledger: int) -> Status:
    """Where the store stands with a ledger."""
    return status_of(connection.execute(f"SELECT {STATUS_COLUMNS} FROM ledger WHERE id = ?", (ledger,)).fetchone())  # noqa: S608


def take(connection: Connection, ledger: int, step: Step) -> None:
    """Take in a step. Raises `StoreMoved` if it does not go on from what is there."""
    checksums.check(connection, ledger)
    chunk, now = step.chunk, status(connection, ledger)
    _check_goes_on(step, now)
    size, blocks = Size(now.size + len(chunk.packed)), now.blocks + len(step.blocks)
    _take_entries(connection, ledger, chunk)
    _take_blocks(connection, ledger, step.blocks)
    marks.take(connection, ledger, size, chunk.packed, chunk.transactions)
    marks.take_blocks(connection, ledger, now.blocks, blocks)
    connection.insert("subtree", [(ledger, level, position, root) for level, position, root in step.nodes])
    if step.cursor is not None:
        _take_host_blocks(connection, ledger, chunk, now.cursor, step.cursor)
        _forget_empty(connection, ledger, now.cursor, step.cursor)
    connection.execute(
        "UPDATE ledger SET size = ?, blocks = ?, cursor_number = ?, cursor_hash = ?, cursor_timestamp = ? WHERE id = ?",
        (size, blocks, *row_of_place(step.cursor), ledger),
    )
    if step.verified and step.cursor is not None:
        raise_verified(connection, ledger, step.cursor, size, blocks)
    else:
        checksums.sign(connection, ledger)


def verify(connection: Connection, ledger: int, size: Size, blocks: int, at: HostBlock | None) -> None:
    """
    Raise the verified size to a staged one, all or in part. Raises `StoreMoved` if there is no such.

    The last block may be left out where more is staged: if its interval was over, it follows from a later entry.
    """
    checksums.check(connection, ledger)
    now = status(connection, ledger)
    staged = now.verified_size <= size <= now.size and now.verified_blocks <= blocks <= now.blocks
    within = _blocks_within(connection, ledger, size)
    left_out = within - 1 == blocks > 0 and size < now.size
    if not staged or not (within == blocks or left_out):
        raise StoreMoved(
            f"the store has {now.size} entries in {now.blocks} blocks, and {size} in {blocks} are none of its own that "
            "wait to be verified: another writer was here"
        )
    raise_verified(connection, ledger, at, size, blocks)


def raise_verified(connection: Connection, ledger: int, at: HostBlock | None, size: int, blocks: int) -> None:
    """So much of what is staged is verified."""
    connection.execute(
        "UPDATE ledger SET verified_size = ?, verified_blocks = ?, "
        "verified_number = ?, verified_hash = ?, verified_timestamp = ? WHERE id = ?",
        (size, blocks, *row_of_place(at), ledger),
    )
    checksums.sign(connection, ledger)


def settle(connection: Connection, ledger: int, settled: Settled) -> None:
    """Keep how far the host's chain is safe and finalized, no further than what is verified, and never back."""
    checksums.check(connection, ledger)
    now = status(connection, ledger)
    safe = _newer(now.settled.safe, _older(settled.safe, now.verified_at))
    finalized = _newer(now.settled.finalized, _older(settled.finalized, now.verified_at))
    kept = Settled(_newer(safe, finalized), finalized)
    if kept == now.settled:
        return
    _keep_settled(connection, ledger, kept)
    if finalized is not None:
        before = now.settled.finalized
        since = before.number if before else 0
        connection.execute(_FORGET_EMPTY, {"ledger": ledger, "since": since, "before": finalized.number})
    checksums.sign(connection, ledger)


def _keep_settled(connection: Connection, ledger: int, settled: Settled) -> None:
    connection.execute(
        "UPDATE ledger SET safe_number = ?, safe_hash = ?, safe_timestamp = ?, "
        "finalized_number = ?, finalized_hash = ?, finalized_timestamp = ? WHERE id = ?",
        (*row_of_place(settled.safe), *row_of_place(settled.finalized), ledger),
    )


def _older(one: HostBlock | None, other: HostBlock | None) -> HostBlock | None:
    """None where either is none."""
    return min(one, other, key=lambda place: place.number) if one and other else None


def _newer(one: HostBlock | None, other: HostBlock | None) -> HostBlock | None:
    """The one that is there, where the other is none; the first of two of the same number."""
    return max(one, other, key=lambda place: place.number) if one and other else one or other


def rewind(connection: Connection, ledger: int, size: Size, cursor: HostBlock | None) -> None:
    """
    Drop what stands past `size` and `cursor`, or past the finalized host block where the cursor is older.

    Raises `StoreMoved` if there are fewer entries, `FinalityBroken` where finalized ones would go.
    """
    checksums.check(connection, ledger)
    now = status(connection, ledger)
    cursor = _newer(_kept_by_finality(connection, ledger, now.settled.finalized, size), cursor)
    if size > now.size:
        raise StoreMoved(f"the store has {now.size} entries and cannot go back to {size}: another writer was here")
    blocks = _blocks_below(connection, ledger, size)
    lookups.cut(connection, ledger, size)
    marks.cut(connection, ledger, size, blocks)
    checksums.cut_transactions(connection, ledger, size)
    checksums.cut_tail(connection, ledger, size, now.size)
    connection.execute("DELETE FROM entry WHERE ledger = ? AND position >= ?", (ledger, size))
    connection.execute("DELETE FROM block WHERE ledger = ? AND number >= ?", (ledger, blocks))
    connection.executemany(
        "DELETE FROM subtree WHERE ledger = ? AND level = ? AND position >= ?",
        [(ledger, level, size >> level) for level in range(HIGHEST_LEVEL + 1)],
    )
    last = cursor.number if cursor else -1
    connection.execute("DELETE FROM host_block WHERE ledger = ? AND number > ?", (ledger, last))
    checksums.cut_host_blocks(connection, ledger, size)
    verified_at = now.verified_at
    if verified_at and (cursor is None or cursor.number < verified_at.number):
        verified_at = cursor
    verified = min(now.verified_size, size), min(now.verified_blocks, blocks)
    connection.execute(
        "UPDATE ledger SET size = ?, blocks = ?, cursor_number = ?, cursor_hash = ?, cursor_timestamp = ?, "
        "verified_size = ?, verified_blocks = ?, "
        "verified_number = ?, verified_hash = ?, verified_timestamp = ? WHERE id = ?",
        (size, blocks, *row_of_place(cursor), *verified, *row_of_place(verified_at), ledger),
    )
    _keep_settled(connection, ledger, Settled(_older(now.settled.safe, cursor), now.settled.finalized))
    checksums.sign(connection, ledger)


def _kept_by_finality(connection: Connection, ledger: int, finalized: HostBlock | None, size: int) -> HostBlock | None:
    """The finalized host block, which stays. Raises `FinalityBroken` where entries up to it would not."""
    if finalized is None:
        return None
    held = connection.execute(_SIZE_AT, (ledger, finalized.number)).fetchone()
    if held and size < held[0]:
        raise FinalityBroken(
            f"the store cannot go back to {size} entries: {held[0]} stand up to host block {finalized.number}, which "
            "was finalized; if the host chain did break its finality, index again into another database",
            finalized.number,
            finalized.number,
        )
    return finalized


def _check_goes_on(step: Step, now: Status) -> None:
    chunk = step.chunk
    if int(chunk.first) != now.size:
        raise StoreMoved(
            f"the store has {now.size} entries and the step begins at {chunk.first}: another writer was here"
        )
    if step.blocks and step.blocks[0].number != now.blocks:
        raise StoreMoved(
            f"the store has {now.blocks} blocks and the step brings number {step.blocks[0].number}: "
            "another writer was here"
        )
    if step.after is not None and (now.cursor is None or now.cursor.hash != step.after.hash):
        raise StoreMoved(
            f"the store has not read up to host block 0x{step.after.hash.hex()}, from which the step goes on: "
            "another writer was here"
        )
    if step.cursor is None:
        _check_opens(chunk, now)
        return
    numbers = [step.cursor.number, *chunk.hashes]
    if now.cursor and min(numbers) < now.cursor.number:
        raise StoreMoved(
            f"the store has read to host block {now.cursor.number} and the step brings {min(numbers)}: "
            "another writer was here"
        )


def _check_opens(chunk: Chunk, now: Status) -> None:
    """Opening entries come before all else."""
    if now.cursor is not None or now.blocks:
        raise StoreMoved(
            f"the store has {now.size} entries in {now.blocks} blocks, and opening ones come before all blocks: "
            "another writer was here"
        )
    if chunk.host_blocks or chunk.hashes or any(map(any, chunk.transactions)):
        raise StoreError("opening entries stand in no host block and in no transaction")


def _take_entries(connection: Connection, ledger: int, chunk: Chunk) -> None:
    count = len(chunk.packed)
    if not count:
        return
    if {*map(len, chunk.packed)} != {PACKED_BYTES} or [*map(len, chunk.transactions)] != [32] * count:
        raise EntryError(f"{count} entries come as {PACKED_BYTES} bytes each, with a transaction hash of 32 bytes each")
    connection.insert_entries(ledger, chunk.first, chunk.packed, chunk.transactions)
    checksums.take_transactions(connection, ledger, chunk.first, chunk.transactions)
    checksums.take_tail(connection, ledger, chunk.first, chunk.packed)


def _take_blocks(connection: Connection, ledger: int, blocks: Sequence[Block]) -> None:
    rows = [(ledger, block.number, block.hash, signed(block.timestamp), block.size, block.root) for block in blocks]
    connection.insert("block", rows)


def _take_host_blocks(
    connection: Connection, ledger: int, chunk: Chunk, last: HostBlock | None, cursor: HostBlock
) -> None:
    """Remember the host blocks, each with how many entries stand up to its end; none is known past the last cursor."""
    numbers = chunk.host_blocks
    if len(numbers) != len(chunk.packed) or not chunk.hashes.keys() >= set(numbers):
        raise StoreError("a step names a host block for each of its entries, and the hash of each of those")
    if numbers != sorted(numbers) or (numbers and numbers[-1] > cursor.number):
        raise BrokenSequence("entries stand in host blocks that go back", chunk.first_block, chunk.last_block)
    hashes = {**chunk.hashes, cursor.number: cursor.hash}
    held = ((number, hashes[number], chunk.first + bisect_right(numbers, number)) for number in sorted(hashes))
    rows = [(ledger, *row, checksums.of_host_block(ledger, *row)) for row in held]
    known = sum(1 for row in rows if last and row[1] <= last.number)
    connection.put("host_block", 2, rows[:known])
    connection.insert("host_block", rows[known:])


def _forget_empty(connection: Connection, ledger: int, before: HostBlock | None, now: HostBlock) -> None:
    """
    Forget host blocks without entries that are past remembering since the cursor moved; each is looked at once.

    A daemon that ends a step at every host block would else remember them all, for ever.
    """
    since = before.number - EMPTY_KEPT if before else 0
    connection.execute(_FORGET_EMPTY, {"ledger": ledger, "since": since, "before": now.number - EMPTY_KEPT})


def _blocks_below(connection: Connection, ledger: int, size: int) -> int:
    """How many blocks stay when the log is cut to `size`: those below it, and the genesis block of what is there."""
    last = connection.execute(
        "SELECT number FROM block WHERE ledger = ? AND (size < ? OR (number = 0 AND size = ?)) "
        "ORDER BY number DESC LIMIT 1",
        (ledger, size, size),
    ).fetchone()
    return last[0] + 1 if last else 0


def _blocks_within(connection: Connection, ledger: int, size: int) -> int:
    """How many blocks there are of the first `size` entries."""
    last = connection.execute(
        "SELECT number FROM block WHERE ledger = ? AND size <= ? ORDER BY number DESC LIMIT 1", (ledger, size)
    ).fetchone()
    return last[0] + 1 if last else 0
