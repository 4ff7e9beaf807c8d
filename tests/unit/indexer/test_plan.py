"""What the indexer decides, without a host and without a store."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smartchain.indexer.plan import Advance, Rewind, Wait, fork_of, plan
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


def test_another_hash_at_the_cursor_means_a_reorganisation() -> None:
    assert plan(status(12), 10, block(20), block(12, "b").hash, None) == Rewind(12)


def test_no_block_at_the_cursor_is_a_replica_behind_as_long_as_the_past_is_the_same() -> None:
    decided = plan(status(12), 10, block(11), None, True)
    assert isinstance(decided, Wait)
    assert not decided.caught_up
    assert plan(status(12), 10, block(11, "b"), None, False) == Rewind(12)


@given(st.lists(st.booleans(), max_size=60))
def test_the_fork_is_the_last_block_before_the_first_that_is_not_canonical(pattern: list[bool]) -> None:
    """Holds where the host replaced a tail, the only thing a host can do while it is looked at once."""
    canonical = sorted(pattern, reverse=True)
    known = [(10 * n, Hash32(keccak(bytes([n])))) for n in range(len(canonical))]
    looks: list[int] = []

    def look(number: int, _hash: Hash32) -> bool:
        looks.append(number)
        return canonical[number // 10]

    good = canonical.count(True)
    assert fork_of(known, look) == (known[good - 1] if good else None)
    depth = len(canonical) - good
    assert len(looks) <= 2 * depth + 2 * max(depth, 1).bit_length() + 4


@pytest.mark.parametrize("canonical", [[True, False, True, True], [True, False, True, False, True, True, True]])
def test_a_canonical_block_after_one_that_is_not_is_in_doubt_if_it_was_looked_past(canonical: list[bool]) -> None:
    known = [(n, Hash32(keccak(bytes([n])))) for n in range(len(canonical) - 1)]
    fork = fork_of([*known, (99, keccak(b"gone"))], lambda number, _hash: number != 99 and canonical[number])
    assert fork is not None
    assert canonical[fork[0]]
