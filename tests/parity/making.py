"""
Random receipts, and what becomes of them when somebody alters one: all from one seed.

A log of a million of millions of entries is made in no time: subtrees that nothing is asked about have random roots.
"""

from __future__ import annotations

import json
import random
from dataclasses import dataclass, field, replace

from smartchain.ledger.block import Block, make_block
from smartchain.ledger.entry import MAX_PAYMENT, MAX_VALUE, Entry
from smartchain.ledger.hash import ETHER, SEAL, anchor_of, keccak, node_hash
from smartchain.ledger.journal import NOTE
from smartchain.ledger.proof import peaks_at, root_at
from smartchain.ledger.receipt import HostAnchor, HostHint, Receipt, Whose, make
from smartchain.types import ZERO_ADDRESS, ZERO_HASH, Address, ChainId, Hash32, Index, Size

HEX = b"0123456789abcdef"
DIGITS = b"0123456789"
BASE64 = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"


@dataclass
class SparseLog:
    """A log of which a few entries are known, and the sizes that it had at a few more."""

    seed: bytes
    size: int
    entries: dict[int, Entry]
    sizes: set[int]
    _known: dict[tuple[int, int], Hash32] = field(default_factory=dict)

    def perfect(self, level: int, position: int) -> Hash32:
        key = (level, position)
        if key not in self._known:
            self._known[key] = self._root(level, position)
        return self._known[key]

    def _root(self, level: int, position: int) -> Hash32:
        if level == 0 and position in self.entries:
            return self.entries[position].leaf
        if level == 0 or not self._asked(level, position):
            return keccak(self.seed + f"{level},{position}".encode())
        return node_hash(self.perfect(level - 1, 2 * position), self.perfect(level - 1, 2 * position + 1))

    def _asked(self, level: int, position: int) -> bool:
        asked = self.entries.keys() | {size - 1 for size in self.sizes}
        return any(index >> level == position for index in asked)

    @property
    def root(self) -> Hash32:
        return root_at(self.perfect, self.size)

    @property
    def peaks(self) -> list[Hash32]:
        return peaks_at(self.perfect, self.size)


@dataclass(frozen=True, slots=True)
class Case:
    """A receipt and the log that it is of."""

    log: SparseLog
    receipt: Receipt


def some_bytes(chance: random.Random, count: int) -> bytes:
    return chance.randbytes(count)


def some_entry(chance: random.Random) -> Entry:
    subject = chance.choice([ETHER, ETHER, SEAL, NOTE, Address(some_bytes(chance, 20))])
    sender = chance.choice([ZERO_ADDRESS, *(Address(some_bytes(chance, 20)) for _ in range(4))])
    recipient = chance.choice([ZERO_ADDRESS, *(Address(some_bytes(chance, 20)) for _ in range(4))])
    value = chance.choice([0, 1, 10**18, MAX_VALUE, chance.randrange(MAX_PAYMENT), chance.randrange(MAX_VALUE)])
    timestamp = chance.choice([0, 253402300799, 253402300800, 2**53 - 1, chance.randrange(1_600_000_000, 2**31)])
    memo = chance.choice([ZERO_HASH, Hash32(some_bytes(chance, 32)), Hash32(b"invoice 7".ljust(32, b"\0"))])
    return Entry(subject, sender, recipient, value, timestamp, memo)


