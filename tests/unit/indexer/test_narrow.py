"""Which host block holds the lie, when many were read in one answer."""

import random
from dataclasses import replace

import pytest

from smartchain.errors import BrokenSequence
from smartchain.indexer.follow import Follower
from tests.fakes.ledger_host import FakeBlock, FakeHost, FakeLog
from tests.fakes.store import ListStore
from tests.unit.indexer.stepping import until_caught_up


def host_of_one_answer() -> FakeHost:
    host = FakeHost(random.Random(7))
    for _ in range(30):
        host.mine(3)
    host.blocks_a_chunk = 100
    return host


def caught(host: FakeHost) -> BrokenSequence:
    follower = Follower(host, ListStore(host.info()))
    with pytest.raises(BrokenSequence) as lie:
        until_caught_up(follower)
    return lie.value


@pytest.mark.parametrize("number", [5, 14, 32])
def test_a_log_left_out_is_found_in_its_own_block_not_where_the_next_index_jumps(number: int) -> None:
    host = host_of_one_answer()
    host.mine(3)
    host.lie = lambda block: block.logs[:-1] if block.block.number == number else block.logs

    lie = caught(host)

    assert (lie.first_block, lie.last_block) == (number, number)


def test_a_log_too_many_is_found_in_its_own_block_not_where_the_next_index_falls() -> None:
    host = host_of_one_answer()

    def one_more(block: FakeBlock) -> list[FakeLog]:
        if block.block.number != 14:
            return block.logs
        return [*block.logs, replace(block.logs[-1], index=block.logs[-1].index + 1)]

    host.lie = one_more

    lie = caught(host)

    assert (lie.first_block, lie.last_block) == (14, 14)


def test_without_old_state_the_block_that_lies_is_in_the_range_and_no_honest_one_is_named_alone() -> None:
    host = host_of_one_answer()
    host.keeps_state = 1
    host.lie = lambda block: block.logs[:-1] if block.block.number == 14 else block.logs

    lie = caught(host)

    assert lie.first_block is not None
    assert lie.last_block is not None
    assert lie.first_block <= 14 <= lie.last_block == 15
