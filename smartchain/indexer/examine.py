"""
Does a node stand by its own word? Its logs, read again, against the head that it says the contract has.

Nothing that another node said may count against it, and the store may hold what another one forged. So the reading
begins where the node itself confirms what is stored, or, where it does not, at the ledger's first entry: what comes of
that is its word alone. Logs that do give its head prove all that they were put upon, and end the question.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from smartchain.errors import NoContract, NotALedger, RpcRefused, StateGone, UnknownBlock, Untrue
from smartchain.indexer.growth import tree_of
from smartchain.indexer.narrow import head_at
from smartchain.ledger.hash import leaf_hash
from smartchain.ledger.merkle import MerkleLog
from smartchain.ledger.proof import peaks_at
from smartchain.ports import EntrySource, Head, HostBlock, LedgerStore
from smartchain.types import Index, Size


@dataclass(frozen=True, slots=True)
class Finding:
    """What became of it: `lie` is what its logs gave that its head is not, None where they gave its head."""

    at: HostBlock
    head: Head
    lie: str | None
    denies: bool = False
    """It stands by its own word, and what is stored as verified is another chain than its."""


def examine(source: EntrySource, store: LedgerStore, at: HostBlock) -> Finding:
    """
    Read a node's logs up to `at`, a block of its own, and compare.

    Raises `HostError`s: then nothing is known. `UnknownBlock` where `at` was replaced meanwhile.
    """
    head = source.head(at)
    denies = False
    for base in _bases(store, at):
        confirmed = _confirms(source, store, base)
        if confirmed is False:
            denies = denies or base == store.status().verified_at
            continue
        lie = _lie(source, store, base, at, head)
        if source.block(at.number) != at:
            raise UnknownBlock(f"host block {at.number} was replaced on {source.name} while its logs were read")
        if lie is None or confirmed:
            return Finding(at, head, lie, denies and lie is None)
    raise AssertionError("the beginning is nobody's to deny")


def _bases(store: LedgerStore, at: HostBlock) -> Iterator[HostBlock | None]:
    """Places to read on from, the newest first; None is the ledger's first entry."""
    status = store.status()
    yield from sorted({b for b in (status.cursor, status.verified_at) if b and b.number <= at.number}, key=_newest)
    yield None


def _newest(block: HostBlock) -> int:
    return -block.number


def _confirms(source: EntrySource, store: LedgerStore, base: HostBlock | None) -> bool | None:
    """Whether the node says itself what is stored up to there; None where it has forgotten."""
    if base is None:
        return True
    try:
        return source.head(base) == head_at(store, base.number)
    except (StateGone, RpcRefused):
        return None
    except (UnknownBlock, NoContract, NotALedger):
        return False


def _lie(source: EntrySource, store: LedgerStore, base: HostBlock | None, at: HostBlock, head: Head) -> str | None:
    size = store.info.genesis.size if base is None else store.size_at(base.number)
    first = source.info().deployed_at if base is None else base.number + 1
    log = MerkleLog(size, peaks_at(tree_of(store), size))
    try:
        for chunk in source.chunks(first, at.number, Index(size)) if first <= at.number else ():
            for packed in chunk.packed:
                log.append(leaf_hash(packed))
    except Untrue as lie:
        return f"{lie}"
    ours = Head(Size(log.size), log.root())
    return None if ours == head else f"its logs give {_say(ours)}, and its head() says {_say(head)}"


def _say(head: Head) -> str:
    return f"{head.size} entries with root 0x{head.root.hex()}"
