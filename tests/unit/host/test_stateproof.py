"""Proofs of the host's state, held to the reference implementations of RLP and of the trie."""

from __future__ import annotations

from typing import Any

import pytest
import rlp as reference
from eth_utils.crypto import keccak as reference_keccak
from hypothesis import given
from hypothesis import strategies as st
from rlp.exceptions import DecodingError
from trie import HexaryTrie

from smartchain.errors import HostUnavailable, ProofError, RpcRefused, StateGone
from smartchain.host.rlp import decode, encode, encode_number
from smartchain.host.stateproof import SIZE_SLOT, header_hash, proven_head, slot_value
from smartchain.host.trie import EMPTY_TRIE, value_at
from smartchain.ledger.hash import keccak
from smartchain.ports import Head, HostBlock
from smartchain.types import Address, Size

ITEMS: st.SearchStrategy[Any] = st.recursive(st.binary(max_size=80), lambda inner: st.lists(inner, max_size=20))
CONTENTS = st.dictionaries(st.binary(min_size=1, max_size=32), st.binary(min_size=1, max_size=70), max_size=40)


@given(ITEMS)
def test_rlp_is_encoded_and_decoded_as_the_reference_does(item: Any) -> None:
    assert encode(item) == reference.encode(item)
    assert decode(reference.encode(item)) == item


@given(st.binary(max_size=80))
def test_bytes_that_the_reference_refuses_are_refused(data: bytes) -> None:
    try:
        expected = reference.decode(data)
    except DecodingError:
        with pytest.raises(ProofError):
            decode(data)
    else:
        assert decode(data) == expected


@pytest.mark.parametrize("data", ["", "8100", "b800", "b90001ff", "83ffff", "c2", "c182", "0000", "f800", "bf", "b8"])
def test_what_is_cut_off_or_not_canonical_is_refused(data: str) -> None:
    with pytest.raises(ProofError):
        decode(bytes.fromhex(data))


@given(st.integers(0, 2**256))
def test_numbers_have_no_leading_zeros(number: int) -> None:
    assert encode_number(number) == reference.sedes.big_endian_int.serialize(number)


def trie_of(contents: dict[bytes, bytes]) -> HexaryTrie:
    trie = HexaryTrie({})
    for key, value in contents.items():
        trie[reference_keccak(key)] = value
    return trie


def proof_of(trie: HexaryTrie, key: bytes) -> list[bytes]:
    return [reference.encode(node) for node in trie.get_proof(reference_keccak(key))]


@given(CONTENTS, st.binary(min_size=1, max_size=32))
def test_a_proof_shows_what_the_trie_has_and_what_it_has_not(contents: dict[bytes, bytes], absent: bytes) -> None:
    trie = trie_of(contents)

    for key in [*contents, absent]:
        assert value_at(trie.root_hash, key, proof_of(trie, key)) == contents.get(key)


