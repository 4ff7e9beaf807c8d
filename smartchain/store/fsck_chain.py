"""
What is wrong with one ledger's rows, as a sentence; None if nothing is.
"""

from __future__ import annotations

from smartchain.ledger.block import Assembler, genesis_block
from smartchain.ledger.entry import Entry
from smartchain.ledger.hash import EMPTY_ROOT, anchor_of, leaf_hashes
from smartchain.ledger.journal import CHAIN, fault_of
from smartchain.ledger.merkle import STORED_LEVEL, MerkleLog
from smartchain.ports import LedgerInfo
from smartchain.store.engine import Connection
from smartchain.store.reads import Reader
from smartchain.store.rows import signed, whole
from smartchain.store.writes import status
from smartchain.types import ZERO_HASH

_ODD_ENTRY = """
SELECT position FROM entry WHERE ledger = ? AND (typeof(packed) <> 'blob' OR length(packed) NOT IN (100, 132)
OR typeof(tx_hash) <> 'blob' OR length(tx_hash) <> 32) ORDER BY position LIMIT 1
"""
_BACKWARDS = """
SELECT number FROM (SELECT number, size, lag(size, 1, 0) OVER (ORDER BY number) AS before
FROM host_block WHERE ledger = ?) AS steps WHERE size < before ORDER BY number LIMIT 1
"""


def entries_fault(connection: Connection, key: int) -> str | None:
    """Every entry up to the size is there, in its form, and none past it."""
    odd = connection.execute(_ODD_ENTRY, (key,)).fetchone()
    if odd is not None:
        return f"entry {odd[0]} has not the form of an entry"
    size = status(connection, key).size
    rows = connection.execute("SELECT position FROM entry WHERE ledger = ? ORDER BY position", (key,))
    count = 0
    for count, (position,) in enumerate(rows, 1):
        if position != count - 1:
            return f"entry {count - 1} is missing"
    return None if count == size else f"there are {count} entries, and the ledger's row says {size}"


def blocks_fault(connection: Connection, key: int, info: LedgerInfo) -> str | None:
    """Every stored block and subtree follows from the entries, and no other is stored."""
    now, genesis, nodes = status(connection, key), info.genesis, dict[tuple[int, int], bytes]()
    log = MerkleLog(0, (), lambda level, at, root: nodes.__setitem__((level, at), root), STORED_LEVEL)
    reader = Reader(connection, key, info)
    log.extend(leaf_hashes(reader.packed(0, genesis.size)))
    if now.blocks and (log.root() if log.size else EMPTY_ROOT) != genesis.root:
        return "the opening entries do not give the root that the ledger began with"
    last = genesis_block(anchor_of(info.chain_id, info.address), genesis.timestamp, genesis.size, genesis.root)
    expected = [last] if now.blocks else []
    if now.size > genesis.size:
        expected += Assembler(info.rule, last, log).feed(reader.packed(genesis.size, now.size))
    if len(expected) == now.blocks + 1 and expected[-1].size == now.size > genesis.size:
        expected.pop()  # a rewind leaves that one to the step that comes
    if len(expected) != now.blocks:
        return f"{len(expected)} blocks follow from the entries, and the ledger's row says {now.blocks}"
    rows = connection.execute(
        "SELECT number, hash, timestamp, size, root FROM block WHERE ledger = ? ORDER BY number", (key,)
    ).fetchall()
    made = [(block.number, block.hash, signed(block.timestamp), block.size, block.root) for block in expected]
    if rows != made:
        wrong = next((at for at, pair in enumerate(zip(rows, made, strict=False)) if pair[0] != pair[1]), None)
        return f"block {min(len(rows), len(made)) if wrong is None else wrong} does not follow from the entries"
    return _subtree_fault(connection, key, nodes)


def _subtree_fault(connection: Connection, key: int, nodes: dict[tuple[int, int], bytes]) -> str | None:
    rows = connection.execute("SELECT level, position, root FROM subtree WHERE ledger = ?", (key,))
    for level, position, root in rows:
        if nodes.pop((level, position), None) != root:
            return f"subtree {position} of level {level} does not follow from the entries"
    for level, position in nodes:
        return f"subtree {position} of level {level} is missing"
    return None


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
    for position, packed, content in connection.execute(query, (key,)):
        if said := fault_of(Entry.unpack(whole(packed)), info.address, content):
            return f"entry {position} of the journal {said}"
    return None
