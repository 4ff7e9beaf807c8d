"""The leaf of a ledger's head in a registry, and the way from its root to an entry."""

from __future__ import annotations

import sha3
from hypothesis import given
from hypothesis import strategies as st

from smartchain.ledger.entry import Entry
from smartchain.ledger.hash import ETHER
from smartchain.ledger.merkle import MerkleLog
from smartchain.ledger.proof import inclusion_proof, perfect_of
from smartchain.ledger.registry import RegistryHead
from smartchain.types import ZERO_HASH, Address, Hash32, Size

HEADS = st.builds(
    RegistryHead,
    st.binary(min_size=20, max_size=20).map(Address),
    st.integers(0, 2**64 - 1).map(Size),
    st.binary(min_size=32, max_size=32).map(Hash32),
)


@given(HEADS)
def test_a_registry_leaf_is_the_hash_of_its_sixty_one_bytes(head: RegistryHead) -> None:
    packed = b"\x04" + head.ledger + head.size.to_bytes(8, "big") + head.root

    assert len(packed) == 61
    assert head.leaf == sha3.keccak_256(packed).digest()


@given(st.lists(HEADS, min_size=1, max_size=20, unique=True), st.data())
def test_a_head_stands_where_it_was_recorded_and_nowhere_else(heads: list[RegistryHead], data: st.DataObject) -> None:
    leaves = [head.leaf for head in heads]
    index = data.draw(st.integers(0, len(heads) - 1))
    other = data.draw(st.integers(0, len(heads) - 1))
    proof, root = inclusion_proof(perfect_of(leaves), index, len(heads)), MerkleLog.of(leaves).root()

    assert heads[index].stands(index, len(heads), proof, root)
    assert heads[other].stands(index, len(heads), proof, root) == (other == index)
    assert not heads[index].stands(index, len(heads), [*proof, ZERO_HASH], root)


def test_two_proofs_lead_from_one_root_to_an_entry_of_any_ledger() -> None:
    alice, bob = Address(b"\xa1" * 20), Address(b"\xb0" * 20)
    entries = [Entry(ETHER, alice, bob, value, 1_800_000_000, ZERO_HASH) for value in range(1, 8)]
    log = MerkleLog.of(entry.leaf for entry in entries)
    heads = [RegistryHead(alice, Size(0), ZERO_HASH), RegistryHead(bob, Size(7), log.root())]
    leaves = [head.leaf for head in heads]

    to_head = inclusion_proof(perfect_of(leaves), 1, 2)
    to_entry = inclusion_proof(perfect_of([entry.leaf for entry in entries]), 4, 7)

    assert heads[1].stands(1, 2, to_head, MerkleLog.of(leaves).root())
    assert heads[1].holds(entries[4], 4, to_entry)
    assert not heads[1].holds(entries[3], 4, to_entry)
    assert not heads[0].holds(entries[4], 4, to_entry)
