"""The protocol's vectors: what two programs that share no code must both reach, byte for byte."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from smartchain.ledger.block import Assembler, BlockRule, assemble, genesis_block
from smartchain.ledger.entry import Entry
from smartchain.ledger.hash import anchor_of, transaction_hash
from smartchain.ledger.identity import chain_id_of
from smartchain.ledger.merkle import MerkleLog, root_of
from smartchain.ledger.proof import (
    consistency_proof,
    inclusion_proof,
    perfect_of,
    root_at,
    verify_consistency,
    verify_inclusion,
)
from smartchain.types import Address, ChainId, Hash32

Vector = dict[str, Any]
VECTORS: list[Vector] = json.loads((Path(__file__).parents[2] / "vectors" / "protocol.json").read_text())
PARAMETERS = [pytest.param(vector, id=f"{vector['rule']}") for vector in VECTORS]


def hash32(text: str) -> Hash32:
    return Hash32(bytes.fromhex(text[2:]))


def address(text: str) -> Address:
    return Address(bytes.fromhex(text[2:]))


def entry(fields: dict[str, Any]) -> Entry:
    return Entry(
        subject=address(fields["subject"]),
        sender=address(fields["sender"]),
        recipient=address(fields["recipient"]),
        value=int(fields["value"]),
        timestamp=fields["timestamp"],
        memo=hash32(fields["memo"]),
    )


def leaves(vector: Vector) -> list[Hash32]:
    return [entry(fields).leaf for fields in vector["entries"]]


def test_there_are_vectors_of_every_kind_of_rule_and_one_with_a_snapshot() -> None:
    assert len(VECTORS) == 5
    assert any(vector["genesis_size"] for vector in VECTORS)


@pytest.mark.parametrize("vector", PARAMETERS)
def test_every_leaf_is_the_vectors(vector: Vector) -> None:
    assert leaves(vector) == [hash32(fields["leaf"]) for fields in vector["entries"]]
    for fields in vector["entries"] + vector["logs"]["batch_entries"]:
        assert Entry.unpack(entry(fields).pack()) == entry(fields)
        assert entry(fields).leaf == hash32(fields["leaf"])


@pytest.mark.parametrize("vector", PARAMETERS)
def test_the_root_at_every_size_and_the_peaks_are_the_vectors(vector: Vector) -> None:
    log = MerkleLog()
    roots = [log.root()]
    for leaf in leaves(vector):
        log.append(leaf)
        roots.append(log.root())
    assert roots == [hash32(root) for root in vector["roots"]]
    assert log.peaks() == [hash32(peak) for peak in vector["peaks"]]
    assert root_of(log.peaks()) == roots[-1]
    perfect = perfect_of(leaves(vector))
    assert [root_at(perfect, size) for size in range(log.size + 1)] == roots


@pytest.mark.parametrize("vector", PARAMETERS)
def test_inclusion_proofs_are_the_vectors_and_hold(vector: Vector) -> None:
    perfect = perfect_of(leaves(vector))
    for case in vector["inclusion"]:
        proof = [hash32(node) for node in case["proof"]]
        assert inclusion_proof(perfect, case["index"], case["size"]) == proof
        root, leaf = hash32(vector["roots"][case["size"]]), leaves(vector)[case["index"]]
        assert verify_inclusion(leaf, case["index"], case["size"], proof, root)


@pytest.mark.parametrize("vector", PARAMETERS)
def test_consistency_proofs_are_the_vectors_and_hold(vector: Vector) -> None:
    perfect, roots = perfect_of(leaves(vector)), [hash32(root) for root in vector["roots"]]
    for case in vector["consistency"]:
        first, second = case["first"], case["second"]
        proof = [hash32(node) for node in case["proof"]]
        assert consistency_proof(perfect, first, second) == proof
        assert verify_consistency(first, second, roots[first], roots[second], proof)


@pytest.mark.parametrize("vector", PARAMETERS)
def test_the_blocks_and_their_hashes_are_the_vectors(vector: Vector) -> None:
    anchor = anchor_of(ChainId(vector["chain_id"]), address(vector["ledger"]))
    assert anchor == hash32(vector["anchor"])
    assert chain_id_of(anchor) == vector["smart_chain_id"] < 2**53

    size = vector["genesis_size"]
    log = MerkleLog.of(leaves(vector)[:size])
    genesis = genesis_block(anchor, vector["created_at"], log.size, log.root())
    rule = BlockRule(vector["rule"]["max_entries"], vector["rule"]["interval"])
    packed = [entry(fields).pack() for fields in vector["entries"]]
    blocks = list(assemble(rule, genesis, log, packed[size:]))

    fields = ("number", "timestamp", "size")
    for block, expected in zip(blocks, vector["blocks"], strict=True):
        assert [getattr(block, name) for name in fields] == [expected[name] for name in fields]
        for name in ("parent", "root", "hash"):
            assert getattr(block, name) == hash32(expected[name])
    assert len(packed) - blocks[-1].size == vector["pending"]


@pytest.mark.parametrize("vector", PARAMETERS)
def test_transaction_hashes_are_the_vectors(vector: Vector) -> None:
    anchor = hash32(vector["anchor"])
    hashes = [transaction_hash(anchor, index, leaf) for index, leaf in enumerate(leaves(vector))]
    assert hashes == [hash32(name) for name in vector["transaction_hashes"]]


@pytest.mark.parametrize("vector", PARAMETERS)
def test_assembling_can_go_on_from_any_block(vector: Vector) -> None:
    anchor = hash32(vector["anchor"])
    size = vector["genesis_size"]
    log = MerkleLog.of(leaves(vector)[:size])
    rule = BlockRule(vector["rule"]["max_entries"], vector["rule"]["interval"])
    packed = [entry(fields).pack() for fields in vector["entries"]]
    genesis = genesis_block(anchor, vector["created_at"], log.size, log.root())
    blocks = list(assemble(rule, genesis, log, packed[size:]))
    for position, last in enumerate(blocks):
        again = Assembler(rule, last, MerkleLog.of(leaves(vector)[: last.size]))
        assert list(again.feed(packed[last.size :])) == blocks[position + 1 :]
        assert again.pending == vector["pending"]
