"""
A second opinion: what one node says of a ledger, held to what others say, and to proofs of the state.

A node that forges `head()` to fit its forged logs is caught by nothing else.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from smartchain.errors import ProofError, SourcesDisagree, UnknownBlock, WrongChain
from smartchain.host.source import HostLedger
from smartchain.host.stateproof import proven_head
from smartchain.ledger.block import BlockRule
from smartchain.ports import Chunk, EntrySource, Genesis, Head, HostBlock, LedgerInfo, Rpc, Settled
from smartchain.types import Address, Hash32, Index, Size

MOST_FORKS = 5
"""Looks in a row at which another node has another block in the target's place, before it is no passing fork."""


class CheckedSource:
    """
    Implements `ports.EntrySource`: entries come from `source`, every head is asked of the `others` too.

    Where another node proves the state, its head must follow from the proof as well. `SourcesDisagree` if not.
    """

    def __init__(self, source: EntrySource, others: Sequence[Rpc]) -> None:
        self._source = source
        self._others = others
        self._address: Address | None = None
        self._agreed: tuple[HostBlock, Head] | None = None
        self._forks = 0
        self.proven = False
        """Whether the head that was asked for last was proven against the state of its block."""

    @property
    def name(self) -> str:
        return self._source.name

    def info(self) -> LedgerInfo:
        """Raises what the source's does, `WrongChain` and `SourcesDisagree`."""
        info = self._source.info()
        for other in self._others:
            theirs = HostLedger(other, info.address, from_block=info.deployed_at).info()
            if theirs.chain_id != info.chain_id:
                raise WrongChain(
                    f"{other.name} is a node of chain {theirs.chain_id}, {self.name} of chain {info.chain_id}: "
                    "check the nodes to compare with"
                )
            if theirs != info:
                raise SourcesDisagree(
                    f"{self.name} and {other.name} describe the ledger differently: trust neither before you know why"
                )
        self._address = info.address
        return info

    def origin(self, at: HostBlock) -> tuple[BlockRule, Genesis]:
        return self._source.origin(at)

    def target(self) -> HostBlock:
        return self._source.target()

    def settled(self) -> Settled:
        return self._source.settled()

    def block(self, number: int) -> HostBlock | None:
        return self._source.block(number)

    def chunks(self, first_block: int, last_block: int, expected: Index) -> Iterator[Chunk]:
        return self._source.chunks(first_block, last_block, expected)

    def peaks(self, at: HostBlock) -> list[Hash32]:
        return self._source.peaks(at)

    def checkpoint(self, size: Size, at: HostBlock) -> Hash32 | None:
        """One that all have; None where any lacks it. Raises `HostError`s and `SourcesDisagree`."""
        root = self._source.checkpoint(size, at)
        address = self._address or self.info().address
        for other in self._others:
            theirs = HostLedger(other, address).checkpoint(size, at)
            if root is None or theirs is None:
                return None
            self._compare(Head(size, root), Head(size, theirs), other.name, at)
        return root

    def head(self, at: HostBlock) -> Head:
        """
        The head at that block, on which all agree.

        Raises what the source's does; `UnknownBlock` and `StateGone` also where another node lacks the block or its
        state; `SourcesDisagree`.
        """
        if self._agreed is not None and self._agreed[0] == at:
            return self._agreed[1]
        try:
            head = self._agree(at)
        except SourcesDisagree:
            head = self._agree(at)  # one more look: a passing fault is no lie
        self._agreed, self._forks = (at, head), 0
        return head

    def _agree(self, at: HostBlock) -> Head:
        address = self._address or self.info().address
        head = self._source.head(at)
        self.proven = False
        for other in self._others:
            self._compare(head, self._head_of(other, address, at), other.name, at)
            self._prove(head, other, address, at)
        return head

    def _head_of(self, other: Rpc, address: Address, at: HostBlock) -> Head:
        """Another node's head; a node on another fork is waited for, but not for ever."""
        theirs = HostLedger(other, address)
        try:
            return theirs.head(at)
        except UnknownBlock:
            block = theirs.block(at.number)
            if block is None or block.hash == at.hash:
                raise
        self._forks += 1
        said = f"host block {at.number} is another one on {other.name} than on {self.name}"
        if self._forks < MOST_FORKS:
            raise UnknownBlock(f"{said}; it is looked at again")
        raise SourcesDisagree(f"{said}, and stays so: one of them is on another chain", at.number, at.number)

    def _prove(self, head: Head, other: Rpc, address: Address, at: HostBlock) -> None:
        try:
            proven = proven_head(other, address, at, head.size)
        except ProofError as exc:
            raise SourcesDisagree(
                f"{other.name} gave a state proof for host block {at.number} that does not hold: {exc}",
                at.number,
                at.number,
            ) from exc
        if proven is not None:
            self._compare(head, proven, f"the state that {other.name} proves", at)
            self.proven = True

    def _compare(self, ours: Head, theirs: Head, who: str, at: HostBlock) -> None:
        if theirs != ours:
            raise SourcesDisagree(
                f"at host block {at.number} {self.name} says {_say(ours)}, and {who} says {_say(theirs)}: "
                "one of them lies",
                at.number,
                at.number,
            )


def _say(head: Head) -> str:
    root = f" with root 0x{head.root.hex()}" if any(head.root) else ""
    return f"{head.size} entries{root}"
