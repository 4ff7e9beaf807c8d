"""
The JSON answers between nodes, read as strictly as anything from a stranger.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Annotated, TypeVar

import msgspec

from smartchain.errors import AddressError, EntryError
from smartchain.ledger.address import checksum, parse_address
from smartchain.ledger.block import BlockRule
from smartchain.ledger.hash import EMPTY_ROOT
from smartchain.ledger.merkle import root_of
from smartchain.ledger.nesting import is_too_deep
from smartchain.peer.wire import Malformed
from smartchain.ports import Genesis, LedgerInfo, PeerHead
from smartchain.types import ChainId, Hash32, Size

FORMAT = 1
"""Of the answers and of the download; a node of another one is not understood."""

Count = Annotated[int, msgspec.Meta(ge=0, lt=2**48)]
Number = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]
Hex = Annotated[str, msgspec.Meta(max_length=66)]

T = TypeVar("T")
_HASH = re.compile(r"0x[0-9a-f]{64}")


class GenesisAnswer(msgspec.Struct):
    size: Count
    root: Hex
    timestamp: Annotated[int, msgspec.Meta(ge=0)]


class LedgerAnswer(msgspec.Struct):
    """Which ledger, and what never changes about it."""

    chain_id: Annotated[int, msgspec.Meta(gt=0, le=2**63 - 1)]
    address: Annotated[str, msgspec.Meta(max_length=42)]
    max_entries: Number
    interval: Number
    genesis: GenesisAnswer
    deployed_at: Number
    fee_ppm: Annotated[int, msgspec.Meta(ge=0, le=1_000_000)]


class HeadAnswer(msgspec.Struct):
    """`GET /api/v1/bulk/head`."""

    format: int
    ledger: LedgerAnswer
    size: Count
    root: Hex
    peaks: Annotated[list[Hex], msgspec.Meta(max_length=48)]
    """Lowest level first."""
    verified: bool
    host_block: Number


class ConsistencyAnswer(msgspec.Struct):
    """`GET /api/v1/consistency`."""

    first: Count
    second: Count
    first_root: Hex
    second_root: Hex
    proof: Annotated[list[Hex], msgspec.Meta(max_length=128)]
    verified: bool


class _Format(msgspec.Struct):
    format: int


def write_head(head: PeerHead) -> bytes:
    info, genesis = head.info, head.info.genesis
    ledger = LedgerAnswer(
        info.chain_id, checksum(info.address), info.rule.max_entries, info.rule.interval,
        GenesisAnswer(genesis.size, text_of(genesis.root), genesis.timestamp), info.deployed_at, info.fee_ppm,
    )  # fmt: skip
    peaks = [text_of(peak) for peak in head.peaks]
    answer = HeadAnswer(FORMAT, ledger, head.size, text_of(head.root), peaks, head.verified, head.host_block)
    return msgspec.json.encode(answer)


def read_head(body: bytes) -> PeerHead:
    """Raises `Malformed`: no such answer, another format, or peaks that do not give the root."""
    found = _decode(body, _Format).format
    if found != FORMAT:
        raise Malformed(f"its head in format {found}, and this node reads format {FORMAT}")
    answer = _decode(body, HeadAnswer)
    root, peaks = hash_of(answer.root), tuple(hash_of(peak) for peak in answer.peaks)
    if len(peaks) != answer.size.bit_count() or (root_of(peaks) if peaks else EMPTY_ROOT) != root:
        raise Malformed("a head whose peaks do not give its root")
    return PeerHead(_info(answer.ledger), Size(answer.size), root, peaks, answer.verified, answer.host_block)


def _info(said: LedgerAnswer) -> LedgerInfo:
    genesis = Genesis(Size(said.genesis.size), hash_of(said.genesis.root), said.genesis.timestamp)
    try:
        address, rule = parse_address(said.address), BlockRule(said.max_entries, said.interval)
    except (AddressError, EntryError) as error:
        raise Malformed("a head of no possible ledger") from error
    if genesis.timestamp >= 2**64:
        raise Malformed("a head of no possible ledger")
    return LedgerInfo(ChainId(said.chain_id), address, rule, genesis, said.deployed_at, said.fee_ppm)


def write_consistency(
    first: int, second: int, roots: tuple[Hash32, Hash32], proof: Sequence[Hash32], *, verified: bool
) -> bytes:
    hashes = [text_of(node) for node in proof]
    return msgspec.json.encode(ConsistencyAnswer(first, second, text_of(roots[0]), text_of(roots[1]), hashes, verified))


def read_consistency(body: bytes, first: int, second: int) -> list[Hash32]:
    """The proof between these two sizes. Raises `Malformed`."""
    answer = _decode(body, ConsistencyAnswer)
    if (answer.first, answer.second) != (first, second):
        raise Malformed("a proof of other sizes than were asked for")
    return [hash_of(node) for node in answer.proof]


def text_of(hash_: bytes) -> str:
    return "0x" + hash_.hex()


def hash_of(text: str) -> Hash32:
    if not _HASH.fullmatch(text):
        raise Malformed("a hash that is none")
    return Hash32(bytes.fromhex(text[2:]))


def _decode(body: bytes, kind: type[T]) -> T:
    if is_too_deep(body):
        raise Malformed("an answer that nests without end")
    try:
        return msgspec.json.decode(body, type=kind)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as error:
        raise Malformed("something that is no such answer") from error
