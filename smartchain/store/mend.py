"""
Mends one ledger's rows inside a transaction: a single flipped bit by the checksums and hashes alone, more by the host.

What follows from other rows is made anew. Nothing that a hash commits to is replaced by what does not fit the hash.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from struct import unpack

from smartchain.ledger.hash import anchor_of, node_hash
from smartchain.ledger.merkle import STORED_LEVEL
from smartchain.store import checksums, correct, fsck_chain, fsck_sums, names
from smartchain.store.checksums import PART, TAIL, TRANSACTIONS
from smartchain.store.engine import Connection
from smartchain.store.fetched import Fetched, SourceOf, around, fetch, stored
from smartchain.store.fsck_sums import part_of, size_of, span
from smartchain.store.mend_rest import mend_chain, mend_lookups, mend_notes
from smartchain.store.mend_row import info_in, mend_row
from smartchain.store.rows import whole
from smartchain.types import Address

_SUBTREE = "SELECT root FROM subtree WHERE ledger = ? AND level = ? AND position = ?"
_KEPT = "SELECT checksum FROM checksum WHERE ledger = ? AND kind = ? AND part = ?"

_HostBlock = tuple[int, int, bytes, int]


class Mender:
    """One ledger; `done` says what was mended. With `all_host_blocks` some of those may be lost without a trace."""

    def __init__(
        self,
        connection: Connection,
        key: int,
        source_of: SourceOf,
        address: Address | None,
        all_host_blocks: bool = False,
    ) -> None:
        self._connection, self._key, self._source_of = connection, key, source_of
        self._address, self._all_host_blocks = address, all_host_blocks
        self._anchor: int | None = None
        self.done: list[str] = []

    def mend(self) -> None:
        """Raises `CorruptStore` for what cannot be mended, `HostError`s."""
        self.done += mend_row(self._connection, self._key, self._source_of, self._address)
        self._info = info_in(self._connection, self._key)
        for part in self._wrong_parts():
            self._entries(part)
        for part in list(fsck_sums.wrong_transactions(self._connection, self._key)):
            self._transactions(part)
        self._host_blocks()
        self.done += mend_notes(self._connection, self._key, self._info)
        self.done += mend_chain(self._connection, self._key, self._info)
        self.done += mend_lookups(self._connection, self._key)

    def _kept(self, kind: int, part: int = 0) -> int:
        row = self._connection.execute(_KEPT, (self._key, kind, part)).fetchone()
        return row[0] if row and isinstance(row[0], int) else 0

    # host blocks

    def _host_blocks(self) -> None:
        for number in list(fsck_sums.wrong_host_blocks(self._connection, self._key)):
            place = (self._key, number)
            query = "SELECT number, hash, size, checksum FROM host_block WHERE ledger = ? AND number = ?"
            row = self._connection.execute(query, place).fetchone()
            if row is None or checksums.host_block_fits(self._key, *row):
                continue  # it came with another one
            self._connection.execute("DELETE FROM host_block WHERE ledger = ? AND number = ?", place)
            mended = self._host_block(*row)
            if mended is None:
                span = around(self._connection, self._key, self._info.genesis.size, number, row[2])
                self._fetched(*span).put_host_blocks(number)
            else:
                self._connection.put("host_block", 2, [(*mended, checksums.of_host_block(*mended))])
            self.done.append(f"host block {number}")
        size = size_of(self._connection, self._key)
        if self._all_host_blocks and size > self._info.genesis.size:
            self._fetched(self._info.genesis.size, size).put_host_blocks()
            self.done.append("the host blocks")

    def _host_block(self, number: int, host_hash: object, size: object, kept: object) -> _HostBlock | None:
        """The row with its bit put back."""
        if not (isinstance(host_hash, bytes) and isinstance(size, int) and isinstance(kept, int)):
            return None
        off = kept ^ checksums.of_host_block(self._key, number, host_hash, size)
        if correct.is_one_bit(off):
            return self._key, number, host_hash, size
        told = correct.by_checksum(checksums.told_of_host_block(self._key, number, host_hash, size), off)
        if told is None:
            return None
        key, number, held = unpack(">3q", told[:24])
        return (key, number, told[24:], held) if key == self._key else None

    def _fetched(self, start: int, stop: int) -> Fetched:
        return fetch(self._connection, self._key, self._info, self._source_of, start, stop)

    # entries

    def _wrong_parts(self) -> Iterator[int]:
        """Parts whose entries are not what the stored subtrees, or the checksum of the last ones, say."""
        size = size_of(self._connection, self._key)
        for part in range(size // PART):
            if self._root(part) != self._stored(STORED_LEVEL, part):
                yield part
        if not self._tail_fits():
            yield size // PART

    def _tail_fits(self) -> bool:
        try:
            return fsck_sums.tail_fits(self._connection, self._key)
        except (TypeError, AttributeError):
            return False

    def _packed(self, part: int) -> list[bytes] | None:
        """The entries of a part as they are stored; None where they have not even the form of entries."""
        size = size_of(self._connection, self._key)
        packed = [packed for packed, _ in part_of(self._connection, self._key, part)]
        sound = all(isinstance(one, bytes) and len(one) in (100, 132) for one in packed)
        return packed if sound and len(packed) == min(PART, size - part * PART) else None

    def _root(self, part: int) -> bytes | None:
        packed = self._packed(part)
        return None if packed is None else checksums.part_root(packed)

    def _stored(self, level: int, position: int) -> bytes | None:
        row = self._connection.execute(_SUBTREE, (self._key, level, position)).fetchone()
        return row[0] if row and isinstance(row[0], bytes) else None

    def _entries(self, part: int) -> None:
        whole_part = (part + 1) * PART <= size_of(self._connection, self._key)
        packed = self._packed(part)
        if packed is not None and (part + 1) * PART <= self._anchored():
            return
        if packed is not None and (self._subtree_is_wrong(part) if whole_part else self._tail_sum_is_wrong(packed)):
            return
        mended = None if packed is None else self._part(part, packed) if whole_part else self._tail(packed)
        if mended is None:
            self._fetched(part * PART, min((part + 1) * PART, size_of(self._connection, self._key))).put_entries()
        else:
            rows = [(one, self._key, position) for position, one in enumerate(mended, part * PART)]
            self._connection.executemany("UPDATE entry SET packed = ? WHERE ledger = ? AND position = ?", rows)
        if not whole_part:
            self._sum_tail()
        self._anchor = None
        self.done.append(span(part, size_of(self._connection, self._key)))

    def _subtree_is_wrong(self, part: int) -> bool:
        """Whether it is the stored root that changed: the one above it has the root of the entries in it."""
        made, sibling = self._root(part), self._stored(STORED_LEVEL, part ^ 1)
        above, kept = self._stored(STORED_LEVEL + 1, part >> 1), self._stored(STORED_LEVEL, part)
        if made is None:
            return False
        if kept is not None and correct.is_one_bit(int.from_bytes(made, "big") ^ int.from_bytes(kept, "big")):
            return True
        pair = (sibling, made) if part & 1 else (made, sibling)
        return above is not None and None not in pair and node_hash(*pair) == above

    def _part(self, part: int, packed: Sequence[bytes]) -> list[bytes] | None:
        root = self._stored(STORED_LEVEL, part)
        suspects = self._suspects(part, packed)
        return None if root is None or not suspects else correct.by_root(packed, root, suspects)

    def _suspects(self, part: int, packed: Sequence[bytes]) -> Sequence[int]:
        """Which of the entries may be the one that has a wrong bit: by the lookup of names if it reaches so far."""
        query = "SELECT lookup_size, chain_id, address FROM ledger WHERE id = ?"
        reach, chain_id, address = self._connection.execute(query, (self._key,)).fetchone()
        if (part + 1) * PART > reach:
            return range(len(packed))
        anchor = anchor_of(chain_id, address)
        query = "SELECT 1 FROM name WHERE ledger = ? AND hash = ? AND position = ?"
        rows = [(self._key, names.name_of(anchor, at, one), at) for at, one in enumerate(packed, part * PART)]
        known = self._connection.first_of_each(query, rows)
        unknown = [at for at, row in enumerate(known) if row is None]
        return unknown if len(unknown) == 1 else ()

    def _anchored(self) -> int:
        """Entries below this one are those that the stored blocks were made of."""
        if self._anchor is None:
            self._anchor = 0
            query = "SELECT hash FROM block WHERE ledger = ? AND number = ?"
            try:
                for block in fsck_chain.chain_of(self._connection, self._key, self._info, lambda *_: None):
                    row = self._connection.execute(query, (self._key, block.number)).fetchone()
                    if row is not None and row[0] == block.hash:
                        self._anchor = block.size
            except fsck_sums.UNREADABLE:
                pass  # so far it is read
        return self._anchor

    def _tail_sum_is_wrong(self, packed: Sequence[bytes]) -> bool:
        part = size_of(self._connection, self._key) // PART
        wrong = correct.is_one_bit(self._kept(TAIL) ^ checksums.of_tail(self._key, part, packed))
        if wrong:
            self._sum_tail()
            self.done.append("the checksum of the last entries")
        return wrong

    def _tail(self, packed: Sequence[bytes]) -> list[bytes] | None:
        part = size_of(self._connection, self._key) // PART
        off = self._kept(TAIL) ^ checksums.of_tail(self._key, part, packed)
        told = correct.by_checksum(b"".join(map(whole, packed)), off)
        if told is None:
            return None
        entries = [told[at : at + 132] for at in range(0, len(told), 132)]
        return [stored(entry) for entry in entries]

    def _sum_tail(self) -> None:
        part = size_of(self._connection, self._key) // PART
        packed = [one for one, _ in part_of(self._connection, self._key, part)]
        self._connection.put("checksum", 3, [(self._key, TAIL, 0, checksums.of_tail(self._key, part, packed))])

    # host transactions

    def _transactions(self, part: int) -> None:
        hashes = [tx_hash for _, tx_hash in part_of(self._connection, self._key, part)]
        if not self._transactions_by_checksum(part, hashes):
            self._fetched(part * PART, part * PART + len(hashes)).put_transactions()
        there = (tx_hash for _, tx_hash in part_of(self._connection, self._key, part))
        total = checksums.of_transactions(self._key, part, there)
        self._connection.put("checksum", 3, [(self._key, TRANSACTIONS, part, total)])
        self.done.append(f"the host transactions of {span(part, size_of(self._connection, self._key))}")

    def _transactions_by_checksum(self, part: int, hashes: Sequence[bytes]) -> bool:
        if not all(isinstance(one, bytes) and len(one) == 32 for one in hashes):
            return False
        off = self._kept(TRANSACTIONS, part) ^ checksums.of_transactions(self._key, part, hashes)
        told = b"".join(hashes) if correct.is_one_bit(off) else correct.by_checksum(b"".join(hashes), off)
        if told is None:
            return False
        rows = [(told[32 * at : 32 * at + 32], self._key, part * PART + at) for at in range(len(hashes))]
        self._connection.executemany("UPDATE entry SET tx_hash = ? WHERE ledger = ? AND position = ?", rows)
        return True
