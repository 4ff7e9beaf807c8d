"""
Whether a Merkle-Patricia trie holds a value at a key. Source: the Ethereum yellow paper, appendix D.

A proof is the encoded nodes on the way from the root to the key, as `eth_getProof` gives them (EIP-1186).
"""

from __future__ import annotations

from collections.abc import Sequence

from smartchain.errors import ProofError
from smartchain.host.rlp import Item, decode, encode
from smartchain.ledger.hash import keccak

EMPTY_TRIE = keccak(encode(b""))
"""Root of a trie without entries."""

_HASH_BYTES = 32
_BRANCH_ITEMS, _SHORT_ITEMS = 17, 2


def value_at(root: bytes, key: bytes, proof: Sequence[bytes]) -> bytes | None:
    """
    The value that the trie of that root has at keccak256(key); None if it has none.

    Raises `ProofError` where the proof shows neither.
    """
    nibbles = [nibble for byte in keccak(key) for nibble in (byte >> 4, byte & 15)]
    if root == EMPTY_TRIE:
        return None
    nodes: dict[bytes, bytes] = {keccak(node): node for node in proof}
    reference: Item = root
    while True:
        node = _node(reference, nodes)
        if len(node) == _BRANCH_ITEMS:
            if not nibbles:
                return _value(node[16])
            reference, nibbles = node[nibbles[0]], nibbles[1:]
        else:
            path, is_leaf = _path(node[0])
            if nibbles[: len(path)] != path:
                return None
            nibbles = nibbles[len(path) :]
            if is_leaf:
                return _value(node[1]) if not nibbles else None
            reference = node[1]
        if reference == b"":
            return None


def _node(reference: Item, nodes: dict[bytes, bytes]) -> list[Item]:
    """The node that a reference stands for: itself where it is short, by its hash where it is not."""
    if isinstance(reference, bytes):
        if len(reference) != _HASH_BYTES or reference not in nodes:
            raise ProofError("a node of the state proof is missing")
        reference = decode(nodes[reference])
    if not isinstance(reference, list) or len(reference) not in (_BRANCH_ITEMS, _SHORT_ITEMS):
        raise ProofError("a node of the state proof is malformed")
    return reference


def _path(item: Item) -> tuple[list[int], bool]:
    """Nibbles of a leaf's or an extension's path, and whether it is a leaf (hex-prefix encoding)."""
    if not isinstance(item, bytes) or not item or item[0] >> 4 > 3:
        raise ProofError("a path of the state proof is malformed")
    nibbles = [nibble for byte in item for nibble in (byte >> 4, byte & 15)]
    return nibbles[1 if nibbles[0] & 1 else 2 :], nibbles[0] >= 2


def _value(item: Item) -> bytes | None:
    if not isinstance(item, bytes):
        raise ProofError("a value of the state proof is malformed")
    return item or None
