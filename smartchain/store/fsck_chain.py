"""
What is wrong with one ledger's rows, as a sentence; None if nothing is.
"""

from __future__ import annotations

from collections.abc import Iterator

from smartchain.errors import CorruptStore
from smartchain.ledger.block import Assembler, Block, genesis_block
from smartchain.ledger.entry import Entry
from smartchain.ledger.hash import EMPTY_ROOT, anchor_of, leaf_hashes
from smartchain.ledger.journal import CHAIN, fault_of
from smartchain.ledger.merkle import STORED_LEVEL, Completed, MerkleLog
from smartchain.ports import LedgerInfo
from smartchain.store.engine import Connection
from smartchain.store.reads import Reader
from smartchain.store.rows import signed, whole
from smartchain.store.writes import status
from smartchain.types import ZERO_HASH

_ENTRIES = "SELECT position, packed, tx_hash FROM entry WHERE ledger = ? ORDER BY position"
_BLOCKS = "SELECT number, hash, timestamp, size, root FROM block WHERE ledger = ? ORDER BY number"
_LEVEL = "SELECT position, root FROM subtree WHERE ledger = ? AND level = ? ORDER BY position"
_PIECE = 4096

_BACKWARDS = """
SELECT number FROM (SELECT number, size, lag(size, 1, 0) OVER (ORDER BY number) AS before
FROM host_block WHERE ledger = ?) AS steps WHERE size < before ORDER BY number LIMIT 1
"""


def entries_fault(connection: Connection, key: int) -> str | None:
    """Every entry up to the size is there, in its form, and none past it."""
    size, count = status(connection, key).size, 0
    for count, (position, packed, tx_hash) in enumerate(connection.stream(_ENTRIES, (key,)), 1):
        if position != count - 1:
            return f"entry {count - 1} is missing"
        if not (_is_bytes(packed, 100, 132) and _is_bytes(tx_hash, 32)):
            return f"entry {position} has not the form of an entry"
    return None if count == size else f"there are {count} entries, and the ledger's row says {size}"


def _is_bytes(value: object, *lengths: int) -> bool:
    return isinstance(value, bytes) and len(value) in lengths


def blocks_fault(connection: Connection, key: int, info: LedgerInfo) -> str | None:
    """Every stored block and subtree follows from the entries, and no other is stored."""
    try:
        _Walk(connection, key, info).run()
    except _Differs as difference:
        return str(difference)
    return None


class _Differs(CorruptStore):
    """Says what does not follow from the entries."""


class _Walk:
    """The chain made once more, side by side with what is stored; no more than a piece of either in memory."""

    def __init__(self, connection: Connection, key: int, info: LedgerInfo) -> None:
        self._connection, self._key, self._info = connection, key, info
        self._now = status(connection, key)
        self._blocks = connection.stream(_BLOCKS, (key,))
        self._subtrees: dict[int, Iterator[tuple[int, bytes]]] = {}
        self._stored = 0

    def run(self) -> None:
        for block in chain_of(self._connection, self._key, self._info, self._subtree):
            self._block(block)
        if (extra := next(self._blocks, None)) is not None:
            raise _Differs(f"block {extra[0]} does not follow from the entries")
        self._no_other_subtree()

    def _block(self, block: Block) -> None:
        stored = next(self._blocks, None)
        if stored is None:
            raise _Differs(f"block {block.number} is missing")
        if stored != row_of_block(block):
            raise _Differs(f"block {block.number} does not follow from the entries")

    def _subtree(self, level: int, position: int, root: bytes) -> None:
        if level not in self._subtrees:
            self._subtrees[level] = self._connection.stream(_LEVEL, (self._key, level))
        stored = next(self._subtrees[level], None)
        self._stored += 1
        if stored is None or stored[0] > position:
            raise _Differs(f"subtree {position} of level {level} is missing")
        if stored != (position, root):
            raise _Differs(f"subtree {stored[0]} of level {level} does not follow from the entries")

    def _no_other_subtree(self) -> None:
        (stored,) = self._connection.execute("SELECT count(*) FROM subtree WHERE ledger = ?", (self._key,)).fetchone()
        if stored != self._stored:
            raise _Differs(f"{self._stored} subtrees follow from the entries, and {stored} are stored")


def chain_of(connection: Connection, key: int, info: LedgerInfo, completed: Completed) -> Iterator[Block]:
    """The blocks that a store has to hold by its entries; `completed` is told of the subtrees on the way."""
    now, genesis = status(connection, key), info.genesis
    log, reader = MerkleLog(0, (), completed, STORED_LEVEL), Reader(connection, key, info)
    for first in range(0, genesis.size, _PIECE):
        log.extend(leaf_hashes(reader.packed(first, min(first + _PIECE, genesis.size))))
    if now.blocks and (log.root() if log.size else EMPTY_ROOT) != genesis.root:
        raise _Differs("the opening entries do not give the root that the ledger began with")
    last = genesis_block(anchor_of(info.chain_id, info.address), genesis.timestamp, genesis.size, genesis.root)
    if now.blocks:
        yield last
    if now.size > genesis.size:
        for block in Assembler(info.rule, last, log).feed(reader.packed(genesis.size, now.size)):
            if block.number < now.blocks or block.size < now.size:
                yield block  # a rewind leaves the one at its edge to the step that comes


def row_of_block(block: Block) -> tuple[int, bytes, int, int, bytes]:
    return block.number, block.hash, signed(block.timestamp), block.size, block.root


def places_fault(connection: Connection, key: int, info: LedgerInfo) -> str | None:
    """What is verified is there, and the host blocks lead up to the cursor and the size."""
    now = status(connection, key)
    if not 0 <= now.verified_size <= now.size or not 0 <= now.verified_blocks <= now.blocks:
        return f"{now.verified_size} entries are called verified, of {now.size}"
    back = connection.execute(_BACKWARDS, (key,)).fetchone()
    if back is not None:
        return f"host block {back[0]} holds fewer entries up to its end than the one before it"
    rows = connection.execute(
        "SELECT number, hash, size FROM host_block WHERE ledger = ? ORDER BY number DESC LIMIT 1", (key,)
    ).fetchone()
    if rows is None:
        return None if now.size <= info.genesis.size else "no host block is known of any entry"
    number, host_hash, size = rows
    if now.cursor is None or number > now.cursor.number:
        return f"host block {number} stands past the one that was read up to"
    if number == now.cursor.number and now.cursor.hash not in (host_hash, ZERO_HASH):
        return f"host block {number}, which was read up to, has two hashes"
    return None if size == now.size or now.size <= info.genesis.size else f"the host blocks hold {size} entries"


def notes_fault(connection: Connection, key: int, info: LedgerInfo) -> str | None:
    """Of a journal: every note is the one that its entry is the hash of."""
    if info.chain_id != CHAIN:
        return None
    query = (
        "SELECT entry.position, packed, note.content FROM entry LEFT JOIN note ON note.ledger = entry.ledger "
        "AND note.position = entry.position WHERE entry.ledger = ? ORDER BY entry.position"
    )
    for position, packed, content in connection.stream(query, (key,)):
        if said := fault_of(Entry.unpack(whole(packed)), info.address, content):
            return f"entry {position} of the journal {said}"
    return None
