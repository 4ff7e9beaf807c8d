"""
What is said to a ledger's contract and what it answers, byte for byte.

Every argument of the protocol's functions is a word or an array of words, so call data is written by hand; a test
holds it to eth_abi and to the committed ABI. Bytecode and ABI are read from `artifacts/` when they are asked for.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from smartchain.errors import NotALedger, SettingsError
from smartchain.host.reverts import DecodedError as DecodedError
from smartchain.host.reverts import decode_error as decode_error
from smartchain.host.reverts import selector
from smartchain.ledger.block import BlockRule
from smartchain.ledger.entry import MAX_PAYMENT, Entry
from smartchain.ledger.hash import keccak
from smartchain.ports import Genesis, Head
from smartchain.types import ZERO_ADDRESS, ZERO_HASH, Address, Hash32, Size

RELAY = selector("relay(address,bytes32)")
RELAY_BATCH = selector("relayBatch(bytes32[],bytes32)")
SEAL_DATA = selector("seal()")
COLLECT_DATA = selector("collect()")
CHECKPOINT_DATA = selector("checkpoint()")
SIZE_DATA = selector("size()")
ROOT_DATA = selector("root()")
HEAD_DATA = selector("head()")
PEAKS_DATA = selector("peaks()")
BLOCK_RULE_DATA = selector("blockRule()")
GENESIS_DATA = selector("genesis()")
FEE_PPM_DATA = selector("feePpm()")
TREASURY_DATA = selector("treasury()")
SUBJECT = selector("subject(address)")
CHECKPOINT_AT = selector("checkpointAt(uint64)")
VERIFY_ENTRY = selector("verifyEntry((address,address,address,uint256,uint64,bytes32),uint64,uint64,bytes32[])")
CHECKPOINT_KEPT = keccak(b"CheckpointKept(uint64,bytes32)")
"""Topic of the event of a checkpoint."""

_WORD = 32


@dataclass(frozen=True, slots=True)
class Opening:
    """The entries that a ledger opens with, by their peaks: nothing for an ordinary one."""

    size: int = 0
    timestamp: int = 0
    """Seconds; 0 where there are no entries."""
    peaks: tuple[Hash32, ...] = ()
    """Lowest level first."""


@dataclass(frozen=True, slots=True)
class Subject:
    """How a contract describes what its entries move."""

    name: str
    symbol: str
    decimals: int


# what is said


def relay_data(recipient: Address, memo: Hash32 = ZERO_HASH) -> bytes:
    """Call data of `relay`; the value goes along as Ether."""
    return RELAY + _address(recipient) + memo


def relay_batch_data(payments: Sequence[tuple[Address, int]], memo: Hash32 = ZERO_HASH) -> bytes:
    """Call data of `relayBatch`. Raises `SettingsError` for a value that is no uint96: such a payment goes singly."""
    words = b"".join(payment_word(recipient, value) for recipient, value in payments)
    return RELAY_BATCH + _number(2 * _WORD) + memo + _number(len(payments)) + words


def payment_word(recipient: Address, value: int) -> bytes:
    """recipient (20) ‖ value (12)."""
    if not 0 <= value <= MAX_PAYMENT:
        raise SettingsError(f"a payment of {value} wei does not fit a batch: send it by itself")
    return recipient + value.to_bytes(12, "big")


def seal_data() -> bytes:
    return SEAL_DATA


def collect_data() -> bytes:
    return COLLECT_DATA


def checkpoint_data() -> bytes:
    return CHECKPOINT_DATA


def subject_data(subject: Address) -> bytes:
    """Call data of `subject`."""
    return SUBJECT + _address(subject)


def checkpoint_at_data(size: int) -> bytes:
    """Call data of `checkpointAt`."""
    return CHECKPOINT_AT + _number(size)


def verify_entry_data(entry: Entry, index: int, size: int, proof: Sequence[Hash32]) -> bytes:
    """Call data of `verifyEntry`."""
    fields = b"".join(map(_address, (entry.subject, entry.sender, entry.recipient)))
    fields += _number(entry.value) + _number(entry.timestamp) + entry.memo
    head = fields + _number(index) + _number(size) + _number(9 * _WORD)
    return VERIFY_ENTRY + head + _number(len(proof)) + b"".join(proof)


def deploy_data(
    max_entries: int,
    interval: int,
    fee_ppm: int = 0,
    treasury: Address | None = None,
    opening: Opening = Opening(),
) -> bytes:
    """The data of the transaction that creates a BPSC: its bytecode and the constructor's arguments."""
    numbers = b"".join(map(_number, (max_entries, interval, fee_ppm)))
    arguments = numbers + _address(treasury or ZERO_ADDRESS) + _number(5 * _WORD)
    genesis = _number(opening.size) + _number(opening.timestamp) + _number(3 * _WORD) + _number(len(opening.peaks))
    return bytecode("BPSC") + arguments + genesis + b"".join(opening.peaks)


