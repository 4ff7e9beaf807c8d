"""
A ledger's head from the host's state itself: header, account and storage, each proven by the one before.

A block's hash commits to its header, the header to the state root, that to the account's storage root, and that to
the slots in which the ledger keeps its size and its peaks. Whoever serves the proof cannot bend it. Source: EIP-1186;
the layout of the slots is documented in `contracts/Ledger.sol`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from smartchain.errors import HostUnavailable, ProofError, RpcRefused, StateGone
from smartchain.host.rlp import decode, encode, encode_number
from smartchain.host.trie import EMPTY_TRIE, value_at
from smartchain.ledger.hash import EMPTY_ROOT, keccak
from smartchain.ledger.merkle import peak_levels, root_of
from smartchain.ports import Head, HostBlock, Rpc
from smartchain.types import Address, Hash32, Size

SIZE_SLOT = 0x7089753B1303635A2A70CCA51E1EDAE14347E5BA697C05BE3A417D6BAD06DD00
"""ERC-7201, id `smartchain.ledger`: the size, in the low 8 bytes; the peak of level n is n + 1 slots on."""

_NUMBERS = {
    "difficulty", "number", "gasLimit", "gasUsed", "timestamp", "baseFeePerGas", "blobGasUsed", "excessBlobGas",
    "slotNumber",
}  # fmt: skip
_HEADER = (
    "parentHash", "sha3Uncles", "miner", "stateRoot", "transactionsRoot", "receiptsRoot", "logsBloom", "difficulty",
    "number", "gasLimit", "gasUsed", "timestamp", "extraData", "mixHash", "nonce", "baseFeePerGas", "withdrawalsRoot",
    "blobGasUsed", "excessBlobGas", "parentBeaconBlockRoot", "requestsHash", "blockAccessListHash", "slotNumber",
)  # fmt: skip
"""A header's fields in their order; later forks append, and a block has those of its time."""


def proven_head(rpc: Rpc, ledger: Address, at: HostBlock, size: Size) -> Head | None:
    """
    The ledger's head in the state of that block, if it has `size` entries; another size is returned with no root.

    None where nothing can be shown: the node makes no proofs or has no such state, headers of this chain hash in
    another way, or the contract keeps its log elsewhere. Raises `ProofError` for a proof that does not hold, and what
    the node's errors stand for.
    """
    state_root = _state_root(rpc, at)
    if state_root is None:
        return None
    slots = [SIZE_SLOT, *(SIZE_SLOT + 1 + level for level in peak_levels(size))]
    proof = _ask(rpc, ledger, slots, at)
    if proof is None:
        return None
    proofs = _by_slot(proof["storageProof"])
    storage_root = _storage_root(state_root, ledger, _nodes(proof["accountProof"]))
    if missing := set(slots) - proofs.keys():
        raise ProofError(f"the state proof leaves out {len(missing)} of the slots asked for")
    size_word, *peaks = (slot_value(storage_root, slot, proofs[slot]) for slot in slots)
    found = int.from_bytes(size_word[-8:], "big")
    if found == 0 and size:
        return None
    if found != size:
        return Head(Size(found), Hash32(bytes(32)))
    return Head(size, root_of([Hash32(peak) for peak in peaks]) if peaks else EMPTY_ROOT)


def header_hash(block: Mapping[str, Any]) -> Hash32:
    """The hash that a block's header has by its fields, as JSON-RPC gives them."""
    return keccak(encode([_field(name, block[name]) for name in _HEADER if block.get(name) is not None]))


def slot_value(storage_root: bytes, slot: int, proof: Sequence[bytes]) -> bytes:
    """The 32 bytes of a storage slot. Raises `ProofError`."""
    found = value_at(storage_root, slot.to_bytes(32, "big"), proof)
    raw = b"" if found is None else decode(found)
    if not isinstance(raw, bytes) or len(raw) > 32:
        raise ProofError("a slot of the state proof holds no word")
    return raw.rjust(32, b"\0")


def _state_root(rpc: Rpc, at: HostBlock) -> bytes | None:
    """The state root of that block's header, if the header hashes to the block's hash."""
    try:
        block = rpc.call("eth_getBlockByHash", "0x" + at.hash.hex(), False)
        if block is None or header_hash(block) != at.hash:
            return None
        return bytes.fromhex(block["stateRoot"][2:])
    except (RpcRefused, KeyError, TypeError, ValueError, AttributeError, OverflowError):
        return None


def _ask(rpc: Rpc, ledger: Address, slots: Sequence[int], at: HostBlock) -> dict[str, Any] | None:
    keys = [f"0x{slot:064x}" for slot in slots]
    for where in ({"blockHash": "0x" + at.hash.hex()}, hex(at.number)):
        try:
            proof = rpc.call("eth_getProof", "0x" + ledger.hex(), keys, where)
        except RpcRefused:
            continue
        except (StateGone, HostUnavailable):
            return None  # a proof is asked for beside the answer that it would prove: who never has time has none
        if not isinstance(proof, dict) or not {"accountProof", "storageProof"} <= proof.keys():
            raise ProofError("the state proof has not the form of EIP-1186")
        return proof
    return None


def _storage_root(state_root: bytes, ledger: Address, proof: Sequence[bytes]) -> bytes:
    found = value_at(state_root, ledger, proof)
    if found is None:
        return EMPTY_TRIE
    match decode(found):
        case [_, _, bytes(storage_root), _] if len(storage_root) == 32:
            return storage_root
    raise ProofError("the account of the state proof is malformed")


def _field(name: str, value: str) -> bytes:
    return encode_number(int(value, 16)) if name in _NUMBERS else bytes.fromhex(value.removeprefix("0x"))


def _by_slot(storage_proof: Any) -> dict[int, list[bytes]]:
    try:
        return {int(item["key"], 16): _nodes(item["proof"]) for item in storage_proof}
    except (KeyError, TypeError, ValueError) as exc:
        raise ProofError("the state proof has not the form of EIP-1186") from exc


def _nodes(nodes: Any) -> list[bytes]:
    try:
        return [bytes.fromhex(node.removeprefix("0x")) for node in nodes]
    except (AttributeError, TypeError, ValueError) as exc:
        raise ProofError("the nodes of the state proof are no hex") from exc
