"""
Steps over several nodes: whoever fails gives way to the next at once, and whoever lies is named and set aside.

A lie that stood up to being read again is held against the node alone that told it, by its own logs and its own head.
Where two nodes say different heads of one block, each is held to its own logs first; if both stand by their word the
others decide, and where nobody can the run ends with both names.
"""

from __future__ import annotations

from collections.abc import Callable

from smartchain.errors import (
    FinalityBroken,
    HostError,
    HostUnavailable,
    NoContract,
    NotALedger,
    SourcesDisagree,
    StateGone,
    UnknownBlock,
    Untrue,
)
from smartchain.host.pool import PoolSource
from smartchain.host.standing import Node, told
from smartchain.indexer.daemon import Steps
from smartchain.indexer.examine import Finding, examine
from smartchain.indexer.narrow import head_at
from smartchain.indexer.outcome import Advanced, Outcome, Reread, Waited
from smartchain.ports import Head, HostBlock, LedgerStore

MOST_STRIKES = 3
"""Doubts in a row that a node leaves open, answering otherwise or not at all when it is held to them."""


class Pooled:
    """
    Runs the steps of a `Follower` or a `Gatherer` that reads from this pool.

    Where `is_stalled` says so, another node has its turn.

    Raises what the steps do: a fault that passes where it is every node's, a lie where no node is left.
    """

    def __init__(
        self, steps: Steps, pool: PoolSource, store: LedgerStore, is_stalled: Callable[[], bool] = lambda: False
    ) -> None:
        self._steps = steps
        self._pool = pool
        self._store = store
        self._is_stalled = is_stalled

    def step(self) -> Outcome:
        if self._is_stalled():
            why = self._pool.in_use.reason or f"nothing moves with {self._pool.name}"
            self._pool.failed(self._pool.in_use, why)
        faults = list[HostError]()
        waited: Outcome | None = None
        for node in self._pool.order():
            try:
                self._pool.use(node)
                outcome = self._steps.step()
            except HostError as fault:
                if not self._pool.is_forked:
                    self._pool.failed(node, fault)
                faults.append(fault)
                continue
            except FinalityBroken as broken:
                return self._leave(broken, node)
            except Untrue as lie:
                return self._doubt(lie, node)
            if not self._is_short_of(outcome):
                self._did_well(node, outcome)
                return outcome
            waited = outcome
        if waited is not None:
            return waited
        raise self._together(faults)

    def _is_short_of(self, outcome: Outcome) -> bool:
        """Whether another node may come further; this one is left alone for a while then."""
        if not isinstance(outcome, Waited) or outcome.caught_up or len(self._pool.sound) == 1:
            return False
        newest, cursor, fault = self._pool.newest, self._store.status().cursor, self._pool.fault
        behind = newest is not None and cursor is not None and newest.number < cursor.number
        if behind or fault is not None:
            self._pool.failed(self._pool.in_use, fault or f"{self._pool.name} is behind: {outcome.reason}")
            return True
        return False

    def _did_well(self, node: Node, outcome: Outcome) -> None:
        if isinstance(outcome, Advanced) and not outcome.verified and isinstance(self._pool.fault, StateGone):
            self._pool.failed(node, self._pool.fault)  # all is read, and it cannot say what the contract has there
        elif isinstance(outcome, Advanced | Waited):
            node.did_well()
        if isinstance(outcome, Advanced) and outcome.verified:
            node.strikes = 0

    def _together(self, faults: list[HostError]) -> HostError:
        """One fault for those of all: one that passes, if any does."""
        chosen = next((fault for fault in faults if fault.retryable), faults[0])
        if len(self._pool.nodes) == 1 or (not chosen.retryable and len(faults) >= len(self._pool.sound)):
            return chosen
        said = told(self._pool.nodes) if any(node.reason or node.aside for node in self._pool.nodes) else str(chosen)
        return HostUnavailable(f"no node helps now: {said}")

    # doubt

    def _leave(self, broken: FinalityBroken, node: Node) -> Outcome:
        """What was finalized was so on every node that answered then: whoever has another chain now goes."""
        if len(self._pool.nodes) == 1:
            raise broken
        self._set_aside(node, str(broken), broken)
        return self._reread(broken, node)

    def _doubt(self, lie: Untrue, node: Node) -> Outcome:
        disputed = self._pool.disputed
        if len(self._pool.nodes) == 1 or (isinstance(lie, SourcesDisagree) and disputed is None):
            raise lie
        if disputed is not None:
            return self._between(lie, node, disputed)
        found = self._examined(node, lie)
        if found is not None and found.denies:
            return self._denied(lie, node)
        if found is not None and found.lie is not None:
            self._set_aside(node, str(lie), lie)
        else:
            self._strike(node, lie)
        return self._reread(lie, node)

    def _denied(self, lie: Untrue, node: Node) -> Outcome:
        """A node stands by its own word, and it is not what is stored as verified: do others say what is stored?"""
        others = [one for one in self._pool.sound if one is not node]
        said = [self._backs(one) for one in others]
        if True in said:
            self._set_aside(node, f"it denies what {others[said.index(True)].name} and the store say: {lie}", lie)
        elif said and False not in said and node.strikes < MOST_STRIKES:
            node.strikes += 1
            self._pool.failed(node, f"{lie}")  # who could tell does not answer now
        else:
            raise type(lie)(
                f"{lie}; {node.name} stands by its own word, and what is stored as verified is not that: "
                "'smartchain verify' tells which entries differ",
                lie.first_block,
                lie.last_block,
            )
        return self._reread(lie, node)

    def _backs(self, node: Node) -> bool | None:
        """Whether a node says what is stored as verified; None where it cannot be asked now."""
        at = self._store.status().verified_at
        if at is None:
            return None
        try:
            self._pool.know(node)
            return node.source.head(at) == head_at(self._store, at.number)
        except (UnknownBlock, NoContract, NotALedger):
            return False
        except HostError as fault:
            self._pool.failed(node, fault)
            return None

    def _examined(self, node: Node, lie: Untrue) -> Finding | None:
        """What holding a node to its own word gives; None where it does not answer, or not for that range."""
        try:
            at = node.source.target()
            if lie.last_block is not None and at.number < lie.last_block:
                return None
            return examine(node.source, self._store, at)
        except HostError as fault:
            self._pool.failed(node, fault)
            return None

    def _strike(self, node: Node, lie: Untrue) -> None:
        node.strikes += 1
        self._pool.failed(node, f"{lie}")
        if node.strikes >= MOST_STRIKES:
            self._set_aside(node, f"it keeps changing what it says: {lie}", lie)

    def _set_aside(self, node: Node, why: str, lie: Untrue) -> None:
        self._pool.set_aside(node, why)
        if not self._pool.sound:
            said = f"every node is set aside, none is left: {told(self._pool.nodes)}"
            raise type(lie)(said, lie.first_block, lie.last_block, lacks=lie.lacks) from lie

    def _reread(self, lie: Untrue, node: Node) -> Outcome:
        """Once a liar is gone there is nothing to wait for."""
        return self.step() if node.aside else Reread(lie.first_block or 0, lie.last_block or 0, str(lie))

    # two heads of one block

    def _between(self, lie: Untrue, one: Node, other: Node) -> Outcome:
        at = self._pool.newest
        found = {node: None if at is None else self._held(node, at) for node in (one, other)}
        false = [node for node in found if (finding := found[node]) is not None and finding.lie is not None]
        if false:
            for node in false:
                self._strike_false(node, found[node], lie)
            return self._reread(lie, false[0])
        first, second = found[one], found[other]
        if at is None or first is None or second is None or first.head == second.head:
            return self._reread(lie, one)  # a node that does not answer is left alone, and asked again later
        sides = self._sides(at, {one: first, other: second})
        odd = _odd(sides)
        if odd is None and len(sides) < len(self._pool.sound):
            return self._reread(lie, one)  # somebody who could decide does not answer now
        if odd is None:
            raise lie
        self._set_aside(odd, f"{lie}, and the other nodes say otherwise than {odd.name}", lie)
        return self._reread(lie, odd)

    def _held(self, node: Node, at: HostBlock) -> Finding | None:
        try:
            return examine(node.source, self._store, at)
        except HostError as fault:
            self._pool.failed(node, fault)
            return None

    def _strike_false(self, node: Node, found: Finding | None, lie: Untrue) -> None:
        """Logs that come late are no lie: only what is found again and again is."""
        node.strikes += 1
        said = found.lie if found is not None else ""
        self._pool.failed(node, f"{node.name} does not stand by its own word: {said}")
        if node.strikes >= MOST_STRIKES:
            self._set_aside(node, f"its logs do not give its own head: {said}", lie)

    def _sides(self, at: HostBlock, found: dict[Node, Finding]) -> dict[Node, Head]:
        """The head of each node that stands by it."""
        sides = {node: finding.head for node, finding in found.items()}
        for node in self._pool.sound:
            if node not in sides:
                theirs = self._held(node, at)
                if theirs is not None and theirs.lie is None:
                    sides[node] = theirs.head
        return sides


def _odd(sides: dict[Node, Head]) -> Node | None:
    """Who is alone with its head against two or more that share one; None where that is undecided."""
    votes = {head: [node for node in sides if sides[node] == head] for head in sides.values()}
    alone = [nodes[0] for nodes in votes.values() if len(nodes) == 1]
    return alone[0] if len(votes) == 2 and len(alone) == 1 and len(sides) > 2 else None
