"""
The only place in Python that hashes.

One domain byte for each kind of message keeps a leaf from ever passing as a node, a block or a
transaction. `contracts/libraries/MerkleLog.sol` is its counterpart; a parity test holds the two together.

Keccak comes from `tiny_keccak` (0.4 µs a hash of up to 135 bytes), and where that has no build for the platform from
`sha3` (0.7 µs); a test holds each to the other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import cast

from smartchain.types import Address, ChainId, Hash32

try:
    from tiny_keccak import keccak256
except ImportError:
    import sha3

    def keccak256(input: bytes) -> bytes:  # noqa: A002  (the other's name for it)
        return bytes(sha3.keccak_256(input).digest())


_keccak = cast("Callable[[bytes], Hash32]", keccak256)

LEAF = b"\x00"
NODE = b"\x01"
BLOCK = b"\x02"
TRANSACTION = b"\x03"
REGISTRY = b"\x04"


def keccak(message: bytes) -> Hash32:
    """Keccak-256 of a message, 32 bytes; the hash of Ethereum, not NIST's SHA3-256."""
    return _keccak(message)


EMPTY_ROOT = keccak(b"")
"""Root of a log without entries."""


def leaf_hash(packed: bytes) -> Hash32:
    """Leaf of an entry's 132 packed bytes."""
    return _keccak(LEAF + packed)


def leaf_hashes(entries: Iterable[bytes]) -> list[Hash32]:
    """Leaves of many packed entries; the same as `leaf_hash` of each, in a third of the time of calling it."""
    return [_keccak(LEAF + packed) for packed in entries]


def node_hash(left: bytes, right: bytes) -> Hash32:
    """Parent of two subtrees."""
    return _keccak(NODE + left + right)


def node_hashes(nodes: Sequence[bytes]) -> list[Hash32]:
    """Parents of an even number of subtrees, pair by pair."""
    return [_keccak(NODE + left + right) for left, right in zip(nodes[::2], nodes[1::2], strict=True)]


def anchor_of(chain_id: ChainId, ledger: Address) -> Hash32:
    """What a smart chain hangs on: the genesis block's parent."""
    return keccak(b"smartchain" + chain_id.to_bytes(32, "big") + ledger)


def block_hash(parent: Hash32, number: int, timestamp: int, size: int, root: Hash32) -> Hash32:
    """Hash of a block of the smart chain."""
    numbers = number.to_bytes(8, "big") + timestamp.to_bytes(8, "big") + size.to_bytes(8, "big")
    return keccak(BLOCK + parent + numbers + root)


def transaction_hash(anchor: Hash32, index: int, leaf: Hash32) -> Hash32:
    """The name of an entry for clients that expect Ethereum's identifiers."""
    return keccak(TRANSACTION + anchor + index.to_bytes(8, "big") + leaf)


def registry_leaf_hash(ledger: Address, size: int, root: Hash32) -> Hash32:
    """Leaf of a ledger's head in the log that a factory keeps over all ledgers."""
    return keccak(REGISTRY + ledger + size.to_bytes(8, "big") + root)


def subject_id(name: str) -> Address:
    """An application's own subject: the low 20 bytes of its name's hash."""
    return Address(keccak(name.encode())[12:])


def coin_id(name: str, symbol: str) -> Address:
    """The subject of a new network's coin, known before its contract exists."""
    return subject_id(f"coin:{name}:{symbol}")


ETHER = Address(bytes.fromhex("ee" * 20))
"""The subject of Ether (ERC-7528)."""

SEAL = subject_id("smartchain.seal")
"""The subject of an entry that closes a block on demand."""
