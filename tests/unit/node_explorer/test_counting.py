"""The tally kept up with a chain that grows, and goes back."""

import time

from smartchain.ledger.entry import Entry
from smartchain.node.explorer.counting import AT_ONCE, Counts, block_curve
from smartchain.types import Size
from tests.browser.making import WALLETS as W
from tests.browser.making import World, demo, info_of, paid

NOW = 1_700_000_000


def payments(count: int, start: int = NOW) -> list[Entry]:
    return [paid(W[0], W[1], 1, start + at // 50) for at in range(count)]


def counted(counts: Counts, world: World) -> int:
    with world.store.view() as view:
        return counts.current(view).size


def test_what_came_since_is_counted_on_the_spot() -> None:
    world = demo(50)
    counts = Counts(world.store)
    assert counted(counts, world) == 50

    world.add(paid(W[0], W[1], 7, int(time.time())))

    assert counted(counts, world) == 51


def test_a_long_backlog_is_counted_in_the_background_and_a_visitor_waits_for_none_of_it() -> None:
    world = World(payments(AT_ONCE + 1), info_of(started=NOW))
    counts = Counts(world.store)
    assert counted(counts, world) == 0

    deadline = time.monotonic() + 20
    while counted(counts, world) <= AT_ONCE and time.monotonic() < deadline:
        time.sleep(0.01)

    assert counted(counts, world) == AT_ONCE + 1


def test_after_a_reorganisation_only_what_is_true_is_counted() -> None:
    world = World(payments(20), info_of(started=NOW))
    counts = Counts(world.store)
    assert counted(counts, world) == 20
    world.add(*payments(5, NOW + 100))
    assert counted(counts, world) == 25

    forked = World([*payments(20), *(paid(W[2], W[3], 9, NOW + 100) for _ in range(5))], info_of(started=NOW))
    with forked.store.view() as view:
        tally = counts.current(view)

    assert tally.size == 25
    assert sum(column.value_wei for column in tally.columns.values()) == 20 + 5 * 9


def test_an_older_view_does_not_make_a_newer_one_count_again() -> None:
    world = World(payments(20), info_of(started=NOW))
    counts = Counts(world.store)
    with world.store.view() as before:
        world.add(*payments(5, NOW + 100))
        assert counted(counts, world) == 25
        assert counts.current(before).size == 20

    assert [known.tally.size for known in counts._known] == [20, 25]


def test_the_curve_of_blocks_goes_from_the_first_to_the_last_in_few_points() -> None:
    world = World(payments(3_000), info_of(started=NOW - 60))
    with world.store.view() as view:
        points = list(block_curve(view, 40))

    assert points[0] == (NOW - 60, 1)
    assert points[-1][1] == world.store.verified_blocks == 251
    assert len(points) == 40
    assert points == sorted(points)


def test_there_is_no_curve_where_nothing_is_verified() -> None:
    world = World([], info_of(started=NOW), verified=False)
    with world.store.view() as view:
        assert list(block_curve(view)) == []
        assert view.status.verified_size == Size(0)
