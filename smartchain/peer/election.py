"""
Which chain to follow when nobody asks the contract: the one that more than half of the named peers stand by.

Peers are never quite equally far. A peer stands by a head if it is its own, or if it proves that its longer log
begins with it. The longest head that a majority stands by is agreed; it is not verified, and no count of nodes makes
it so: whoever runs more than half of the named peers decides what this node believes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from statistics import median_low

from smartchain.errors import NoMajority, PeerUnusable
from smartchain.ledger.address import checksum
from smartchain.ledger.proof import verify_consistency
from smartchain.peer.roster import Roster
from smartchain.ports import LedgerInfo, PeerHead, PeerSource
from smartchain.types import Hash32

Heads = Mapping[PeerSource, PeerHead]


@dataclass(frozen=True, slots=True)
class Agreed:
    """A head, and who stands by it."""

    head: PeerHead
    voters: tuple[PeerSource, ...]
    dissenters: tuple[PeerSource, ...]
    """Peers with a log as long or longer that does not begin so."""


def elect_ledger(roster: Roster) -> LedgerInfo:
    """
    The ledger that a majority of the peers is of, for a node that was only told their URLs.

    Where it was deployed is a hint: the middle one of theirs. Raises `NoMajority`.
    """
    heads = roster.heads()
    counted = Counter(_identity(head.info) for head in heads.values())
    found, votes = counted.most_common(1)[0] if counted else (None, 0)
    if found is None or votes * 2 <= roster.named:
        raise NoMajority(
            f"{len(heads)} of {roster.named} peers answer and at most {votes} are of one ledger: "
            f"more than half of them are needed{_reasons(roster)}"
        )
    places = [head.info.deployed_at for head in heads.values() if _identity(head.info) == found]
    return replace(found, deployed_at=median_low(places))


def same_ledger(info: LedgerInfo, roster: Roster, heads: Heads) -> dict[PeerSource, PeerHead]:
    """Those heads that are of this ledger and hold its opening entries; peers of another ledger are left."""
    kept = {}
    for peer, head in heads.items():
        if _identity(head.info) != _identity(info):
            roster.leave(peer, another(peer, head.info, info))
        elif head.size >= info.genesis.size:
            kept[peer] = head
    return kept


def another(peer: PeerSource, theirs: LedgerInfo, ours: LedgerInfo) -> PeerUnusable:
    """The error of a peer that serves something else."""
    if (theirs.chain_id, theirs.address) != (ours.chain_id, ours.address):
        what = f"has ledger {checksum(theirs.address)} on chain {theirs.chain_id}"
        return PeerUnusable(f"{peer.name} {what}, not {checksum(ours.address)} on chain {ours.chain_id}")
    return PeerUnusable(f"{peer.name} says another rule, fee or genesis of ledger {checksum(ours.address)}")


def elect(roster: Roster, heads: Heads) -> Agreed:
    """The longest of these heads that more than half of all named peers stand by. Raises `NoMajority`."""
    for size, root in sorted({(head.size, head.root) for head in heads.values()}, reverse=True):
        able = [peer for peer, head in heads.items() if head.size >= size]
        if len(able) * 2 <= roster.named:
            continue
        proofs = roster.ask(able, lambda peer: stands_by(peer, heads[peer], size, root))  # noqa: B023
        voters = [peer for peer, stands in proofs.items() if stands]
        if len(voters) * 2 > roster.named:
            dissenters = [peer for peer, stands in proofs.items() if not stands]
            known = [head for head in heads.values() if (head.size, head.root) == (size, root)]
            return Agreed(known[0], tuple(voters), tuple(dissenters))
    said = ", ".join(f"{peer.name} {head.size} entries" for peer, head in heads.items())
    raise NoMajority(
        f"no chain has more than half of the {roster.named} named peers behind it "
        f"({said or 'none answers'}): waiting for them to agree{_reasons(roster)}"
    )


def stands_by(peer: PeerSource, own: PeerHead, size: int, root: Hash32) -> bool:
    """Whether a peer's log of at least that size begins with the one of that size and root, by its own proof."""
    if own.size == size or size == 0:
        return own.size > size or own.root == root
    return verify_consistency(size, own.size, root, own.root, peer.consistency(size, own.size))


def _identity(info: LedgerInfo) -> LedgerInfo:
    """Without what is only a hint."""
    return replace(info, deployed_at=0)


def _reasons(roster: Roster) -> str:
    reasons = [one.reason for one in roster.standings if one.reason]
    return f"; {'; '.join(reasons[:3])}" if reasons else ""
