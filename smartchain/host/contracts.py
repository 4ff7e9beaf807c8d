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

from smartchain.errors import SettingsError
from smartchain.host.reverts import DecodedError as DecodedError
from smartchain.host.reverts import decode_error as decode_error
from smartchain.host.reverts import selector
from smartchain.host.words import WORD, address, number, small, text, unlike, words
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


@dataclass(frozen=True, slots=True)
class Opening:
    """The entries that a ledger opens with, by their peaks: nothing for an ordinary one."""

    size: int = 0
    timestamp: int = 0
    """Seconds; 0 where there are no entries."""
    peaks: tuple[Hash32, ...] = ()
    """Lowest level first."""


NO_OPENING = Opening()


@dataclass(frozen=True, slots=True)
class Subject:
    """How a contract describes what its entries move."""

    name: str
    symbol: str
    decimals: int


# what is said


def relay_data(recipient: Address, memo: Hash32 = ZERO_HASH) -> bytes:
    """Call data of `relay`; the value goes along as Ether."""
    return RELAY + address(recipient) + memo


def relay_batch_data(payments: Sequence[tuple[Address, int]], memo: Hash32 = ZERO_HASH) -> bytes:
    """Call data of `relayBatch`. Raises `SettingsError` for a value that is no uint96: such a payment goes singly."""
    packed = b"".join(payment_word(recipient, value) for recipient, value in payments)
    return RELAY_BATCH + number(2 * WORD) + memo + number(len(payments)) + packed


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
    return SUBJECT + address(subject)


def checkpoint_at_data(size: int) -> bytes:
    """Call data of `checkpointAt`."""
    return CHECKPOINT_AT + number(size)


def verify_entry_data(entry: Entry, index: int, size: int, proof: Sequence[Hash32]) -> bytes:
    """Call data of `verifyEntry`."""
    fields = b"".join(map(address, (entry.subject, entry.sender, entry.recipient)))
    fields += number(entry.value) + number(entry.timestamp) + entry.memo
    head = fields + number(index) + number(size) + number(9 * WORD)
    return VERIFY_ENTRY + head + number(len(proof)) + b"".join(proof)


def deploy_data(
    max_entries: int,
    interval: int,
    fee_ppm: int = 0,
    treasury: Address | None = None,
    opening: Opening = NO_OPENING,
) -> bytes:
    """The data of the transaction that creates a BPSC: its bytecode and the constructor's arguments."""
    numbers = b"".join(map(number, (max_entries, interval, fee_ppm)))
    arguments = numbers + address(treasury or ZERO_ADDRESS) + number(5 * WORD)
    return bytecode("BPSC") + arguments + opening_words(opening)


def opening_words(opening: Opening) -> bytes:
    """A `Genesis` as an argument."""
    head = number(opening.size) + number(opening.timestamp) + number(3 * WORD) + number(len(opening.peaks))
    return head + b"".join(opening.peaks)


# what is answered


def decode_size(answer: bytes) -> Size:
    return Size(small(words(answer, 1)[0], 64))


def decode_root(answer: bytes) -> Hash32:
    return Hash32(words(answer, 1)[0])


def decode_flag(answer: bytes) -> bool:
    return bool(small(words(answer, 1)[0], 1))


def decode_head(answer: bytes) -> Head:
    """Size and root. Raises `NotALedger`, as all of these do, where the answer has another form."""
    size, root = words(answer, 2)
    return Head(Size(small(size, 64)), Hash32(root))


def decode_peaks(answer: bytes) -> list[Hash32]:
    """Lowest level first."""
    if len(answer) < 2 * WORD or len(answer) % WORD or int.from_bytes(answer[:WORD], "big") != WORD:
        raise unlike(answer)
    count, *peaks = (answer[at : at + WORD] for at in range(WORD, len(answer), WORD))
    if int.from_bytes(count, "big") != len(peaks):
        raise unlike(answer)
    return [Hash32(peak) for peak in peaks]


def decode_block_rule(answer: bytes) -> BlockRule:
    most, interval = words(answer, 2)
    return BlockRule(small(most, 32), small(interval, 32))


def decode_genesis(answer: bytes) -> Genesis:
    size, root, timestamp = words(answer, 3)
    return Genesis(Size(small(size, 64)), Hash32(root), small(timestamp, 64))


def decode_fee_ppm(answer: bytes) -> int:
    return small(words(answer, 1)[0], 32)


def decode_treasury(answer: bytes) -> Address | None:
    """Who gets what is collected; None for nobody."""
    raw = small(words(answer, 1)[0], 160).to_bytes(20, "big")
    return Address(raw) if any(raw) else None


def decode_subject(answer: bytes) -> Subject:
    """Name, symbol and decimals of a subject."""
    if len(answer) < 5 * WORD:
        raise unlike(answer)
    name, symbol, decimals = (answer[at : at + WORD] for at in (0, WORD, 2 * WORD))
    return Subject(text(answer, name), text(answer, symbol), small(decimals, 8))


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
