"""Several ledgers with a past, behind one node."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

from smartchain.config import NodeSettings
from smartchain.ledger.entry import Entry
from smartchain.ledger.hash import keccak
from smartchain.ledger.unit import Unit
from smartchain.node.chains import build_chains
from smartchain.node.fleet import Fleet
from smartchain.node.services import Services
from smartchain.types import Address
from tests.browser.making import World, info_of
from tests.fakes.serving import serving

FACTORY = Address(keccak(b"the factory")[12:])


def ledger(number: int) -> Address:
    return Address(keccak(b"ledger %d" % number)[12:])


def of_token(entries: list[Entry], token: Address) -> list[Entry]:
    """The same payments, in a token."""
    return [one if one.is_seal else replace(one, subject=token) for one in entries]


class Chains:
    """A factory's ledgers, each with its entries and what it counts; `listed` of them, some not followed."""

    def __init__(self, histories: Sequence[tuple[list[Entry], Unit | None]], listed: int = 0) -> None:
        self.fleet = Fleet(FACTORY)
        self.worlds = [World(one, replace(info_of(), address=ledger(at))) for at, (one, _) in enumerate(histories)]
        self.services = [Services(world.store) for world in self.worlds]
        for services in self.services:
            self.fleet.add(services)
        self.fleet.lists([ledger(number) for number in range(max(listed, len(histories)))])
        for number, (_, unit) in enumerate(histories):
            if unit is not None:
                self.fleet.counts(ledger(number), unit)

    @contextmanager
    def served(self) -> Iterator[str]:
        """Its URL."""
        with serving(build_chains(self.fleet, NodeSettings())) as url:
            try:
                yield url
            finally:
                for services in self.services:
                    services.feed.close()
