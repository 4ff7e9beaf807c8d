"""
What an honest run would hold, beside what the store holds.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing

from smartchain.indexer.growth import genesis_of
from smartchain.ledger.block import assemble
from smartchain.ledger.merkle import STORED_LEVEL, MerkleLog
from smartchain.ports import LedgerStore
from smartchain.store import open_store
from smartchain.store.offline import check
from tests.simulation.world import Block, World


def head(world: World, ledger: LedgerStore) -> None:
    """What is verified is what the contract had at some host block that there was."""
    status = ledger.status()
    at = status.verified_at
    if at is None:
        assert status.verified_size == 0, f"{status.verified_size} entries are verified at no host block"
        return
    block = world.ever.get(at.hash)
    assert block is not None, f"verified at {at}, which never was"
    assert block.place == at, f"verified at {at}, which is {block.place}"
    assert status.verified_size == block.size, f"{status.verified_size} verified, {block.size} at {at}"
    with ledger.view() as view:
        assert view.root() == block.head.root, f"another root than the contract's at {at}"


def prefix(world: World, ledger: LedgerStore) -> None:
    """Every verified entry is the contract's, at some host block that there was."""
    head(world, ledger)
    status = ledger.status()
    at = status.verified_at
    honest = world.ever[at.hash].entries() if at is not None else []
    assert list(ledger.packed(0, status.verified_size)) == honest, f"other entries than the contract's at {at}"


def whole(world: World, url: str, confirmations: int, was_forked: bool, with_lookups: bool) -> None:
    """
    Every row is what an honest run up to the newest host block holds.

    The hash of a host block is a hint, which no root commits to: where replicas of another fork answered now and then,
    it may be that fork's, if that held the same entries at the same seconds.
    """
    target = world.chain[max(0, len(world.chain) - 1 - confirmations)]
    with closing(open_store(url, create=False)) as store:
        ledger = store.open()
        head(world, ledger)
        rows(world, ledger, target, was_forked)
        while with_lookups and ledger.look_up(4096):
            pass
    if with_lookups:
        assert not (faults := check(url).faults), faults


def rows(world: World, ledger: LedgerStore, target: Block, was_forked: bool) -> None:
    """The verified rows, which must be those of the branch that ends with `target`."""
    branch = list[Block]()
    at: Block | None = target
    while at is not None:
        branch.append(at)
        at = at.parent
    branch.reverse()
    status, info = ledger.status(), ledger.info
    assert info.genesis.timestamp == target.genesis_at, "the store is of an earlier deployment"
    assert (status.verified_at, status.cursor) == (target.place, target.place)
    honest = [
        (packed, block.number, record.transaction)
        for block in branch
        for record in block.records
        for packed in record.packed
    ]
    stored = [(one.entry.pack(), one.host_block, one.transaction) for one in ledger.entries()]
    assert stored == honest, f"entries differ from {first_difference(stored, honest)} on"
    entries = [packed for packed, _, _ in honest]
    nodes = dict[tuple[int, int], bytes]()
    log = MerkleLog(0, (), lambda level, position, root: nodes.update({(level, position): root}), STORED_LEVEL)
    blocks = list(assemble(info.rule, genesis_of(info), log, entries))
    assert list(ledger.blocks()) == blocks, "blocks differ"
    for (level, position), root in nodes.items():
        assert ledger.nodes(level, position, position + 1) == [root], f"subtree {level}, {position} differs"
    by_number = {block.number: block for block in branch}
    known = ledger.host_blocks()
    for number, host_hash in known:
        assert was_forked or by_number[number].hash == host_hash, f"host block {number} has another hash"
        assert host_hash in world.ever, f"host block {number} has a hash that never was"
        assert ledger.size_at(number) == by_number[number].size, f"host block {number} has another size"
    with_entries = {block.number for block in branch if block.records}
    assert with_entries <= {number for number, _ in known}, "a host block with entries is not known"


def first_difference(stored: Sequence[object], honest: Sequence[object]) -> int:
    pairs = zip(stored, honest, strict=False)
    return next((at for at, (one, other) in enumerate(pairs) if one != other), min(len(stored), len(honest)))
