"""
Memos: the 32 bytes that a payer may add to a payment, public for ever like the payment itself.
"""

from __future__ import annotations

import re

from smartchain.errors import MemoError
from smartchain.ledger.hash import keccak
from smartchain.types import ZERO_HASH, Hash32

MEMO_BYTES = 32

_HEX = re.compile(r"[0-9a-fA-F]{64}")


def parse_memo(text: str) -> Hash32:
    """
    Memo of a text, UTF-8 padded right with zeros, or of `0x…`, which is exactly 32 bytes; zero for no text.

    Raises `MemoError` for a longer text, hex of another length, and a text that would not read back the same.
    """
    if text[:2] in ("0x", "0X"):
        if not _HEX.fullmatch(text[2:]):
            raise MemoError(f"a memo of hex is 0x and 64 digits, this has {len(text) - 2} characters after 0x")
        return Hash32(bytes.fromhex(text[2:]))
    memo = _utf8(text)
    if len(memo) > MEMO_BYTES:
        raise MemoError(
            f"a memo has at most {MEMO_BYTES} bytes, this text has {len(memo)}: "
            "shorten it, or record its hash with --memo-hash"
        )
    if b"\0" in memo:
        raise MemoError("a memo of text cannot hold the character NUL: write the memo as 0x and 64 hex digits")
    return Hash32(memo.ljust(MEMO_BYTES, b"\0"))


def hash_memo(text: str) -> Hash32:
    """Memo that commits to a text of any length: the keccak256 of its UTF-8, which whoever has the text can check."""
    return keccak(_utf8(text))


def show_memo(memo: Hash32) -> str:
    r"""
    A memo for a person: its text, or `0x…` where it is none; nothing for no memo.

    What is not printable is escaped (`\x1b`, `\u202e`), so that a memo can neither move a cursor nor turn
    a line around; a backslash is doubled, so that no text passes for an escape.
    """
    if memo == ZERO_HASH:
        return ""
    try:
        text = memo.rstrip(b"\0").decode()
    except UnicodeDecodeError:
        return "0x" + memo.hex()
    return "0x" + memo.hex() if "\0" in text else escape(text)


def escape(text: str) -> str:
    """A text with every character that is not printable written as an escape."""
    return "".join(_escaped(character) for character in text)


def _escaped(character: str) -> str:
    if character.isprintable() and character != "\\":
        return character
    return character.encode("unicode_escape").decode()


def _utf8(text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError:
        raise MemoError("a memo is UTF-8, and this text holds bytes that are not") from None
