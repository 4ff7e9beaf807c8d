"""Which node is asked next: nobody who lied, nobody who asked to be left alone, the healthy before the others."""

from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from smartchain.errors import HostUnavailable
from smartchain.host.standing import LONGEST_ASKED_S, LONGEST_WAIT_S, Node, in_turn, named, told
from tests.fakes.ledger_host import FakeHost

HOST = FakeHost(random.Random(0))
EVENTS = st.lists(st.tuples(st.integers(0, 3), st.sampled_from(["fail", "ask", "slow", "well", "lie"])), max_size=40)


@st.composite
def standings(draw: st.DrawFn) -> tuple[list[Node], float]:
    """Four nodes after some events, and the time."""
    nodes = [Node(f"http://{name}", at, HOST) for at, name in enumerate("abcd")]
    chance, now = random.Random(draw(st.integers(0, 999))), 0.0
    for at, event in draw(EVENTS):
        now += draw(st.floats(0, 30))
        match event:
            case "well":
                nodes[at].did_well()
            case "lie":
                nodes[at].aside = "it lied"
            case _:
                asked = 50.0 if event == "ask" else None
                nodes[at].failed(HostUnavailable("down", asked), now, chance, 7.0 if event == "slow" else 0.0)
    return nodes, now


@given(standings())
def test_whoever_lied_or_asked_for_patience_is_never_asked(given: tuple[list[Node], float]) -> None:
    nodes, now = given

    assert all(node.aside is None and node.asked_until_s <= now for node in in_turn(nodes, now))


@given(standings())
def test_nobody_who_is_ready_is_left_out_and_the_healthier_goes_first(given: tuple[list[Node], float]) -> None:
    nodes, now = given
    found = in_turn(nodes, now)
    ready = [node for node in nodes if node.aside is None and node.not_before_s <= now]

    assert set(found) >= set(ready)
    assert not ready or found == sorted(ready, key=lambda node: (node.faults, node.order))


@given(standings())
def test_somebody_is_asked_unless_all_lied_or_asked_for_patience(given: tuple[list[Node], float]) -> None:
    nodes, now = given
    willing = [node for node in nodes if node.aside is None and node.asked_until_s <= now]

    assert bool(in_turn(nodes, now)) == bool(willing)


@given(standings())
def test_every_wait_ends(given: tuple[list[Node], float]) -> None:
    nodes, now = given
    longest = max(LONGEST_WAIT_S, LONGEST_ASKED_S, 70.0)

    assert set(in_turn(nodes, now + longest)) == {node for node in nodes if node.aside is None}


def test_waits_grow_with_each_fault_and_are_not_the_same_twice() -> None:
    def waits(seed: int) -> list[float]:
        node, chance, found = Node("http://a", 0, HOST), random.Random(seed), list[float]()
        for _ in range(10):
            node.failed("down", 0.0, chance)
            found.append(node.not_before_s)
        return found

    first = waits(1)

    assert first != waits(2)
    assert all(later > earlier for earlier, later in zip(first[:5:2], first[2:6:2], strict=False))
    assert max(first) <= LONGEST_WAIT_S


def test_a_node_that_keeps_others_waiting_is_asked_for_at_most_a_tenth_of_the_time() -> None:
    node = Node("http://a", 0, HOST)
    node.failed("slow", 100.0, random.Random(1), took_s=30.0)

    assert node.not_before_s == 400.0


def test_what_each_did_is_told_by_name() -> None:
    nodes = named([HOST, HOST])
    nodes[0].aside = "it lied"
    nodes[1].failed("it is down", 0.0, random.Random(1))

    assert told(nodes) == "http://fake (node 1): it lied; http://fake (node 2): it is down"
