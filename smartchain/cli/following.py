"""
Following a ledger: what `index` and `node` have in common.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

import click

from smartchain.cli import build, kinds, options, output, views
from smartchain.cli.log import logger
from smartchain.cli.progress import Bar
from smartchain.config import Finality, HostSettings, IndexSettings
from smartchain.errors import LedgerNotChosen, SmartchainError
from smartchain.ledger.address import checksum
from smartchain.types import Address

if TYPE_CHECKING:
    from smartchain.indexer.outcome import Outcome
    from smartchain.ports import EntrySource, LedgerInfo, Rpc

T = TypeVar("T")

LOOKED_UP = 8_192
"""Entries taken into the lookups at a time while there is nothing else to do: some 50 ms."""

SELDOM = 100_000
"""Objects between two searches for cycles: a backfill makes millions that hold none, and looking costs a tenth."""

confirmations = click.option(
    "--confirmations", type=kinds.COUNT, metavar="N", help="Stay that many blocks below the newest.  [default: 0]"
)
finality = click.option(
    "--finality", type=click.Choice(["safe", "finalized"]), help="Read up to that block of the host."
)
poll = click.option(
    "--poll", type=kinds.SECONDS, metavar="SECONDS", help="Between two looks.  [default: 2; 0.2 on chain 31337]"
)
from_block = click.option(
    "--from-block", type=kinds.COUNT, metavar="N", help="Where the logs begin, if the deployment cannot be found."
)


def how_of(
    follow: bool, confirmations: int | None, finality: Finality | None, poll: float | None, from_block: int | None
) -> IndexSettings:
    """Raises `click.UsageError` for two ways of saying how far to read."""
    if confirmations is not None and finality is not None:
        raise click.UsageError("--confirmations and --finality say the same in two ways: give one of them")
    return IndexSettings(follow, confirmations or 0, finality, poll, from_block)


def reach(ledger: Address | None, db: str, host: HostSettings, how: IndexSettings) -> tuple[EntrySource, LedgerInfo]:
    """The ledger on the host chain, and what it says of itself."""
    known = build.known_ledgers(db)
    chosen, settings = choose(known, ledger, host)
    rpc = build.connect(settings)
    source = build.source_of(settings, rpc, chosen, _resumed(known, chosen, rpc, how))
    return source, source.info()


def choose(known: Sequence[LedgerInfo], ledger: Address | None, host: HostSettings) -> tuple[Address, HostSettings]:
    """The ledger, if none is named the only one that the store has; then its chain is the one expected."""
    if ledger is not None or not known:
        return options.needed(ledger), host
    if len(known) > 1:
        raise LedgerNotChosen(f"the store has several ledgers, choose by --ledger: {_listed(known)}")
    return known[0].address, host if host.chain_id is not None else replace(host, chain_id=known[0].chain_id)


def _listed(known: Sequence[LedgerInfo]) -> str:
    return ", ".join(f"{checksum(info.address)} on chain {info.chain_id}" for info in known)


def _resumed(known: Sequence[LedgerInfo], ledger: Address, rpc: Rpc, how: IndexSettings) -> IndexSettings:
    """The deployment block need not be searched for twice."""
    found = next((info for info in known if info.address == ledger), None)
    if found is None or how.from_block is not None or build.chain_of(rpc) != found.chain_id:
        return how
    return replace(how, from_block=found.deployed_at)


class Watch:
    """Somebody who follows, until a signal: with a log on stderr and, as JSON, its steps on stdout."""

    def __init__(self, follow: bool, as_json: bool) -> None:
        self.stop = threading.Event()
        self.log = logger()
        self.bar = Bar("entries")
        self._follow, self._json = follow, as_json
        self._said: object = None

    def patiently(self, ask: Callable[[], T]) -> T:
        """What `ask` answers; a daemon waits out what passes, from its first moment on."""
        from smartchain.indexer.daemon import Backoff

        backoff = Backoff(1.0)
        while True:
            try:
                return ask()
            except SmartchainError as fault:
                if not (self._follow and fault.retryable):
                    raise
                wait_s = backoff.next_s()
                self.trouble(fault, wait_s)
                if self.stop.wait(wait_s):
                    raise click.exceptions.Exit(0) from None

    def progress(self, done: int, total: int) -> None:
        """Told on the way through a step."""
        self.bar(done, total)

    def report(self, outcome: Outcome) -> None:
        """A line for each step that a person would want to see: not for looking around without finding anything."""
        step = views.step_json(outcome)
        said = step if step["step"] == "waited" else None
        idle = (step.get("entries") == 0 and step.get("verified") is True) or step.get("caught_up") is True
        if idle or (said is not None and said == self._said):
            return
        self.bar.close()
        self._said = said
        self.log.info(**{"event": step["step"], **{name: value for name, value in step.items() if name != "step"}})
        if self._json and self._follow:
            output.say_json(step)

    def trouble(self, fault: SmartchainError, wait_s: float) -> None:
        self.bar.close()
        self.log.warning("trouble", reason=output.one_line(str(fault)), again_in_s=round(wait_s, 1))
