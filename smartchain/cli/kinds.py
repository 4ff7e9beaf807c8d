"""
What a person types, as click's parameter types; what cannot be understood is said by the package's own errors.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import click

from smartchain.errors import InputError
from smartchain.ledger.address import parse_address
from smartchain.types import Address, Hash32, Wei
from smartchain.wallet.amount import parse_amount
from smartchain.wallet.labels import is_address_like
from smartchain.wallet.memo import hash_memo, parse_memo


class Kind(click.ParamType):
    """Reads a text; what is read already stays as it is."""

    def __init__(self, name: str, read: Callable[[str], object]) -> None:
        self.name = name
        self._read = read

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:  # noqa: ARG002
        return self._read(value) if isinstance(value, str) else value


def _read_ledger(text: str) -> Address:
    """In cast the same option means a hardware wallet, and takes no value."""
    if text.startswith("-"):
        raise click.BadOptionUsage("--ledger", "")
    return parse_address(text)


def _read_price(text: str) -> Wei:
    return parse_amount(text, zero=True)


class Measure(click.FloatRange):
    """A number that can be measured: one that is none ("nan") compares with every bound as if it kept it."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        number: float = super().convert(value, param, ctx)
        return number if number == number else self.fail(f"{value} is not a number", param, ctx)


class ListedKind(click.types.StringParamType):
    """One of several values; in a variable of the environment commas stand between them."""

    def split_envvar_value(self, rv: str) -> list[str]:
        return [one.strip() for one in rv.split(",") if one.strip()]


class NodesKind(click.types.StringParamType):
    """One of several nodes; in a variable of the environment a space, or a comma and another URL, stands between."""

    def split_envvar_value(self, rv: str) -> list[str]:
        return split_urls(rv)


def split_urls(text: str) -> list[str]:
    """A URL may hold a comma of its own: only one that another URL follows ends it."""
    return [one for one in re.split(r"\s+|,\s*(?=https?://)", text.strip().rstrip(",")) if one]


def _read_payee(text: str) -> Address | str:
    """What is written as an address is one; anything else is a label, to be looked up."""
    return parse_address(text) if is_address_like(text) else text


ADDRESS = Kind("address", parse_address)
A_YEAR_S = 31_536_000
"""The longest that anybody waits for."""

PAYEE = Kind("address|label", _read_payee)
LEDGER = Kind("address", _read_ledger)
AMOUNT = Kind("amount", parse_amount)
PRICE = Kind("amount", _read_price)
MEMO = Kind("text|0xhex", parse_memo)
MEMO_HASH = Kind("text", hash_memo)
LISTED = ListedKind()
NODES = NodesKind()
COUNT = click.IntRange(min=0)
SECONDS = Measure(0, A_YEAR_S)


class PayCommand(click.Command):
    """A command that takes an amount: a negative one is a wrong amount, not an unknown option."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        for before, arg in zip(["", *args], args, strict=False):
            if arg[:1] == "-" and arg[1:2] in tuple("0123456789.") and not _takes_number(before):
                parse_amount(arg)
        return super().parse_args(ctx, args)


def _takes_number(option: str) -> bool:
    return option in {"--nonce", "--gas-limit", "--confirmations", "--timeout", "--mnemonic-index"}


def hash_of(text: str) -> Hash32:
    """A hash as people write it. Raises `InputError`."""
    digits = text[2:] if text[:2] in ("0x", "0X") else ""
    try:
        value = bytes.fromhex(digits)
    except ValueError:
        value = b""
    if len(value) != 32:
        raise InputError(f"{text!r} is neither a number nor a hash: write 0x and 64 hex digits")
    return Hash32(value)
