"""
What the store says, as JSON and for people. Only what is verified is shown as part of the chain.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict
from typing import Any

from smartchain.cli.output import amount, hexed, party, plural, when
from smartchain.indexer.growth import tree_of
from smartchain.indexer.outcome import Outcome
from smartchain.ledger.address import checksum
from smartchain.ledger.block import Block
from smartchain.ledger.proof import root_at
from smartchain.ledger.unit import Unit, raw_unit
from smartchain.node.standing import standing
from smartchain.ports import LedgerStore, Recorded, Status
from smartchain.types import Address
from smartchain.wallet.memo import show_memo


def last_block(store: LedgerStore, status: Status) -> Block | None:
    """The newest verified block."""
    return (
        next(store.blocks(status.verified_blocks - 1, status.verified_blocks), None) if status.verified_blocks else None
    )


def head_json(store: LedgerStore) -> dict[str, Any]:
    """Where the stored chain stands; `size` and `root` are of the verified entries."""
    status = store.status()
    block = last_block(store, status)
    return {
        "size": status.verified_size,
        "root": hexed(root_at(tree_of(store), status.verified_size)),
        "blocks": status.verified_blocks,
        "head_number": block.number if block else None,
        "head_hash": hexed(block.hash) if block else None,
        "pending": status.verified_size - (block.size if block else 0),
        "verified": status.verified_at is not None and status.verified_size == status.size,
        "host_block": status.verified_at.number if status.verified_at else None,
        **settled_json(store),
    }


def settled_json(store: LedgerStore) -> dict[str, Any]:
    """How much the host calls safe, and finalized, where it does."""
    with store.view() as view:
        settled = view.status.settled
        found = {"safe": standing(view, settled.safe), "finalized": standing(view, settled.finalized)}
    return {name: asdict(one) for name, one in found.items() if one is not None}


def head_fields(store: LedgerStore) -> Iterator[tuple[str, str]]:
    """The same for a person."""
    head, status, info = head_json(store), store.status(), store.info
    yield "ledger", f"{checksum(info.address)} on chain {info.chain_id}"
    yield "size", plural(head["size"], "entry", "entries")
    yield "root", head["root"]
    yield "blocks", f"{head['blocks']:,}"
    if head["head_hash"]:
        yield "head", f"block {head['head_number']}, {head['head_hash']}"
    yield "pending", f"{plural(head['pending'], 'entry', 'entries')}, recorded and not yet in a block"
    yield "verified", _verified(status)
    for name in ("safe", "finalized"):
        if found := head.get(name):
            said = f"{plural(found['size'], 'entry', 'entries')} in {plural(found['blocks'], 'block')}"
            yield name, f"{said}, up to host block {found['host_block']}"


def _verified(status: Status) -> str:
    if status.verified_at is None:
        return "nothing yet: go on with 'smartchain index'"
    where = f"host block {status.verified_at.number}, {when(status.verified_at.timestamp)}"
    staged = status.size - status.verified_size
    if staged:
        return f"up to {where}; {plural(staged, 'entry waits', 'entries wait')} to be: go on with 'smartchain index'"
    return f"yes: the root is the contract's at {where}"


def block_json(block: Block) -> dict[str, Any]:
    return {
        "number": block.number,
        "hash": hexed(block.hash),
        "parent": hexed(block.parent),
        "timestamp": block.timestamp,
        "size": block.size,
        "root": hexed(block.root),
    }


def block_line(block: Block) -> str:
    return f"{block.number:>8}  {hexed(block.hash)}  {when(block.timestamp)}  {block.size:>10}"


BLOCK_COLUMNS = f"{'number':>8}  {'hash':66}  {'last entry':20}  {'size':>10}"


def block_fields(block: Block, entries: int) -> Iterator[tuple[str, str]]:
    yield "block", str(block.number)
    yield "hash", hexed(block.hash)
    yield "parent", hexed(block.parent)
    yield "last entry", when(block.timestamp)
    yield "entries", f"{entries:,}"
    yield "size", f"{block.size:,}"
    yield "root", hexed(block.root)


def entry_json(recorded: Recorded) -> dict[str, Any]:
    entry = recorded.entry
    return {
        "index": recorded.index,
        "subject": checksum(entry.subject),
        "sender": checksum(entry.sender),
        "recipient": checksum(entry.recipient),
        "value": str(entry.value),
        "timestamp": entry.timestamp,
        "memo": hexed(entry.memo),
        "host_block": recorded.host_block,
        "transaction": hexed(recorded.transaction),
    }


ENTRY_COLUMNS = f"{'index':>8}  {'time':20}  {'sender':42}  {'recipient':42}  amount"


def entry_line(recorded: Recorded, unit_of: Callable[[Address], Unit] = raw_unit) -> str:
    entry = recorded.entry
    memo = show_memo(entry.memo)
    what = "seal" if entry.is_seal else amount(entry, unit_of)
    who = f"{party(entry.sender):42}  {party(entry.recipient):42}"
    return f"{recorded.index:>8}  {when(entry.timestamp):20}  {who}  {what}  {memo}".rstrip()


def step_json(outcome: Outcome) -> dict[str, Any]:
    """What one step of the indexer came to."""
    fields = {name: getattr(outcome, name) for name in outcome.__slots__}
    fields = {name: hexed(value) if isinstance(value, bytes) else value for name, value in fields.items()}
    return {"step": type(outcome).__name__.lower(), **fields}
