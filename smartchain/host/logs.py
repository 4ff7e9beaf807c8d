"""
From the host's logs to packed entries: the hot path of a backfill.

The two events have one canonical encoding each, so an entry's bytes are cut out of the hex by position; no general
ABI decoder is asked. What is not canonical is refused, not mended. Held to web3.py's decoder by a test.

    parse (msgspec, typed)      0.5 µs a log
    cut and check               1.2 µs an entry recorded singly (`bulk`), 2.5 µs one by one, 0.4 µs in a batch
"""

from __future__ import annotations

import msgspec

from smartchain.errors import BrokenSequence, HostUnavailable, MalformedLog
from smartchain.host.bulk import read_singles
from smartchain.ledger.hash import keccak
from smartchain.ports import Chunk
from smartchain.types import Address, Hash32, Index

TRANSFER = "0x" + keccak(b"TransferRecorded(uint64,address,address,address,uint256,uint64,bytes32)").hex()
CHECKPOINT = "0x" + keccak(b"CheckpointKept(uint64,bytes32)").hex()
BATCH = "0x" + keccak(b"TransferBatchRecorded(uint64,address,address,uint64,bytes32,bytes32[])").hex()

_ZEROS = "0" * 120
_SINGLE_DIGITS = 2 + 64 * 4
_BATCH_WORDS = 4
_PAYMENTS_AT = (0x60).to_bytes(32, "big")
_HIGH_VALUE = bytes(20)


class Log(msgspec.Struct, gc=False):
    """A log as `eth_getLogs` gives it; what is not named here is ignored."""

    address: str
    topics: tuple[str, str, str, str]
    data: str
    blockNumber: str  # noqa: N815  (the host's names)
    blockHash: str  # noqa: N815
    transactionHash: str  # noqa: N815
    logIndex: str  # noqa: N815
    removed: bool = False


class _Answer(msgspec.Struct):
    result: list[Log]


class _Topics(msgspec.Struct):
    """A log of any event, as far as it tells which."""

    topics: list[str]


class _RawAnswer(msgspec.Struct):
    result: list[msgspec.Raw]


_answer = msgspec.json.Decoder(_Answer)
_raw_answer = msgspec.json.Decoder(_RawAnswer)
_log = msgspec.json.Decoder(Log)
_topics = msgspec.json.Decoder(_Topics)


def parse(body: bytes) -> list[Log]:
    """
    The logs of a JSON-RPC response body, but those of checkpoints.

    Raises `HostUnavailable` for a body cut off, `MalformedLog` for logs of another form.
    """
    return parse_all(body)[0]


def parse_all(body: bytes) -> tuple[list[Log], list[int]]:
    """The logs that carry entries, and the sizes of which a log says that a checkpoint was kept; raises as `parse`."""
    try:
        return _answer.decode(body).result, []
    except (msgspec.ValidationError, RecursionError):
        return _parse_apart(body)
    except (msgspec.DecodeError, UnicodeDecodeError) as exc:
        raise HostUnavailable("the host's answer was cut off or is no JSON; it is asked again") from exc


def _parse_apart(body: bytes) -> tuple[list[Log], list[int]]:
    """
    The same, log by log: seldom, where there is a checkpoint among them.

    What a checkpoint's log says beside its size is not looked at: the contract itself is asked.
    """
    logs, sizes = [], []
    try:
        for raw in _raw_answer.decode(body).result:
            topics = _topics.decode(raw).topics
            if topics[:1] == [CHECKPOINT]:
                sizes.append(_number(topics[1]) if len(topics) == 2 else 0)
            else:
                logs.append(_log.decode(raw))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as exc:
        raise MalformedLog(f"the host's answer is not a list of a ledger's logs: {exc}") from exc
    return logs, sizes


def decode(body: bytes, ledger: Address, first_block: int, last_block: int, expected: Index) -> Chunk:
    """
    The entries of a response to `eth_getLogs` for these host blocks.

    Raises `MalformedLog` for a log that is not canonical and `BrokenSequence` where the indexes do not go on from
    `expected` one by one. Logs that are the same in every field are one log.
    """
    logs, checkpoints = parse_all(body)
    chunk = Chunk(first_block, last_block, expected, checkpoints=checkpoints)
    if read_singles(logs, "0x" + ledger.hex(), TRANSFER, chunk):
        return chunk
    return read_one_by_one(logs, ledger, chunk)


def read_one_by_one(logs: list[Log], ledger: Address, chunk: Chunk) -> Chunk:
    """The chunk that these logs are, whatever they are. Raises as `decode` does."""
    try:
        return _Reader(ledger, chunk).read(logs)
    except BrokenSequence:
        once = _once(logs)
        if len(once) == len(logs):
            raise
        return _Reader(ledger, chunk).read(once)


def _once(logs: list[Log]) -> list[Log]:
    return list({msgspec.structs.astuple(log): log for log in logs}.values())


