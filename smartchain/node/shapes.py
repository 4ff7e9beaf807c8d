"""
The JSON of the API, as types: encoded by msgspec, described to clients by the OpenAPI document that is made of them.

Amounts are decimal strings in the smallest unit, hashes hex, addresses checksummed; every answer about the chain says
by `verified` whether the contract confirmed it.
"""

from __future__ import annotations

from typing import Annotated

import msgspec

from smartchain.ledger.address import checksum
from smartchain.ledger.block import Block
from smartchain.node.standing import Standing, standing
from smartchain.ports import LedgerInfo, Recorded, View

Address = Annotated[str, msgspec.Meta(pattern="^0x[0-9a-fA-F]{40}$")]
Hash = Annotated[str, msgspec.Meta(pattern="^0x[0-9a-f]{64}$")]
Amount = Annotated[str, msgspec.Meta(pattern="^-?[0-9]{1,96}$", description="In the smallest unit, wei for Ether.")]
Count = Annotated[int, msgspec.Meta(ge=0)]
Verified = Annotated[bool, msgspec.Meta(description="False where only other nodes agree, and no contract was asked.")]
Next = Annotated[str | None, msgspec.Meta(description="The address of the next piece; null after the last.")]


class BlockShape(msgspec.Struct):
    """A block of the smart chain."""

    number: Count
    hash: Hash
    parent: Hash
    timestamp: Count
    size: Annotated[int, msgspec.Meta(ge=0, description="Entries in the log up to and with this block's last.")]
    root: Hash


class EntryShape(msgspec.Struct):
    """An entry of the log; `host_block` and `transaction` are hints, outside the commitment."""

    index: Count
    subject: Address
    sender: Address
    recipient: Address
    value: Amount
    timestamp: Count
    memo: Hash
    host_block: Count
    transaction: Hash


class BlockAnswer(BlockShape):
    """A block with its entries, the first thousand of them; `next` leads to the rest."""

    count: Annotated[int, msgspec.Meta(ge=0, description="Entries in this block.")]
    entries: list[EntryShape]
    next: Next
    verified: Verified


class EntryAnswer(EntryShape):
    """An entry, and the number of the block that holds it: null while it is in none."""

    block: Annotated[int, msgspec.Meta(ge=0)] | None
    verified: Verified


class Blocks(msgspec.Struct):
    verified: Verified
    blocks: list[BlockShape]
    next: Next


class Entries(msgspec.Struct):
    """A piece of the entries that fit. It may be shorter than asked for, even empty, where `next` is not null."""

    verified: Verified
    entries: list[EntryShape]
    next: Next


class StandingShape(msgspec.Struct):
    """How much of the chain stands in host blocks up to and with that one."""

    host_block: Count
    size: Count
    blocks: Count


class Head(msgspec.Struct):
    """Where the chain stands; `size` and `root` are of what is served, which the host may still replace."""

    verified: Verified
    ledger: Address
    chain_id: Count
    size: Count
    root: Hash
    blocks: Count
    head_number: Annotated[int, msgspec.Meta(ge=0)] | None
    head_hash: Hash | None
    pending: Annotated[int, msgspec.Meta(ge=0, description="Entries in no block yet.")]
    staged: Annotated[int, msgspec.Meta(ge=0, description="Entries read and not yet verified: not served.")]
    host_block: Annotated[int, msgspec.Meta(ge=0, description="At which the contract confirmed it.")] | None
    safe: Annotated[StandingShape | None, msgspec.Meta(description="What the host is not expected to replace.")]
    finalized: Annotated[StandingShape | None, msgspec.Meta(description="What the host cannot replace.")]


class Rule(msgspec.Struct):
    """When a block closes: at so many entries, or so many seconds after its first; 0 for no such bound."""

    max_entries: Count
    interval: Count


class GenesisShape(msgspec.Struct):
    size: Count
    root: Hash
    timestamp: Count


