"""
`smartchain index`: from the host's logs to a verified chain in the store, once or for ever.
"""

from __future__ import annotations

import gc
import threading
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

import click

from smartchain.cli import build, kinds, options, output, views
from smartchain.cli.failure import INTERRUPTED
from smartchain.cli.log import logger
from smartchain.cli.progress import Bar
from smartchain.cli.stopping import signals
from smartchain.config import Finality, HostSettings, IndexSettings
from smartchain.errors import LedgerNotChosen, SmartchainError
from smartchain.ledger.address import checksum
from smartchain.types import Address

if TYPE_CHECKING:
    from smartchain.indexer.outcome import Outcome
    from smartchain.ports import EntrySource, LedgerInfo, LedgerStore, Rpc

T = TypeVar("T")

LOOKED_UP = 8_192
"""Entries taken into the lookups at a time while there is nothing else to do: some 50 ms."""

SELDOM = 100_000
"""Objects between two searches for cycles: a backfill makes millions that hold none, and looking costs a tenth."""


def _how(
    follow: bool, confirmations: int | None, finality: Finality | None, poll: float | None, from_block: int | None
) -> IndexSettings:
    if confirmations is not None and finality is not None:
        raise click.UsageError("--confirmations and --finality say the same in two ways: give one of them")
    return IndexSettings(follow, confirmations or 0, finality, poll, from_block)


@click.command()
@options.bundle(
    "how",
    _how,
    click.option("--follow", is_flag=True, help="Go on as the host chain grows, until a signal (SIGINT, SIGTERM)."),
    click.option("--confirmations", type=kinds.COUNT, metavar="N",
                 help="Stay that many blocks below the newest.  [default: 0]"),
    click.option("--finality", type=click.Choice(["safe", "finalized"]), help="Read up to that block of the host."),
    click.option("--poll", type=kinds.SECONDS, metavar="SECONDS",
                 help="Between two looks.  [default: 2; 0.2 on chain 31337]"),
    click.option("--from-block", type=kinds.COUNT, metavar="N",
                 help="Where the logs begin, if the deployment cannot be found."),
)  # fmt: skip
@options.ledger
@options.database
@options.host
@options.check_rpc_url
@options.as_json
def index(
    how: IndexSettings,
    ledger: Address | None,
    db: str,
    host: HostSettings,
    check_rpc_url: tuple[str, ...],
    as_json: bool,
) -> None:
    """
    Read a ledger from the host chain into the store, and verify it.

    Nothing becomes part of the chain before the root of what was read equals the contract's. Ended at any moment,
    the next run goes on where this one was.
    """
    run = _Run(how, as_json)
    with signals(run.stop):
        source, info = run.patiently(lambda: _reach(ledger, db, build.checked(host, check_rpc_url), how))
        with closing(run.patiently(lambda: build.open_or_make(db))) as store:
            status = run.go(source, store.ledger(info))
    click.get_current_context().exit(status)


def _reach(ledger: Address | None, db: str, host: HostSettings, how: IndexSettings) -> tuple[EntrySource, LedgerInfo]:
    """The ledger on the host chain, and what it says of itself."""
    known = build.known_ledgers(db)
    chosen, settings = _choose(known, ledger, host)
    rpc = build.connect(settings)
    source = build.source_of(settings, rpc, chosen, _resumed(known, chosen, rpc, how))
    return source, source.info()


def _choose(known: Sequence[LedgerInfo], ledger: Address | None, host: HostSettings) -> tuple[Address, HostSettings]:
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


class _Run:
    """One run of the daemon, told to stop by a signal, with its log on stderr and its answers on stdout."""

    def __init__(self, how: IndexSettings, as_json: bool) -> None:
        self.stop = threading.Event()
        self._how, self._json = how, as_json
        self._log = logger()
        self._bar = Bar("entries")
        self._said: object = None

    def patiently(self, ask: Callable[[], T]) -> T:
        """What `ask` answers; a daemon waits out what passes, from its first moment on."""
        from smartchain.indexer.daemon import Backoff

        backoff = Backoff(1.0)
        while True:
            try:
                return ask()
            except SmartchainError as fault:
                if not (self._how.follow and fault.retryable):
                    raise
                wait_s = backoff.next_s()
                self._trouble(fault, wait_s)
                if self.stop.wait(wait_s):
                    raise click.exceptions.Exit(0) from None

    def go(self, source: EntrySource, store: LedgerStore) -> int:
        """Exit status: a daemon that was told to stop is done, a catching up that was interrupted is not."""
        from smartchain.indexer.daemon import Daemon
        from smartchain.indexer.follow import Follower

        gc.set_threshold(SELDOM)
        info = store.info
        self._log.info("started", ledger=checksum(info.address), chain=info.chain_id, size=store.status().size)
        follower = Follower(source, store, self._bar, self.stop.is_set)
        poll_s = self._how.poll_on(info.chain_id)
        daemon = Daemon(follower, self.stop, self._report, self._trouble, poll_s, idle=lambda: store.look_up(LOOKED_UP))
        with self._bar:
            if self._how.follow:
                daemon.run()
            else:
                daemon.catch_up()
        if self.stop.is_set():
            self._log.info("stopped", size=store.status().size)
        self._say_head(store)
        return INTERRUPTED if self.stop.is_set() and not self._how.follow else 0

    def _say_head(self, store: LedgerStore) -> None:
        if self._json:
            output.say_json(views.head_json(store))
        elif not self._how.follow:
            output.fields(views.head_fields(store))

    def _report(self, outcome: Outcome) -> None:
        """A line for each step that a person would want to see: not for looking around without finding anything."""
        step = views.step_json(outcome)
        said = step if step["step"] == "waited" else None
        idle = (step.get("entries") == 0 and step.get("verified") is True) or step.get("caught_up") is True
        if idle or (said is not None and said == self._said):
            return
        self._bar.close()
        self._said = said
        self._log.info(**{"event": step["step"], **{name: value for name, value in step.items() if name != "step"}})
        if self._json and self._how.follow:
            output.say_json(step)

    def _trouble(self, fault: SmartchainError, wait_s: float) -> None:
        self._bar.close()
        self._log.warning("trouble", reason=output.one_line(str(fault)), again_in_s=round(wait_s, 1))
