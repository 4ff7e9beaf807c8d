"""
Two chains of one ledger that cannot both be it: what is kept of that, and what it shows to somebody who was not there.

Nodes sign nothing, so a file cannot show *who* said what: the names in it are our word. What it shows by itself,
with no trust in us, is that two roots commit to logs that share their first entries and part at one index, with both
entries in full. Which of the two is the ledger's is the contract's to say: its `head()`, a checkpoint, or a proof,
from any node at all, that the contract's log begins with one of them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import msgspec

from smartchain.errors import AddressError, InputError, PeerError, PeerUnusable, ProofError
from smartchain.ledger.address import checksum, parse_address
from smartchain.ledger.entry import PACKED_BYTES, Entry
from smartchain.ledger.hash import EMPTY_ROOT, leaf_hash
from smartchain.ledger.merkle import MerkleLog
from smartchain.ledger.nesting import is_too_deep
from smartchain.ledger.proof import verify_consistency
from smartchain.peer.answers import Count, Hex, Number, hash_of, text_of
from smartchain.peer.wire import Malformed
from smartchain.ports import Head, PeerHead, PeerSource
from smartchain.types import Address, ChainId, Hash32, Size

KIND = "smartchain.fork"
FORMAT = 1


class Statement(msgspec.Struct, frozen=True):
    """What one side says."""

    peer: str
    at: Number
    """When it was asked, seconds."""
    size: Count
    root: Hex
    entry: str
    """The first entry that the other side has otherwise: its 132 packed bytes."""
    host_block: Number
    """Where that entry is said to stand; a hint."""
    transaction: Hex
    proof: Annotated[list[Hex], msgspec.Meta(max_length=128)]
    """That the log of that size and root begins with the common one and this entry (RFC 9162)."""


class Evidence(msgspec.Struct, frozen=True):
    """The file."""

    kind: str
    format: int
    chain_id: Annotated[int, msgspec.Meta(gt=0)]
    ledger: str
    common: Count
    """How many entries both logs begin with."""
    peaks: Annotated[list[Hex], msgspec.Meta(max_length=48)]
    """Of the log of those, lowest level first."""
    statements: tuple[Statement, Statement]


@dataclass(frozen=True, slots=True)
class Side:
    """A log that a fork's file proves to be one of two."""

    peer: str
    head: Head
    entry: Entry
    root: Hash32
    """Right after that entry."""


@dataclass(frozen=True, slots=True)
class Fork:
    """What a file shows: two logs of one ledger that part at one index."""

    chain_id: ChainId
    ledger: Address
    index: int
    sides: tuple[Side, Side]

    def __str__(self) -> str:
        one, other = self.sides
        return (
            f"{one.peer} and {other.peer} have two chains of ledger {checksum(self.ledger)} on chain {self.chain_id}, "
            f"which part at entry {self.index}"
        )


def part(one: PeerSource, other: PeerSource) -> tuple[PeerHead, PeerHead] | None:
    """
    The heads of two peers whose logs part; None where one log begins with the other.

    Raises `PeerUnusable` for one whose answers do not even fit each other.
    """
    first, second = one.head(), other.head()
    if first.size > second.size:
        found = part(other, one)
        return None if found is None else (found[1], found[0])
    if first.size == 0 or (first.size == second.size and first.root == second.root):
        return None
    if first.size < second.size:
        proof = other.consistency(first.size, second.size)
        if verify_consistency(first.size, second.size, first.root, second.root, proof):
            return None
        if other.head(first.size).root == first.root:
            raise PeerUnusable(f"{other.name} cannot prove that its log of {second.size} entries began as it says")
    return first, second


def collect(one: PeerSource, other: PeerSource, heads: tuple[PeerHead, PeerHead], now: int) -> Evidence:
    """
    Find where two logs part, and what shows it. Some forty small questions to each.

    Raises `PeerError` where one of them no longer stands by what it said.
    """
    common = _common(one, other, min(heads[0].size, heads[1].size))
    info = heads[0].info
    peaks = one.head(common).peaks
    statements = (_statement(one, heads[0], common, now), _statement(other, heads[1], common, now))
    evidence = Evidence(
        KIND, FORMAT, info.chain_id, checksum(info.address), common, [text_of(peak) for peak in peaks], statements
    )
    try:
        _check(evidence)
    except (ProofError, Malformed) as error:
        raise PeerUnusable(f"{one.name} or {other.name} no longer stands by what it said: {error}") from error
    return evidence