class _Reader:
    """Reads logs into one chunk; what repeats from log to log, blocks and transactions, is read once."""

    def __init__(self, ledger: Address, asked: Chunk) -> None:
        """`asked` is the chunk to be, without entries."""
        self._ledger = "0x" + ledger.hex()
        self._chunk = Chunk(asked.first_block, asked.last_block, asked.first, checkpoints=asked.checkpoints)
        self._at: int = asked.first
        self._block = asked.first_block
        self._block_text = ""
        self._transaction = b""
        self._transaction_text = ""

    def read(self, logs: list[Log]) -> Chunk:
        single, batch, ledger = self._single, self._batch, self._ledger
        for log in logs:
            if log.removed:
                raise MalformedLog(f"the host gave a log it had removed, of block {log.blockNumber}")
            if log.address != ledger and log.address.lower() != ledger:
                raise MalformedLog(f"the host gave a log of {log.address} where {ledger} was asked for")
            if log.blockNumber != self._block_text:
                self._enter_block(log)
            elif log.transactionHash != self._transaction_text:
                self._enter_transaction(log)
            topic = log.topics[0]
            if topic == TRANSFER:
                single(log)
            elif topic == BATCH:
                batch(log)
            else:
                raise MalformedLog(f"the host gave a log of another event, {topic}")
        return self._chunk

    def _enter_block(self, log: Log) -> None:
        number = _number(log.blockNumber)
        if not self._block <= number <= self._chunk.last_block:
            blocks = f"{self._chunk.first_block} to {self._chunk.last_block}"
            raise BrokenSequence(
                f"a log of host block {number} came out of order, asked for blocks {blocks}",
                self._chunk.first_block,
                self._chunk.last_block,
            )
        self._block, self._block_text = number, log.blockNumber
        self._chunk.hashes[number] = Hash32(_bytes(log.blockHash, 32))
        self._enter_transaction(log)

    def _enter_transaction(self, log: Log) -> None:
        self._transaction = _bytes(log.transactionHash, 32)
        self._transaction_text = log.transactionHash
        if self._chunk.hashes[self._block] != _bytes(log.blockHash, 32):
            raise BrokenSequence(f"host block {self._block} came with two hashes", self._block, self._block)

    def _expect(self, topic: str, count: int) -> None:
        index = _number(topic)
        if index != self._at:
            raise BrokenSequence(
                f"entry {self._at} was expected in host block {self._block} and {index} came",
                self._chunk.first_block,
                self._block,
                self._chunk.host_blocks,
                lacks=index > self._at,
            )
        self._at += count

    def _single(self, log: Log) -> None:
        _, index, sender, recipient = log.topics
        data = log.data
        if (
            len(data) != _SINGLE_DIGITS
            or data[2:26] + sender[2:26] + recipient[2:26] + data[130:178] != _ZEROS
            or not len(index) == len(sender) == len(recipient) == 66
        ):
            raise MalformedLog(
                f"a TransferRecorded of host block {self._block} is not canonical", self._block, self._block
            )
        self._expect(index, 1)
        chunk = self._chunk
        chunk.packed.append(_fromhex(data[26:66] + sender[26:] + recipient[26:] + data[66:130] + data[178:], 132))
        chunk.host_blocks.append(self._block)
        chunk.transactions.append(self._transaction)

    def _batch(self, log: Log) -> None:
        _, index, sender, subject = log.topics
        data = _bytes(log.data, None)
        count = len(data) // 32 - _BATCH_WORDS
        if (
            count < 1
            or len(data) % 32
            or data[64:96] != _PAYMENTS_AT
            or data[96:128] != count.to_bytes(32, "big")
            or any(data[:24])
            or sender[2:26] + subject[2:26] != _ZEROS[:48]
            or not len(index) == len(sender) == len(subject) == 66
        ):
            raise MalformedLog(
                f"a TransferBatchRecorded of host block {self._block} is not canonical", self._block, self._block
            )
        self._expect(index, count)
        before = _fromhex(subject[26:] + sender[26:], 40)
        after = data[24:64]
        chunk = self._chunk
        chunk.packed += [
            before + data[at : at + 20] + _HIGH_VALUE + data[at + 20 : at + 32] + after
            for at in range(128, len(data), 32)
        ]
        chunk.host_blocks += [self._block] * count
        chunk.transactions += [self._transaction] * count


def _number(text: str) -> int:
    """A quantity or a word, of 256 bits at most."""
    try:
        if len(text) <= 66 and text[:2] == "0x":
            return int(text, 16)
    except ValueError:
        pass
    raise MalformedLog(f"the host gave {text[:80]!r} for a number")


def _bytes(text: str, length: int | None) -> bytes:
    if text[:2] != "0x":
        raise MalformedLog(f"the host gave {text[:80]!r} for hex")
    return _fromhex(text[2:], length)


def _fromhex(digits: str, length: int | None) -> bytes:
    """Bytes of exactly that many; `fromhex` skips white space, which the length then shows."""
    try:
        raw = bytes.fromhex(digits)
    except ValueError as exc:
        raise MalformedLog(f"the host gave {digits[:80]!r} for hex") from exc
    if len(raw) != (len(digits) // 2 if length is None else length):
        raise MalformedLog(f"the host gave {digits[:80]!r} for hex of {length} bytes")
    return raw
