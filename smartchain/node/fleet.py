"""
The chains that one node serves: told of by whoever follows them, at any moment, and shown by `node.chains`.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence

from starlette.types import ASGIApp

from smartchain.errors import SmartchainError
from smartchain.ledger.address import checksum
from smartchain.ledger.unit import Unit
from smartchain.node.app import chain_app
from smartchain.node.explorer.fleet import Line, line_of
from smartchain.node.metrics import ChainFigures, Counted, Metrics
from smartchain.node.services import Services
from smartchain.types import Address

NOT_ASKED = "the factory has not said yet which ledgers it lists"
TAKEN_UP = "it is being taken up"


class Served:
    """One chain, and what answers for it: made when somebody first asks, for of a thousand chains few are looked at."""

    def __init__(self, services: Services) -> None:
        self.services = services
        self.unit: Unit | None = None
        """What it counts, as its contract says."""
        self.metrics = Metrics(ChainFigures(services))
        self._app: ASGIApp | None = None
        self._making = threading.Lock()

    def app(self) -> ASGIApp:
        """All of it but the guards, which every chain has in common."""
        with self._making:
            if self._app is None:
                self._app = Counted(chain_app(self.services, self.metrics), self.metrics)
            return self._app

    def line(self, reason: str | None) -> Line:
        """Where it stands; a store that does not answer is the reason why nobody knows."""
        try:
            with self.services.store.view() as view:
                return line_of(view, self.unit, reason)
        except SmartchainError as fault:
            return Line(self.services.store.info.address, reason=reason or str(fault))

    def not_ready(self) -> str | None:
        """Why it is not to be asked about the chain as it is now; None if it may be."""
        try:
            return self.services.health.not_ready(self.services.store.status())
        except SmartchainError:
            return "the store does not answer"


class Fleet:
    """The chains of a factory, as many as are known by now; for any number of threads."""

    def __init__(self, factory: Address) -> None:
        self.factory = factory
        self.asked = False
        """Whether the factory has said which ledgers it lists."""
        self._listed: Sequence[Address] = ()
        self._served: Mapping[Address, Served] = {}
        self._left: Mapping[Address, str] = {}
        self._changing = threading.Lock()

    # what whoever follows them tells

    def add(self, services: Services) -> None:
        """One more chain is served from now on."""
        with self._changing:
            self._served = {**self._served, services.store.info.address: Served(services)}

    def counts(self, ledger: Address, unit: Unit) -> None:
        """What a chain counts, as its contract says."""
        if found := self.find(ledger):
            found.unit = unit

    def leave(self, ledger: Address, reason: str) -> None:
        """A ledger cannot be followed; what the store has of it is served all the same."""
        with self._changing:
            self._left = {**self._left, ledger: reason}

    def lists(self, ledgers: Sequence[Address]) -> None:
        """
        What the factory says, in its order; a chain that it does not list is none of these.

        A ledger is never taken off the list: where one is missing, a node was asked that is behind the others.
        """
        with self._changing:
            self._listed = tuple(dict.fromkeys([*self._listed, *ledgers]))
            self._served = {name: one for name, one in self._served.items() if name in set(self._listed)}
            self.asked = True

    # what is asked

    def find(self, ledger: Address) -> Served | None:
        return self._served.get(ledger)

    def not_served(self, ledger: Address) -> str | None:
        """Why a ledger of the list has no chain here; None for one that is not on it."""
        return self._left.get(ledger) or (TAKEN_UP if ledger in self._listed else None)

    def names(self) -> list[Address]:
        """Every ledger: as the factory lists them, once it has."""
        return list(self._listed) if self.asked else list(self._served)

    def lines(self) -> list[Line]:
        """Where each stands."""
        return [self._line(name) for name in self.names()]

    def metrics(self) -> dict[str, Metrics]:
        """The figures of each that is served, by its ledger's address."""
        return {checksum(name): one.metrics for name, one in self._served.items()}

    def followed(self) -> dict[str, str | None]:
        """Those that are followed, and why one has not got on for long; None where it has."""
        served, left = self._served, self._left
        return {
            checksum(name): one.services.health.waiting().stalled for name, one in served.items() if name not in left
        }

    def not_ready(self) -> dict[str, str]:
        """Those that are not to be asked about their chain as it is now, and why."""
        whys = {name: self._why_not(name) for name in self.names()}
        return {checksum(name): why for name, why in whys.items() if why is not None}

    def _why_not(self, name: Address) -> str | None:
        served = self.find(name)
        return self._left.get(name) or (TAKEN_UP if served is None else served.not_ready())

    def _line(self, name: Address) -> Line:
        served, reason = self.find(name), self._left.get(name)
        return Line(name, reason=reason or TAKEN_UP) if served is None else served.line(reason)