def some_log(chance: random.Random, receipts: int) -> SparseLog:
    """Sizes of a few entries up to 2^48, powers of two and their neighbours among them."""
    power = chance.randrange(1, 48)
    size = max(1, chance.choice([2**power, 2**power - 1, 2**power + 1, chance.randrange(1, 2**power + 1)]))
    edges = {0, size - 1, size // 2, 2 ** (size.bit_length() - 1) - 1}
    indexes = edges | {chance.randrange(size) for _ in range(receipts)}
    sizes = {min(size, index + 1 + chance.choice([0, 0, 5, chance.randrange(1000)])) for index in indexes} | {size}
    return SparseLog(some_bytes(chance, 8), size, {index: some_entry(chance) for index in indexes}, sizes)


def some_block(chance: random.Random, log: SparseLog, index: int) -> Block | None:
    """A block that holds the entry, now and then none, the entry often its last."""
    if chance.random() < 0.2:
        return None
    size = chance.choice([min(size for size in log.sizes if size > index), log.size])
    timestamp = log.entries[index].timestamp if size == index + 1 else chance.randrange(2**40)
    root = root_at(log.perfect, size)
    return make_block(Hash32(some_bytes(chance, 32)), chance.randrange(1, 2**40), timestamp, Size(size), root)


def some_receipt(chance: random.Random, log: SparseLog) -> Receipt:
    index = chance.choice(list(log.entries))
    chain_id, ledger = ChainId(chance.choice([0, 1, 31337, 2**53 - 1])), Address(some_bytes(chance, 20))
    opening, block = 0, some_block(chance, log, index)
    if chance.random() < 0.2:  # an opening entry
        opening = chance.choice([size for size in log.sizes if size > index])
        root = root_at(log.perfect, opening)
        block = make_block(anchor_of(chain_id, ledger), 0, chance.randrange(2**40), Size(opening), root)
    host = HostHint(chance.randrange(2**30), Hash32(some_bytes(chance, 32))) if chance.random() < 0.8 else None
    anchor = HostAnchor(chance.randrange(2**30), Hash32(some_bytes(chance, 32))) if chance.random() < 0.8 else None
    whose = Whose(chain_id, ledger, Size(opening))
    return make(whose, log.perfect, log.size, index, log.entries[index], block, host, anchor)


def some_cases(chance: random.Random, count: int, a_log: int = 50) -> list[Case]:
    """That many receipts, of a few logs."""
    logs = [some_log(chance, a_log) for _ in range(-(-count // a_log))]
    return [Case(log, some_receipt(chance, log)) for log in logs for _ in range(a_log)][:count]


def forged(chance: random.Random, receipt: Receipt) -> Receipt:
    """The receipt with one thing changed that the root commits to; its checksum is right."""
    entry, proof = receipt.entry, receipt.proof
    ways = [
        replace(receipt, entry=replace(entry, value=entry.value ^ 1)),
        replace(receipt, entry=replace(entry, timestamp=entry.timestamp ^ 1)),
        replace(receipt, entry=replace(entry, memo=flipped(chance, entry.memo))),
        replace(receipt, entry=replace(entry, recipient=Address(flipped(chance, entry.recipient)))),
        replace(receipt, index=Index(receipt.index ^ 1)),
        replace(receipt, index=Index(receipt.size)),
        replace(receipt, size=Size(2 * receipt.size)),
        replace(receipt, proof=(*proof, Hash32(some_bytes(chance, 32)))),
    ]
    if proof:
        at = chance.randrange(len(proof))
        ways += [replace(receipt, proof=proof[:-1]), replace(receipt, proof=proof[1:])]
        ways.append(replace(receipt, proof=(*proof[:at], flipped(chance, proof[at]), *proof[at + 1 :])))
    return chance.choice(ways)


def flipped(chance: random.Random, word: bytes) -> Hash32:
    """One bit of it changed."""
    at = chance.randrange(8 * len(word))
    return Hash32((int.from_bytes(word, "big") ^ 1 << at).to_bytes(len(word), "big"))


def replacements(chance: random.Random, file: bytes) -> bytes:
    """
    For each byte another one.

    Every other time one that fits where it stands, as a digit fits a digit: those get past a reader of the form.
    """
    return bytes(_another(chance, byte) for byte in file)


def _another(chance: random.Random, byte: int) -> int:
    kinds = [kind for kind in (DIGITS, HEX, BASE64) if byte in kind]
    pool = chance.choice(kinds) if kinds and chance.random() < 0.7 else bytes(range(256))
    return chance.choice([other for other in pool if other != byte])


def claim_of(file: bytes) -> tuple[object, ...] | None:
    """What a contract would be given of a file by a careless reader: no checksum, no one form; None if it cannot be."""
    try:
        fields = json.loads(file)
        entry = fields["entry"]
        return (*(entry[name] for name in sorted(entry)), fields["index"], fields["size"], fields["proof"])
    except (ValueError, KeyError, TypeError, AttributeError):
        return None
