"""
What a visitor's address line asks for, read once and checked: no page looks at a text that came in from outside.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from smartchain.errors import InputError
from smartchain.ledger.address import parse_address
from smartchain.ledger.hash import ETHER
from smartchain.types import Address, Hash32

PAGE = 25
CSV_PAGE = 1_000
MOST = 1_000
_NUMBER = re.compile(r"[0-9]{1,19}")
_HASH = re.compile(r"0x[0-9a-fA-F]{64}")


@dataclass(frozen=True, slots=True)
class Place:
    """A piece of a list: so many, before or after a position; by itself the newest."""

    limit: int = PAGE
    before: int | None = None
    after: int | None = None

    @classmethod
    def of(cls, query: Mapping[str, str], usual: int) -> Place:
        """Raises `InputError`."""
        before, after = number(query, "before"), number(query, "after")
        if before is not None and after is not None:
            raise InputError("a page is before a position or after one: leave 'before' or 'after' out")
        limit = number(query, "limit")
        if limit is not None and not 1 <= limit <= MOST:
            raise InputError(f"'limit' is a number from 1 to {MOST:,}")
        return cls(limit or usual, before, after)

    @property
    def newest(self) -> bool:
        """Whether nothing newer can stand before it."""
        return self.before is None and self.after is None


@dataclass(frozen=True, slots=True)
class Filter:
    """Which entries a list holds."""

    subject: Address | None = None
    memo: Hash32 | None = None
    since: int | None = None
    until: int | None = None

    @classmethod
    def of(cls, query: Mapping[str, str]) -> Filter:
        """Raises `InputError`."""
        memo = query.get("memo")
        if memo and not _HASH.fullmatch(memo):
            raise InputError("'memo' is 0x and 64 hex digits; the search takes a memo's text")
        return cls(
            subject=parse_address(query["subject"]) if query.get("subject") else None,
            memo=Hash32(bytes.fromhex(memo[2:])) if memo else None,
            since=number(query, "since"),
            until=number(query, "until"),
        )

    @property
    def given(self) -> dict[str, Any]:
        """What was asked for, by name."""
        return {name: value for name in self.__slots__ if (value := getattr(self, name)) is not None}


def number(query: Mapping[str, str], name: str) -> int | None:
    """A number of the query. Raises `InputError`."""
    text = query.get(name)
    if not text:
        return None
    if not _NUMBER.fullmatch(text):
        raise InputError(f"'{name}' is a number in digits, below 10^19")
    return int(text)


def position(text: str, what: str) -> int:
    """A number of the path. Raises `InputError`."""
    if not _NUMBER.fullmatch(text):
        raise InputError(f"{what} is a number in digits, below 10^19")
    return int(text)


def block_name(text: str) -> int | Hash32:
    """A block by its number or its hash. Raises `InputError`."""
    if _HASH.fullmatch(text):
        return Hash32(bytes.fromhex(text[2:]))
    return position(text, "a block is named by its hash, 0x and 64 hex digits, or its number: that")


def subject_of(query: Mapping[str, str], default: Address = ETHER) -> Address:
    """Raises `InputError`."""
    return parse_address(query["subject"]) if query.get("subject") else default
