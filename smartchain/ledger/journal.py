"""
A journal: a node's own chain, for texts instead of payments.

The log, the block rule, the proofs and the receipts are a ledger's, under chain id 0, which no host chain has. An
entry says that a note of so many bytes with that keccak256 was written then; the note itself stays with its owner, so
that a receipt shows nothing of it. What orders the notes is the journal's own word until its root stands elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from smartchain.errors import CorruptStore, InputError
from smartchain.ledger.block import Block, BlockRule, assemble, genesis_block
from smartchain.ledger.entry import Entry
from smartchain.ledger.hash import EMPTY_ROOT, SEAL, anchor_of, keccak, subject_id
from smartchain.ledger.merkle import MerkleLog
from smartchain.types import ZERO_ADDRESS, ZERO_HASH, Address, ChainId, Hash32, Size

CHAIN = ChainId(0)
"""Where journals live: on no host chain."""

RULE = BlockRule(0, 0)
"""A block closes when its owner says so, and never else."""

NOTE = subject_id("smartchain.note")
"""The subject of a note's entry; the value is its length in bytes, the memo its hash."""

MOST_BYTES = 2**20
"""The longest note."""


def journal_address(seed: bytes) -> Address:
    """What a journal goes by, in place of a contract: from random bytes that are drawn when it begins."""
    return Address(keccak(b"smartchain.journal" + seed)[12:])


def content_hash(content: bytes) -> Hash32:
    """keccak256 of the whole note, by which its entry commits to it."""
    return keccak(content)


def note_entry(journal: Address, content: bytes, timestamp: int) -> Entry:
    """The entry of a note. Raises `InputError` for one that is empty or too long."""
    if not content:
        raise InputError("an empty note says nothing: write a text, or name a file that holds something")
    if len(content) > MOST_BYTES:
        raise InputError(
            f"a note has at most {MOST_BYTES:,} bytes, this one has {len(content):,}: "
            "write down the hash of what is larger"
        )
    return Entry(NOTE, journal, ZERO_ADDRESS, len(content), timestamp, content_hash(content))


def seal_entry(journal: Address, timestamp: int) -> Entry:
    """The entry that closes the open block."""
    return Entry(SEAL, journal, ZERO_ADDRESS, 0, timestamp, ZERO_HASH)


def first_block(journal: Address, timestamp: int) -> Block:
    """Block 0, without entries, at the second in which the journal begins."""
    return genesis_block(anchor_of(CHAIN, journal), timestamp, Size(0), EMPTY_ROOT)


def fault_of(entry: Entry, journal: Address, content: bytes | None) -> str | None:
    """What is wrong with an entry and the note that is kept with it, as half a sentence; None if nothing is."""
    if entry.sender != journal or entry.recipient != ZERO_ADDRESS:
        return "was made by another journal"
    if entry.subject == SEAL:
        return "is a seal and holds a text" if content is not None else None
    if entry.subject != NOTE:
        return "is neither a note nor a seal"
    if content is None:
        return "has lost its text"
    if len(content) != entry.value:
        return f"had {entry.value:,} bytes when it was written and has {len(content):,}"
    return None if content_hash(content) == entry.memo else "holds another text than was written"


def faults(journal: Address, notes: Iterable[tuple[Entry, bytes | None]]) -> Iterator[tuple[int, str]]:
    """Index and fault of each entry that is not as it was written, in order."""
    newest = 0
    for index, (entry, content) in enumerate(notes):
        fault = fault_of(entry, journal, content)
        if fault is None and entry.timestamp < newest:
            fault = "is older than the one before it"
        newest = max(newest, entry.timestamp)
        if fault is not None:
            yield index, fault


def check_chain(journal: Address, began_at: int, packed: Iterable[bytes], blocks: Iterable[Block]) -> MerkleLog:
    """
    The log that follows from the entries, once every block follows from them too.

    Raises `CorruptStore` with the first block that does not, or that is missing or too many.
    """
    log, kept = MerkleLog(), iter(blocks)
    for block in assemble(RULE, first_block(journal, began_at), log, packed):
        if (found := next(kept, None)) != block:
            raise CorruptStore(f"block {block.number} of the journal {_unlike(block, found)}")
    if (found := next(kept, None)) is not None:
        raise CorruptStore(f"block {found.number} of the journal does not follow from its entries")
    return log


def _unlike(block: Block, found: Block | None) -> str:
    if found is None:
        return "is missing"
    return f"does not follow from its entries: it would be 0x{block.hash.hex()} and is 0x{found.hash.hex()}"


def prove_note(content: bytes, entry: Entry) -> bool:
    """Whether this is the note that an entry, say a receipt's, commits to."""
    return entry.subject == NOTE and entry.value == len(content) and entry.memo == content_hash(content)
