"""
A store in PostgreSQL whose server is killed under seeds of a misbehaving host: the daemon goes on, nothing is lost.

`python -m tests.simulation.served` says how.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.conftest import SEED
from tests.fakes.postgres import Server, serving
from tests.simulation.served import AFTER, BEFORE, SETTINGS, run

KILLS = 20


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with serving(*SETTINGS) as server:
        yield server


def test_wherever_the_server_is_killed_the_daemon_goes_on_to_what_an_honest_run_holds(server: Server) -> None:
    report = run(SEED, KILLS, server)

    assert report.failed == {}
    assert report.kills >= KILLS
    assert report.seen["reached"] > 0
    assert report.seen["killed " + BEFORE] > 0
    assert report.seen["killed " + AFTER] > 0


@pytest.mark.long
@pytest.mark.timeout(4 * 3600)
def test_a_thousand_kills_of_the_server(server: Server) -> None:
    report = run(SEED, 1_000, server)

    assert report.failed == {}
