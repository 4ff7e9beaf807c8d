"""
A store as a peer: what this node says to others, and to itself when it is compared with them.
"""

from __future__ import annotations

from collections.abc import Iterator

from smartchain.errors import InputError, ProofError
from smartchain.ledger.proof import consistency_proof, peaks_at, root_at
from smartchain.peer.outline import PART_LEVEL
from smartchain.ports import LedgerStore, PeerHead, Portion, View
from smartchain.types import Hash32, Index, Size


class StorePeer:
    """
    Implements `ports.PeerSource` over the served part of a store.

    Raises `ProofError` for what is past its end, `InputError` for what nobody can ask.
    """

    def __init__(self, store: LedgerStore, name: str = "this node", part_level: int = PART_LEVEL) -> None:
        self._store = store
        self._part_level = part_level
        self._name = name

    @property
    def name(self) -> str:
        return self._name

    def head(self, size: int | None = None) -> PeerHead:
        with self._store.view() as view:
            status = view.status
            size = status.verified_size if size is None else size
            _within(view, size)
            read_to = status.verified_at or status.cursor
            return PeerHead(
                view.info,
                Size(size),
                root_at(view.perfect, size),
                tuple(peaks_at(view.perfect, size)),
                status.verified_at is not None,
                read_to.number if read_to else view.info.deployed_at,
            )

    def consistency(self, first: int, second: int) -> list[Hash32]:
        with self._store.view() as view:
            _within(view, second)
            return consistency_proof(view.perfect, first, second)

    def outline(self, start: int, stop: int) -> list[Hash32]:
        level, part = self._part_level, 1 << self._part_level
        if start % part or stop % part or not 0 <= start < stop:
            raise InputError(f"an outline goes from one multiple of {part} to a later one, not from {start} to {stop}")
        with self._store.view() as view:
            _within(view, stop)
            return [view.perfect(level, at) for at in range(start >> level, stop >> level)]

    def portions(self, start: int, stop: int) -> Iterator[Portion]:
        """
        One read transaction a portion: who takes the entries slowly keeps nothing open here.

        Ends early where the store was rewound meanwhile.
        """
        if not 0 <= start < stop:
            raise InputError(f"entries go from one index to a later one, not from {start} to {stop}")
        with self._store.view() as view:
            _within(view, stop)
        while start < stop:
            end = min(stop, ((start >> self._part_level) + 1) << self._part_level)
            with self._store.view() as view:
                if view.status.verified_size < end:
                    return
                portion = Portion(Index(start), list(view.packed(start, end)), *view.hints(start, end))
            yield portion
            start = end


def _within(view: View, size: int) -> None:
    most = view.status.verified_size
    if not 0 <= size <= most:
        raise ProofError(f"this node has {most} entries, not {size}")
