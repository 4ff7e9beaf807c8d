"""
The registry of a factory: one Merkle log over the heads of many ledgers.

Its leaves say *this ledger had this size and this root*. A proof that the registry holds a head, and a proof that an
entry stands under that head's root, lead together from one root to an entry of any of the ledgers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from smartchain.ledger.entry import Entry
from smartchain.ledger.hash import registry_leaf_hash
from smartchain.ledger.proof import verify_inclusion
from smartchain.types import Address, Hash32, Size


@dataclass(frozen=True, slots=True)
class RegistryHead:
    """What a ledger answered when the factory last asked it."""

    ledger: Address
    size: Size
    root: Hash32

    @property
    def leaf(self) -> Hash32:
        """Its leaf in the registry; equals `MerkleLog.registryLeaf` in Solidity."""
        return registry_leaf_hash(self.ledger, self.size, self.root)

    def stands(self, index: int, registry_size: int, proof: Sequence[Hash32], registry_root: Hash32) -> bool:
        """Whether the registry of that size and root holds this head there."""
        return verify_inclusion(self.leaf, index, registry_size, proof, registry_root)

    def holds(self, entry: Entry, index: int, proof: Sequence[Hash32]) -> bool:
        """Whether the ledger, as it was then, holds this entry there."""
        return verify_inclusion(entry.leaf, index, self.size, proof, self.root)