class Chain(msgspec.Struct):
    """What never changes about the ledger."""

    verified: Verified
    ledger: Address
    chain_id: Count
    rule: Rule
    genesis: GenesisShape
    deployed_at: Annotated[int, msgspec.Meta(ge=0, description="A host block at or before the deployment.")]
    fee_ppm: Annotated[int, msgspec.Meta(ge=0, description="Parts per million that a relay keeps.")]


class AccountAnswer(msgspec.Struct):
    """A wallet in one subject, as it was when the log had `size` entries."""

    verified: Verified
    address: Address
    subject: Address
    size: Count
    balance: Annotated[str, msgspec.Meta(pattern="^-?[0-9]{1,96}$", description="Signed: received less sent.")]
    received: Amount
    sent: Amount
    count_sent: Annotated[int, msgspec.Meta(ge=0, description="Entries that it sent: the nonce of its next one.")]
    count: Annotated[int, msgspec.Meta(ge=0, description="Entries that it sent or received.")]


class PointShape(msgspec.Struct):
    index: Count
    timestamp: Count
    balance: Amount


class Balances(msgspec.Struct):
    """The wallet's balance over time; the last point is its newest entry."""

    verified: Verified
    address: Address
    subject: Address
    points: list[PointShape]


class PeerShape(msgspec.Struct):
    name: str
    size: Annotated[int, msgspec.Meta(ge=0)] | None
    root: Hash | None
    lies: Count
    left_because: Annotated[str, msgspec.Meta(description="Why it was set aside; empty while it does well.")]


class PeersAnswer(msgspec.Struct):
    verified: Verified
    peers: list[PeerShape]


class Reorganisation(msgspec.Struct):
    """Of the stream: entries from this index on were replaced; what follows begins there again."""

    from_: Annotated[int, msgspec.Meta(ge=0)] = msgspec.field(name="from")
    size: Count
    verified: Verified


class Error(msgspec.Struct):
    """What is wrong, in one sentence."""

    error: str


encode = msgspec.json.Encoder().encode


def hexed(value: bytes) -> str:
    return "0x" + value.hex()


def is_verified(view: View) -> bool:
    """Whether a contract confirmed what is served."""
    return view.status.verified_at is not None


def block_shape(block: Block) -> BlockShape:
    return BlockShape(
        block.number, hexed(block.hash), hexed(block.parent), block.timestamp, block.size, hexed(block.root)
    )


def entry_shape(recorded: Recorded) -> EntryShape:
    entry = recorded.entry
    return EntryShape(
        recorded.index,
        checksum(entry.subject),
        checksum(entry.sender),
        checksum(entry.recipient),
        str(entry.value),
        entry.timestamp,
        hexed(entry.memo),
        recorded.host_block,
        hexed(recorded.transaction),
    )


def head_shape(view: View) -> Head:
    status, info = view.status, view.info
    block = view.block(status.verified_blocks - 1) if status.verified_blocks else None
    return Head(
        verified=is_verified(view),
        ledger=checksum(info.address),
        chain_id=info.chain_id,
        size=status.verified_size,
        root=hexed(view.root()),
        blocks=status.verified_blocks,
        head_number=block.number if block else None,
        head_hash=hexed(block.hash) if block else None,
        pending=status.verified_size - (block.size if block else 0),
        staged=status.size - status.verified_size,
        host_block=status.verified_at.number if status.verified_at else None,
        safe=_standing_shape(standing(view, status.settled.safe)),
        finalized=_standing_shape(standing(view, status.settled.finalized)),
    )


def _standing_shape(found: Standing | None) -> StandingShape | None:
    return None if found is None else StandingShape(found.host_block, found.size, found.blocks)


def chain_shape(info: LedgerInfo, verified: bool) -> Chain:
    genesis = info.genesis
    return Chain(
        verified=verified,
        ledger=checksum(info.address),
        chain_id=info.chain_id,
        rule=Rule(info.rule.max_entries, info.rule.interval),
        genesis=GenesisShape(genesis.size, hexed(genesis.root), genesis.timestamp),
        deployed_at=info.deployed_at,
        fee_ppm=info.fee_ppm,
    )
