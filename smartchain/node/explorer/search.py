"""
One box for everything: what a text may mean, and what of it is there.

A text can be several things at once: 17 is a block, an entry, and a memo somebody wrote. All that exist are found;
nothing is guessed from a part of a hash, which would invite whoever makes look-alikes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from smartchain.errors import AddressError
from smartchain.ledger.address import checksum, parse_address
from smartchain.node.explorer.forms import hexed, memo_text
from smartchain.ports import EntryQuery, View
from smartchain.types import Hash32

MOST_CHARACTERS = 200
MOST_OF_A_KIND = 20
_HEX = re.compile(r"(?:0x)?((?:[0-9a-f]{2})+)", re.IGNORECASE)
_NUMBER = re.compile(r"#?([0-9]{1,19})")


@dataclass(frozen=True, slots=True)
class Hit:
    """Something that was found."""

    kind: str
    """`block`, `entry`, `address` or `memo`."""
    href: str
    says: str
    """What it is and why it was found, in a few words."""


@dataclass(frozen=True, slots=True)
class Found:
    """What a search came to."""

    hits: tuple[Hit, ...] = ()
    remark: str = ""
    """What was wrong with the text, where something was."""


def search(view: View, text: str) -> Found:
    """All that a text names in what is verified."""
    text = text.strip()
    if not text:
        return Found(remark="Type an address, a hash, a number, or the text of a memo.")
    if len(text) > MOST_CHARACTERS:
        return Found(remark=f"That is longer than anything here: at most {MOST_CHARACTERS} characters are looked up.")
    hits = (*_numbers(view, text), *_addresses(view, text), *_hashes(view, text), *_memos(view, text))
    return Found(hits, "" if hits else _why_nothing(text))


def _numbers(view: View, text: str) -> Iterator[Hit]:
    match = _NUMBER.fullmatch(text)
    if match is None:
        return
    number = int(match[1])
    if not text.startswith("#") and (block := view.block(number)):
        yield Hit("block", f"/block/{number}", f"block {number}, {block.size:,} entries with it")
    if number < view.status.verified_size:
        yield Hit("entry", f"/entry/{number}", f"entry #{number}")


def _addresses(view: View, text: str) -> Iterator[Hit]:
    try:
        address = parse_address(text if text[:2].lower() == "0x" else "0x" + text)
    except AddressError:
        return
    count = view.account(address).count
    says = f"{count:,} {'entry' if count == 1 else 'entries'}" if count else "nothing is recorded of it"
    yield Hit("address", f"/address/{checksum(address)}", f"{checksum(address)}: {says}")


def _hashes(view: View, text: str) -> Iterator[Hit]:
    match = _HEX.fullmatch(text)
    if match is None or len(match[1]) != 64:
        return
    name = Hash32(bytes.fromhex(match[1]))
    if block := view.block_by_hash(name):
        yield Hit("block", f"/block/{block.number}", f"block {block.number} has this hash")
    for index in view.named(name)[:MOST_OF_A_KIND]:
        recorded = view.entry(index)
        hosts = recorded is not None and recorded.transaction == name
        says = "its host transaction has this hash" if hosts else "its smart chain transaction has this hash"
        yield Hit("entry", f"/entry/{index}", f"entry #{index}: {says}")


def _memos(view: View, text: str) -> Iterator[Hit]:
    for memo in dict.fromkeys(possible_memos(text)):
        found = list(islice(view.entries(EntryQuery(memo=memo, descending=True)), MOST_OF_A_KIND + 1))
        if len(found) == 1:
            yield Hit("entry", f"/entry/{found[0].index}", f"entry #{found[0].index} has this memo")
        elif found:
            many = f"{len(found)}" if len(found) <= MOST_OF_A_KIND else f"more than {MOST_OF_A_KIND}"
            says = f"{many} entries have the memo {memo_text(memo) or hexed(memo)}"
            yield Hit("memo", f"/entries?memo={hexed(memo)}", says)


def possible_memos(text: str) -> Iterator[Hash32]:
    """The memos that a text may stand for: its UTF-8, or the bytes of its hex, padded right; never the empty one."""
    match = _HEX.fullmatch(text)
    written = [text.encode(errors="surrogatepass")]
    if match is not None and (text[:2].lower() == "0x" or len(match[1]) == 64):
        written.append(bytes.fromhex(match[1]))
    for one in written:
        if len(one) <= 32 and any(one):
            yield Hash32(one.ljust(32, b"\0"))


def _why_nothing(text: str) -> str:
    if re.fullmatch(r"0x[0-9a-fA-F]{40}", text):
        return "This looks like an address, but its checksum is wrong: compare it with where you copied it from."
    if re.fullmatch(r"(0x)?[0-9a-fA-F]+", text) and len(text) > 40 and len(text.removeprefix("0x")) not in (40, 64):
        return "A hash has 64 hex digits and an address 40; this has another number."
    return "Nothing in the verified chain has this address, hash, number or memo."
