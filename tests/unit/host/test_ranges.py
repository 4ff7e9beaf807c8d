"""How many blocks are asked for: whatever bound a host has, everything is read and in few requests."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from smartchain.host.ranges import ANSWER_BYTES, FIRST_SPAN, LARGEST_SPAN, Ranges


def test_the_span_grows_while_answers_are_small() -> None:
    ranges = Ranges()
    for _ in range(20):
        ranges.answered(ranges.span, 100)
    assert ranges.span == LARGEST_SPAN


def test_the_span_shrinks_to_what_makes_an_answer_of_the_wanted_size() -> None:
    ranges = Ranges()
    ranges.answered(FIRST_SPAN, 4 * ANSWER_BYTES)
    assert ranges.span == FIRST_SPAN // 4 > 1


def test_a_refusal_halves_the_span_or_takes_the_hosts_own_suggestion() -> None:
    ranges = Ranges()
    assert ranges.refused(128) == 64
    assert ranges.refused(64, 10) == 10
    assert ranges.span == 10
    assert ranges.refused(10, 500) == 5


def test_a_span_that_was_refused_is_tried_again_only_after_a_quiet_time() -> None:
    ranges = Ranges()
    ranges.refused(16)
    for _ in range(30):
        ranges.answered(ranges.span, 100)
    assert ranges.span == 8
    for _ in range(40):
        ranges.answered(ranges.span, 100)
    assert ranges.span > 8


def test_the_last_short_range_says_nothing_about_the_span() -> None:
    ranges = Ranges()
    ranges.answered(3, 10)
    assert ranges.span == FIRST_SPAN


@given(st.integers(1, 5000), st.integers(1, 50_000), st.integers(1, 20_000), st.integers(1, 3_000))
def test_everything_is_read_whatever_bounds_the_host_has(blocks: int, most: int, logs_most: int, a_block: int) -> None:
    """A host that refuses by blocks and by logs: every block is read once, and requests do not run away."""
    ranges, at, requests, span = Ranges(), 0, 0, 0
    while at < blocks:
        span = min(span or ranges.span, blocks - at)
        requests += 1
        if span > 1 and (span > most or span * a_block > logs_most):
            span = ranges.refused(span)
            continue
        ranges.answered(span, span * a_block * 700)
        at += span
        span = 0
    fitting = max(1, min(most, logs_most // a_block, ANSWER_BYTES // (a_block * 700)))
    assert requests <= 4 * blocks / fitting + 40
