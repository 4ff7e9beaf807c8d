"""The shared vectors, through the contracts: leaves, roots, peaks, proofs and the two events."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hexbytes import HexBytes

from smartchain.ledger.entry import Entry
from smartchain.types import Address, Hash32
from tests.contracts.evm import Contract, Evm, entries_of

VECTORS = json.loads((Path(__file__).parents[1] / "vectors" / "protocol.json").read_text())
EACH = pytest.mark.parametrize("vector", VECTORS, ids=range(len(VECTORS)))


@pytest.fixture
def log(evm: Evm) -> Contract:
    """MerkleLog in the open."""
    return evm.deploy("MockLog")


def hexed(text: str) -> bytes:
    return bytes.fromhex(text[2:])


def fields(entry: dict[str, Any]) -> tuple[Any, ...]:
    """A vector's entry as web3 takes it."""
    parties = [hexed(entry[name]) for name in ("subject", "sender", "recipient")]
    return (*parties, int(entry["value"]), entry["timestamp"], hexed(entry["memo"]))


@EACH
def test_leaves_are_those_of_the_vectors(log: Contract, vector: dict[str, Any]) -> None:
    entries = vector["entries"] + vector["logs"]["batch_entries"]

    assert [log.functions.leaf(fields(one)).call() for one in entries] == [hexed(one["leaf"]) for one in entries]


@EACH
def test_roots_and_peaks_are_those_of_the_vectors(evm: Evm, log: Contract, vector: dict[str, Any]) -> None:
    roots = [log.functions.root().call()]
    for entry in vector["entries"]:
        evm.send(log.functions.append([hexed(entry["leaf"])]))
        roots.append(log.functions.root().call())

    assert roots == [hexed(root) for root in vector["roots"]]
    assert log.functions.peaks().call() == [hexed(peak) for peak in vector["peaks"]]


@EACH
def test_inclusion_proofs_of_the_vectors_hold_and_no_others(log: Contract, vector: dict[str, Any]) -> None:
    assert vector["inclusion"]
    for case in vector["inclusion"]:
        leaf = hexed(vector["entries"][case["index"]]["leaf"])
        root, proof = hexed(vector["roots"][case["size"]]), [hexed(one) for one in case["proof"]]

        def holds(leaf: bytes, index: int, proof: list[bytes], root: bytes = root, size: int = case["size"]) -> bool:
            return bool(log.functions.verify(leaf, index, size, proof, root).call())

        assert holds(leaf, case["index"], proof)
        assert not holds(leaf, case["index"] ^ 1, proof)
        assert not holds(bytes(32), case["index"], proof)
        assert not holds(leaf, case["index"], [*proof, bytes(32)])
        assert not proof or not holds(leaf, case["index"], proof[:-1])


@EACH
def test_a_batch_appends_the_leaves_of_the_vectors(evm: Evm, log: Contract, vector: dict[str, Any]) -> None:
    entries = vector["logs"]["batch_entries"]
    payments = [hexed(one["recipient"]) + int(one["value"]).to_bytes(12, "big") for one in entries]
    evm.send(log.functions.append([hexed(one["leaf"]) for one in vector["entries"]]))
    singly = evm.deploy("MockLog")
    evm.send(singly.functions.append([hexed(one["leaf"]) for one in vector["entries"] + entries]))

    returned, _ = evm.send(log.functions.appendBatch(fields(entries[0]), payments))

    assert returned == [vector["logs"]["batch_first_index"], sum(int(one["value"]) for one in entries)]
    assert log.functions.root().call() == singly.functions.root().call()
    assert log.functions.peaks().call() == singly.functions.peaks().call()


@EACH
def test_the_contracts_events_are_those_of_the_vectors(ledger: Contract, vector: dict[str, Any]) -> None:
    logs = vector["logs"]
    single, batch = vector["entries"][logs["single_index"]], logs["batch_entries"]

    assert entries_of(ledger, as_log(logs["single"]), logs["single_index"]) == [as_entry(single)]
    assert entries_of(ledger, as_log(logs["batch"]), logs["batch_first_index"]) == [as_entry(one) for one in batch]


def as_log(log: dict[str, Any]) -> Any:
    """A vector's log as web3 gives one."""
    where = {"address": "0x" + "00" * 20, "blockHash": bytes(32), "blockNumber": 0, "logIndex": 0}
    return Log(
        topics=[HexBytes(topic) for topic in log["topics"]],
        data=HexBytes(log["data"]),
        transactionHash=bytes(32),
        transactionIndex=0,
        **where,
    )


class Log(SimpleNamespace):
    """Read by name, in either way."""

    def __getitem__(self, name: str) -> Any:
        return getattr(self, name)


def as_entry(entry: dict[str, Any]) -> Entry:
    subject, sender, recipient, value, timestamp, memo = fields(entry)
    return Entry(Address(subject), Address(sender), Address(recipient), value, timestamp, Hash32(memo))
