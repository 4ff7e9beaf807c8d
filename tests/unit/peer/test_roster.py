"""Who is asked, who is set aside, and for how long."""

from __future__ import annotations

from smartchain.errors import PeerError, PeerLied, PeerUnavailable, PeerUnusable
from smartchain.peer.roster import AWAY_LONGEST_S, LONGEST_S, Roster
from tests.fakes.peers import Honest
from tests.fakes.store import ListStore
from tests.store.making import INFO


class Table:
    """Three peers and a clock."""

    def __init__(self) -> None:
        self.now = 100.0
        self.told: list[tuple[str, float]] = []
        self.peers = [Honest(ListStore(INFO), name) for name in ("http://a", "http://b", "http://c")]
        self.roster = Roster(self.peers, self._left, lambda: self.now)

    def _left(self, error: PeerError, seconds: float) -> None:
        self.told.append((str(error), seconds))

    def ready(self) -> str:
        return "".join(peer.name[-1] for peer in self.roster.ready())

    def asides(self, error: PeerError, times: int) -> list[float]:
        """For how long a peer is set aside, again and again."""
        for _ in range(times):
            self.roster.leave(self.peers[0], error)
        return [seconds for _, seconds in self.told]


def test_a_peer_that_fails_is_named_with_the_reason_and_set_aside_for_a_while() -> None:
    table = Table()
    table.roster.leave(table.peers[0], PeerUnavailable("http://a cannot be reached"))

    assert table.told == [("http://a cannot be reached", 1.0)]
    assert table.ready() == "bc"
    assert table.roster.standings[0].reason == "http://a cannot be reached"
    table.now += 1
    assert table.ready() == "bca", "last, since it failed"


def test_time_aside_doubles_up_to_a_bound_by_kind() -> None:
    away, unusable, lied = (
        Table().asides(error, 20) for error in (PeerUnavailable(""), PeerUnusable(""), PeerLied(""))
    )

    assert away[:4] == [1, 2, 4, 8]
    assert away[-1] == AWAY_LONGEST_S
    assert unusable[:3] == [10, 20, 40]
    assert lied[:3] == [60, 120, 240]
    assert unusable[-1] == lied[-1] == LONGEST_S


def test_doing_well_makes_up_for_having_been_away_and_never_for_a_lie() -> None:
    table = Table()
    table.asides(PeerUnavailable(""), 5)
    table.roster.did_well(table.peers[0])
    assert table.ready() == "abc"

    table.roster.leave(table.peers[0], PeerLied("http://a lied"))
    table.roster.did_well(table.peers[0])
    assert table.ready() == "bca"
    table.roster.leave(table.peers[0], PeerLied("http://a lied"))
    assert table.told[-1][1] == 120


def test_who_does_not_answer_is_left_and_the_others_are_heard() -> None:
    table = Table()
    table.peers[1].away = True

    heads = table.roster.heads()

    assert [peer.name for peer in heads] == ["http://a", "http://c"]
    assert table.told[0][0].startswith("http://b cannot be reached")
    assert table.roster.standings[0].head == heads[table.peers[0]]
