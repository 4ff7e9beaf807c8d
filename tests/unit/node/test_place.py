"""Places: an id leads back to where it was given, and finds how far two chains are the same."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from smartchain.node.api.place import Place, marked, place_at
from smartchain.node.api.stream import told_from
from tests.store.making import payments
from tests.unit.node.asking import World

RULES = st.sampled_from([(0, 0), (1, 0), (3, 0), (7, 0)])


@given(blocks=st.integers(0, 10**12))
def test_marks_are_few_end_with_the_first_block_and_lie_closer_near_the_newest(blocks: int) -> None:
    numbers = list(marked(blocks))

    assert numbers == sorted(set(numbers), reverse=True)
    assert len(numbers) <= blocks.bit_length() + 2
    if blocks:
        assert (numbers[0], numbers[-1]) == (blocks - 1, 0)
    for newer, older in pairwise(numbers):
        assert blocks - 1 - older <= 4 * max(1, blocks - 1 - newer) + 2


@settings(max_examples=40, deadline=None)
@given(count=st.integers(0, 40), rule=RULES, at=st.integers(0, 40))
def test_an_id_is_read_as_it_was_written_and_holds_in_its_own_chain(count: int, rule: tuple[int, int], at: int) -> None:
    world = World(payments(count, count), rule)
    with world.store.view() as view:
        place = place_at(view, min(at, count))

        assert Place.parse(str(place)) == place
        assert place.holds_in(view)
        assert place.size == min(at, count)


@settings(max_examples=60, deadline=None)
@given(
    common=st.integers(0, 30), ours=st.integers(0, 15), theirs=st.integers(1, 15), rule=RULES, seed=st.integers(0, 99)
)
def test_what_is_common_with_another_chain_is_never_past_the_fork(
    common: int, ours: int, theirs: int, rule: tuple[int, int], seed: int
) -> None:
    past = payments(seed, common)
    one, other = World([*past, *payments(seed + 1, theirs)], rule), World([*past, *payments(seed + 2, ours)], rule)
    assume(one.store.rows != other.store.rows[: len(one.store.rows)])
    with one.store.view() as view:
        place = place_at(view, common + theirs)
    with other.store.view() as view:
        if place.holds_in(view):
            assert place.size <= common
        else:
            assert place.common_with(view) <= common
            assert rule != (1, 0) or common - place.common_with(view) <= 3 * theirs + 2


@settings(max_examples=40, deadline=None)
@given(count=st.integers(1, 40), rule=RULES, most=st.integers(1, 50))
def test_places_on_the_way_are_those_that_a_view_gives(count: int, rule: tuple[int, int], most: int) -> None:
    world = World(payments(count, count), rule)
    with world.store.view() as view:
        told = told_from(view, place_at(view, 0), most)

        assert told.place == place_at(view, min(count, most))
