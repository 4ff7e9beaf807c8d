"""
What amounts of a subject are written in.

A contract describes its subjects itself: name, symbol and decimals are its own claim, words of a stranger. So a symbol
is shown short, on one line, with everything escaped that is not seen, and one that poses as Ether with its address
beside it. Amounts of a subject that nobody described are shown raw, in smallest units: decimals are never guessed.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

from smartchain.ledger.address import checksum
from smartchain.ledger.hash import ETHER
from smartchain.types import Address

MOST_SYMBOL = 24
"""Characters of a symbol that are shown."""

MOST_DECIMALS = 77
"""2^256 has 78 digits: of a subject with more decimals nobody could have a whole one."""

RAW = "raw"
"""The unit that is the smallest one of whatever is paid."""

_ETHERS = frozenset({"eth", "ether", "wei", "kwei", "mwei", "gwei", "szabo", "finney", RAW})


@dataclass(frozen=True, slots=True)
class Unit:
    """How amounts of a subject are written; without decimals they are raw."""

    subject: Address
    symbol: str = ""
    """As the contract says it: harmless only after `shown_symbol`."""
    decimals: int | None = None

    @property
    def is_ether(self) -> bool:
        return self.subject == ETHER

    @property
    def is_known(self) -> bool:
        """Whether amounts can be written in anything but smallest units."""
        return self.decimals is not None and self.decimals <= MOST_DECIMALS

    @property
    def name(self) -> str:
        """What stands behind a number: the symbol as it can be shown, or the subject's address."""
        if self.is_ether:
            return "ether"
        symbol = shown_symbol(self.symbol)
        if not self.is_known or not symbol:
            return f"of {checksum(self.subject)}"
        return f"{symbol} of {checksum(self.subject)}" if _poses_as_ether(self.symbol) else symbol

    def number(self, value: int) -> str:
        """The value's digits, all significant ones: `12.5`; raw where the decimals are not known."""
        return decimal(value, self.decimals or 0) if self.is_known else str(value)

    def shown(self, value: int) -> str:
        """`12.5 USDC`; `12500000 of 0x…` where the subject is not described."""
        return f"{self.number(value)} {self.name}"


ETHER_UNIT = Unit(ETHER, "ETH", 18)


def raw_unit(subject: Address) -> Unit:
    """The unit of a subject of which nothing is known; Ether is always known."""
    return ETHER_UNIT if subject == ETHER else Unit(subject)


def decimal(value: int, power: int) -> str:
    """`value` · 10^-power, exactly, with a minus sign below zero."""
    whole, rest = divmod(abs(value), 10**power)
    fraction = f".{rest:0{power}}".rstrip("0").rstrip(".") if power else ""
    return f"{'-' if value < 0 else ''}{whole}{fraction}"


def shown_symbol(symbol: str) -> str:
    r"""
    A symbol as harmless text on one line: at most 24 characters, what is not seen escaped (`\u202e`).

    One that could pass for a part of the number before it (a digit first, a blank inside) is put in quotes.
    """
    cut = symbol[:MOST_SYMBOL]
    text = "".join(_harmless(character) for character in cut.strip()) + ("…" if len(symbol) > MOST_SYMBOL else "")
    return f'"{text}"' if text and (not text[0].isalpha() or " " in text) else text


def _harmless(character: str) -> str:
    """Printable as it is, but a mark that changes the character before it, a quote and a backslash."""
    if character in '\\"':
        return "\\" + character
    is_seen = character.isprintable() and not unicodedata.category(character).startswith("M")
    return character if is_seen else character.encode("unicode_escape").decode()


def _poses_as_ether(symbol: str) -> bool:
    return unicodedata.normalize("NFKC", symbol).strip().casefold() in _ETHERS
