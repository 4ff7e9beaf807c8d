"""
The options of `smartchain deploy --coin`: a currency of its own, which may take an older coin's place.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from smartchain.cli import kinds, options
from smartchain.cli.bitcoin_files import read_headers
from smartchain.errors import InputError
from smartchain.ledger.hash import coin_id
from smartchain.types import Address

if TYPE_CHECKING:
    from smartchain.host.coins import Checkpoint
    from smartchain.host.contracts import Opening

MAIN_BITS = "1d00ffff"
DECIMALS, DEPTH = 18, 144


@dataclass(frozen=True, slots=True)
class CoinOptions:
    """What was said of a coin; `wanted` if it is one that is to be deployed."""

    wanted: bool
    name: str | None
    symbol: str | None
    decimals: int | None
    old_token: Address | None
    bitcoin: Path | None
    height: int | None
    bits: str
    depth: int
    work: int | None

    @property
    def id(self) -> Address:
        """The coin's subject, before there is a coin."""
        return coin_id(self.name or "", self.symbol or "")

    def creation(self, max_entries: int, interval: int, opening: Opening) -> bytes:
        """What is sent to create it. Raises `InputError` for a name that is none, or a file of headers."""
        from smartchain.host import coins

        decimals = DECIMALS if self.decimals is None else self.decimals
        terms = coins.CoinTerms(self.name or "", self.symbol or "", decimals, max_entries, interval, opening)
        if self.old_token is not None:
            return coins.deploy_for_token_data(terms, self.old_token)
        if self.bitcoin is not None:
            return coins.deploy_for_bitcoins_data(terms, self._checkpoint(self.bitcoin))
        return coins.deploy_coin_data(terms)

    def _checkpoint(self, file: Path) -> Checkpoint:
        from smartchain.host.bitcoin.headers import PERIOD, target_of, work_of
        from smartchain.host.coins import Checkpoint

        headers, height = read_headers(file), self.height or 0
        if height % PERIOD:
            raise InputError(
                f"a checkpoint stands at a multiple of {PERIOD:,}, and {height} is none: take another block"
            )
        count = min(height + 1, 11)
        if len(headers) != count:
            raise InputError(
                f"{file} holds {len(headers)} headers: a checkpoint at {height} takes {count}, it being last"
            )
        work = self.work or self.depth * work_of(target_of(headers[-1].bits))
        packed = b"".join(header.pack() for header in headers)
        return Checkpoint(packed, height, target_of(_bits(self.bits)), self.depth, work)


def _bits(text: str) -> int:
    try:
        return int(text, 16) if len(text) == 8 else int("")
    except ValueError:
        raise InputError(f"{text!r} is no target: write it in 8 hex digits, as {MAIN_BITS}") from None


def _options(
    coin: bool,
    name: str | None,
    symbol: str | None,
    decimals: int | None,
    old_token: Address | None,
    bitcoin: Path | None,
    bitcoin_height: int | None,
    bitcoin_limit: str,
    depth: int,
    work: int | None,
) -> CoinOptions:
    made = CoinOptions(
        coin, name, symbol, decimals, old_token, bitcoin, bitcoin_height, bitcoin_limit, depth, work
    )  # fmt: skip
    if misuse := _misuse(made):
        raise click.UsageError(misuse, click.get_current_context())
    return made


def _misuse(said: CoinOptions) -> str | None:
    """What cannot be meant together, as a sentence."""
    if not said.wanted:
        given = (said.name, said.symbol, said.decimals, said.old_token, said.bitcoin, said.height, said.work)
        return (
            "a name, a symbol and what belongs to a coin need --coin" if any(one is not None for one in given) else None
        )
    if said.name is None or said.symbol is None:
        return "--coin needs --name TEXT and --symbol TEXT"
    if said.old_token is not None and said.bitcoin is not None:
        return "give --old-token or --bitcoin, not both: a coin takes one coin's place"
    if said.decimals is not None and (said.old_token is not None or said.bitcoin is not None):
        return "leave --decimals out: the coin has those of the old token, and 18 for bitcoins"
    if (said.bitcoin is None) != (said.height is None):
        return "--bitcoin FILE and --bitcoin-height N belong together"
    return None


coin = options.bundle(
    "coin",
    _options,
    click.option("--coin", is_flag=True, help="Deploy a currency of its own, an ERC-20, instead."),
    click.option("--name", metavar="TEXT", help="The coin's name."),
    click.option("--symbol", metavar="TEXT", help="The coin's symbol."),
    click.option("--decimals", type=click.IntRange(0, 36), metavar="N", help="The coin's decimals.  [default: 18]"),
    click.option("--old-token", type=kinds.ADDRESS, help="The coin takes the place of this token, given up for it."),
    click.option("--bitcoin", type=options.FILE, help="Bitcoins are burnt for the coin; the headers it begins at."),
    click.option("--bitcoin-height", type=kinds.COUNT, metavar="N", help="Height of the last of these headers."),
    click.option("--bitcoin-limit", metavar="HEX", default=MAIN_BITS, show_default=True,
                 help="The network's easiest target, as headers write it."),
    click.option("--depth", type=click.IntRange(1, 2**32 - 1), default=DEPTH, show_default=True, metavar="N",
                 help="Bitcoin blocks that a burn counts under."),
    click.option("--work", type=click.IntRange(1, 2**128 - 1), metavar="HASHES",
                 help="Work that a burn counts under.  [default: that of --depth blocks like the last header's]"),
)  # fmt: skip
