"""
A receipt: one entry, and why it is in the log, in a file that anyone can check without asking anyone.

Its proofs are those of RFC 9162: that the log of `size` entries with `root` holds the entry at `index`, and that this
log goes on from the block that took the entry in. A root or a block's hash that is known to be the ledger's, from its
contract or from whoever is trusted, makes them say something about the ledger.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache

from smartchain.errors import ReceiptError
from smartchain.ledger.address import checksum
from smartchain.ledger.block import Block, make_block
from smartchain.ledger.entry import Entry
from smartchain.ledger.hash import ETHER, anchor_of
from smartchain.ledger.journal import NOTE
from smartchain.ledger.proof import (
    Perfect,
    consistency_proof,
    inclusion_proof,
    root_at,
    verify_consistency,
    verify_inclusion,
)
from smartchain.ledger.receipt_file import FORMAT as FORMAT
from smartchain.ledger.receipt_file import MOST_BYTES as MOST_BYTES
from smartchain.ledger.receipt_file import HostAnchor as HostAnchor
from smartchain.ledger.receipt_file import HostHint as HostHint
from smartchain.ledger.receipt_file import Receipt as Receipt
from smartchain.ledger.receipt_file import read
from smartchain.ledger.strict import MOST_NUMBER
from smartchain.types import ZERO_ADDRESS, ZERO_HASH, Address, ChainId, Hash32, Index, Size

_LAST_TIMESTAMP = 253402300799
"""9999-12-31T23:59:59Z; what a chain says beyond that is shown as the number that it is."""


@dataclass(frozen=True, slots=True)
class Whose:
    """The log that a receipt is of."""

    chain_id: ChainId
    ledger: Address
    genesis_size: Size


def make(
    whose: Whose,
    perfect: Perfect,
    size: int,
    index: int,
    entry: Entry,
    block: Block | None,
    host: HostHint | None = None,
    anchor: HostAnchor | None = None,
) -> Receipt:
    """
    The receipt of an entry in the log of that size; `perfect` answers for the log, `block` holds the entry.

    A block that closed past `size` is left out: at that size the entry was pending. Raises `ProofError` for an index
    past the size, and `ReceiptError` where a number is larger than a receipt holds.
    """
    perfect = cache(perfect)  # the two proofs and the root share most of their subtrees
    proof = inclusion_proof(perfect, index, size)
    if max(whose.chain_id, size, entry.timestamp) > MOST_NUMBER:
        raise ReceiptError("a receipt's numbers are below 2^53: chain id, size or timestamp is not")
    held = block if block and block.size <= size else None
    return Receipt(
        chain_id=whose.chain_id,
        ledger=whose.ledger,
        genesis_size=whose.genesis_size,
        index=Index(index),
        entry=entry,
        size=Size(size),
        root=root_at(perfect, size),
        proof=tuple(proof),
        block=held,
        block_proof=tuple(consistency_proof(perfect, held.size, size)) if held else (),
        host=host,
        anchor=anchor,
    )


def parse(file: bytes | str) -> Receipt:
    """
    What a receipt's file says.

    Raises `ReceiptError`, which names what was altered, for anything but the very bytes that `to_json` writes.
    """
    receipt, sound = read(file)
    if not sound:
        raise ReceiptError(f"the checksum is not that of the rest: {_altered(receipt)}")
    return receipt


def _altered(receipt: Receipt) -> str:
    """What in a receipt with a wrong checksum is wrong, as far as it shows."""
    try:
        verify(receipt)
    except ReceiptError as wrong:
        return str(wrong)
    return "chain_id, ledger, genesis_size, host, anchor or the checksum itself was altered, all else holds"


@dataclass(frozen=True, slots=True)
class Proven:
    """What follows from a receipt."""

    receipt: Receipt
    says: str
    """In one sentence: what is proven, and by what."""
    against: str | None
    """`root` or `block`: what was given; None if the receipt was only held to the root that it names."""


def verify(receipt: Receipt, root: Hash32 | None = None, block: Hash32 | None = None) -> Proven:
    """
    What a receipt proves: against a root that is known to be the ledger's, a block's hash, or neither.

    Raises `ReceiptError`, which names what is wrong, unless everything in it that can be checked holds.
    """
    _check_entry(receipt)
    _check_block(receipt)
    if root is not None and root != receipt.root:
        raise ReceiptError(
            f"the receipt is for the root 0x{receipt.root.hex()} of {receipt.size} entries, not for the root that was "
            "given: it is of another ledger or another size of it, or forged"
        )
    if block is not None and (receipt.block is None or receipt.block.hash != block):
        there = f"block 0x{receipt.block.hash.hex()}" if receipt.block else "no block yet"
        raise ReceiptError(f"by the receipt the entry is in {there}, not in the block that was given")
    against = "root" if root is not None else "block" if block is not None else None
    return Proven(receipt, _sentence(receipt, against), against)


# what is checked


def _check_entry(receipt: Receipt) -> None:
    index, size = receipt.index, receipt.size
    if index >= size:
        raise ReceiptError(f"there is no entry {index} in a log of {size}: index or size was altered")
    if receipt.genesis_size > size:
        raise ReceiptError("genesis_size is above size: one of them was altered")
    if not verify_inclusion(receipt.entry.leaf, index, size, receipt.proof, receipt.root):
        raise ReceiptError(
            f"the proof does not lead from this entry at index {index} to the root at {size}: "
            "the entry, index, size, root or proof was altered"
        )


def _check_block(receipt: Receipt) -> None:
    block = receipt.block
    if block is None:
        return
    if block != make_block(block.parent, block.number, block.timestamp, block.size, block.root):
        raise ReceiptError("the block's hash is not that of its header: the block was altered")
    if not receipt.index < block.size <= receipt.size:
        raise ReceiptError(f"a block of size {block.size} does not hold entry {receipt.index} at size {receipt.size}")
    if not verify_consistency(block.size, receipt.size, block.root, receipt.root, receipt.block_proof):
        raise ReceiptError("the block's root is not one that the log went through: the block or its proof was altered")
    if receipt.index == block.size - 1 and block.number and block.timestamp != receipt.entry.timestamp:
        raise ReceiptError("the block's timestamp is not that of its last entry, which this is")
    _check_genesis(receipt, block)


def _check_genesis(receipt: Receipt, block: Block) -> None:
    if (block.number == 0) != (receipt.index < receipt.genesis_size):
        raise ReceiptError("opening entries are in block 0 and no others are: block, index or genesis_size is wrong")
    if block.number == 0 and block.size != receipt.genesis_size:
        raise ReceiptError("block 0 holds the opening entries, all of them: its size is not genesis_size")
    if block.number == 0 and block.parent != anchor_of(receipt.chain_id, receipt.ledger):
        raise ReceiptError("block 0 does not hang on this ledger and chain: ledger, chain_id or the block is wrong")


# what is said


def claim(receipt: Receipt) -> str:
    """What the entry says, as a clause."""
    return f"entry {receipt.index} says that {_what(receipt.entry)}{_caveat(receipt)}"


def _sentence(receipt: Receipt, against: str | None) -> str:
    root, block = f"0x{receipt.root.hex()} of {receipt.size} entries", receipt.block
    if against == "root":
        return f"Proven against the root that was given, {root}: {claim(receipt)}; {_whose(receipt, 'root')}."
    if against == "block" and block:
        named = f"0x{block.hash.hex()} of {block.size} entries"
        return f"Proven against the block that was given, {named}: {claim(receipt)}; {_whose(receipt, 'block')}."
    supposed = f"if {_place(receipt)} has the root {root}"
    return f"Sound in itself, and as good as the root it names: {supposed}, {claim(receipt)}."


def _whose(receipt: Receipt, what: str) -> str:
    return f"that it is the {what} of {_place(receipt)} is for whoever gave it to know"


def _place(receipt: Receipt) -> str:
    ledger = checksum(receipt.ledger)
    return f"the ledger {ledger} on chain {receipt.chain_id}" if receipt.chain_id else f"the journal {ledger}"


def _what(entry: Entry) -> str:
    sender, recipient = checksum(entry.sender), checksum(entry.recipient)
    if entry.subject == NOTE:
        said = f"{sender} wrote down a note of {entry.value} bytes with the keccak256 0x{entry.memo.hex()}"
        return f"{said} at {_when(entry.timestamp)}"
    amount = _ether(entry.value) if entry.subject == ETHER else f"{entry.value} of {checksum(entry.subject)}"
    if entry.is_seal:
        deed = f"{sender} sealed a block"
    elif entry.sender == ZERO_ADDRESS:
        deed = f"{amount} came into being for {recipient}"
    elif entry.recipient == ZERO_ADDRESS:
        deed = f"{amount} of {sender} was destroyed"
    else:
        deed = f"{amount} went from {sender} to {recipient}"
    memo = "" if entry.memo == ZERO_HASH else f" with the memo 0x{entry.memo.hex()}"
    return f"{deed} at {_when(entry.timestamp)}{memo}"


def _caveat(receipt: Receipt) -> str:
    opening = receipt.index < receipt.genesis_size
    return ", which as an opening entry is the deployer's assertion and no evidence of a payment" if opening else ""


def _ether(value: int) -> str:
    whole, rest = divmod(value, 10**18)
    return f"{whole}.{rest:018}".rstrip("0").rstrip(".") + " ether"


def _when(timestamp: int) -> str:
    if timestamp > _LAST_TIMESTAMP:
        return f"second {timestamp}"
    return datetime.fromtimestamp(timestamp, UTC).isoformat().replace("+00:00", "Z")
