"""
A receipt's file: one line of JSON, in the one form that there is.

It holds the entry, the proof that the log of `size` entries with `root` has it at `index`, and the block of the
smart chain that took it in, with the proof that the log goes on from there. What the proofs cannot reach (the host's
blocks and transactions) is held by the checksum over the text: that finds an accident, never a forger.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from smartchain.errors import ReceiptError
from smartchain.ledger.address import checksum
from smartchain.ledger.block import Block
from smartchain.ledger.entry import Entry
from smartchain.ledger.hash import anchor_of, keccak, transaction_hash
from smartchain.ledger.strict import Fields, read_json, write_hashes
from smartchain.types import Address, ChainId, Hash32, Index, Size

FORMAT = "smartchain-receipt/1"
MOST_BYTES = 8192
"""No receipt is longer: its proofs have at most 65 hashes each."""

_FIELDS = (
    "format", "chain_id", "ledger", "genesis_size", "index", "entry", "size", "root", "proof",
    "block", "host", "anchor", "checksum",
)  # fmt: skip
_ENTRY = ("subject", "sender", "recipient", "value", "timestamp", "memo")
_BLOCK = ("number", "hash", "parent", "timestamp", "size", "root", "proof")
_HOST = ("block", "transaction")
_ANCHOR = ("number", "hash")


@dataclass(frozen=True, slots=True)
class HostHint:
    """Where the host chain recorded the entry, by what the issuer read: outside the commitment."""

    block: int
    transaction: Hash32


@dataclass(frozen=True, slots=True)
class HostAnchor:
    """The host block at which the contract said this size and root, by what the issuer read."""

    number: int
    hash: Hash32


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the file says, read and not yet verified."""

    chain_id: ChainId
    """Of the host chain; 0 for a node's journal, which no contract keeps."""
    ledger: Address
    genesis_size: Size
    """Entries below it are what the deployer asserts, no evidence of a payment."""
    index: Index
    entry: Entry
    size: Size
    root: Hash32
    proof: tuple[Hash32, ...]
    """Of the entry in the log of `size`, from the leaf up: what `verifyEntry` takes."""
    block: Block | None
    """That took the entry in; None while it is pending at `size`."""
    block_proof: tuple[Hash32, ...] = ()
    """That the log of `size` goes on from the block's."""
    host: HostHint | None = None
    anchor: HostAnchor | None = None

    @property
    def transaction(self) -> Hash32:
        """The entry's name in the smart chain."""
        return transaction_hash(anchor_of(self.chain_id, self.ledger), self.index, self.entry.leaf)

    def to_json(self) -> bytes:
        """The file: one line, in the one form that there is."""
        body = _body(self)
        return _sealed(body, keccak(body.encode())).encode()


def read(file: bytes | str) -> tuple[Receipt, bool]:
    """
    What a receipt's file says, and whether its checksum is that of the text before it.

    Raises `ReceiptError` for anything but the one form: each field has one, and the fields one order.
    """
    text = _text(file)
    fields = Fields(read_json(text), _FIELDS)
    fields.constant("format", FORMAT)
    receipt, given = _read(fields), fields.hash("checksum")
    body = _body(receipt)
    if text != (one_form := _sealed(body, given)):
        raise ReceiptError(f"the file is not in a receipt's one form, from character {_differ(text, one_form)} on")
    return receipt, given == keccak(body.encode())


def _text(file: bytes | str) -> str:
    if len(file) > MOST_BYTES:
        raise ReceiptError(f"this is longer than a receipt can be ({MOST_BYTES} bytes)")
    text = file if isinstance(file, str) else file.decode("latin-1")
    if not text.isascii():
        raise ReceiptError("a receipt holds plain ASCII only, and this has other characters")
    return text


def _read(fields: Fields) -> Receipt:
    block = fields.optional("block", _BLOCK)
    host = fields.optional("host", _HOST)
    anchor = fields.optional("anchor", _ANCHOR)
    return Receipt(
        chain_id=ChainId(fields.number("chain_id")),
        ledger=fields.address("ledger"),
        genesis_size=Size(fields.number("genesis_size")),
        index=Index(fields.number("index")),
        entry=_read_entry(fields.inner("entry", _ENTRY)),
        size=Size(fields.number("size")),
        root=fields.hash("root"),
        proof=fields.hashes("proof"),
        block=_read_block(block) if block else None,
        block_proof=block.hashes("proof") if block else (),
        host=HostHint(host.number("block"), host.hash("transaction")) if host else None,
        anchor=HostAnchor(anchor.number("number"), anchor.hash("hash")) if anchor else None,
    )


def _read_entry(fields: Fields) -> Entry:
    return Entry(
        subject=fields.address("subject"),
        sender=fields.address("sender"),
        recipient=fields.address("recipient"),
        value=fields.value("value"),
        timestamp=fields.number("timestamp"),
        memo=fields.hash("memo"),
    )


def _read_block(fields: Fields) -> Block:
    return Block(
        number=fields.number("number"),
        hash=fields.hash("hash"),
        parent=fields.hash("parent"),
        timestamp=fields.number("timestamp"),
        size=Size(fields.number("size")),
        root=fields.hash("root"),
    )


def _body(receipt: Receipt) -> str:
    """The text before the checksum."""
    return json.dumps(_fields(receipt), separators=(",", ":"))[:-1]


def _sealed(body: str, checksum: Hash32) -> str:
    return f'{body},"checksum":"{_hex(checksum)}"}}\n'


def _fields(receipt: Receipt) -> dict[str, Any]:
    entry, block, host, anchor = receipt.entry, receipt.block, receipt.host, receipt.anchor
    return {
        "format": FORMAT,
        "chain_id": receipt.chain_id,
        "ledger": checksum(receipt.ledger),
        "genesis_size": receipt.genesis_size,
        "index": receipt.index,
        "entry": {
            "subject": checksum(entry.subject),
            "sender": checksum(entry.sender),
            "recipient": checksum(entry.recipient),
            "value": str(entry.value),
            "timestamp": entry.timestamp,
            "memo": _hex(entry.memo),
        },
        "size": receipt.size,
        "root": _hex(receipt.root),
        "proof": write_hashes(receipt.proof),
        "block": block and _block_fields(block, receipt.block_proof),
        "host": host and {"block": host.block, "transaction": _hex(host.transaction)},
        "anchor": anchor and {"number": anchor.number, "hash": _hex(anchor.hash)},
    }


def _block_fields(block: Block, proof: Sequence[Hash32]) -> dict[str, Any]:
    return {
        "number": block.number,
        "hash": _hex(block.hash),
        "parent": _hex(block.parent),
        "timestamp": block.timestamp,
        "size": block.size,
        "root": _hex(block.root),
        "proof": write_hashes(proof),
    }


def _hex(value: bytes) -> str:
    return "0x" + value.hex()


def _differ(one: str, other: str) -> int:
    """Where two texts begin to differ."""
    return next((at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
