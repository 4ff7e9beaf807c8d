"""
Compares this node's chain with what its peers have, and keeps evidence where two of them part.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from itertools import combinations
from pathlib import Path

from smartchain.errors import PeerError, ProofError
from smartchain.peer import evidence
from smartchain.peer.evidence import Fork
from smartchain.peer.serve import StorePeer
from smartchain.ports import LedgerStore, PeerHead, PeerSource

Found = Callable[[Fork, Path], None]
"""Told of a fork that is new, and the file that shows it."""

MOST_FILES = 100
"""In the folder: whoever forges chains without end fills no disk."""


class Lookout:
    """
    Told what peers announce, it compares: each with this node, and where this node has nothing yet, with one another.
    """

    def __init__(
        self,
        store: LedgerStore,
        folder: Path,
        found: Found = lambda _fork, _path: None,
        clock: Callable[[], float] = time.time,
        own: PeerSource | None = None,
    ) -> None:
        self._own = own or StorePeer(store)
        self._folder = folder
        self._found = found
        self._clock = clock

    def __call__(self, heads: Mapping[PeerSource, PeerHead]) -> None:
        known = self._own.head()
        if known.size:
            for peer in heads:
                self.compare(self._own, peer)
            return
        for one, other in combinations(_different(heads), 2):
            self.compare(one, other)

    def compare(self, one: PeerSource, other: PeerSource) -> Fork | None:
        """The fork between two logs, kept in a file; None where one begins with the other, or does not answer."""
        try:
            heads = evidence.part(one, other)
            if heads is None or replace(heads[0].info, deployed_at=0) != replace(heads[1].info, deployed_at=0):
                return None
            collected = evidence.collect(one, other, heads, int(self._clock()))
        except (PeerError, ProofError):
            return None  # it moved meanwhile, or does not stand by what it said: no evidence of anything
        fork = evidence.read(evidence.to_json(collected))
        if len(list(self._folder.glob("fork-*.json"))) < MOST_FILES:
            path, is_new = evidence.write(collected, self._folder)
            if is_new:
                self._found(fork, path)
        return fork


def _different(heads: Mapping[PeerSource, PeerHead]) -> list[PeerSource]:
    """One peer of each head: what says the same need not be compared."""
    return list({(head.size, head.root): peer for peer, head in heads.items()}.values())