@given(CONTENTS.filter(bool), st.data())
def test_a_proof_with_a_bit_changed_shows_nothing_else(contents: dict[bytes, bytes], data: st.DataObject) -> None:
    trie = trie_of(contents)
    key = data.draw(st.sampled_from(sorted(contents)))
    proof = proof_of(trie, key)
    node = data.draw(st.integers(0, len(proof) - 1))
    bit = data.draw(st.integers(0, 8 * len(proof[node]) - 1))
    spoilt = bytearray(proof[node])
    spoilt[bit // 8] ^= 1 << bit % 8
    proof[node] = bytes(spoilt)

    with pytest.raises(ProofError):
        value_at(trie.root_hash, key, proof)


def test_a_proof_with_a_node_missing_shows_nothing() -> None:
    trie = trie_of({bytes([n]): bytes([n]) * 40 for n in range(1, 60)})
    proof = proof_of(trie, b"\x07")

    for missing in range(len(proof)):
        with pytest.raises(ProofError, match="missing"):
            value_at(trie.root_hash, b"\x07", proof[:missing] + proof[missing + 1 :])


def test_nothing_is_in_an_empty_trie() -> None:
    assert value_at(EMPTY_TRIE, b"key", []) is None
    assert trie_of({}).root_hash == EMPTY_TRIE


@pytest.mark.parametrize("node", [b"text", [b"\x20", b"", b""], [b"\x55" * 33, b"v"], [[], b"v"], [b"", b"v"]])
def test_a_malformed_node_is_refused(node: Any) -> None:
    raw = reference.encode(node)

    with pytest.raises(ProofError):
        value_at(keccak(raw), b"key", [raw])


def test_a_slot_is_a_word_with_its_zeros_back() -> None:
    slot = SIZE_SLOT
    trie = trie_of({slot.to_bytes(32, "big"): reference.encode(b"\x01\x02"), b"other": b"x"})

    assert slot_value(trie.root_hash, slot, proof_of(trie, slot.to_bytes(32, "big"))) == bytes(30) + b"\x01\x02"
    unset = (slot + 1).to_bytes(32, "big")
    assert slot_value(trie.root_hash, slot + 1, proof_of(trie, unset)) == bytes(32)


@pytest.mark.parametrize("value", [b"\x01" * 33, [b"\x01"]])
def test_a_slot_that_holds_no_word_is_refused(value: Any) -> None:
    trie = trie_of({bytes(32): reference.encode(value)})

    with pytest.raises(ProofError, match="no word"):
        slot_value(trie.root_hash, 0, proof_of(trie, bytes(32)))


MAINNET_BLOCK_1 = {
    "parentHash": "0xd4e56740f876aef8c010b86a40d5f56745a118d0906a34e69aec8c0db1cb8fa3",
    "sha3Uncles": "0x1dcc4de8dec75d7aab85b567b6ccd41ad312451b948a7413f0a142fd40d49347",
    "miner": "0x05a56e2d52c817161883f50c441c3228cfe54d9f",
    "stateRoot": "0xd67e4d450343046425ae4271474353857ab860dbc0a1dde64b41b5cd3a532bf3",
    "transactionsRoot": "0x56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421",
    "receiptsRoot": "0x56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421",
    "logsBloom": "0x" + "00" * 256,
    "difficulty": "0x3ff800000",
    "number": "0x1",
    "gasLimit": "0x1388",
    "gasUsed": "0x0",
    "timestamp": "0x55ba4224",
    "extraData": "0x476574682f76312e302e302f6c696e75782f676f312e342e32",
    "mixHash": "0x969b900de27b6ac6a67742365dd65f55a0526c41fd18e1b16f1a1215c2e66f59",
    "nonce": "0x539bd4979fef1ec4",
}


def test_a_header_hashes_to_its_block_s_hash() -> None:
    """Block 1 of Ethereum, the oldest form of a header; newer ones are held to anvil's."""
    assert header_hash(MAINNET_BLOCK_1).hex() == "88e96d4537bea4d9c05d12549907b32561d3bf31f45aae734cdc119f13406cb6"


class Prover:
    """A node with one block, and whatever it says of the state there: implements `ports.Rpc` as far as is asked."""

    name = "http://prover"

    def __init__(self, proof: Any, **header: Any) -> None:
        self.proof = proof
        self.block = MAINNET_BLOCK_1 | header

    def call(self, method: str, *params: Any) -> Any:
        if method == "eth_getBlockByHash":
            return self.block
        if isinstance(self.proof, Exception):
            raise self.proof
        return self.proof

    def batch(self, calls: Any) -> list[Any]:
        return [self.call(method, *params) for method, params in calls]

    def body(self, method: str, *params: Any) -> bytes:
        raise AssertionError(method)


def proven_by(prover: Prover) -> Head | None:
    at = HostBlock(1, header_hash(MAINNET_BLOCK_1), 0x55BA4224)
    return proven_head(prover, Address(b"\xbc" * 20), at, Size(3))


@pytest.mark.parametrize(
    "proof",
    [
        "0x",
        [],
        {},
        {"accountProof": None, "storageProof": []},
        {"accountProof": [], "storageProof": None},
        {"accountProof": [7], "storageProof": []},
        {"accountProof": [], "storageProof": [7]},
        {"accountProof": [], "storageProof": [{"key": "seven", "proof": []}]},
        {"accountProof": [], "storageProof": [{"proof": []}]},
        {"accountProof": ["0x" + "f8" * 5_000], "storageProof": []},
    ],
    ids=str,
)
def test_rubbish_for_a_proof_is_a_proof_that_does_not_hold(proof: Any) -> None:
    with pytest.raises(ProofError):
        proven_by(Prover(proof))


@pytest.mark.parametrize(
    "header", [{"number": "-0x1"}, {"number": 1}, {"stateRoot": 7}, {"extraData": None}, {"miner": "0xzz"}], ids=str
)
def test_a_header_that_is_not_the_block_s_proves_nothing(header: dict[str, Any]) -> None:
    assert proven_by(Prover({}, **header)) is None


@pytest.mark.parametrize(
    "error", [RpcRefused("no such method", -32601), StateGone("pruned"), HostUnavailable("request limit")], ids=repr
)
def test_a_node_that_makes_no_proof_proves_nothing_and_ends_nothing(error: Exception) -> None:
    assert proven_by(Prover(error)) is None
