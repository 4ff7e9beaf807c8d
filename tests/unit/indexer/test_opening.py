"""Ledgers that begin with a snapshot: what is believed of a file, of peers, and what a run that was ended leaves."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace

import pytest

from smartchain.errors import InputError, NotALedger, RootMismatch, SnapshotError, StoreMoved
from smartchain.indexer.follow import Follower
from smartchain.indexer.gather import Gatherer
from smartchain.indexer.opening import expect, lacks, open_with
from smartchain.indexer.outcome import Advanced, Outcome, Waited
from smartchain.indexer.verify import verify
from smartchain.ledger.entry import Entry
from smartchain.ledger.hash import ETHER
from smartchain.ledger.snapshot import Header
from smartchain.peer.roster import Roster
from smartchain.ports import Chunk, Head, HostBlock, Step
from smartchain.types import ZERO_ADDRESS, ZERO_HASH, Address, Hash32, Index, Size
from tests.fakes.ledger_host import FakeHost
from tests.fakes.peers import LEVEL, Bulk, Honest, alters
from tests.fakes.store import ListStore
from tests.unit.indexer.stepping import assert_is_the_hosts, until_caught_up

MADE = 1_600_000_000


def allocations(count: int, value: int = 5) -> list[bytes]:
    wallets = (Address(number.to_bytes(20, "big")) for number in range(1, count + 1))
    return [Entry(ETHER, ZERO_ADDRESS, wallet, value, MADE).pack() for wallet in wallets]


def opened(count: int, blocks: int = 20, seed: int = 1) -> FakeHost:
    """A host with a ledger that began with so many wallets, and went on."""
    host = FakeHost(random.Random(seed), opening=allocations(count))
    for _ in range(blocks):
        host.mine(2)
    return host


def pieces(entries: list[bytes], at_once: int = 7) -> Iterator[list[bytes]]:
    for at in range(0, len(entries), at_once):
        yield entries[at : at + at_once]


def followed(host: FakeHost) -> ListStore:
    store = ListStore(host.info())
    open_with(store, pieces(host.opening))
    until_caught_up(Follower(host, store))
    return store


@pytest.mark.parametrize("count", [1, 6, 255, 256, 257, 700])
def test_the_chain_goes_on_from_the_snapshot(count: int) -> None:
    host = opened(count)
    store = ListStore(host.info())
    told: list[tuple[int, int]] = []

    open_with(store, pieces(host.opening), lambda done, total: told.append((done, total)))
    assert (store.cursor, store.verified_size, store.chain) == (None, 0, []), "nothing is served before the contract"
    assert told[-1] == (count, count)
    until_caught_up(Follower(host, store))

    assert_is_the_hosts(store, host)
    assert verify(host, store).head == host.head(host.blocks[-1].block)
    assert store.balance(Address((1).to_bytes(20, "big"))) == 5


def test_without_the_file_nothing_is_read_and_the_way_is_said() -> None:
    host = opened(3)
    with pytest.raises(InputError, match="snapshot of 3 wallets, which no host keeps: name its file with --snapshot"):
        Follower(host, ListStore(host.info()))


@pytest.mark.parametrize("stop_after", range(6))
def test_a_run_that_was_ended_goes_on(stop_after: int) -> None:
    host = opened(40)
    store = ListStore(host.info())
    left = iter(range(stop_after))

    open_with(store, pieces(host.opening), stopping=lambda: next(left, None) is None)
    assert lacks(store) == max(0, 40 - 7 * (stop_after + 1))
    open_with(store, pieces(host.opening, 9))

    assert [row[0] for row in store.rows] == host.opening
    until_caught_up(Follower(host, store))
    assert_is_the_hosts(store, host)


@pytest.mark.parametrize("at", [0, 3, 20, 39])
def test_what_came_of_another_file_is_dropped(at: int) -> None:
    host = opened(40)
    store = ListStore(host.info())
    forged = list(host.opening)
    forged[at] = replace(Entry.unpack(forged[at]), value=6).pack()

    with pytest.raises(RootMismatch, match=r"the 40 opening entries give the root 0x.*, and genesis\(\)"):
        open_with(store, pieces(forged))
    assert lacks(store) > 0
    open_with(store, pieces(host.opening))

    assert [row[0] for row in store.rows] == host.opening


def test_more_entries_than_the_ledger_opened_with_are_refused() -> None:
    host = opened(7)
    store = ListStore(host.info())
    with pytest.raises(RootMismatch):
        open_with(store, [[*host.opening, host.opening[-1]]])
    assert store.rows == []


def test_opening_entries_come_before_all_else() -> None:
    host = opened(4)
    store = followed(host)
    late = Step(Chunk(2, 2, Index(len(store.rows)), [host.opening[0]], [], [ZERO_HASH]), None)
    with pytest.raises(StoreMoved):
        store.take(late)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"size": Size(6)}, "another snapshot than"),
        ({"root": Hash32(bytes(32))}, "another snapshot than"),
        ({"timestamp": MADE + 1}, "another snapshot than"),
    ],
)
def test_another_snapshot_is_told_before_anything_of_it_is_read(changed: dict[str, object], said: str) -> None:
    info = opened(5).info()
    right = Header(ETHER, info.genesis.timestamp, info.genesis.size, 25, info.genesis.root)
    expect(right, info)
    with pytest.raises(SnapshotError, match=said):
        expect(replace(right, **changed), info)  # type: ignore[arg-type]


def test_a_snapshot_of_a_ledger_without_one_is_left_out() -> None:
    info = opened(0).info()
    with pytest.raises(SnapshotError, match="opens without a snapshot: leave --snapshot out"):
        expect(Header(ETHER, MADE, Size(1), 1, Hash32(bytes(32))), info)


def test_a_reorganisation_of_everything_keeps_the_opening() -> None:
    host = opened(9, blocks=5)
    store = followed(host)
    host.reorganise(5)
    for _ in range(4):
        host.mine(3)

    until_caught_up(Follower(host, store))

    assert_is_the_hosts(store, host)


def test_nothing_is_final_of_a_ledger_that_recorded_nothing_yet() -> None:
    host = FakeHost(random.Random(2), opening=allocations(9))
    host.depths = (1, 2)
    store = followed(host)
    assert store.settled.finalized is None


# from peers


def from_peers(store: ListStore, host: FakeHost | None, *peers: Honest) -> tuple[list[Outcome], list[str]]:
    said: list[str] = []
    roster = Roster(peers, lambda error, _s: said.append(str(error)), lambda: 0.0, at_once=1)
    gatherer = Gatherer(roster, store, host, depth=4, part_level=LEVEL, clock=lambda: 0.0)
    outcomes = [gatherer.step()]
    while len(outcomes) < 30 and not (isinstance(outcomes[-1], Waited) and outcomes[-1].caught_up):
        outcomes.append(gatherer.step())
    return outcomes, said


@pytest.mark.parametrize("count", [1, 8, 21, 300])
@pytest.mark.parametrize("alone", [False, True])
def test_peers_give_the_opening_too(count: int, alone: bool) -> None:
    host = opened(count)
    store = ListStore(host.info())

    from_peers(store, None if alone else host, Honest(followed(host)))

    assert_is_the_hosts(store, host)
    assert (store.verified_at is None) == alone


@pytest.mark.parametrize("stopped_after", [1, 2, 5])
def test_what_a_file_began_peers_complete_though_the_file_was_false(stopped_after: int) -> None:
    host = opened(50)
    store = ListStore(host.info())
    forged = [*host.opening[:20], *allocations(50, 6)[20:]]
    left = iter(range(stopped_after))
    open_with(store, pieces(forged), stopping=lambda: next(left, None) is None)

    from_peers(store, host, Honest(followed(host)))

    assert_is_the_hosts(store, host)


@pytest.mark.parametrize("seed", range(6))
def test_a_peer_that_forges_an_allocation_is_named_and_nothing_of_it_stays(seed: int) -> None:
    host = opened(50, blocks=5)
    store = ListStore(host.info())
    liar = Bulk(followed(host), random.Random(seed), alters)

    outcomes, said = from_peers(store, host, liar, Honest(followed(host)))

    assert any(liar.name in line and "lies" in line for line in said)
    assert isinstance(outcomes[-1], Waited)
    assert_is_the_hosts(store, host)


def test_peers_that_have_not_opened_yet_are_waited_for() -> None:
    host = opened(5)
    store = ListStore(host.info())

    outcomes, _ = from_peers(store, host, Honest(ListStore(host.info())))

    assert all(isinstance(one, Waited) and "no peer gives the 5 opening entries" in one.reason for one in outcomes)
    assert store.rows == []


def test_a_ledger_that_recorded_nothing_is_its_opening() -> None:
    host = opened(12, blocks=0)
    for alone in (False, True):
        store = ListStore(host.info())
        from_peers(store, None if alone else host, Honest(followed(host)))
        assert_is_the_hosts(store, host)


def test_the_opening_of_a_ledger_so_young_that_it_was_not_there_some_blocks_ago() -> None:
    class Young(FakeHost):
        """What is at the earlier block is no ledger yet."""

        def head(self, at: HostBlock) -> Head:
            if at.number < len(self.blocks) - 1:
                raise NotALedger("does not answer as a ledger does")
            return super().head(at)

    young = Young(random.Random(1), opening=allocations(5))
    young.mine(2)
    store = ListStore(young.info())
    from_peers(store, young, Honest(followed(young)))
    assert_is_the_hosts(store, young)


def test_a_host_that_says_less_than_the_opening_lies() -> None:
    host = opened(5)
    forger = FakeHost(random.Random(1))
    forger.info = host.info  # type: ignore[method-assign]
    store = ListStore(host.info())
    with pytest.raises(RootMismatch, match="opened with 5 entries, and has 0 at host block"):
        from_peers(store, forger, Honest(followed(host)))


def test_an_entry_of_the_opening_has_no_host_transaction() -> None:
    store = followed(opened(3))
    with store.view() as view:
        first = view.entry(0)
        assert first is not None
        assert (first.transaction, first.host_block) == (ZERO_HASH, store.info.deployed_at)
        assert view.named(ZERO_HASH) == []


def test_the_first_step_after_the_opening_is_an_advance() -> None:
    host = opened(5)
    store = ListStore(host.info())
    open_with(store, pieces(host.opening))
    outcome = Follower(host, store).step()
    assert isinstance(outcome, Advanced)
    assert (outcome.entries, outcome.verified) == (40, True)
    assert store.verified_at == host.blocks[-1].block
