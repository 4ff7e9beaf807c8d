"""
The JSON of blocks, transactions, receipts and logs: every field that Ethereum's clients ask for.

What the smart chain has nothing to say about is a constant here. Three fields are its own, and clients pass them on:
`verified` (whether the contract's root was seen to fit), `subject` (what the entry moves) and `entry` (its index).
"""

from __future__ import annotations

from typing import Final

import msgspec

ZERO: Final = "0x0"
ZERO_WORD: Final = "0x" + "00" * 32
NO_BLOOM: Final = "0x" + "00" * 256
NO_UNCLES: Final = "0x1dcc4de8dec75d7aab85b567b6ccd41ad312451b948a7413f0a142fd40d49347"
"""Keccak of an empty RLP list."""

_RENAMED = {"sender": "from", "recipient": "to"}


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return _RENAMED.get(name) or first + "".join(map(str.capitalize, rest))


class Block(msgspec.Struct, rename=_camel, kw_only=True):
    """A block; fields are None while it is open."""

    number: str
    hash: str | None
    parent_hash: str
    timestamp: str
    transactions_root: str
    """The log's root up to and with the block's last entry."""
    size: str
    """Bytes of the block's entries, packed."""
    logs_bloom: str | None
    transactions: list[str] | list[Transaction] | msgspec.UnsetType = msgspec.UNSET
    miner: str
    """The ledger: the contract that produces the blocks."""
    nonce: str | None = "0x0000000000000000"
    verified: bool
    sha3_uncles: str = NO_UNCLES
    state_root: str = ZERO_WORD
    receipts_root: str = ZERO_WORD
    mix_hash: str = ZERO_WORD
    extra_data: str = "0x"
    difficulty: str = ZERO
    total_difficulty: str = ZERO
    gas_limit: str = ZERO
    gas_used: str = ZERO
    base_fee_per_gas: str = ZERO
    uncles: list[str] = []


class Transaction(msgspec.Struct, rename=_camel, kw_only=True):
    """An entry; where it stands is None while it is pending."""

    hash: str
    nonce: str
    block_hash: str | None
    block_number: str | None
    transaction_index: str | None
    sender: str
    recipient: str
    value: str
    """In wei: zero for an entry of another subject than Ether, whose value is in its log."""
    input: str
    """The memo; empty where there is none."""
    chain_id: str
    subject: str
    entry: str
    verified: bool
    type: str = ZERO
    gas: str = ZERO
    gas_price: str = ZERO
    v: str = ZERO
    r: str = ZERO
    s: str = ZERO


class Log(msgspec.Struct, rename=_camel, kw_only=True):
    """The `Transfer` that stands for an entry."""

    address: str
    topics: tuple[str, str, str]
    data: str
    block_hash: str
    block_number: str
    block_timestamp: str
    transaction_hash: str
    transaction_index: str
    log_index: str
    removed: bool = False


class Receipt(msgspec.Struct, rename=_camel, kw_only=True):
    """An entry's place in a block."""

    transaction_hash: str
    transaction_index: str
    block_hash: str
    block_number: str
    sender: str
    recipient: str
    logs: list[Log]
    logs_bloom: str
    verified: bool
    contract_address: None = None
    status: str = "0x1"
    type: str = ZERO
    gas_used: str = ZERO
    cumulative_gas_used: str = ZERO
    effective_gas_price: str = ZERO


class FeeHistory(msgspec.Struct, rename=_camel, kw_only=True, omit_defaults=True):
    """What gas cost: nothing."""

    oldest_block: str
    base_fee_per_gas: list[str]
    gas_used_ratio: list[int]
    reward: list[list[str]] | None = None


class Syncing(msgspec.Struct, rename=_camel):
    """How far what is verified is behind what has been read."""

    starting_block: str
    current_block: str
    highest_block: str
