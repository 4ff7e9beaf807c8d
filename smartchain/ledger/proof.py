"""
Proofs about a log: that it holds an entry, and that it only ever grew.

Making one needs roots of perfect subtrees, asked for by (level, position); checking one needs nothing but
the proof and the roots. Source: RFC 9162 sections 2.1.3 and 2.1.4.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from smartchain.errors import EmptyLog, ProofError
from smartchain.ledger.hash import EMPTY_ROOT, leaf_hash, node_hash
from smartchain.ledger.merkle import STORED_LEVEL, MerkleLog, peak_levels, root_of
from smartchain.types import Hash32

Perfect = Callable[[int, int], Hash32]
"""Root of the perfect subtree of 2^level entries at a position: entries position·2^level up to the next."""


def perfect_of(leaves: Sequence[Hash32]) -> Perfect:
    """Subtrees computed from the leaves themselves: the plain form, for small logs and for tests."""

    def perfect(level: int, position: int) -> Hash32:
        if level == 0:
            return leaves[position]
        return node_hash(perfect(level - 1, 2 * position), perfect(level - 1, 2 * position + 1))

    return perfect


def peaks_at(perfect: Perfect, size: int) -> list[Hash32]:
    """Peaks of the log as it was at that size, lowest level first."""
    return [perfect(level, (size >> level) - 1) for level in peak_levels(size)]


def root_at(perfect: Perfect, size: int) -> Hash32:
    """Root of the log as it was at that size."""
    return root_of(peaks_at(perfect, size)) if size else EMPTY_ROOT


def inclusion_proof(perfect: Perfect, index: int, size: int) -> list[Hash32]:
    """
    Audit path of the entry at `index` in the log of that size, from the leaf up.

    Raises `ProofError` unless index is below size. Source: RFC 9162 section 2.1.3.1.
    """
    if not 0 <= index < size:
        raise ProofError(f"no entry {index} in a log of {size}")
    proof: list[Hash32] = []
    start, stop = 0, size
    while stop - start > 1:
        middle = start + _split(stop - start)
        if index < middle:
            proof.append(_subtree(perfect, middle, stop))
            stop = middle
        else:
            proof.append(_subtree(perfect, start, middle))
            start = middle
    return proof[::-1]


def consistency_proof(perfect: Perfect, first: int, second: int) -> list[Hash32]:
    """
    That the log of size `first` is how the log of size `second` began; empty where they are equal.

    Raises `ProofError` unless 0 < first <= second. Source: RFC 9162 section 2.1.4.1.
    """
    if not 0 < first <= second:
        raise ProofError(f"a consistency proof goes from a size above 0 to one not below it, not {first} to {second}")
    proof: list[Hash32] = []
    start, stop, whole = 0, second, True
    while first != stop:
        middle = start + _split(stop - start)
        if first <= middle:
            proof.append(_subtree(perfect, middle, stop))
            stop = middle
        else:
            proof.append(_subtree(perfect, start, middle))
            start, whole = middle, False
    if not whole:
        proof.append(_subtree(perfect, start, stop))
    return proof[::-1]


def verify_inclusion(leaf: Hash32, index: int, size: int, proof: Sequence[Hash32], root: Hash32) -> bool:
    """Whether the log of that size and root holds this leaf there. Source: RFC 9162 section 2.1.3.2."""
    if not 0 <= index < size:
        return False
    fn, sn, node = index, size - 1, leaf
    for sibling in proof:
        if sn == 0:
            return False
        if fn & 1 or fn == sn:
            node = node_hash(sibling, node)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            node = node_hash(node, sibling)
        fn, sn = fn >> 1, sn >> 1
    return sn == 0 and node == root


def verify_consistency(
    first: int, second: int, first_root: Hash32, second_root: Hash32, proof: Sequence[Hash32]
) -> bool:
    """Whether the log of the second size and root begins with the first. Source: RFC 9162 section 2.1.4.2."""
    if not 0 < first <= second:
        return False
    if first == second:
        return not proof and first_root == second_root
    path = [first_root, *proof] if first & (first - 1) == 0 else list(proof)
    if not path:
        return False
    fn, sn = first - 1, second - 1
    while fn & 1:
        fn, sn = fn >> 1, sn >> 1
    one = two = path[0]
    for node in path[1:]:
        if sn == 0:
            return False
        if fn & 1 or fn == sn:
            one, two = node_hash(node, one), node_hash(node, two)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            two = node_hash(two, node)
        fn, sn = fn >> 1, sn >> 1
    return sn == 0 and one == first_root and two == second_root


def _split(width: int) -> int:
    """The largest power of two below `width`, where the RFC divides a tree."""
    return 1 << ((width - 1).bit_length() - 1)


def _subtree(perfect: Perfect, start: int, stop: int) -> Hash32:
    """Root over entries start up to stop; `start` is a multiple of the width's highest power of two."""
    width = stop - start
    if width < 1:
        raise EmptyLog("a subtree without entries has no root")
    level = width.bit_length() - 1
    if width == 1 << level:
        return perfect(level, start >> level)
    middle = start + (1 << level)
    return node_hash(perfect(level, start >> level), _subtree(perfect, middle, stop))


def perfect_from(
    packed: Callable[[int, int], Iterable[bytes]],
    nodes: Callable[[int, int, int], Sequence[Hash32]],
    from_level: int = STORED_LEVEL,
) -> Perfect:
    """
    Subtrees from what a store keeps: packed entries, and the roots of the subtrees of `from_level` and up.

    Below that level at most 2^from_level entries are hashed again for each answer.
    """

    def perfect(level: int, position: int) -> Hash32:
        if level >= from_level:
            found = nodes(level, position, position + 1)
            if not found:
                raise ProofError(f"the subtree of level {level} at position {position} is not in the store")
            return found[0]
        start, stop = position << level, (position + 1) << level
        log = MerkleLog.of(leaf_hash(entry) for entry in packed(start, stop))
        if log.size != stop - start:
            raise ProofError(f"entries {start} to {stop - 1} are not all in the store")
        return log.root()

    return perfect
