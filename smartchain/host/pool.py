"""
One ledger through several nodes of the host chain: one of them serves a step, the others are its witnesses.

All that one step hears comes from one node. Where the contract's head is asked for at the block that the step reads up
to, whoever else is well and knows that very block is asked too; silence, and being behind, is no contradiction.
Who lies is for `indexer.pooled` to find out: it reads the logs of each by itself.
"""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import TypeVar

from smartchain.errors import HostError, HostUnavailable, SmartchainError, SourcesDisagree, UnknownBlock, WrongChain
from smartchain.host.standing import Node, in_turn, named, told
from smartchain.ledger.block import BlockRule
from smartchain.ports import Chunk, EntrySource, Genesis, Head, HostBlock, LedgerInfo, Settled
from smartchain.types import Hash32, Index, Size

T = TypeVar("T")

STUCK_S = 30.0
"""A node that has given the same newest block for so long is held to what the others have."""

UNDECIDED_S = 30.0
"""For so long two nodes may describe the ledger differently: a reorganisation may have deployed it anew on one."""

AHEAD = 2
"""Host blocks by which another has to be ahead for it."""

Tell = Callable[[str, str, str], object]
"""Told (what happened, the node's name, why): a node taken into use, and one set aside."""


class PoolSource:
    """
    Implements `ports.EntrySource` over several; never empty.

    `order` says whom to ask in the next step, `use` begins a step with one of them, `failed` and `set_aside` say how it
    went.
    """

    def __init__(
        self,
        sources: Sequence[EntrySource],
        *,
        tell: Tell = lambda _what, _name, _why: None,
        clock: Callable[[], float] = time.monotonic,
        chance: random.Random | None = None,
    ) -> None:
        self.nodes = named(sources)
        self.in_use = self.nodes[0]
        self.disputed: Node | None = None
        """Who said another head than the node in use, where `head` raised `SourcesDisagree`."""
        self.fault: HostError | None = None
        """What went wrong first in this step, whether or not somebody could do without."""
        self.is_forked = False
        """Whether `head` raised since as many nodes have another block: no fault of the node."""
        self.newest: HostBlock | None = None
        """What `target` gave in this step."""
        self.size: Size | None = None
        """How many entries the contract has, as it was last heard."""
        self.tell = tell
        self._clock = clock
        self._chance = chance or random.Random()  # noqa: S311  (no secret)
        self._info: LedgerInfo | None = None
        self._agreed: tuple[HostBlock, Head] | None = None
        self._differ_s: float | None = None
        """Since when nodes describe the ledger differently."""
        self._stands: tuple[int, float] = (-1, 0.0)
        """The newest block of the node in use, and since when it is."""

    @property
    def name(self) -> str:
        return self.in_use.name

    @property
    def sound(self) -> list[Node]:
        """Those that are not set aside."""
        return [node for node in self.nodes if node.aside is None]

    # a step

    def order(self) -> list[Node]:
        """Whom to ask in the next step. Raises `HostUnavailable` where all asked to be left alone, `WrongChain`."""
        if not self.sound:
            raise WrongChain(f"no node of the chain is left: {told(self.nodes)}")
        self._leave_the_stuck()
        found = in_turn(self.nodes, self._clock())
        if not found:
            raise HostUnavailable(f"every node asks for patience: {told(self.sound)}")
        return found

    def use(self, node: Node, why: str = "") -> None:
        """Begin a step with that node. Raises `HostError`s where it was away before and has to be compared first."""
        if node is not self.in_use:
            self.tell("in_use", node.name, why or self.in_use.aside or self.in_use.reason or "it is well again")
            self.in_use, self._stands = node, (-1, 0.0)
        self.fault = self.disputed = self.newest = None
        self.is_forked = False
        self.know(node)

    def failed(self, node: Node, fault: HostError | str, took_s: float = 0.0) -> None:
        node.failed(fault, self._clock(), self._chance, took_s)

    def set_aside(self, node: Node, why: str) -> None:
        """Never ask it again."""
        node.aside = why
        self._agreed = None
        self.tell("set_aside", node.name, why)

    def _leave_the_stuck(self) -> None:
        """Leave the node in use where it stays at an old block and another is ahead."""
        number, since = self._stands
        now = self._clock()
        if number < 0 or now - since < STUCK_S:
            return
        self._stands = number, now
        for other in self._witnesses():
            ahead = self._of(other, lambda other=other: other.source.target())  # type: ignore[misc]
            if ahead is not None and ahead.number >= number + AHEAD:
                said = f"it stays at host block {number}, and {other.name} is at {ahead.number}"
                self.failed(self.in_use, f"{self.in_use.name} is behind: {said}")
                return

    # who they are

    def info(self) -> LedgerInfo:
        """
        What all nodes that answer say of the ledger, or most of them; the others are asked when they are back.

        Raises `WrongChain` for a node of another chain, `SourcesDisagree` where two say otherwise, nobody decides and
        it stays so (`HostUnavailable` at first), else what the nodes raise.
        """
        said, faults = dict[Node, LedgerInfo](), list[HostError]()
        for node in in_turn(self.nodes, self._clock()) or self.sound:
            try:
                said[node] = node.source.info()
            except WrongChain:
                raise
            except HostError as fault:
                faults.append(fault)
                self.failed(node, fault)
        if not said:
            raise next((fault for fault in faults if fault.retryable), faults[0])
        self._info = self._most(said)
        return self._info

    def _most(self, said: dict[Node, LedgerInfo]) -> LedgerInfo:
        """The first block is the earliest that any names: too early a one costs time, too late a one entries."""
        (first, info), *others = said.items()
        for node, one in others:
            if one.chain_id != info.chain_id:
                raise _wrong_chain(node, one, first, info)
        votes = Counter(map(_lasting, said.values()))
        (chosen, most), *_ = votes.most_common()
        odd = [node for node, one in said.items() if _lasting(one) != chosen]
        if odd and most <= len(odd):
            raise self._differing(first if odd[0] is not first else next(one for one in said if one not in odd), odd[0])
        self._differ_s = None
        for node in said:
            node.is_known = True
        for node in odd:
            self.set_aside(node, "it describes the ledger otherwise than most do")
        return replace(chosen, deployed_at=min(one.deployed_at for one in said.values() if _lasting(one) == chosen))

    def know(self, node: Node) -> None:
        """
        Compare a node that did not answer when the others did. A wrong chain is set aside: the run goes on.

        Raises `HostError`s where it cannot be compared now, `SourcesDisagree`.
        """
        if node.is_known or self._info is None or len(self.nodes) == 1:
            return
        try:
            info = node.source.info()
        except WrongChain as wrong:
            self.set_aside(node, str(wrong))
            raise HostUnavailable(str(wrong)) from wrong
        if info.chain_id != self._info.chain_id:
            self.set_aside(node, f"it is a node of chain {info.chain_id}, not of chain {self._info.chain_id}")
            raise HostUnavailable(f"{node.name} is set aside: {node.aside}")
        if _lasting(info) != _lasting(self._info):
            self._check(node, info)
        self._differ_s, node.is_known = None, True

    def _check(self, node: Node, info: LedgerInfo) -> None:
        """A node describes the ledger otherwise than the others did. By now they may, too, or be gone for good."""
        others = [one for one in self.sound if one.is_known]
        said = {one: theirs for one in others if (theirs := self._of(one, one.source.info)) is not None}
        if others and not said:
            raise HostUnavailable(f"{node.name} describes the ledger otherwise than others did, who do not answer now")
        if said and all(_lasting(theirs) != _lasting(info) for theirs in said.values()):
            raise self._differing(next(iter(said)), node)
        self._info = info

    def _differing(self, one: Node, other: Node) -> SmartchainError:
        """What to raise where both may be right for now."""
        now = self._clock()
        self._differ_s = now if self._differ_s is None else self._differ_s
        said = f"{one.name} and {other.name} describe the ledger differently"
        if now - self._differ_s < UNDECIDED_S:
            return HostUnavailable(f"{said}; waiting until they agree")
        return SourcesDisagree(f"{said}: trust neither before you know why")

    # ports.EntrySource

    def target(self) -> HostBlock:
        self.newest = target = self._ask(lambda source: source.target())
        if target.number != self._stands[0]:
            self._stands = target.number, self._clock()
        return target

    def settled(self) -> Settled:
        """What all nodes that answer call so, the oldest of each: no single one can call a block final."""
        said = [self._ask(lambda source: source.settled())]
        said += filter(None, (self._of(other, other.source.settled) for other in self._witnesses()))
        return Settled(_oldest([one.safe for one in said]), _oldest([one.finalized for one in said]))

    def origin(self, at: HostBlock) -> tuple[BlockRule, Genesis]:
        return self._ask(lambda source: source.origin(at))

    def block(self, number: int) -> HostBlock | None:
        return self._ask(lambda source: source.block(number))

    def chunks(self, first_block: int, last_block: int, expected: Index) -> Iterator[Chunk]:
        try:
            yield from self.in_use.source.chunks(first_block, last_block, expected)
        except HostError as fault:
            self.fault = self.fault or fault
            raise

    def peaks(self, at: HostBlock) -> list[Hash32]:
        return self._ask(lambda source: source.peaks(at))

    def checkpoint(self, size: Size, at: HostBlock) -> Hash32 | None:
        return self._ask(lambda source: source.checkpoint(size, at))

    def head(self, at: HostBlock) -> Head:
        """
        The head at that block; at the target, one that no other node contradicts.

        Raises `SourcesDisagree` where one does, at the very same block, and `UnknownBlock` where as many nodes have
        another block in its place: whose chain goes on, time will tell.
        """
        head = self._ask(lambda source: source.head(at))
        if at == self.newest:
            self.size = head.size
            if self._agreed != (at, head):
                self._confirm(head, at)
                self._agreed = at, head
        return head

    def _ask(self, ask: Callable[[EntrySource], T]) -> T:
        try:
            return ask(self.in_use.source)
        except HostError as fault:
            self.fault = self.fault or fault
            raise

    # the witnesses

    def _witnesses(self) -> list[Node]:
        now = self._clock()
        return [node for node in self.sound if node is not self.in_use and node.is_known and node.not_before_s <= now]

    def _confirm(self, head: Head, at: HostBlock) -> None:
        """Ask the others for the head at the same block."""
        agree, elsewhere = 1, list[Node]()
        for other in self._witnesses():
            theirs = self._of(other, lambda other=other: self._head_of(other, at))  # type: ignore[misc]
            if isinstance(theirs, HostBlock):
                elsewhere.append(other)
            elif theirs == head or (theirs is not None and self._same_again(other, at)):
                agree += 1
                other.did_well()
            elif theirs is not None:
                self.disputed = other
                said = f"at host block {at.number} {self.name} says {_say(head)}, and {other.name} says {_say(theirs)}"
                raise SourcesDisagree(f"{said}: one of them lies", at.number, at.number)
        if elsewhere and len(elsewhere) >= agree:
            self.is_forked = True
            said = f"host block {at.number} is another one on {elsewhere[0].name} than on {self.name}"
            raise UnknownBlock(f"{said}; waiting until they agree")
        for other in elsewhere:
            self.failed(other, f"{other.name} has another host block {at.number} than most")

    def _head_of(self, node: Node, at: HostBlock) -> Head | HostBlock | None:
        """Its head there; the block that it has in that place instead; None where it is behind."""
        try:
            return node.source.head(at)
        except UnknownBlock:
            there = node.source.block(at.number)
            return there if there is not None and there.hash != at.hash else None

    def _same_again(self, other: Node, at: HostBlock) -> bool:
        """One more look at both: a passing fault is no lie."""
        ours = self._ask(lambda source: source.head(at))
        theirs = self._of(other, lambda: self._head_of(other, at))
        return not isinstance(theirs, Head) or ours == theirs

    def _of(self, node: Node, ask: Callable[[], T]) -> T | None:
        """What a witness says; None where it cannot be asked, and then it is left alone for a while."""
        begun = self._clock()
        try:
            return ask()
        except HostError as fault:
            self.failed(node, fault, self._clock() - begun)
            return None


def _oldest(places: Sequence[HostBlock | None]) -> HostBlock | None:
    return min((place for place in places if place is not None), key=lambda place: place.number, default=None)


def _lasting(info: LedgerInfo) -> LedgerInfo:
    """What nodes cannot see differently: a node that is behind may take a later block for the first."""
    return replace(info, deployed_at=0)


def _wrong_chain(node: Node, info: LedgerInfo, first: Node, chosen: LedgerInfo) -> WrongChain:
    return WrongChain(
        f"{node.name} is a node of chain {info.chain_id}, and {first.name} of chain {chosen.chain_id}: "
        "every --rpc-url must be of the same chain"
    )


def _say(head: Head) -> str:
    root = f" with root 0x{head.root.hex()}" if any(head.root) else ""
    return f"{head.size} entries{root}"
