"""How slow a peer may be: only the time in which somebody waits for it counts."""

from __future__ import annotations

import socket
import time

from smartchain.peer.pace import Watch


def eventually_cut(watch: Watch) -> bool:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline and not watch.cut:
        time.sleep(0.01)
    return watch.cut


def test_a_peer_that_gives_too_little_while_somebody_waits_is_cut_off() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs, Watch(0.2, 100) as watch:
        watch.holds(ours)
        watch.came(99)
        with watch.waiting():
            assert ours.recv(1) == b"", "the watch shut the socket down"

        assert watch.cut


def test_a_small_answer_has_its_time_however_much_comes() -> None:
    with Watch(0.2, None) as watch, watch.waiting():
        watch.came(10**9)
        assert eventually_cut(watch)


def test_a_slow_reader_is_not_the_peers_fault() -> None:
    with Watch(0.1, 10**9) as watch:
        time.sleep(0.5)

        assert not watch.cut


def test_waits_add_up_however_short_each_is() -> None:
    with Watch(0.2, 10**9) as watch:
        deadline = time.monotonic() + 10
        while not watch.cut and time.monotonic() < deadline:
            with watch.waiting():
                time.sleep(0.01)

        assert watch.cut


def test_a_peer_that_keeps_the_pace_is_left_alone() -> None:
    with Watch(0.2, 10) as watch:
        for _ in range(60):
            watch.came(10)
            with watch.waiting():
                time.sleep(0.01)

        assert not watch.cut


def test_a_connection_that_comes_after_the_cut_is_cut_too() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs, Watch(0.05, None) as watch, watch.waiting():
        assert eventually_cut(watch)
        watch.holds(ours)
        assert ours.recv(1) == b""
