"""Peers that misbehave, each in its own way, over what an honest one says."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TypeVar

from smartchain.errors import InputError, PeerUnavailable, PeerUnusable, ProofError
from smartchain.indexer.growth import Growth
from smartchain.ledger.entry import Entry
from smartchain.ledger.hash import keccak
from smartchain.peer.serve import StorePeer
from smartchain.ports import Chunk, HostBlock, LedgerStore, PeerHead, Portion
from smartchain.types import Address, Hash32, Index, Size
from tests.fakes.store import ListStore

T = TypeVar("T")
LEVEL = 3
"""Parts of eight entries: small ledgers have many."""


class Honest:
    """Implements `ports.PeerSource` over a store, with the errors that a client over HTTP gives."""

    part_level = LEVEL

    def __init__(self, store: LedgerStore, name: str = "http://honest") -> None:
        self.store = store
        self.name = name
        self.away = False
        self.taken: list[tuple[int, int]] = []
        """Ranges that were asked for in bulk."""

    def head(self, size: int | None = None) -> PeerHead:
        return self._answer(lambda peer: peer.head(size))

    def consistency(self, first: int, second: int) -> list[Hash32]:
        return self._answer(lambda peer: peer.consistency(first, second))

    def outline(self, start: int, stop: int) -> list[Hash32]:
        return self._answer(lambda peer: peer.outline(start, stop))

    def portions(self, start: int, stop: int) -> Iterator[Portion]:
        self.taken.append((start, stop))
        portions = self._answer(lambda peer: list(peer.portions(start, stop)))
        yield from portions

    def _answer(self, ask: Callable[[StorePeer], T]) -> T:
        if self.away:
            raise PeerUnavailable(f"{self.name} cannot be reached")
        try:
            return ask(StorePeer(self.store, part_level=self.part_level))
        except (ProofError, InputError) as error:
            raise PeerUnavailable(f"{self.name} no longer has what it announced: {error}") from error


class Bulk(Honest):
    """Lies in the entries that it gives."""

    def __init__(
        self, store: LedgerStore, chance: random.Random, how: Callable[[random.Random, Portion], None]
    ) -> None:
        super().__init__(store, f"http://liar-{how.__name__.replace('_', '-')}")
        self._chance = chance
        self._how = how

    def portions(self, start: int, stop: int) -> Iterator[Portion]:
        found = list(super().portions(start, stop))
        spoilt = self._chance.randrange(len(found))
        for at, portion in enumerate(found):
            if at == spoilt:
                self._how(self._chance, portion)
            yield portion


def alters(chance: random.Random, portion: Portion) -> None:
    at = chance.randrange(len(portion.packed))
    entry = Entry.unpack(portion.packed[at])
    portion.packed[at] = replace(entry, value=entry.value ^ 1).pack()


def reorders(chance: random.Random, portion: Portion) -> None:
    portion.packed.reverse()
    if len(portion.packed) == 1:
        alters(chance, portion)


def doubles(chance: random.Random, portion: Portion) -> None:
    portion.packed[-1] = portion.packed[0]
    if len(portion.packed) == 1:
        alters(chance, portion)


def drops(chance: random.Random, portion: Portion) -> None:
    del portion.packed[0], portion.transactions[0], portion.host_blocks[0]


def breaks_off(chance: random.Random, portion: Portion) -> None:
    raise PeerUnavailable("http://liar-breaks-off broke off its download")


def stalls(chance: random.Random, portion: Portion) -> None:
    raise PeerUnusable("http://liar-stalls stalls")


def hints_at_random(chance: random.Random, portion: Portion) -> None:
    """No lie that anybody could find out: only entries are under the root."""
    portion.host_blocks[:] = [chance.choice([0, 1, 2**62, 5]) for _ in portion.host_blocks]
    portion.transactions[:] = [chance.randbytes(32) for _ in portion.transactions]


class FalseRoot(Honest):
    """Announces a root that is none."""

    def head(self, size: int | None = None) -> PeerHead:
        head = super().head(size)
        root = keccak(head.root)
        return replace(head, root=root, peaks=(root,) * len(head.peaks))


class FalseOutline(Honest):
    def outline(self, start: int, stop: int) -> list[Hash32]:
        return [keccak(root) for root in super().outline(start, stop)]


class Boaster(Honest):
    """Says that it has more than it has."""

    def head(self, size: int | None = None) -> PeerHead:
        head = super().head(size)
        more = Size(head.size + 5)
        return replace(head, size=more, root=keccak(b"more"), peaks=(keccak(b"more"),) * int(more).bit_count())


class Stranger(Honest):
    """Serves another ledger."""

    def head(self, size: int | None = None) -> PeerHead:
        head = super().head(size)
        return replace(head, info=replace(head.info, address=Address(b"\x99" * 20)))


class OtherRule(Honest):
    def head(self, size: int | None = None) -> PeerHead:
        head = super().head(size)
        return replace(head, info=replace(head.info, fee_ppm=99))


class FalseProof(Honest):
    """Its head is its own, and no proof of it holds."""

    def consistency(self, first: int, second: int) -> list[Hash32]:
        return [keccak(node) for node in super().consistency(first, second)]


class OldFormat(Honest):
    def head(self, size: int | None = None) -> PeerHead:
        raise PeerUnusable(f"{self.name} sent its head in format 0, and this node reads format 1")


class Forger(Honest):
    """A whole chain of its own, forged from some entry on and true to itself: no proof of it fails."""

    def __init__(self, store: LedgerStore, chance: random.Random, newest: bool = False) -> None:
        super().__init__(store, "http://forger")
        self._newest = newest
        self._honest = store
        self._chance = chance

    def head(self, size: int | None = None) -> PeerHead:
        if size is None:
            self.store = forged(self._honest, self._chance, self._newest)
        return super().head(size)


def forged(honest: LedgerStore, chance: random.Random, newest: bool = False) -> ListStore:
    """A store with some entry altered, or the newest one, and all that follows from it."""
    store = ListStore(honest.info)
    with honest.view() as view:
        size = view.status.verified_size
        packed, (transactions, host_blocks) = list(view.packed(0, size)), view.hints(0, size)
    if size:
        at = size - 1 if newest else chance.randrange(size)
        packed[at] = replace(Entry.unpack(packed[at]), value=chance.getrandbits(70)).pack()
    last = host_blocks[-1] if host_blocks else 0
    hashes = {number: keccak(number.to_bytes(8, "big")) for number in host_blocks}
    chunk = Chunk(0, last, Index(0), packed, host_blocks, transactions, hashes)
    step = Growth(store).step(chunk, HostBlock(last, keccak(b"forged"), 1))
    step.verified = True
    store.take(step)
    return store


def liars(store: LedgerStore, chance: random.Random) -> list[Honest]:
    """One of every kind."""
    return [
        *(Bulk(store, chance, how) for how in (alters, reorders, doubles, drops, breaks_off, stalls, hints_at_random)),
        FalseRoot(store, "http://false-root"),
        FalseOutline(store, "http://false-outline"),
        Boaster(store, "http://boaster"),
        Stranger(store, "http://stranger"),
        OtherRule(store, "http://other-rule"),
        FalseProof(store, "http://false-proof"),
        OldFormat(store, "http://old-format"),
        Forger(store, chance),
    ]
