"""Many chains in one process: nobody waits for another, and nobody takes another down."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable

import pytest

from smartchain.errors import (
    HostUnavailable,
    NoContract,
    NotAFactory,
    NotALedger,
    RootMismatch,
    SmartchainError,
    Untrue,
)
from smartchain.indexer.daemon import Daemon
from smartchain.indexer.fleet import Chain, Fleet
from smartchain.indexer.follow import Follower
from smartchain.types import Address
from tests.fakes.ledger_host import FakeHost, unavailable
from tests.fakes.store import ListStore


def name(number: int) -> Address:
    return Address(bytes([number]) * 20)


class Harbour:
    """Fake hosts with a ledger each, and a fleet that follows them."""

    def __init__(self, chains: int, at_once: int = 2) -> None:
        self.stop = threading.Event()
        self.hosts = {name(number): FakeHost(random.Random(number)) for number in range(1, chains + 1)}
        for number, host in enumerate(self.hosts.values(), start=1):
            for _ in range(number):
                host.mine(2)
        self.stores = {address: ListStore(host.info()) for address, host in self.hosts.items()}
        self.listed = list(self.hosts)
        self.faults: list[SmartchainError] = []
        """Of the list itself, one a look."""
        self.refused: dict[Address, list[SmartchainError]] = {}
        """What beginning a chain raises, one a try."""
        self.begun: list[Address] = []
        self.lost: list[Address] = []
        self.troubles: list[SmartchainError] = []
        self.fleet = Fleet(
            self._discover, self._begin, self.stop, self._lose, lambda fault, _wait: self.troubles.append(fault),
            look_s=0.002, at_once=at_once,
        )  # fmt: skip

    def _discover(self) -> list[Address]:
        if self.faults:
            raise self.faults.pop(0)
        return list(self.listed)

    def _begin(self, address: Address) -> Chain:
        if self.refused.get(address):
            raise self.refused[address].pop(0)
        self.begun.append(address)
        follower = Follower(self.hosts[address], self.stores[address], stopping=self.stop.is_set)
        return Daemon(follower, self.stop, lambda _: None, lambda fault, _: self.troubles.append(fault), poll_s=0.002)

    def _lose(self, address: Address, fault: SmartchainError) -> None:
        self.lost.append(address)

    def is_whole(self, address: Address) -> bool:
        """Whether the store has, verified, all that the host has."""
        recorded = self.hosts[address].entries()
        store = self.stores[address]
        return [row[0] for row in store.rows] == recorded and store.verified_size == len(recorded)

    def until(self, holds: Callable[[], bool]) -> None:
        """Run the fleet until that holds, then stop it."""
        thread = threading.Thread(target=self.fleet.run)
        thread.start()
        end = time.monotonic() + 20
        while not holds() and thread.is_alive() and time.monotonic() < end:
            time.sleep(0.002)
        held = holds()
        self.stop.set()
        thread.join(10)
        assert held
        assert not thread.is_alive()


def test_every_chain_of_the_list_is_followed_with_fewer_threads_than_chains() -> None:
    harbour = Harbour(7, at_once=2)

    harbour.until(lambda: all(map(harbour.is_whole, harbour.hosts)))

    assert sorted(harbour.begun) == sorted(harbour.hosts)
    assert harbour.fleet.left == {}


def test_a_chain_that_is_listed_later_is_followed_too() -> None:
    harbour = Harbour(3)
    late = harbour.listed.pop()
    thread = threading.Timer(0.05, lambda: harbour.listed.append(late))
    thread.start()

    harbour.until(lambda: all(map(harbour.is_whole, harbour.hosts)))

    assert harbour.begun[-1] == late


def test_chains_go_on_while_their_hosts_do() -> None:
    harbour = Harbour(2)

    def grow() -> None:
        for host in harbour.hosts.values():
            host.mine(3)

    growing = threading.Timer(0.05, grow)
    growing.start()

    harbour.until(lambda: not growing.is_alive() and all(map(harbour.is_whole, harbour.hosts)))


def test_who_is_no_ledger_is_left_and_the_others_go_on() -> None:
    harbour = Harbour(3)
    harbour.refused[name(2)] = [NotALedger("there is no ledger at that address")] * 9

    harbour.until(lambda: harbour.is_whole(name(1)) and harbour.is_whole(name(3)) and bool(harbour.lost))

    assert harbour.lost == [name(2)]
    assert isinstance(harbour.fleet.left[name(2)], NotALedger)
    assert not harbour.stores[name(2)].rows


def test_a_host_that_is_down_for_one_chain_holds_up_no_other_and_is_waited_out() -> None:
    harbour = Harbour(3)
    harbour.hosts[name(1)].faults = [unavailable() for _ in range(4)]
    harbour.refused[name(2)] = [HostUnavailable("503"), HostUnavailable("503")]

    harbour.until(lambda: all(map(harbour.is_whole, harbour.hosts)))

    assert len(harbour.troubles) >= 6
    assert harbour.lost == []


def test_a_list_that_cannot_be_read_for_a_while_ends_nothing() -> None:
    harbour = Harbour(2)
    harbour.faults = [HostUnavailable("503"), HostUnavailable("503")]

    harbour.until(lambda: all(map(harbour.is_whole, harbour.hosts)))

    assert harbour.troubles[:1] != []


def test_a_factory_that_is_none_ends_the_run_with_its_reason() -> None:
    harbour = Harbour(1)
    harbour.faults = [NotAFactory("there is no factory at that address")]

    with pytest.raises(NotAFactory, match="no factory"):
        harbour.fleet.run()

    assert harbour.begun == []


def test_a_factory_that_was_there_is_waited_for() -> None:
    harbour = Harbour(2)
    late = harbour.listed.pop()

    def gone_and_back() -> None:
        harbour.faults = [NoContract("there is no contract"), NotAFactory("there is no factory")]
        harbour.listed.append(late)

    threading.Timer(0.05, gone_and_back).start()

    harbour.until(lambda: all(map(harbour.is_whole, harbour.hosts)))

    assert [type(fault) for fault in harbour.troubles] == [NoContract, NotAFactory]


def test_a_ledger_that_a_node_does_not_have_yet_is_looked_for_again() -> None:
    harbour = Harbour(2)
    harbour.refused[name(2)] = [NoContract("there is no contract")] * 3

    harbour.until(lambda: all(map(harbour.is_whole, harbour.hosts)))

    assert harbour.lost == []


def test_what_nobody_expects_is_not_swallowed() -> None:
    harbour = Harbour(2)
    del harbour.hosts[name(1)]

    with pytest.raises(KeyError):
        harbour.fleet.run()


def test_catching_up_does_each_once_and_tells_which_could_not_be() -> None:
    harbour = Harbour(3)
    harbour.refused[name(2)] = [NotALedger("none")]

    harbour.fleet.catch_up()

    assert harbour.begun == [name(1), name(3)]
    assert harbour.is_whole(name(1))
    assert harbour.is_whole(name(3))
    assert set(harbour.fleet.left) == {name(2)}


def test_a_list_that_names_a_ledger_twice_has_it_followed_once() -> None:
    harbour = Harbour(2)
    harbour.listed *= 3

    harbour.fleet.catch_up()

    assert harbour.begun == [name(1), name(2)]


def test_a_chain_whose_host_lies_for_good_is_left_and_nothing_of_it_is_verified() -> None:
    harbour = Harbour(2)
    lie = RootMismatch("the root differs", 1, 2)
    harbour.hosts[name(1)].faults = [lie] * 50

    harbour.until(lambda: harbour.is_whole(name(2)) and bool(harbour.lost))

    assert isinstance(harbour.fleet.left[name(1)], Untrue)
    assert harbour.stores[name(1)].verified_size == 0
