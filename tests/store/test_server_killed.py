"""The server is killed in the middle of a backfill, again and again: the daemon goes on by itself, nothing is lost."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Iterator
from contextlib import closing

import pytest

from smartchain.errors import SmartchainError, StoreUnavailable
from smartchain.indexer.daemon import Daemon
from smartchain.indexer.follow import Follower
from smartchain.ports import LedgerStore
from smartchain.store import open_store
from smartchain.store.ledgers import DatabaseStore
from tests.fakes.ledger_host import FakeHost
from tests.fakes.postgres import Server, serving
from tests.store.making import everything

BLOCKS = 150
KILLS = 3


@pytest.fixture(scope="module")
def mortal() -> Iterator[Server]:
    """What it says it wrote is the system's when it is killed; only a power cut would ask for more."""
    with serving("fsync=off") as server:
        yield server


def long_host(seed: int) -> FakeHost:
    host = FakeHost(random.Random(seed))
    for number in range(BLOCKS):
        host.mine(host.chance.randrange(9))
        if number % 40 == 0:
            host.keep()
    return host


def follow(
    host: FakeHost, store: DatabaseStore, idle: bool = True
) -> tuple[Daemon, threading.Event, list[SmartchainError]]:
    ledger, stop, troubles = store.ledger(host.info()), threading.Event(), list[SmartchainError]()
    daemon = Daemon(
        Follower(host, ledger, stopping=stop.is_set),
        stop,
        lambda _outcome: None,
        lambda fault, _wait_s: troubles.append(fault),
        poll_s=0.05,
        idle=lambda: idle and ledger.look_up(100),
    )
    return daemon, stop, troubles


def test_a_daemon_outlives_its_server_and_ends_with_the_honest_chain(mortal: Server) -> None:
    seed = random.SystemRandom().randrange(2**32)
    print(f"seed {seed}")  # noqa: T201
    chance, host = random.Random(seed), long_host(seed)
    url = mortal.fresh()
    host.blocks_a_chunk = 1
    host.before_chunk = [lambda: time.sleep(0.01)] * 10_000
    with closing(open_store(url, create=True)) as store:
        daemon, stop, troubles = follow(host, store)
        thread = threading.Thread(target=daemon.run)
        thread.start()
        for _ in range(KILLS):
            time.sleep(chance.uniform(0.02, 0.4))
            mortal.kill()
            time.sleep(chance.uniform(0.0, 0.3))
            mortal.start()
        eventually_whole(url, len(host.entries()))
        stop.set()
        thread.join(30)

        assert not thread.is_alive()
        assert troubles
        assert {type(trouble) for trouble in troubles} == {StoreUnavailable}
        assert all(host.blocks[number].block.hash == known for number, known in store.open().host_blocks())
        assert without_places(store.open()) == honestly(mortal, host)


def without_places(ledger: LedgerStore) -> list[object]:
    """All but at which host blocks without entries a step happened to end."""
    return [said for said in everything(ledger) if said != ledger.host_blocks()]


def eventually_whole(url: str, size: int) -> None:
    deadline = time.monotonic() + 60
    with closing(open_store(url, create=False, read_only=True)) as store:
        while store.open().status().verified_size < size:
            assert time.monotonic() < deadline, f"{store.open().status()}, and {size} entries are there"
            time.sleep(0.05)


def honestly(server: Server, host: FakeHost) -> list[object]:
    """What a run says that nothing befell."""
    host.before_chunk = []
    with closing(open_store(server.fresh(), create=True)) as store:
        daemon, _, troubles = follow(host, store, idle=False)
        daemon.catch_up()
        assert troubles == []
        return without_places(store.open())


def test_catching_up_gives_a_server_that_stays_away_to_its_caller(mortal: Server) -> None:
    host = long_host(1)
    with closing(open_store(mortal.fresh(), create=True)) as store:
        daemon, _, troubles = follow(host, store)
        mortal.kill()
        try:
            with pytest.raises(StoreUnavailable, match="cannot be reached"):
                daemon.catch_up()
        finally:
            mortal.start()
        assert len(troubles) == 5
        daemon.catch_up()
        assert store.open().status().verified_size == len(host.entries())
