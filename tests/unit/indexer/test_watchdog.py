"""What is a stall, and what is a quiet chain."""

from __future__ import annotations

import pytest

from smartchain.errors import HostUnavailable
from smartchain.indexer.outcome import Advanced, Outcome, Reread, Rewound, Waited
from smartchain.indexer.watchdog import Watchdog
from smartchain.ports import HostBlock, Status
from smartchain.types import ZERO_HASH, Size

UP_TO_DATE = Waited("up to date with host block 9", caught_up=True)
DOWN = HostUnavailable("http://a cannot be reached")
REREAD = Reread(7, 7, "the contract has 9 entries, its logs gave 8")


class Watched:
    """A watchdog with 100 s of patience, and a clock that a test moves."""

    def __init__(self, *, has_read: bool = True) -> None:
        self.now = 0.0
        self.dog = Watchdog(100, lambda: self.now)
        if has_read:
            self.looked(5, 5, 1)

    def looked(self, size: int, verified: int, block: int) -> None:
        self.dog.looked(Status(Size(size), HostBlock(block, ZERO_HASH, 0), Size(verified), 1, None, 1))

    def each(self, seconds: float, count: int, outcome: Outcome) -> None:
        for _ in range(count):
            self.now += seconds
            self.dog.report(outcome)

    @property
    def since(self) -> float:
        return self.dog.wait().since_s

    @property
    def stalled(self) -> str | None:
        return self.dog.wait().stalled


@pytest.fixture
def watched() -> Watched:
    return Watched()


def test_entries_that_the_contract_has_and_nothing_that_moves_is_a_stall(watched: Watched) -> None:
    watched.dog.contract_has(9)
    watched.each(10, 9, REREAD)
    early = watched.stalled
    watched.each(10, 2, REREAD)

    assert early is None
    assert watched.stalled is not None
    assert "the contract has 4 entries more than are verified, and nothing moves for 110 s" in watched.stalled
    assert "its logs gave 8" in watched.stalled


def test_reading_the_same_again_with_new_host_blocks_is_no_progress(watched: Watched) -> None:
    watched.dog.contract_has(9)
    for block in range(10, 40):
        watched.looked(8, 5, block)
        watched.each(10, 1, REREAD)

    assert watched.stalled is not None


def test_a_node_that_says_it_is_behind_while_the_contract_has_more_is_a_stall(watched: Watched) -> None:
    watched.dog.contract_has(9)
    watched.each(10, 11, Waited("a newer host block is needed", caught_up=False))

    assert watched.stalled is not None


def test_nobody_to_ask_is_a_stall_too(watched: Watched) -> None:
    watched.now += 101
    watched.dog.trouble(DOWN)

    assert watched.stalled is not None
    assert "nobody could be asked" in watched.stalled
    assert "http://a cannot be reached" in watched.stalled


def test_a_thread_that_hangs_is_noticed_by_who_asks(watched: Watched) -> None:
    watched.dog.report(UP_TO_DATE)
    watched.now += 101

    assert watched.stalled is not None


def test_a_step_that_hears_nothing_is_said_to_wait_for_an_answer_and_of_whom(watched: Watched) -> None:
    watched.dog.report(UP_TO_DATE)
    watched.dog.begins(lambda: "http://a")
    watched.now += 4
    assert watched.dog.wait().reason == UP_TO_DATE.reason

    watched.looked(5, 5, 2)
    watched.now += 100
    wait = watched.dog.wait()
    assert (wait.reason, wait.since_s) == ("an answer of http://a", 100)
    assert "it waits for this: an answer of http://a" in str(wait.stalled)

    watched.dog.report(UP_TO_DATE)
    watched.now += 20
    assert watched.dog.wait().reason == UP_TO_DATE.reason


def test_a_quiet_chain_is_well_for_days(watched: Watched) -> None:
    watched.dog.contract_has(5)
    watched.each(60, 5000, UP_TO_DATE)

    assert watched.stalled is None


def test_a_host_that_begins_anew_and_stays_behind_what_was_read_is_a_stall(watched: Watched) -> None:
    watched.dog.contract_has(5)
    watched.each(10, 11, Waited("the host is at block 0, behind block 1 that was read before", caught_up=False))

    assert watched.stalled is not None
    assert "nobody could be asked how many entries the contract has; it waits for this: the host is at block 0" in (
        watched.stalled
    )
    watched.each(1, 1, UP_TO_DATE)
    assert watched.stalled is None


def test_a_ledger_that_is_not_final_yet_is_waited_for_without_an_alarm() -> None:
    watched = Watched(has_read=False)
    watched.each(60, 20, Waited("the ledger is not there yet", caught_up=False))

    assert watched.stalled is None


def test_a_long_way_without_entries_is_no_stall_while_it_is_read(watched: Watched) -> None:
    watched.dog.contract_has(9)
    for block in range(10, 40):
        watched.now += 60
        watched.looked(5, 5, block)

    assert watched.stalled is None


def test_what_is_verified_ends_a_stall(watched: Watched) -> None:
    watched.dog.contract_has(9)
    watched.each(10, 20, REREAD)
    watched.looked(9, 9, 50)
    watched.dog.report(Advanced(50, 4, Size(9), 2, ZERO_HASH, verified=True))

    assert watched.stalled is None
    assert watched.since == 0


def test_after_a_reorganisation_with_fewer_entries_it_is_well(watched: Watched) -> None:
    watched.dog.report(Rewound(3, 6, 2))
    watched.looked(3, 3, 3)
    watched.dog.contract_has(4)
    watched.now += 50
    watched.dog.report(Advanced(7, 1, Size(4), 2, ZERO_HASH, verified=True))
    watched.looked(4, 4, 7)
    watched.now += 60

    assert watched.stalled is None


def test_what_is_waited_for_and_since_when_is_told(watched: Watched) -> None:
    watched.dog.report(UP_TO_DATE)
    watched.now += 5
    watched.dog.trouble(DOWN)
    watched.now += 7
    watched.dog.trouble(DOWN)

    wait = watched.dog.wait()

    assert (wait.reason, wait.since_s, wait.stalled) == ("http://a cannot be reached", 7, None)


def test_another_node_is_tried_once_in_each_such_while(watched: Watched) -> None:
    watched.dog.contract_has(9)
    left = []
    for _ in range(35):
        watched.each(10, 1, REREAD)
        left.append(watched.dog.is_time_to_leave())

    assert left.count(True) == 3
