"""
Rows as the values that the ports speak of, and back.
"""

from __future__ import annotations

from smartchain.errors import CorruptStore
from smartchain.ledger.block import Block, BlockRule
from smartchain.ledger.entry import PACKED_BYTES, Entry
from smartchain.ports import Genesis, HostBlock, LedgerInfo, Settled, Status
from smartchain.types import Address, ChainId, Hash32, Size

INFO_COLUMNS = (
    "chain_id, address, max_entries, interval, genesis_size, genesis_root, genesis_timestamp, deployed_at, fee_ppm"
)
InfoRow = tuple[int, bytes, int, int, int, bytes, int, int, int]

STATUS_COLUMNS = (
    "size, blocks, cursor_number, cursor_hash, cursor_timestamp, "
    "verified_size, verified_blocks, verified_number, verified_hash, verified_timestamp, "
    "safe_number, safe_hash, safe_timestamp, finalized_number, finalized_hash, finalized_timestamp"
)
_PlaceRead = tuple[int | None, bytes, int]
StatusRow = tuple[int, int, *_PlaceRead, int, int, *_PlaceRead, *_PlaceRead, *_PlaceRead]

PlaceRow = tuple[int, Hash32, int] | tuple[None, None, None]

BLOCK_COLUMNS = (
    "number, hash, timestamp, size, root, "
    "(SELECT p.hash FROM block p WHERE p.ledger = block.ledger AND p.number = block.number - 1)"
)
BlockRow = tuple[int, bytes, int, int, bytes, bytes | None]


def signed(number: int) -> int:
    """A uint64 as the signed number of the same 64 bits, which is what a column holds."""
    return number - 2**64 if number >= 2**63 else number


def unsigned(number: int) -> int:
    """The uint64 that `signed` was given."""
    return number + 2**64 if number < 0 else number


def info_of(row: InfoRow) -> LedgerInfo:
    chain_id, address, max_entries, interval, size, root, timestamp, deployed_at, fee_ppm = row
    return LedgerInfo(
        ChainId(chain_id),
        Address(address),
        BlockRule(max_entries, interval),
        Genesis(Size(size), Hash32(root), unsigned(timestamp)),
        deployed_at,
        fee_ppm,
    )


def row_of_info(info: LedgerInfo) -> InfoRow:
    genesis = info.genesis
    identity = (info.chain_id, info.address, info.rule.max_entries, info.rule.interval)
    return *identity, genesis.size, genesis.root, signed(genesis.timestamp), info.deployed_at, info.fee_ppm


def status_of(row: StatusRow) -> Status:
    return Status(
        size=Size(row[0]),
        cursor=_place_of(*row[2:5]),
        verified_size=Size(row[5]),
        verified_blocks=row[6],
        verified_at=_place_of(*row[7:10]),
        blocks=row[1],
        settled=Settled(_place_of(*row[10:13]), _place_of(*row[13:16])),
    )


def _place_of(number: int | None, block_hash: bytes, timestamp: int) -> HostBlock | None:
    return None if number is None else HostBlock(number, Hash32(block_hash), unsigned(timestamp))


def row_of_place(block: HostBlock | None) -> PlaceRow:
    return (block.number, block.hash, signed(block.timestamp)) if block else (None, None, None)


def block_of(row: BlockRow, anchor: Hash32) -> Block:
    """A block; `anchor` is the parent of the genesis block."""
    number, block_hash, timestamp, size, root, parent = row
    if number == 0:
        parent = anchor
    elif parent is None:
        raise CorruptStore(f"block {number - 1} is missing in the store; move it away and index again")
    return Block(number, Hash32(block_hash), Hash32(parent), unsigned(timestamp), Size(size), Hash32(root))


def whole(packed: bytes) -> bytes:
    """An entry's 132 bytes; a memo of zeros is not stored."""
    return packed.ljust(PACKED_BYTES, b"\0")


def entry_of(packed: bytes) -> Entry:
    return Entry.unpack(whole(packed))
