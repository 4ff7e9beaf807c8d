"""
How the nodes of a pool stand, and which of them is asked next; nothing here asks anybody.

Whoever fails is left alone for a while, longer each time and never for just as long as another: a node that comes back
is not run over. Whoever lied is set aside for good.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field

from smartchain.errors import HostError, HostUnavailable
from smartchain.ports import EntrySource

FIRST_WAIT_S, LONGEST_WAIT_S = 1.0, 60.0
LONGEST_ASKED_S = 300.0
"""A node that asks for more patience than this (Retry-After) is asked again all the same."""


@dataclass(slots=True, eq=False)
class Node:
    """One node, and what it has done so far; `order` is its place among those that were given."""

    name: str
    order: int
    source: EntrySource = field(repr=False)
    not_before_s: float = 0.0
    """Left alone until then, if another can be asked."""
    asked_until_s: float = 0.0
    """It asked to be left alone until then."""
    faults: int = 0
    """In a row."""
    reason: str = ""
    """Its last fault, while it lasts."""
    aside: str | None = None
    """What it did that it is not asked again."""
    is_known: bool = False
    """Its chain and its ledger were compared with those of the others."""
    strikes: int = 0
    """Doubts that it left open since it last led to something verified."""

    def failed(self, fault: HostError | str, now_s: float, chance: random.Random, took_s: float = 0.0) -> None:
        """Leave it alone for a while: ten times as long as it kept others waiting, at least."""
        wait_s: float = min(LONGEST_WAIT_S, FIRST_WAIT_S * 2.0**self.faults) * chance.uniform(0.5, 1.0)
        self.not_before_s = now_s + max(wait_s, 10 * took_s)
        asked_s = fault.retry_after_s if isinstance(fault, HostUnavailable) else None
        self.asked_until_s = now_s + min(LONGEST_ASKED_S, asked_s or 0.0)
        self.not_before_s = max(self.not_before_s, self.asked_until_s)
        self.faults = min(self.faults + 1, 10)
        self.reason = str(fault)

    def did_well(self) -> None:
        self.faults, self.not_before_s, self.asked_until_s, self.reason = 0, 0.0, 0.0, ""


def in_turn(nodes: Sequence[Node], now_s: float) -> list[Node]:
    """
    Whom to ask, one after the other: those not in a wait, the fewest faults first, then as they were given.

    Where all are in a wait, the one whose wait ends first, unless it asked for it: whoever calls has waited enough.
    """
    sound = [node for node in nodes if node.aside is None]
    ready = [node for node in sound if node.not_before_s <= now_s]
    if ready:
        return sorted(ready, key=lambda node: (node.faults, node.order))
    willing = [node for node in sound if node.asked_until_s <= now_s]
    return sorted(willing, key=lambda node: (node.not_before_s, node.order))[:1]


def told(nodes: Sequence[Node]) -> str:
    """What each of the nodes did, as one clause."""
    return "; ".join(f"{node.name}: {node.aside or node.reason or 'nothing wrong'}" for node in nodes)


def named(sources: Sequence[EntrySource]) -> list[Node]:
    """A standing for each; two of one name are told apart by their places."""
    names = [source.name for source in sources]
    return [
        Node(name if names.count(name) == 1 else f"{name} (node {at + 1})", at, source)
        for at, (name, source) in enumerate(zip(names, sources, strict=True))
    ]
