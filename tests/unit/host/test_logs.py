"""Logs to entries, byte for byte: against the vectors, against web3.py, and against logs that lie."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from eth_typing import ABI
from hypothesis import given
from hypothesis import strategies as st
from web3 import Web3

from smartchain.errors import BrokenSequence, HostUnavailable, MalformedLog
from smartchain.host.logs import BATCH, CHECKPOINT, TRANSFER, decode
from smartchain.ledger.entry import Entry
from smartchain.ports import Chunk
from smartchain.types import Address, Hash32, Index

LEDGER = Address(b"\xab" * 20)
VECTORS = json.loads((Path(__file__).parents[2] / "vectors" / "protocol.json").read_text())
Raw = dict[str, Any]

EVENTS: ABI = [
    {
        "type": "event",
        "name": "TransferRecorded",
        "anonymous": False,
        "inputs": [
            {"name": "index", "type": "uint64", "indexed": True},
            {"name": "sender", "type": "address", "indexed": True},
            {"name": "recipient", "type": "address", "indexed": True},
            {"name": "subject", "type": "address", "indexed": False},
            {"name": "value", "type": "uint256", "indexed": False},
            {"name": "timestamp", "type": "uint64", "indexed": False},
            {"name": "memo", "type": "bytes32", "indexed": False},
        ],
    },
    {
        "type": "event",
        "name": "TransferBatchRecorded",
        "anonymous": False,
        "inputs": [
            {"name": "firstIndex", "type": "uint64", "indexed": True},
            {"name": "sender", "type": "address", "indexed": True},
            {"name": "subject", "type": "address", "indexed": True},
            {"name": "timestamp", "type": "uint64", "indexed": False},
            {"name": "memo", "type": "bytes32", "indexed": False},
            {"name": "payments", "type": "bytes32[]", "indexed": False},
        ],
    },
]


def raw_log(topics: list[str], data: str, block: int = 7, position: int = 0, **changes: Any) -> Raw:
    return {
        "address": "0x" + LEDGER.hex(),
        "topics": topics,
        "data": data,
        "blockNumber": hex(block),
        "blockHash": "0x" + f"{block:064x}",
        "transactionHash": "0x" + "77" * 32,
        "transactionIndex": "0x0",
        "logIndex": hex(position),
        "removed": False,
    } | changes


def word(number: int) -> str:
    return f"{number:064x}"


def single(index: int, entry: Entry, **changes: Any) -> Raw:
    topics = [TRANSFER, "0x" + word(index), *("0x" + "00" * 12 + who.hex() for who in (entry.sender, entry.recipient))]
    data = "00" * 12 + entry.subject.hex() + word(entry.value) + word(entry.timestamp) + entry.memo.hex()
    return raw_log(topics, "0x" + data, **({"position": index} | changes))


def batch(first: int, entries: list[Entry], **changes: Any) -> Raw:
    one = entries[0]
    topics = [BATCH, "0x" + word(first), *("0x" + "00" * 12 + who.hex() for who in (one.sender, one.subject))]
    payments = "".join(entry.recipient.hex() + f"{entry.value:024x}" for entry in entries)
    data = word(one.timestamp) + one.memo.hex() + word(0x60) + word(len(entries)) + payments
    return raw_log(topics, "0x" + data, **({"position": first} | changes))


def kept(size: str) -> Raw:
    return raw_log([CHECKPOINT, size], "0x" + "ab" * 32)


def read(logs: list[Raw], expected: int = 0, first: int = 0, last: int = 100) -> Chunk:
    body = json.dumps({"jsonrpc": "2.0", "id": 1, "result": logs}).encode()
    return decode(body, LEDGER, first, last, Index(expected))


addresses = st.binary(min_size=20, max_size=20).map(Address)
entries = st.builds(
    Entry,
    subject=addresses,
    sender=addresses,
    recipient=addresses,
    value=st.integers(0, 2**256 - 1),
    timestamp=st.integers(0, 2**64 - 1),
    memo=st.binary(min_size=32, max_size=32).map(Hash32),
)
payments = st.lists(st.tuples(addresses, st.integers(0, 2**96 - 1)), min_size=1, max_size=8)


@st.composite
def batches(draw: st.DrawFn) -> list[Entry]:
    one = draw(entries)
    return [Entry(one.subject, one.sender, to, value, one.timestamp, one.memo) for to, value in draw(payments)]


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: str(vector["rule"]))
def test_the_vectors_logs_give_the_vectors_entries(vector: Raw) -> None:
    logs = vector["logs"]
    chunk = read([raw_log(logs["single"]["topics"], logs["single"]["data"])], expected=logs["single_index"])
    assert "0x" + Entry.unpack(chunk.packed[0]).leaf.hex() == vector["entries"][logs["single_index"]]["leaf"]
    chunk = read([raw_log(logs["batch"]["topics"], logs["batch"]["data"])], expected=logs["batch_first_index"])
    leaves = ["0x" + Entry.unpack(packed).leaf.hex() for packed in chunk.packed]
    assert leaves == [entry["leaf"] for entry in logs["batch_entries"]]


@given(st.lists(st.one_of(entries, batches()), max_size=6), st.integers(0, 2**40))
def test_singles_and_batches_come_out_as_they_went_in(records: list[Entry | list[Entry]], first: int) -> None:
    logs, at, expected = [], first, []
    for position, record in enumerate(records):
        several = record if isinstance(record, list) else [record]
        make = batch(at, several, block=position) if isinstance(record, list) else single(at, record, block=position)
        logs.append(make)
        expected += [(entry, position) for entry in several]
        at += len(several)
    chunk = read(logs, first)
    assert [Entry.unpack(packed) for packed in chunk.packed] == [entry for entry, _ in expected]
    assert chunk.host_blocks == [block for _, block in expected]
    assert chunk.transactions == [b"\x77" * 32] * len(expected)
    assert chunk.hashes == {block: Hash32(block.to_bytes(32, "big")) for _, block in expected}


@given(entries, batches())
def test_the_fields_are_those_that_web3_decodes(entry: Entry, several: list[Entry]) -> None:
    contract = Web3().eth.contract(abi=EVENTS)
    one = contract.events.TransferRecorded().process_log(_for_web3(single(5, entry)))["args"]
    ours = Entry.unpack(read([single(5, entry)], 5).packed[0])
    assert (one["index"], one["value"], one["timestamp"], one["memo"]) == (5, ours.value, ours.timestamp, ours.memo)
    whos = [one["subject"], one["sender"], one["recipient"]]
    assert [bytes.fromhex(who[2:]) for who in whos] == [ours.subject, ours.sender, ours.recipient]

    many = contract.events.TransferBatchRecorded().process_log(_for_web3(batch(9, several)))["args"]
    decoded = [Entry.unpack(packed) for packed in read([batch(9, several)], 9).packed]
    assert [entry.recipient + entry.value.to_bytes(12, "big") for entry in decoded] == many["payments"]
    assert {(entry.timestamp, entry.memo) for entry in decoded} == {(many["timestamp"], many["memo"])}


def _for_web3(log: Raw) -> Any:
    from hexbytes import HexBytes

    whole = {key: HexBytes(log[key]) for key in ("blockHash", "transactionHash", "data")}
    numbers = {key: int(log[key], 16) for key in ("blockNumber", "logIndex", "transactionIndex")}
    return log | whole | numbers | {"topics": [HexBytes(topic) for topic in log["topics"]]}


ENTRY = Entry(Address(b"\xee" * 20), Address(b"\x01" * 20), Address(b"\x02" * 20), 5, 1_700_000_000)


def test_the_same_log_twice_is_one_log() -> None:
    logs = [single(0, ENTRY), single(1, ENTRY), single(1, ENTRY), single(0, ENTRY), single(2, ENTRY)]
    assert len(read(logs).packed) == 3


def test_a_double_that_differs_in_any_field_is_a_lie() -> None:
    with pytest.raises(BrokenSequence, match="entry 2 was expected in host block 7 and 1 came"):
        read([single(0, ENTRY), single(1, ENTRY), single(1, ENTRY, position=9)])


@pytest.mark.parametrize(
    ("indexes", "message"),
    [([0, 2], "entry 1 was expected"), ([1, 0], "entry 0 was expected"), ([0, 1, 0], "entry 2 was expected")],
)
def test_indexes_that_jump_or_go_back_are_a_lie(indexes: list[int], message: str) -> None:
    with pytest.raises(BrokenSequence, match=message) as caught:
        read([single(index, ENTRY, position=at) for at, index in enumerate(indexes)])
    assert caught.value.last_block == 7


def _in_data(start: int, digits: str) -> Raw:
    log = batch(0, [ENTRY, ENTRY])
    return log | {"data": log["data"][: 2 + start] + digits + log["data"][2 + start + len(digits) :]}


def _in_single(start: int, digits: str) -> Raw:
    log = single(0, ENTRY)
    return log | {"data": log["data"][: 2 + start] + digits + log["data"][2 + start + len(digits) :]}


def _in_topic(log: Raw, which: int, topic: str) -> Raw:
    return log | {"topics": [*log["topics"][:which], topic, *log["topics"][which + 1 :]]}


@pytest.mark.parametrize(
    "log",
    [
        pytest.param(_in_single(0, "01"), id="high bits in a subject"),
        pytest.param(_in_single(128, "01"), id="high bits in a timestamp"),
        pytest.param(_in_topic(single(0, ENTRY), 2, "0x01" + "00" * 31), id="high bits in a sender"),
        pytest.param(_in_topic(single(0, ENTRY), 3, "0x01" + "00" * 31), id="high bits in a recipient"),
        pytest.param(_in_topic(single(0, ENTRY), 1, "0x0"), id="a short index"),
        pytest.param(single(0, ENTRY) | {"data": single(0, ENTRY)["data"] + "00"}, id="a single with more data"),
        pytest.param(single(0, ENTRY) | {"data": single(0, ENTRY)["data"][:-2]}, id="a single with less data"),
        pytest.param(_in_single(30, "  "), id="white space in hex"),
        pytest.param(_in_single(30, "zz"), id="no hex at all"),
        pytest.param(_in_data(0, "01"), id="high bits in a batch's timestamp"),
        pytest.param(_in_data(128, word(0x80)), id="another offset"),
        pytest.param(_in_data(192, word(3)), id="more payments said than given"),
        pytest.param(_in_data(192, word(1)), id="fewer payments said than given"),
        pytest.param(batch(0, [ENTRY]) | {"data": batch(0, [ENTRY])["data"] + "00" * 32}, id="a word too many"),
        pytest.param(batch(0, [ENTRY]) | {"data": batch(0, [ENTRY])["data"] + "00"}, id="a byte too many"),
        pytest.param(batch(0, [ENTRY]) | {"data": "0x" + word(1) + word(0) + word(96) + word(0)}, id="an empty batch"),
        pytest.param(_in_topic(batch(0, [ENTRY]), 3, "0x01" + "00" * 31), id="high bits in a batch's subject"),
        pytest.param(_in_topic(single(0, ENTRY), 0, "0x" + "12" * 32), id="another event"),
        pytest.param(single(0, ENTRY) | {"removed": True}, id="a removed log"),
        pytest.param(single(0, ENTRY) | {"address": "0x" + "cd" * 20}, id="another contract's log"),
        pytest.param(single(0, ENTRY) | {"blockHash": "0x12"}, id="a short block hash"),
        pytest.param(single(0, ENTRY) | {"blockNumber": "0x" + "f" * 9_000}, id="a block number past any"),
        pytest.param(single(0, ENTRY) | {"blockNumber": "0x-7"}, id="a block number below zero"),
        pytest.param(kept("0x" + "f" * 9_000), id="a checkpoint past any"),
        pytest.param(kept("seven"), id="a checkpoint of no size"),
        pytest.param({"topics": [CHECKPOINT, 7]}, id="a checkpoint that is no log"),
        pytest.param(single(0, ENTRY) | {"blockNumber": "seven"}, id="a block number that is none"),
        pytest.param(single(0, ENTRY) | {"topics": [TRANSFER]}, id="too few topics"),
        pytest.param({"hello": "world"}, id="no log"),
    ],
)
def test_what_is_not_canonical_is_refused(log: Raw) -> None:
    with pytest.raises(MalformedLog):
        read([log])


@pytest.mark.parametrize("blocks", [[101], [5, 4], [0, 3, 2]])
def test_a_log_from_outside_the_range_or_out_of_order_is_a_lie(blocks: list[int]) -> None:
    with pytest.raises(BrokenSequence, match="out of order"):
        read([single(at, ENTRY, block=block) for at, block in enumerate(blocks)])


def test_two_hashes_of_one_host_block_are_a_lie() -> None:
    other = single(1, ENTRY, blockHash="0x" + "99" * 32, transactionHash="0x" + "98" * 32)
    with pytest.raises(BrokenSequence, match="two hashes"):
        read([single(0, ENTRY), other])


@pytest.mark.parametrize("cut", [1, 20, -3])
def test_an_answer_cut_off_is_asked_again(cut: int) -> None:
    body = json.dumps({"jsonrpc": "2.0", "id": 1, "result": [single(0, ENTRY)]}).encode()
    with pytest.raises(HostUnavailable):
        decode(body[:cut], LEDGER, 0, 100, Index(0))


@pytest.mark.parametrize("word", [b"\xff\xfe", b"[" * 100_000])
def test_rubbish_is_an_answer_like_any_other_that_is_none(word: bytes) -> None:
    for body in (b'{"result": [{"address": "%s"}]}', b'{"result": [{"topics": ["%s"]}]}', b'{"result": %s}'):
        with pytest.raises((HostUnavailable, MalformedLog)):
            decode(body % word, LEDGER, 0, 100, Index(0))


def test_checkpoints_among_the_logs_are_told_by_their_sizes_alone() -> None:
    """The root that such a log carries is nobody's business: the contract is asked."""
    lonely = read([kept("0x" + word(0))])
    assert (lonely.packed, lonely.checkpoints) == ([], [0])
    logs = [single(0, ENTRY), single(1, ENTRY), batch(2, [ENTRY, ENTRY])]
    among = read([logs[0], kept("0x" + word(1)), logs[1], kept("0x" + word(2)), logs[2], kept("0x" + word(4))])
    assert among.checkpoints == [1, 2, 4]
    assert (among.packed, among.hashes) == (read(logs).packed, read(logs).hashes)


def test_checkpoints_hide_no_lie_about_the_entries_around_them() -> None:
    with pytest.raises(BrokenSequence, match="entry 1 was expected"):
        read([single(0, ENTRY), kept("0x" + word(1)), single(2, ENTRY)])
    with pytest.raises(MalformedLog):
        read([kept("0x" + word(0)), single(0, ENTRY) | {"topics": [TRANSFER]}])


def test_addresses_may_come_with_a_checksum() -> None:
    assert len(read([single(0, ENTRY) | {"address": "0x" + LEDGER.hex().upper()}]).packed) == 1
