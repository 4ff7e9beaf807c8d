"""The stream, from the real server: nothing is missed, whatever happens between two connections."""

from __future__ import annotations

import threading
import time

import pytest

from tests.e2e.typed import eventually
from tests.store.making import ANNA, BEN, CARL, payment, payments
from tests.unit.node.asking import Client, World
from tests.unit.node.listening import Event, Follower, brief, serving, with_settings

FIVE = [payment(ANNA, BEN, value) for value in range(5)]


def followed(world: World, count: int, last: str | None = None, query: str = "") -> list[Event]:
    """What a client of a fresh server is told."""
    with serving(world) as server, Follower(server, last, query) as follower:
        follower.begin()
        return follower.take(count)


def grow_one_by_one(world: World) -> None:
    for one in FIVE:
        world.grow([one])


@pytest.mark.parametrize("wrong", ["7", "x-1-00000000", "1-1-00000000", "3-2-" + "0" * 8 * 59, "-1-1-" + "0" * 16])
def test_an_id_that_is_none_of_the_stream_s_is_refused(wrong: str) -> None:
    response = Client(World(FIVE)).get("/api/v1/stream", headers={"Last-Event-ID": wrong})

    assert response.status_code == 400
    assert "Last-Event-ID" in response.json()["error"]


def test_a_follower_too_many_is_told_to_come_back() -> None:
    with serving(World(FIVE), with_settings(connections=4)) as server:
        with Follower(server) as first, Follower(server) as second:
            first.begin()
            second.begin()
            with Follower(server) as third:
                assert third.response.status == 503
                assert third.response.getheader("Retry-After") == "5"

        def is_taken() -> bool:
            with Follower(server) as follower:
                return follower.response.status == 200

        eventually(is_taken)


def test_entries_and_blocks_are_told_as_they_happen() -> None:
    world = World(FIVE)
    with serving(world) as server, Follower(server) as follower:
        assert follower.response.getheader("Content-Type") == "text/event-stream; charset=utf-8"
        follower.begin()

        world.grow([payment(ANNA, CARL, 8, b"rent"), payment(CARL, BEN, 9)])

        events = follower.take(3)
    assert brief(events) == [("entry", 5), ("block", 2), ("entry", 6)]
    assert events[0].data["value"] == "8"
    assert all(event.data["verified"] for event in events)
    assert events[1].data == {**Client(world).json("/api/v1/blocks?from=2")["blocks"][0], "verified": True}


def test_a_chain_that_moves_in_another_thread_reaches_many_followers() -> None:
    world = World()
    with serving(world) as server:
        followers = [Follower(server) for _ in range(20)]
        for follower in followers:
            follower.begin()
        thread = threading.Thread(target=grow_one_by_one, args=(world,))
        thread.start()
        told = [brief(follower.take(6)) for follower in followers]
        thread.join()
        for follower in followers:
            follower.__exit__()

    entries = [("entry", 0), ("entry", 1), ("entry", 2), ("block", 1), ("entry", 3), ("entry", 4)]
    assert told == [entries] * 20


def test_who_begins_at_an_entry_is_told_everything_from_there() -> None:
    world = World(FIVE)

    assert brief(followed(world, 4, query="?from=2")) == [("entry", 2), ("block", 1), ("entry", 3), ("entry", 4)]
    assert brief(followed(world, 3, query="?from=0")) == [("block", 0), ("entry", 0), ("entry", 1)]


@pytest.mark.parametrize("seen", range(7))
def test_who_comes_back_goes_on_after_the_last_event_that_was_seen(seen: int) -> None:
    world = World(FIVE)
    events = followed(world, 7, query="?from=0")

    again = followed(World([*FIVE, payment(BEN, ANNA, 6)]), 9 - 1 - seen, last=events[seen].id)

    whole = [("block", 0), *[("entry", n) for n in range(3)], ("block", 1), ("entry", 3), ("entry", 4), ("entry", 5),
             ("block", 2)]  # fmt: skip
    assert brief(events) == whole[:7]
    assert brief(again) == whole[seen + 1 :]


def test_who_comes_back_before_anything_happened_misses_nothing() -> None:
    world = World(FIVE[:1])
    with serving(world) as server, Follower(server) as follower:
        place = follower.begin()
    world.grow(FIVE[1:3])

    assert brief(followed(world, 3, last=place)) == [("entry", 1), ("entry", 2), ("block", 1)]


def test_who_comes_back_after_a_reorganisation_is_told_from_where_it_was() -> None:
    entries = payments(3, 40)
    world = World(entries)
    last = followed(world, 3, query="?from=38")[-1].id
    world.turn([*entries[:34], *payments(4, 20)])

    events = followed(world, 21, last=last)

    said = events[0]
    assert said.kind == "reorganisation"
    assert 22 <= said.data["from"] <= 34, "not before the fork, and not much before it"
    assert (said.data["size"], said.data["verified"]) == (54, True)
    entries_told = [event.data["index"] for event in events[1:] if event.kind == "entry"]
    assert entries_told == list(range(said.data["from"], said.data["from"] + len(entries_told)))


def test_who_listens_during_a_reorganisation_ends_with_the_chain_that_is() -> None:
    entries = payments(3, 10)
    world, kept = World(entries), dict[int, str]()
    with serving(world) as server, Follower(server, query="?from=0") as follower:
        follower.begin()
        follower.take(10 + 4)
        turned = [*entries[:7], *payments(5, 5)]
        world.turn(turned)
        said = follower.take(1)[0]
        assert (said.kind, said.data["from"] <= 7) == ("reorganisation", True)
        while len(kept) < 12 - said.data["from"]:
            event = follower.take(1)[0]
            if event.kind == "entry":
                kept[event.data["index"]] = event.data["memo"]

    assert kept == {at: "0x" + turned[at].memo.hex() for at in range(said.data["from"], 12)}


def test_a_chain_that_became_shorter_is_a_reorganisation_too() -> None:
    entries = payments(3, 10)
    world = World(entries)
    last = followed(world, 1, query="?from=9")[0].id
    world.turn(entries[:8])

    said = followed(world, 1, last=last)[0]

    assert (said.kind, said.data["size"]) == ("reorganisation", 8)
    assert said.data["from"] <= 8


def test_an_id_of_another_ledger_means_to_begin_anew() -> None:
    last = followed(World(payments(1, 9)), 1, query="?from=8")[0].id
    other = World(payments(2, 9))

    events = followed(other, 3, last=last)

    assert brief(events) == [("reorganisation", 0), ("block", 0), ("entry", 0)]


def test_the_streams_end_when_the_node_does() -> None:
    world = World(FIVE)
    with serving(world) as server:
        follower = Follower(server)
        follower.begin()
        begun = time.monotonic()
    assert time.monotonic() - begun < 4
    assert follower.block() == {}
    follower.__exit__()
