"""
Bitcoin's hash, its Merkle tree, and the one error of everything here.

Hashes are in internal byte order, as they lie in a block; people write them the other way round. A last node of the
tree that has no sibling is paired with itself.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from smartchain.errors import ProofError
from smartchain.types import Hash32


class BurnError(ProofError):
    """A burn, its proof or a header that the contract would refuse; says which rule it breaks."""


def hash256(message: bytes) -> Hash32:
    """SHA-256, twice."""
    return Hash32(hashlib.sha256(hashlib.sha256(message).digest()).digest())


def shown(digest: bytes) -> str:
    """A hash as people write it."""
    return digest[::-1].hex()


def _pairs(level: Sequence[Hash32]) -> list[Hash32]:
    even = [*level, level[-1]] if len(level) % 2 else level
    return [hash256(left + right) for left, right in zip(even[::2], even[1::2], strict=True)]


def merkle_root(ids: Sequence[Hash32]) -> Hash32:
    """Root of a block's transaction ids."""
    level = list(ids)
    while len(level) > 1:
        level = _pairs(level)
    return level[0]


def merkle_proof(ids: Sequence[Hash32], index: int) -> list[Hash32]:
    """The siblings from a transaction up to the root, lowest first."""
    siblings, level = [], list(ids)
    while len(level) > 1:
        siblings.append(level[min(index ^ 1, len(level) - 1)])
        level, index = _pairs(level), index >> 1
    return siblings


def root_from(leaf: Hash32, index: int, siblings: Sequence[Hash32]) -> Hash32:
    """Root that a proof leads to. Raises `BurnError` for an index past the tree, or one of a node's copy."""
    if index >> len(siblings):
        raise BurnError(f"the index {index} is past a tree {len(siblings)} levels deep")
    for level, sibling in enumerate(siblings):
        if index >> level & 1 and sibling == leaf:
            raise BurnError("the proof goes through the copy of a last node (CVE-2012-2459)")
        leaf = hash256(sibling + leaf if index >> level & 1 else leaf + sibling)
    return leaf
