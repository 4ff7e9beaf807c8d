"""The loop: what it waits out, what it ends on, and that it ends when told."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from dataclasses import replace

import pytest

from smartchain.errors import (
    HostUnavailable,
    RootMismatch,
    RpcRefused,
    SmartchainError,
    StateGone,
    StoreLocked,
    UnknownBlock,
    Untrue,
)
from smartchain.indexer.daemon import LONGEST_WAIT_S, Backoff, Daemon
from smartchain.indexer.follow import Follower
from smartchain.indexer.outcome import Advanced, Outcome
from smartchain.indexer.writer import TOGETHER, Writer
from smartchain.ports import Chunk, Head, HostBlock, Step
from smartchain.types import ZERO_HASH, Hash32, Index
from tests.fakes.ledger_host import FakeHost, unavailable
from tests.fakes.store import ListStore


class Runner:
    """A daemon over a fake host and a store in lists, with all that it reported."""

    def __init__(self, blocks: int = 5, idle: Callable[[], bool] = lambda: False, host: FakeHost | None = None) -> None:
        self.host = host or FakeHost(random.Random(5))
        for _ in range(blocks):
            self.host.mine(2)
        self.store = ListStore(self.host.info())
        self.stop = threading.Event()
        self.outcomes: list[Outcome] = []
        self.troubles: list[SmartchainError] = []
        follower = Follower(self.host, self.store, stopping=self.stop.is_set)
        self.daemon = Daemon(follower, self.stop, self.outcomes.append, self._trouble, poll_s=0.001, idle=idle)

    def _trouble(self, fault: SmartchainError, wait_s: float) -> None:
        assert 0 < wait_s <= LONGEST_WAIT_S
        self.troubles.append(fault)


def test_catching_up_reads_all_there_is_and_returns() -> None:
    runner = Runner()
    runner.daemon.catch_up()
    assert [row[0] for row in runner.store.rows] == runner.host.entries()
    assert runner.store.verified_size == len(runner.store.rows) > 0


def test_transient_faults_are_waited_out() -> None:
    runner = Runner()
    runner.host.faults = [unavailable() for _ in range(4)]
    runner.daemon.catch_up()
    assert len(runner.troubles) == 4
    assert runner.store.verified_size == len(runner.host.entries())


def test_catching_up_gives_up_on_a_host_that_stays_down() -> None:
    runner = Runner()
    runner.host.faults = [unavailable() for _ in range(100)]
    with pytest.raises(HostUnavailable, match="503"):
        runner.daemon.catch_up()


def test_a_daemon_outlives_a_host_that_is_down_for_long_and_ends_when_told() -> None:
    runner = Runner()
    runner.host.faults = [unavailable() for _ in range(30)]
    thread = threading.Thread(target=runner.daemon.run)
    thread.start()
    for _ in range(3):
        runner.host.mine(1)
    runner.host.faults.clear()
    deadline = threading.Event()
    for _ in range(1000):
        if runner.store.verified_size == len(runner.host.entries()):
            break
        deadline.wait(0.01)
    runner.stop.set()
    thread.join(timeout=5)
    assert not thread.is_alive()
    assert [row[0] for row in runner.store.rows] == runner.host.entries()
    assert any(isinstance(outcome, Advanced) for outcome in runner.outcomes)


def refused() -> RpcRefused:
    return RpcRefused("http://a refuses access (HTTP 401): check the key in its URL or the headers sent")


def test_a_node_that_refuses_access_from_the_first_ends_a_daemon() -> None:
    runner = Runner()
    runner.host.faults = [refused()]
    with pytest.raises(RpcRefused, match="HTTP 401"):
        runner.daemon.run()


def test_a_node_that_refuses_access_for_a_while_to_a_daemon_that_was_well_is_waited_for() -> None:
    entries: list[int] = []

    def idle() -> bool:
        entries.append(runner.store.verified_size)
        if len(entries) == 1:
            runner.host.faults = [refused(), refused(), refused()]
            runner.host.mine(2)
        else:
            runner.stop.set()
        return False

    runner = Runner(idle=idle)
    runner.daemon.run()

    assert len(runner.troubles) == 3
    assert entries == [len(runner.host.entries()) - 2, len(runner.host.entries())]


def test_what_a_contract_refuses_is_no_closed_door() -> None:
    def idle() -> bool:
        runner.host.faults = [RpcRefused("execution reverted", 3)]
        return False

    runner = Runner(idle=idle)
    with pytest.raises(RpcRefused, match="reverted"):
        runner.daemon.run()


def test_idle_work_is_done_once_all_is_read_and_until_there_is_no_more_of_it() -> None:
    done: list[int] = []

    def idle() -> bool:
        done.append(runner.store.verified_size)
        if len(done) == 3:
            runner.stop.set()
        return len(done) < 3

    runner = Runner(idle=idle)
    runner.daemon.run()

    assert done == [len(runner.host.entries())] * 3


def test_idle_work_that_finds_the_store_in_use_is_left_for_later() -> None:
    tries: list[int] = []

    def idle() -> bool:
        tries.append(1)
        if len(tries) == 2:
            runner.stop.set()
        raise StoreLocked("in use")

    runner = Runner(idle=idle)
    runner.daemon.run()

    assert len(tries) == 2


def test_a_lie_ends_the_daemon() -> None:
    runner = Runner()
    runner.host.lie = lambda _block: []
    with pytest.raises(RootMismatch):
        runner.daemon.run()
    assert runner.store.verified_size == 0


def test_a_host_that_fell_behind_for_good_is_said_by_name_when_catching_up() -> None:
    runner = Runner()
    runner.daemon.catch_up()
    runner.host.cut_back(2)
    with pytest.raises(HostUnavailable, match="behind block"):
        runner.daemon.catch_up()


def test_a_host_that_replaces_its_blocks_without_end_is_given_up_when_catching_up() -> None:
    class Turning(FakeHost):
        def head(self, at: HostBlock) -> Head:
            self.reorganise(2, keep=True, shift_s=1)
            self.mine(1)
            raise UnknownBlock(f"block {at.number} was replaced")

    runner = Runner(host=Turning(random.Random(5)))
    with pytest.raises((HostUnavailable, UnknownBlock)):
        runner.daemon.catch_up()

    class Denying(FakeHost):
        """Gives another hash for its newest block whenever it is asked for it by number."""

        def block(self, number: int) -> HostBlock | None:
            found = super().block(number)
            return found and replace(found, hash=Hash32(self.chance.randbytes(32)))

        def head(self, at: HostBlock) -> Head:
            raise StateGone("missing trie node")

    runner = Runner(host=Denying(random.Random(5)))
    with pytest.raises(HostUnavailable, match="keeps replacing"):
        runner.daemon.catch_up()


def test_waits_double_up_to_a_bound_and_begin_anew_after_success() -> None:
    backoff = Backoff(1.0, most_s=8.0)
    waits = [backoff.next_s() for _ in range(6)]
    bounds = [1.0, 2.0, 4.0, 8.0, 8.0, 8.0]
    assert all(bound / 2 <= wait <= bound for wait, bound in zip(waits, bounds, strict=True))
    backoff.reset()
    assert backoff.next_s() <= 1.0


def _step(index: int) -> Step:
    """Large enough to be written by itself."""
    return Step(Chunk(1, 1, Index(index), [b""] * TOGETHER), HostBlock(1, ZERO_HASH, 0))


def test_an_error_of_the_writer_reaches_who_puts_and_nothing_is_written_after_it() -> None:
    written: list[int] = []

    def take(step: Step) -> None:
        if step.chunk.first == 1:
            raise Untrue("disk full")
        written.append(step.chunk.first)

    def put_all() -> None:
        with Writer(take) as writer:
            for index in range(100):
                writer.put(_step(index))

    with pytest.raises(Untrue, match="disk full"):
        put_all()
    assert written == [0]


def test_flushing_waits_until_everything_is_written() -> None:
    written: list[int] = []
    with Writer(lambda step: written.append(step.chunk.first)) as writer:
        for index in range(10):
            writer.put(_step(index))
        writer.flush()
        assert written == list(range(10))
