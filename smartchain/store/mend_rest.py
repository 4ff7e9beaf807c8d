"""
The last steps of mending: what follows from the entries is made anew, and a journal's texts are held to their hashes.

Each function says what it mended.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from itertools import islice

from smartchain.errors import CorruptStore
from smartchain.ledger.entry import Entry
from smartchain.ledger.journal import CHAIN, fault_of
from smartchain.ports import LedgerInfo
from smartchain.store import correct, fsck_chain, fsck_lookups, lookups, marks
from smartchain.store.engine import Connection
from smartchain.store.rows import whole

_AT_ONCE = 1000
_BLOCK = "SELECT hash, root FROM block WHERE ledger = ? AND number = ?"


def mend_notes(connection: Connection, key: int, info: LedgerInfo) -> Iterator[str]:
    """The texts of a journal that have one wrong bit."""
    if info.chain_id != CHAIN:
        return
    query = "SELECT position, content FROM note WHERE ledger = ?"
    for position, held in connection.execute(query, (key,)).fetchall():
        content = held.encode(errors="surrogateescape") if isinstance(held, str) else bytes(held)
        entry = _entry(connection, key, position)
        if entry is None or fault_of(entry, info.address, content) is None:
            continue
        mended = correct.by_hash(content, lambda other: fault_of(entry, info.address, other) is None)  # noqa: B023
        if mended is not None:
            connection.put("note", 2, [(key, position, mended)])
            yield f"the text of entry {position}"


def _entry(connection: Connection, key: int, position: int) -> Entry | None:
    query = "SELECT packed FROM entry WHERE ledger = ? AND position = ?"
    row = connection.execute(query, (key, position)).fetchone()
    return None if row is None else Entry.unpack(whole(row[0]))


def mend_chain(connection: Connection, key: int, info: LedgerInfo) -> Iterator[str]:
    """Blocks and subtrees anew, if the newest block says that the entries are those it was made of."""
    if fsck_chain.blocks_fault(connection, key, info) is None:
        return
    for last in deque(fsck_chain.chain_of(connection, key, info, lambda *_: None), maxlen=1):
        there = connection.execute(_BLOCK, (key, last.number)).fetchone()
        if not {last.hash, last.root} & {*(there or ())}:
            raise CorruptStore("neither the entries nor the blocks of the store fit its last block: index again")
    for table in ("block", "subtree"):
        connection.execute(f"DELETE FROM {table} WHERE ledger = ?", (key,))  # noqa: S608
    _write_chain(connection, key, info)
    yield "blocks and subtrees"


def _write_chain(connection: Connection, key: int, info: LedgerInfo) -> None:
    """No more than a piece of it in memory."""
    nodes: list[tuple[object, ...]] = []
    blocks = fsck_chain.chain_of(connection, key, info, lambda *node: nodes.append((key, *node)))
    while some := list(islice(blocks, _AT_ONCE)):
        connection.insert("block", [(key, *fsck_chain.row_of_block(block)) for block in some])
        connection.insert("subtree", nodes)
        nodes.clear()
    connection.insert("subtree", nodes)


def mend_lookups(connection: Connection, key: int) -> Iterator[str]:
    """Made anew where they are wrong."""
    if fsck_lookups.marks_fault(connection, key):
        connection.execute("DELETE FROM mark WHERE ledger = ?", (key,))
        marks.fill(connection, key)
        yield "the lookup `mark`"
    wrong = fsck_lookups.postings_fault(connection, key)
    if wrong or fsck_lookups.names_fault(connection, key):
        lookups.begin_anew(connection, key)
        yield "the lookups `posting` and `name`"
