"""
How the explorer writes things: amounts, times, hashes, and the bytes of strangers.

Everything here gives plain text; the templates escape it. What is cut short for the eye is whole in a title or a copy
button beside it, and in the JSON.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from smartchain.ledger.address import checksum
from smartchain.ledger.block import Block
from smartchain.ledger.entry import Entry
from smartchain.ledger.unit import Unit
from smartchain.ports import LedgerInfo, Recorded
from smartchain.types import ZERO_ADDRESS, ZERO_HASH, Hash32

LAST_TIMESTAMP = 253402300799
"""9999-12-31T23:59:59Z; what a chain says beyond that is shown as the number that it is."""

ETHER_DIGITS = 18
SHORT_DIGITS = 6
_STEPS = ((1, 60, "second"), (60, 3_600, "minute"), (3_600, 86_400, "hour"), (86_400, 2_592_000, "day"))


def hexed(value: bytes) -> str:
    """`0x…`."""
    return "0x" + value.hex()


def short(text: str) -> str:
    """A hash or an address by its ends: `0x1234…cdef`."""
    return text if len(text) <= 14 else f"{text[:6]}…{text[-4:]}"


def ether(value: int) -> str:
    """Wei as ether: every significant digit, thousands apart, below zero with a real minus."""
    whole, rest = divmod(abs(value), 10**ETHER_DIGITS)
    fraction = f".{rest:0{ETHER_DIGITS}}".rstrip("0").rstrip(".")
    return f"{'−' if value < 0 else ''}{whole:,}{fraction}"


def short_ether(value: int, digits: int = SHORT_DIGITS) -> str:
    """The same with at most so many decimals; `…` stands for those left out."""
    exact = ether(value)
    whole, point, fraction = exact.partition(".")
    if len(fraction) <= digits:
        return exact
    return f"{whole}{point}{fraction[:digits]}…"


def counted(value: int, unit: Unit) -> str:
    """A value in a unit that is known: thousands apart, below zero with a real minus."""
    whole, point, fraction = unit.number(abs(value)).partition(".")
    return f"{'−' if value < 0 else ''}{int(whole):,}{point}{fraction}"


def plain_ether(value: int) -> str:
    """Wei as a decimal number of ether, for programs."""
    return ether(value).replace(",", "").replace("−", "-")


def clock(timestamp: int) -> str:
    """`2026-01-31 13:37:00 UTC`."""
    if timestamp > LAST_TIMESTAMP:
        return f"second {timestamp}"
    return datetime.fromtimestamp(timestamp, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def machine_time(timestamp: int) -> str:
    """ISO 8601 for the `datetime` of a `time` element; empty where no calendar reaches."""
    if timestamp > LAST_TIMESTAMP:
        return ""
    return datetime.fromtimestamp(timestamp, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def ago(timestamp: int, now: float) -> str:
    """`12 seconds ago`; past a month the day."""
    seconds = int(now) - timestamp
    if -60 < seconds < 5:
        return "just now"
    for size, end, unit in _STEPS:
        if 0 <= seconds < end:
            count = max(1, seconds // size)
            return f"{count} {unit}{'s' if count > 1 else ''} ago"
    return clock(timestamp).partition(" ")[0] if timestamp <= LAST_TIMESTAMP else clock(timestamp)


def memo_text(memo: Hash32) -> str:
    r"""
    A memo as harmless text: what is not printable is escaped (`\x1b`, `\u202e`); empty if it is none, or no text.

    A backslash is doubled, so that no text passes for an escape.
    """
    if memo == ZERO_HASH:
        return ""
    try:
        text = memo.rstrip(b"\0").decode()
    except UnicodeDecodeError:
        return ""
    return "" if "\0" in text else "".join(_escaped(character) for character in text)


def _escaped(character: str) -> str:
    if character.isprintable() and character != "\\":
        return character
    return character.encode("unicode_escape").decode()


def kind_of(entry: Entry) -> str:
    """What an entry is, in a word."""
    if entry.is_seal:
        return "seal"
    if entry.is_creation:
        return "created"
    return "burned" if entry.recipient == ZERO_ADDRESS else "transfer"


def fee_of(recorded: Recorded, info: LedgerInfo) -> int:
    """What the ledger keeps of a payment, in its subject. Source: the protocol's section on the relay of Ether."""
    entry = recorded.entry
    if recorded.index < info.genesis.size or entry.sender in (ZERO_ADDRESS, info.address):
        return 0
    return entry.value * info.fee_ppm // 1_000_000


def block_json(block: Block) -> dict[str, Any]:
    """A block as every part of the node gives it."""
    return {
        "number": block.number,
        "hash": hexed(block.hash),
        "parent": hexed(block.parent),
        "timestamp": block.timestamp,
        "size": block.size,
        "root": hexed(block.root),
    }


def entry_json(recorded: Recorded) -> dict[str, Any]:
    """An entry as every part of the node gives it."""
    entry = recorded.entry
    return {
        "index": recorded.index,
        "subject": checksum(entry.subject),
        "sender": checksum(entry.sender),
        "recipient": checksum(entry.recipient),
        "value": str(entry.value),
        "timestamp": entry.timestamp,
        "memo": hexed(entry.memo),
        "host_block": recorded.host_block,
        "transaction": hexed(recorded.transaction),
    }
