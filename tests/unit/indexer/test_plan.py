"""What the indexer decides, without a host and without a store."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smartchain.indexer.plan import NEAR, Advance, Rewind, Wait, fork_of, plan
from smartchain.ledger.hash import keccak
from smartchain.ports import HostBlock, Status
from smartchain.types import Hash32, Size


def block(number: int, fork: str = "a") -> HostBlock:
    return HostBlock(number, keccak(f"{fork}{number}".encode()), 1_700_000_000 + number)


def status(cursor: int | None, verified: bool = True) -> Status:
    at = block(cursor) if cursor is not None else None
    return Status(Size(5), at, Size(5 if verified else 2), 1, at if verified else None, 1)


def test_before_the_deployment_there_is_nothing_to_read() -> None:
    decided = plan(status(None), 10, block(9), None, None)
    assert isinstance(decided, Wait)
    assert not decided.caught_up


def test_the_first_reading_begins_with_the_deployment() -> None:
    assert plan(status(None), 10, block(12), None, None) == Advance(10, block(12))


def test_reading_goes_on_after_the_cursor() -> None:
    assert plan(status(12), 10, block(20), block(12).hash, None) == Advance(13, block(20))


def test_at_the_newest_block_with_all_verified_there_is_nothing_left() -> None:
    decided = plan(status(12), 10, block(12), block(12).hash, None)
    assert isinstance(decided, Wait)
    assert decided.caught_up


def test_what_is_read_but_not_verified_is_verified_before_anything_else() -> None:
    assert plan(status(12, verified=False), 10, block(12), block(12).hash, None) == Advance(13, block(12))


def test_host_blocks_that_were_read_without_entries_are_verified_too() -> None:
    """Logs may be missing in them: a process that was killed before it compared the root leaves them so."""
    empty = Status(Size(5), block(12), Size(5), 1, block(9), 1)

    assert plan(empty, 10, block(12), block(12).hash, None) == Advance(13, block(12))


def test_another_hash_at_the_cursor_means_a_reorganisation() -> None:
    assert plan(status(12), 10, block(20), block(12, "b").hash, None) == Rewind(12)


def test_no_block_at_the_cursor_is_a_replica_behind_as_long_as_the_past_is_the_same() -> None:
    decided = plan(status(12), 10, block(11), None, True)
    assert isinstance(decided, Wait)
    assert not decided.caught_up
    assert plan(status(12), 10, block(11, "b"), None, False) == Rewind(12)


class Known:
    """Host blocks as a store keeps them, and who of them is canonical; counts what is asked."""

    def __init__(self, numbers: Sequence[int], canonical: Callable[[int], bool]) -> None:
        self.blocks = [(number, keccak(str(number).encode())) for number in numbers]
        self.canonical = canonical
        self.looks = self.most_rows = 0

    def __call__(self, below: int, most: int) -> list[tuple[int, Hash32]]:
        rows = [block for block in self.blocks if block[0] < below][-most:]
        self.most_rows = max(self.most_rows, len(rows))
        return rows

    def is_canonical(self, number: int, _hash: Hash32) -> bool:
        self.looks += 1
        return self.canonical(number)

    def fork(self, first: int = 0, newest: int | None = None) -> int | None:
        found = fork_of(self, self.is_canonical, first, self.blocks[-1][0] if newest is None else newest)
        return found[0] if found else None


NUMBERS = st.lists(st.integers(0, 5_000), unique=True, max_size=60).map(sorted)


@given(NUMBERS, st.integers(0, 5_001), st.integers(0, 5_000))
def test_the_fork_is_the_last_known_block_before_the_first_that_is_not_canonical(
    numbers: list[int], replaced: int, newest: int
) -> None:
    """Holds where the host replaced a tail, the only thing a host can do while it is looked at once."""
    known = Known(numbers, lambda number: number < replaced)
    expected = [number for number in numbers if number < replaced and number <= newest]
    assert known.fork(newest=newest) == (expected[-1] if expected else None)


@pytest.mark.parametrize("depth", [0, 1, 2, 5, 40, 200])
def test_a_shallow_reorganisation_costs_about_as_many_looks_as_it_is_deep(depth: int) -> None:
    known = Known(range(10_000), lambda number: number < 10_000 - depth)
    assert known.fork() == 9_999 - depth
    assert known.looks <= 2 * depth + 2 * max(depth, 1).bit_length() + 4


@pytest.mark.parametrize("depth", [5_000, 90_000, 100_000])
def test_a_deep_reorganisation_costs_few_looks_and_few_rows_at_a_time(depth: int) -> None:
    known = Known(range(7, 100_007), lambda number: number < 100_007 - depth)
    assert known.fork(first=7) == (100_006 - depth if depth < 100_000 else None)
    assert known.looks < NEAR + 60
    assert known.most_rows <= NEAR


def test_among_blocks_of_two_forks_the_fork_is_before_the_first_one_replaced() -> None:
    """One that was read on the new fork stands, canonical, after some that were read on the old one."""
    known = Known(range(100), lambda number: number < 60 or number == 95)
    assert known.fork(newest=94) == 59
    assert known.fork() == 59


@pytest.mark.parametrize("canonical", [[True, False, True, True], [True, False, True, False, True, True, True]])
def test_a_canonical_block_after_one_that_is_not_is_in_doubt_if_it_was_looked_past(canonical: list[bool]) -> None:
    known = Known([*range(len(canonical) - 1), 99], lambda number: number != 99 and canonical[number])
    fork = known.fork()
    assert fork is not None
    assert canonical[fork]
