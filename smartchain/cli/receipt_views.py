"""
A receipt and what became of it, as JSON and for people.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from smartchain.cli.output import amount, hexed, party, plural, when
from smartchain.ledger.address import checksum
from smartchain.ledger.journal import NOTE
from smartchain.ledger.receipt import Receipt, claim
from smartchain.ledger.unit import Unit, raw_unit
from smartchain.types import Address
from smartchain.wallet.memo import show_memo

if TYPE_CHECKING:
    from smartchain.host.receipts import Answer

_KNOWS = {"head": "as its head", "genesis": "as what it opened with", "checkpoint": "by a checkpoint"}


def contract_says(receipt: Receipt, answer: Answer) -> str:
    """The sentence of a receipt that the contract bears out."""
    where = f"the contract at {checksum(receipt.ledger)} on chain {receipt.chain_id}"
    known = f"whose root of {receipt.size} entries it is {_KNOWS[answer.knows or 'head']} at host block {answer.at}"
    return f"Proven against {where}, {known}: {claim(receipt)}."


def receipt_json(receipt: Receipt) -> dict[str, Any]:
    """What a receipt holds, with its proof as `verifyEntry` takes it and the names that follow from it."""
    entry, block = receipt.entry, receipt.block
    return {
        "chain_id": receipt.chain_id,
        "ledger": checksum(receipt.ledger),
        "index": receipt.index,
        "subject": checksum(entry.subject),
        "sender": checksum(entry.sender),
        "recipient": checksum(entry.recipient),
        "value": str(entry.value),
        "timestamp": entry.timestamp,
        "memo": hexed(entry.memo),
        "size": receipt.size,
        "root": hexed(receipt.root),
        "proof": [hexed(node) for node in receipt.proof],
        "block_number": block.number if block else None,
        "block_hash": hexed(block.hash) if block else None,
        "transaction": hexed(receipt.transaction),
    }


def receipt_fields(receipt: Receipt, unit_of: Callable[[Address], Unit] = raw_unit) -> Iterator[tuple[str, str]]:
    """The same for a person."""
    entry, block = receipt.entry, receipt.block
    yield "ledger", f"{checksum(receipt.ledger)} on chain {receipt.chain_id}"
    yield "entry", f"{receipt.index}, {when(entry.timestamp)}"
    yield "from", party(entry.sender)
    yield "to", party(entry.recipient)
    yield "amount", "a seal" if entry.is_seal else "a note" if entry.subject == NOTE else amount(entry, unit_of)
    if memo := show_memo(entry.memo):
        yield "memo", memo
    yield "block", f"{block.number}, {hexed(block.hash)}" if block else "none yet: the entry is pending"
    yield "root", f"{hexed(receipt.root)}, of {plural(receipt.size, 'entry', 'entries')}"
