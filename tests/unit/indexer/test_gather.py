"""A chain from peers: what is taken, what is kept, what is dropped, and who has the last word."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest

from smartchain.errors import PeerUnavailable, RootMismatch
from smartchain.indexer.follow import Follower
from smartchain.indexer.gather import LOOK_S, PATIENCE_S, Gatherer
from smartchain.indexer.growth import genesis_of
from smartchain.indexer.outcome import Advanced, Outcome, Rewound, Waited
from smartchain.ledger.hash import keccak
from smartchain.peer.election import Heads
from smartchain.peer.roster import Roster
from smartchain.ports import HostBlock, Portion
from smartchain.types import ZERO_HASH, Hash32
from tests.fakes.ledger_host import FakeHost
from tests.fakes.peers import LEVEL, Bulk, Forger, Honest, alters, forged, hints_at_random
from tests.fakes.store import ListStore

DEPTH = 4

PART = 1 << LEVEL


class Brittle(Honest):
    """Gives one part at a time, or none any more."""

    spent = False

    def portions(self, start: int, stop: int) -> Iterator[Portion]:
        portions = super().portions(start, stop)
        if not self.spent:
            yield next(portions)
        raise PeerUnavailable(f"{self.name} broke off")


def followed(host: FakeHost) -> ListStore:
    store = ListStore(host.info())
    follower = Follower(host, store)
    while not (isinstance(outcome := follower.step(), Waited) and outcome.caught_up):
        pass
    return store


class Table:
    """A host chain of some forty entries, an honest node that follows it, and our own store."""

    def __init__(self, seed: int = 1) -> None:
        self.now = 0.0
        self.chance = random.Random(seed)
        self.host = FakeHost(self.chance)
        for _ in range(20):
            self.host.mine(2)
        self.honest = Honest(followed(self.host), "http://honest")
        self.store = ListStore(self.host.info())
        self.said: list[str] = []
        self.looked: list[Heads] = []
        self.stop = False

    def gatherer(self, *peers: Honest, alone: bool = False) -> Gatherer:
        roster = Roster(peers, lambda error, _s: self.said.append(str(error)), lambda: self.now, at_once=1)
        return Gatherer(
            roster, self.store, None if alone else self.host, stopping=lambda: self.stop, lookout=self.looked.append,
            depth=DEPTH, part_level=LEVEL, clock=lambda: self.now,
        )  # fmt: skip

    def until_idle(self, gatherer: Gatherer) -> list[Outcome]:
        outcomes = [gatherer.step()]
        while not (isinstance(outcomes[-1], Waited) and outcomes[-1].caught_up):
            assert len(outcomes) < 50, outcomes
            outcomes.append(gatherer.step())
        return outcomes

    def rows(self) -> list[bytes]:
        return [row[0] for row in self.store.rows[: self.store.verified_size]]

    def is_whole(self) -> bool:
        return self.rows() == self.host.entries() and self.store.chain == self.host.chain(self.store.info)


# with the contract


def test_peers_give_the_bulk_and_the_host_the_last_blocks_and_the_last_word() -> None:
    table = Table()
    at = table.host.blocks[-1 - DEPTH].block

    first, *rest = table.until_idle(table.gatherer(table.honest))

    assert isinstance(first, Advanced)
    assert (first.host_block, first.verified, first.size) == (at.number, True, table.host.sizes[at.number])
    assert table.honest.taken == [(0, first.size)], "one download"
    assert any(isinstance(outcome, Advanced) and outcome.verified for outcome in rest)
    assert table.is_whole()
    assert table.store.verified_at == table.host.blocks[-1].block


def test_a_node_that_keeps_up_asks_no_peer_for_entries() -> None:
    table = Table()
    gatherer = table.gatherer(table.honest)
    table.until_idle(gatherer)
    for _ in range(5):
        table.host.mine(2)
        table.until_idle(gatherer)

    assert len(table.honest.taken) == 1
    assert table.is_whole()


def test_a_lie_costs_one_part_and_what_was_proven_before_it_stays() -> None:
    table = Table()
    liar = Bulk(table.honest.store, random.Random(4), alters)

    table.gatherer(liar, table.honest).step()

    (start, stop), (resumed, end) = liar.taken[0], table.honest.taken[0]
    assert (start, end) == (0, stop)
    assert PART <= resumed < stop
    assert resumed % PART == 0
    assert "not as the root has them: it lies" in table.said[0]


def test_hints_of_a_peer_are_places_that_nothing_goes_back_to() -> None:
    table = Table()
    table.until_idle(table.gatherer(Bulk(table.honest.store, table.chance, hints_at_random)))
    anchor = table.host.blocks[-1 - DEPTH].block

    assert table.is_whole()
    assert min(number for number, _ in table.store.host_blocks()) == anchor.number
    numbers = [row[1] for row in table.store.rows]
    assert numbers == sorted(numbers)
    assert max(numbers[: table.host.sizes[anchor.number]]) <= anchor.number


@pytest.mark.parametrize("deep", [1, DEPTH, DEPTH + 1, DEPTH + 9])
@pytest.mark.parametrize("keep", [False, True])
def test_after_a_reorganisation_of_any_depth_a_node_with_false_hints_has_the_hosts_chain(deep: int, keep: bool) -> None:
    table = Table()
    liar = Bulk(table.honest.store, table.chance, hints_at_random)
    gatherer = table.gatherer(liar)
    table.until_idle(gatherer)

    table.host.reorganise(deep, keep=keep, shift_s=1)
    for _ in range(3):
        table.host.mine(1)
    liar.store = followed(table.host)
    table.until_idle(gatherer)

    assert table.is_whole()


def test_what_a_deep_reorganisation_left_alone_is_not_taken_again() -> None:
    table = Table()
    gatherer = table.gatherer(table.honest)
    table.until_idle(gatherer)
    table.host.reorganise(DEPTH + 3, keep=True, shift_s=1)
    table.honest.store = followed(table.host)

    outcomes = table.until_idle(gatherer)

    assert isinstance(outcomes[0], Rewound)
    assert outcomes[0].dropped < 2 * (DEPTH + 3) + PART
    assert table.honest.taken[1][0] >= PART
    assert table.is_whole()


def test_a_store_that_peers_filled_is_good_for_one_who_follows_the_host_alone() -> None:
    table = Table()
    table.gatherer(Brittle(table.honest.store)).step()
    staged = table.store.status()
    assert 0 < staged.size < len(table.host.entries())
    assert staged.cursor == HostBlock(staged.cursor.number if staged.cursor else 0, ZERO_HASH, 0)

    follower = Follower(table.host, table.store)
    while not (isinstance(outcome := follower.step(), Waited) and outcome.caught_up):
        pass

    assert table.is_whole()


def test_without_a_peer_that_serves_the_host_is_read() -> None:
    table = Table()
    table.honest.away = True

    table.until_idle(table.gatherer(table.honest))

    assert table.is_whole()


def test_a_download_that_no_peer_goes_on_with_is_given_up_for_the_host_after_a_while() -> None:
    table = Table()
    brittle = Brittle(table.honest.store)
    gatherer = table.gatherer(brittle)
    gatherer.step()
    brittle.spent = True

    waited = gatherer.step()
    table.now += PATIENCE_S
    table.until_idle(gatherer)

    assert isinstance(waited, Waited)
    assert waited.reason.startswith(f"no peer gives the entries from {PART} on")
    assert table.is_whole()


def test_a_peer_that_is_behind_gives_what_it_can() -> None:
    table = Table()
    for _ in range(15):
        table.host.mine(2)
    behind = Honest(followed(table.host), "http://behind")
    for _ in range(30):
        table.host.mine(2)
    table.honest.store = followed(table.host)

    table.gatherer(behind, table.honest).step()

    assert behind.taken[0][0] == 0
    assert table.honest.taken[0][0] == behind.taken[0][1] > 0


@pytest.mark.parametrize("kept", [0, 1, DEPTH])
def test_a_host_that_forgot_older_state_is_asked_about_the_newest(kept: int) -> None:
    table = Table()
    table.host.keeps_state = kept
    gatherer = table.gatherer(table.honest)
    gatherer.step()

    assert bool(table.honest.taken) == (kept > 0)
    table.host.keeps_state = 10**9
    table.until_idle(gatherer)
    assert table.is_whole()


def test_a_node_whose_peaks_do_not_give_its_root_is_called_a_liar() -> None:
    class Liar(FakeHost):
        def peaks(self, at: HostBlock) -> list[Hash32]:
            return [keccak(peak) for peak in super().peaks(at)]

    table = Table()
    table.host.__class__ = Liar
    with pytest.raises(RootMismatch, match="do not give its own root"):
        table.gatherer(table.honest).step()


def test_peers_are_looked_at_now_and_then_though_nothing_is_taken_from_them() -> None:
    table = Table()
    gatherer = table.gatherer(table.honest)
    table.until_idle(gatherer)
    gatherer.step()
    assert len(table.looked) == 1
    table.now += LOOK_S
    gatherer.step()
    assert len(table.looked) == 2


# without it


def test_without_a_contract_the_chain_is_agreed_and_not_verified() -> None:
    table = Table()
    table.until_idle(table.gatherer(table.honest, alone=True))

    assert table.is_whole()
    assert table.store.verified_at is None


def test_an_agreed_chain_grows_as_the_peers_do() -> None:
    table = Table()
    gatherer = table.gatherer(table.honest, alone=True)
    for _ in range(30):
        table.until_idle(gatherer)
        assert table.is_whole()
        table.host.mine(table.chance.randint(0, 5))
        table.honest.store = followed(table.host)


def test_an_empty_ledger_has_its_genesis_block_and_nothing_else() -> None:
    table = Table()
    table.host = FakeHost(random.Random(1))
    table.store = ListStore(table.host.info())
    table.until_idle(table.gatherer(Honest(followed(table.host)), alone=True))

    assert table.store.chain == [genesis_of(table.store.info)]
    assert table.store.verified_blocks == 1


def test_a_majority_that_went_to_another_history_is_followed_and_only_what_differs_is_dropped() -> None:
    table = Table()
    gatherer = table.gatherer(table.honest, alone=True)
    table.until_idle(gatherer)
    table.host.reorganise(5, keep=True, shift_s=1)
    table.honest.store = followed(table.host)

    outcomes = table.until_idle(gatherer)

    assert isinstance(outcomes[0], Rewound)
    assert outcomes[0].dropped <= 10
    assert table.is_whole()


def test_who_does_not_stand_by_what_is_agreed_is_named_and_left() -> None:
    table = Table()
    forger = Honest(forged(table.honest.store, table.chance), "http://forger")
    table.until_idle(table.gatherer(table.honest, Honest(table.honest.store), forger, alone=True))

    assert table.is_whole()
    assert table.said == ["http://forger has another history than the 40 entries that most agree on, or lies"]


def test_a_majority_that_is_behind_for_a_moment_takes_nothing_back_and_for_long_does() -> None:
    table = Table()
    gatherer = table.gatherer(table.honest, alone=True)
    table.until_idle(gatherer)
    before = table.rows()
    table.host.reorganise(3)
    table.honest.store = followed(table.host)

    first = gatherer.step()
    assert isinstance(first, Waited)
    assert table.rows() == before
    table.now += PATIENCE_S
    assert isinstance(gatherer.step(), Rewound)
    table.until_idle(gatherer)

    assert table.is_whole()


def test_what_the_contract_verified_is_not_dropped_because_peers_say_so() -> None:
    table = Table()
    table.until_idle(table.gatherer(table.honest))
    before = table.rows()
    forger = Forger(table.honest.store, table.chance)

    waited = table.gatherer(forger, alone=True).step()

    assert isinstance(waited, Waited)
    assert "give --rpc-url to ask the contract again" in waited.reason
    assert table.rows() == before
    assert table.store.verified_at is not None


def test_a_false_majority_is_found_out_once_the_contract_is_asked() -> None:
    table = Table()
    forger = Honest(forged(table.honest.store, table.chance), "http://forger")
    table.until_idle(table.gatherer(forger, alone=True))
    assert not table.is_whole()
    assert table.store.verified_at is None

    table.until_idle(table.gatherer(forger, table.honest))

    assert table.is_whole()
    assert table.store.verified_at is not None


def test_host_blocks_without_end_in_an_agreed_chain_do_not_hold_up_one_who_asks_the_contract_later() -> None:
    class Boundless(Honest):
        def portions(self, start: int, stop: int) -> Iterator[Portion]:
            for portion in super().portions(start, stop):
                portion.host_blocks[:] = [2**62] * len(portion.host_blocks)
                yield portion

    table = Table()
    boundless = Boundless(table.honest.store)
    table.until_idle(table.gatherer(boundless, alone=True))
    assert table.store.cursor is not None
    assert table.store.cursor.number <= table.host.blocks[-1].block.number

    table.until_idle(table.gatherer(boundless))

    assert table.is_whole()
    assert table.store.verified_at == table.host.blocks[-1].block


def test_a_node_goes_on_from_what_is_proven_when_a_peer_breaks_off() -> None:
    table = Table()
    brittle = Brittle(table.honest.store, "http://brittle")
    gatherer = table.gatherer(brittle, alone=True)
    for _ in range(30):
        gatherer.step()
        table.now += 60

    assert table.is_whole()
    starts = [start for start, _ in brittle.taken]
    assert starts == sorted(set(starts)), "no range was asked for twice"