# what is answered


def decode_size(answer: bytes) -> Size:
    return Size(_numbers(answer, 1)[0])


def decode_root(answer: bytes) -> Hash32:
    return Hash32(_words(answer, 1)[0])


def decode_flag(answer: bytes) -> bool:
    return bool(_small(_words(answer, 1)[0], 1))


def decode_head(answer: bytes) -> Head:
    """Size and root. Raises `NotALedger`, as all of these do, where the answer has another form."""
    size, root = _words(answer, 2)
    return Head(Size(_small(size, 64)), Hash32(root))


def decode_peaks(answer: bytes) -> list[Hash32]:
    """Lowest level first."""
    if len(answer) < 2 * _WORD or len(answer) % _WORD or int.from_bytes(answer[:_WORD], "big") != _WORD:
        raise _unlike(answer)
    count, *peaks = (answer[at : at + _WORD] for at in range(_WORD, len(answer), _WORD))
    if int.from_bytes(count, "big") != len(peaks):
        raise _unlike(answer)
    return [Hash32(peak) for peak in peaks]


def decode_block_rule(answer: bytes) -> BlockRule:
    most, interval = _words(answer, 2)
    return BlockRule(_small(most, 32), _small(interval, 32))


def decode_genesis(answer: bytes) -> Genesis:
    size, root, timestamp = _words(answer, 3)
    return Genesis(Size(_small(size, 64)), Hash32(root), _small(timestamp, 64))


def decode_fee_ppm(answer: bytes) -> int:
    return _small(_words(answer, 1)[0], 32)


def decode_treasury(answer: bytes) -> Address | None:
    """Who gets what is collected; None for nobody."""
    raw = _small(_words(answer, 1)[0], 160).to_bytes(20, "big")
    return Address(raw) if any(raw) else None


def decode_subject(answer: bytes) -> Subject:
    """Name, symbol and decimals of a subject."""
    if len(answer) < 5 * _WORD:
        raise _unlike(answer)
    name, symbol, decimals = (answer[at : at + _WORD] for at in (0, _WORD, 2 * _WORD))
    return Subject(_text(answer, name), _text(answer, symbol), _small(decimals, 8))


# what was compiled


@cache
def artifact(name: str) -> dict[str, Any]:
    """What the compiler made of a contract: `abi`, `bytecode` and how it was compiled."""
    found: dict[str, Any] = json.loads(files("smartchain.host").joinpath("artifacts", f"{name}.json").read_text())
    return found


def abi(name: str = "BPSC") -> list[dict[str, Any]]:
    """A contract's interface, for web3.py, ethers and the like."""
    found: list[dict[str, Any]] = artifact(name)["abi"]
    return found


def bytecode(name: str = "BPSC") -> bytes:
    """What creates a contract, the constructor's arguments apart."""
    return bytes.fromhex(artifact(name)["bytecode"].removeprefix("0x"))


# words


def _number(value: int) -> bytes:
    return value.to_bytes(_WORD, "big")


def _address(address: Address) -> bytes:
    return bytes(12) + address


def _words(answer: bytes, count: int) -> list[bytes]:
    if len(answer) != count * _WORD:
        raise _unlike(answer)
    return [answer[at : at + _WORD] for at in range(0, len(answer), _WORD)]


def _numbers(answer: bytes, count: int) -> list[int]:
    return [_small(word, 64) for word in _words(answer, count)]


def _small(word: bytes, bits: int) -> int:
    number = int.from_bytes(word, "big")
    if number >> bits:
        raise _unlike(word)
    return number


def _text(answer: bytes, offset: bytes) -> str:
    start = int.from_bytes(offset, "big")
    length = int.from_bytes(answer[start : start + _WORD], "big")
    raw = answer[start + _WORD : start + _WORD + length]
    if len(raw) != length or start + _WORD > len(answer):
        raise _unlike(answer)
    return raw.decode(errors="replace")


def _unlike(answer: bytes) -> NotALedger:
    return NotALedger(f"the contract's answer of {len(answer)} bytes is not what a ledger says: check the address")
