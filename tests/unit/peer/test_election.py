"""Whom to believe when nobody asks the contract: more than half of those that were named, and nobody else."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smartchain.errors import NoMajority
from smartchain.peer.election import elect, elect_ledger, same_ledger, stands_by
from smartchain.peer.roster import Roster
from smartchain.ports import PeerHead
from tests.fakes.peers import FalseProof, Honest, OtherRule, Stranger
from tests.fakes.store import ListStore
from tests.store.making import INFO, Story, payments

FORKS = 3
MOST = 12


def store_of(size: int, fork: int = 0) -> ListStore:
    """A log of one of a few histories that share their first four entries."""
    store, story = ListStore(INFO), Story()
    entries = [*payments(0, 4), *payments(100 + fork, MOST)][:size]
    store.take(story.step(entries, verified=True))
    return store


STORES = {(fork, size): store_of(size, fork) for fork in range(FORKS) for size in range(MOST + 1)}
SIZES = st.tuples(st.integers(0, FORKS - 1), st.integers(0, MOST))


def named(*stores: tuple[int, int]) -> list[Honest]:
    return [Honest(STORES[one], f"http://{n}") for n, one in enumerate(stores)]


@settings(deadline=None, max_examples=60)
@given(st.lists(SIZES, min_size=1, max_size=7), st.integers(0, 3))
def test_what_is_agreed_is_the_longest_log_that_more_than_half_of_the_named_have(
    stores: list[tuple[int, int]], absent: int
) -> None:
    peers = named(*stores)
    roster = Roster([*peers, *(Honest(STORES[0, 0], "http://away") for _ in range(absent))], at_once=1)
    for standing in roster.standings[len(peers) :]:
        assert isinstance(standing.peer, Honest)
        standing.peer.away = True
    rows = [[row[0] for row in STORES[one].rows] for one in stores]
    shared = [log for log in rows if sum(other[: len(log)] == log for other in rows) * 2 > len(peers) + absent]

    if not shared:
        with pytest.raises(NoMajority, match="waiting for them to agree"):
            elect(roster, roster.heads())
        return
    agreed = elect(roster, roster.heads())
    longest = max(shared, key=len)
    assert agreed.head.size == len(longest)
    assert [row[0] for row in agreed.voters[0].store.rows][: len(longest)] == longest  # type: ignore[attr-defined]
    assert len(agreed.voters) * 2 > roster.named


def test_half_is_no_majority() -> None:
    roster = Roster(named((0, 8), (1, 8)), at_once=1)

    with pytest.raises(NoMajority, match="more than half of the 2 named peers"):
        elect(roster, roster.heads())


def test_silence_is_no_consent() -> None:
    peers = named((0, 8), (0, 8), (0, 8), (0, 8))
    peers[2].away = peers[3].away = True
    roster = Roster(peers, at_once=1)

    with pytest.raises(NoMajority, match="http://2 cannot be reached"):
        elect(roster, roster.heads())


def test_a_longer_log_without_a_proof_is_no_vote_and_counts_as_dissent() -> None:
    false = FalseProof(STORES[0, 9], "http://false")
    roster = Roster([*named((0, 8), (0, 8)), false], at_once=1)

    agreed = elect(roster, roster.heads())

    assert agreed.head.size == 8
    assert [peer.name for peer in agreed.voters] == ["http://0", "http://1"]
    assert agreed.dissenters == (false,)


def test_an_empty_log_is_where_every_other_began() -> None:
    peers = named((0, 0), (0, 5))
    heads = [peer.head() for peer in peers]

    assert all(stands_by(peer, head, 0, heads[0].root) for peer, head in zip(peers, heads, strict=True))


def test_the_ledger_is_that_of_more_than_half_and_its_deployment_the_middle_of_their_hints() -> None:
    class Elsewhere(Honest):
        def head(self, size: int | None = None) -> PeerHead:
            found = super().head(size)
            return replace(found, info=replace(found.info, deployed_at=10**6))

    store = STORES[0, 3]
    roster = Roster([Honest(store), Honest(store), Elsewhere(store), Stranger(store), OtherRule(store)], at_once=1)

    assert elect_ledger(roster) == INFO
    with pytest.raises(NoMajority, match="at most 1 are of one ledger"):
        elect_ledger(Roster([Honest(store), Stranger(store), OtherRule(store)], at_once=1))
    with pytest.raises(NoMajority, match="0 of 0 peers"):
        elect_ledger(Roster([]))


def test_a_peer_of_another_ledger_or_rule_is_left_and_told_so() -> None:
    said: list[str] = []
    store = STORES[0, 3]
    peers = [Honest(store), Stranger(store, "http://stranger"), OtherRule(store, "http://rule")]
    roster = Roster(peers, lambda error, _seconds: said.append(str(error)), at_once=1)

    kept = same_ledger(INFO, roster, roster.heads())

    assert list(kept) == [peers[0]]
    assert said[0].startswith("http://stranger has ledger 0x9999")
    assert said[1].startswith("http://rule says another rule, fee or genesis")