def _common(one: PeerSource, other: PeerSource, most: int) -> int:
    """How many entries two logs share, at most below `most`, where they differ."""
    same, differ = 0, most
    while differ - same > 1:
        middle = (same + differ) // 2
        if one.head(middle).root == other.head(middle).root:
            same = middle
        else:
            differ = middle
    return same


def _statement(peer: PeerSource, head: PeerHead, common: int, now: int) -> Statement:
    portion = next(peer.portions(common, common + 1), None)
    if portion is None:
        raise PeerUnusable(f"{peer.name} no longer gives entry {common}")
    proof = peer.consistency(common + 1, head.size)
    return Statement(
        peer.name, now, head.size, text_of(head.root), portion.packed[0].hex(), portion.host_blocks[0],
        text_of(portion.transactions[0]), [text_of(node) for node in proof],
    )  # fmt: skip


def write(evidence: Evidence, folder: Path) -> tuple[Path, bool]:
    """The file in which a fork is kept, and whether it is new: one for each pair of diverging entries."""
    entries = sorted(statement.entry for statement in evidence.statements)
    name = leaf_hash(bytes.fromhex("".join(entries)))[:6].hex()
    path = folder / f"fork-{evidence.common}-{name}.json"
    if path.exists():
        return path, False
    folder.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(".part")
    unfinished.write_bytes(to_json(evidence))
    unfinished.replace(path)
    return path, True


def to_json(evidence: Evidence) -> bytes:
    return msgspec.json.format(msgspec.json.encode(evidence)) + b"\n"


def read(text: bytes) -> Fork:
    """What a file of evidence shows, by itself. Raises `InputError` for no such file, `ProofError` for false proof."""
    if is_too_deep(text):
        raise InputError("this is no evidence of a fork: it nests without end")
    try:
        evidence = msgspec.json.decode(text, type=Evidence)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as error:
        raise InputError(f"this is no evidence of a fork: {error}") from error
    if (evidence.kind, evidence.format) != (KIND, FORMAT):
        raise InputError("this is no evidence of a fork, or it is written in a format that is not known here")
    try:
        return _check(evidence)
    except (Malformed, ValueError, AddressError) as error:
        raise InputError(f"this is no evidence of a fork: it holds {error}") from error


def _check(evidence: Evidence) -> Fork:
    peaks = [hash_of(peak) for peak in evidence.peaks]
    one, other = (_side(statement, evidence.common, peaks) for statement in evidence.statements)
    if one.entry == other.entry:
        raise ProofError(f"both sides have the same entry {evidence.common}: this shows no fork")
    return Fork(ChainId(evidence.chain_id), parse_address(evidence.ledger), evidence.common, (one, other))


def _side(statement: Statement, common: int, peaks: list[Hash32]) -> Side:
    packed = bytes.fromhex(statement.entry)
    if len(packed) != PACKED_BYTES:
        raise Malformed("an entry that is none")
    log = MerkleLog(common, peaks)
    log.append(leaf_hash(packed))
    head = Head(Size(statement.size), hash_of(statement.root))
    proof = [hash_of(node) for node in statement.proof]
    if not verify_consistency(common + 1, head.size, log.root(), head.root, proof):
        raise ProofError(f"the proof of {statement.peer} does not lead from entry {common} to its root")
    return Side(statement.peer, head, Entry.unpack(packed), log.root())


def judge(
    fork: Fork, contract: Head, checkpoint: Callable[[Size], Hash32 | None], prover: PeerSource | None = None
) -> Side | None:
    """
    The side that the contract's log goes on from; None where it cannot be told yet, or where neither is it.

    `prover`, any node, may prove that the contract's log begins with a side: its proof is checked, it is not trusted.
    """
    return next((side for side in fork.sides if _is_contracts(fork, side, contract, checkpoint, prover)), None)


def _is_contracts(
    fork: Fork, side: Side, contract: Head, checkpoint: Callable[[Size], Hash32 | None], prover: PeerSource | None
) -> bool:
    after = Head(Size(fork.index + 1), side.root)
    if contract in (side.head, after):
        return True
    if any(known.size <= contract.size and checkpoint(known.size) == known.root for known in (after, side.head)):
        return True
    if prover is None or contract.size <= after.size or contract.root == EMPTY_ROOT:
        return False
    try:
        proof = prover.consistency(after.size, contract.size)
    except PeerError:
        return False
    return verify_consistency(after.size, contract.size, after.root, contract.root, proof)
