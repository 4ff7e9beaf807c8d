"""
Following a ledger: what `index` and `node` have in common.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeVar

import click

from smartchain.cli import build, kinds, options, output, views
from smartchain.cli.log import Log, logger
from smartchain.cli.progress import Bar
from smartchain.config import Finality, HostSettings, IndexSettings
from smartchain.errors import HostError, HostUnavailable, LedgerNotChosen, SmartchainError, WrongChain
from smartchain.indexer.watchdog import STALL_S, Watchdog
from smartchain.ledger.address import checksum
from smartchain.node.standing import Heads, heads
from smartchain.types import Address, ChainId

if TYPE_CHECKING:
    from smartchain.host.pool import PoolSource, Tell
    from smartchain.indexer.daemon import Steps
    from smartchain.indexer.outcome import Outcome
    from smartchain.ports import EntrySource, LedgerInfo, LedgerStore, Rpc, Status

T = TypeVar("T")

LOOKED_UP = 8_192
"""Entries taken into the lookups at a time while there is nothing else to do: some 50 ms."""

LOOK_S = 1.0
"""Between two looks at the store during a step that takes long."""

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
stall_after = click.option(
    "--stall-after",
    type=kinds.SECONDS,
    default=STALL_S,
    metavar="SECONDS",
    show_default=True,
    help="Without progress for so long, another node is tried and it is said.",
)
from_block = click.option(
    "--from-block", type=kinds.COUNT, metavar="N", help="Where the logs begin, if the deployment cannot be found."
)


def how_of(
    follow: bool,
    confirmations: int | None,
    finality: Finality | None,
    poll: float | None,
    stall_after: float,
    from_block: int | None,
) -> IndexSettings:
    """Raises `click.UsageError` for two ways of saying how far to read."""
    if confirmations is not None and finality is not None:
        raise click.UsageError("--confirmations and --finality say the same in two ways: give one of them")
    return IndexSettings(follow, confirmations or 0, finality, poll, stall_after, from_block)


@dataclass(frozen=True, slots=True)
class Upstream:
    """The ledger on the host chain, through the nodes that were given."""

    source: EntrySource
    pool: PoolSource
    """What `source` reads from."""
    info: LedgerInfo

    def steps(self, steps: Steps, store: LedgerStore, watch: Watch) -> Steps:
        """The same steps, over all nodes."""
        from smartchain.indexer.follow import Follower
        from smartchain.indexer.pooled import Pooled

        watch.pool = self.pool
        others = "or of the store" if isinstance(steps, Follower) else "of a peer, or of the store"

        def begins() -> bool:
            watch.dog.begins(lambda: f"{self.pool.name}, {others}")
            return watch.dog.is_time_to_leave()

        return Pooled(steps, self.pool, store, begins)


def reach(ledger: Address | None, db: str, host: HostSettings, how: IndexSettings, tell: Tell) -> Upstream:
    """The ledger on the host chain, and what it says of itself; `tell` hears of nodes that come and go."""
    return reach_among(build.known_ledgers(db), ledger, host, how, tell)


def reach_among(
    known: Sequence[LedgerInfo], ledger: Address | None, host: HostSettings, how: IndexSettings, tell: Tell
) -> Upstream:
    """The same, where it is known already which ledgers the store has."""
    from smartchain.host.pool import PoolSource

    chosen, settings = choose(known, ledger, host)
    rpcs = build.connect_all(settings)
    if len(rpcs) > 1:
        settings = replace(settings, chain_id=_same_chain(rpcs, settings.chain_id))
    resumed = _resumed(known, chosen, rpcs, how)
    pool = PoolSource([build.read_by(settings, rpc, chosen, resumed) for rpc in rpcs], tell=tell)
    source = build.held_to_others(settings, pool)
    return Upstream(source, pool, source.info())


def choose(known: Sequence[LedgerInfo], ledger: Address | None, host: HostSettings) -> tuple[Address, HostSettings]:
    """The ledger, if none is named the only one that the store has; then its chain is the one expected."""
    if ledger is not None or not known:
        return options.needed(ledger), host
    if len(known) > 1:
        raise LedgerNotChosen(f"the store has several ledgers, choose by --ledger: {_listed(known)}")
    return known[0].address, host if host.chain_id is not None else replace(host, chain_id=known[0].chain_id)


def _listed(known: Sequence[LedgerInfo]) -> str:
    return ", ".join(f"{checksum(info.address)} on chain {info.chain_id}" for info in known)


def _resumed(known: Sequence[LedgerInfo], ledger: Address, rpcs: Sequence[Rpc], how: IndexSettings) -> IndexSettings:
    """The deployment block need not be searched for twice."""
    found = next((info for info in known if info.address == ledger), None)
    if found is None or how.from_block is not None or _chain_of_any(rpcs) != found.chain_id:
        return how
    return replace(how, from_block=found.deployed_at)


def _same_chain(rpcs: Sequence[Rpc], expected: ChainId | None) -> ChainId:
    """The chain of all nodes that answer. Raises `WrongChain`, and what the nodes raise where none answers."""
    chain, source = (_chain_of_any(rpcs), "the others") if expected is None else (expected, "the ledger")
    for rpc in rpcs:
        try:
            found = build.chain_of(rpc)
        except HostUnavailable:
            continue  # it is asked again when it is back
        if found != chain:
            raise WrongChain(f"{rpc.name} is a node of chain {found}, and {source} of chain {chain}: check --rpc-url")
    return chain


def _chain_of_any(rpcs: Sequence[Rpc]) -> ChainId:
    """The chain of the first node that answers. Raises what the last one does."""
    for rpc in rpcs[:-1]:
        try:
            return build.chain_of(rpc)
        except HostError:
            continue
    return build.chain_of(rpcs[-1])


def _settled(reached: Heads) -> dict[str, int]:
    """Entries that are safe, and that are finalized."""
    return {name: one.size if one else 0 for name, one in (("safe", reached.safe), ("finalized", reached.finalized))}


class Watch:
    """Somebody who follows, until a signal: with a log on stderr and, as JSON, its steps on stdout."""

    def __init__(self, follow: bool, as_json: bool, stall_s: float, log: Log | None = None) -> None:
        self.stop = threading.Event()
        self.log = log or logger()
        self.bar = Bar("entries")
        self.dog = Watchdog(stall_s)
        self.pool: PoolSource | None = None
        self._follow, self._json = follow, as_json
        self._said: object = None
        self.heads = Heads()
        self._store: LedgerStore | None = None
        self._status: Status | None = None
        self._next_look = 0.0
        self._is_stalled = False

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
        if time.monotonic() >= self._next_look:
            self._next_look = time.monotonic() + LOOK_S
            self._look()

    def report(self, outcome: Outcome) -> None:
        """A line for each step that a person would want to see: not for looking around without finding anything."""
        self._look()
        self.dog.report(outcome)
        step = views.step_json(outcome)
        said = step if step["step"] == "waited" else None
        idle = (step.get("entries") == 0 and step.get("verified") is True) or step.get("caught_up") is True
        if idle or (said is not None and said == self._said):
            return
        self.bar.close()
        self._said = said
        self.log.info(**{"event": step["step"], **{name: value for name, value in step.items() if name != "step"}})
        if self._json and self._follow:
            self.say(step)

    def say(self, step: dict[str, Any]) -> None:
        """A step, as JSON on stdout."""
        output.say_json(step)

    def trouble(self, fault: SmartchainError, wait_s: float) -> None:
        self._hear()
        self.dog.trouble(fault)
        self.bar.close()
        self.log.warning("trouble", reason=output.one_line(str(fault)), again_in_s=round(wait_s, 1))

    # the nodes, and whether it gets on

    def watches(self, store: LedgerStore) -> None:
        """From now on look at this store; a daemon says when it stalls, whatever its own thread is doing."""
        self._store = store
        self._look()
        if self._follow:
            threading.Thread(target=self._listen, name="watchdog", daemon=True).start()

    def told(self, what: str, name: str, why: str) -> None:
        """A node of the host chain was taken into use, or set aside for good."""
        self.bar.close()
        say = self.log.warning if what == "set_aside" else self.log.info
        say(what.replace("_", " "), node=name, reason=output.one_line(why))

    def _hear(self) -> None:
        if self.pool is not None:
            self.dog.contract_has(self.pool.size)

    def _look(self) -> None:
        self._hear()
        if self._store is None:
            return
        status = self._store.status()
        self.dog.looked(status)
        if status != self._status:
            self._status = status
            self._reached(self._store)

    def _reached(self, store: LedgerStore) -> None:
        """A line where the host settled more, or fewer, of the entries; not for each host block that it settles."""
        with store.view() as view:
            before, self.heads = self.heads, heads(view)
        if _settled(self.heads) != _settled(before):
            self.log.info("settled", **_settled(self.heads))

    def _listen(self) -> None:
        while not self.stop.wait(LOOK_S):
            self.listen()

    def listen(self) -> None:
        """Say that it stalls, and that it moves again, once each."""
        stalled = self.dog.wait().stalled
        if stalled is not None and not self._is_stalled:
            self.log.error("stalled", reason=output.one_line(stalled))
        elif stalled is None and self._is_stalled:
            self.log.info("moves again")
        self._is_stalled = stalled is not None
