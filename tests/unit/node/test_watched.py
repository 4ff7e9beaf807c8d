"""What watches the node: alive at once, ready only when caught up, and figures that are those of the store."""

from __future__ import annotations

from dataclasses import asdict

import pytest

from smartchain.cli.pulse import Pulse
from smartchain.errors import HostUnavailable, PeerUnavailable
from smartchain.indexer.outcome import Advanced, Outcome, Reread, Rewound, Waited
from smartchain.node.app import build_app
from smartchain.node.door import Door
from smartchain.node.health import Health, HostNode, Waiting
from smartchain.node.standing import Heads, Standing
from smartchain.types import Size
from tests.store.making import ANNA, payment, payments
from tests.unit.node.asking import Client, World

UP_TO_DATE = Waited("up to date", caught_up=True)


STALLED = Waiting(
    "logs that give the contract's root",
    130.5,
    "the contract has 4 entries more than are verified, and nothing moves for 130 s",
    (HostNode("http://a", "set aside", "it lied"), HostNode("http://b", "in use", None)),
)


NINE, FIVE = Standing(120, 9, 3), Standing(88, 5, 2)


class Watched:
    """A node, its indexer, and a clock that a test moves."""

    def __init__(self, lag: int = 0) -> None:
        self.now = 0.0
        self.world = World(payments(1, 7))
        self.waiting = Waiting("the next host block")
        heads = Heads(NINE, FIVE)
        self.health = Health(lag, clock=lambda: self.now, waiting=lambda: self.waiting, heads=lambda: heads)
        self.pulse = Pulse(self.world.feed, self.health)
        self.client = Client(build_app(self.world.services(health=self.health)))

    def reason(self) -> str | None:
        """Why the node is not ready; None if it is."""
        response = self.client.get("/ready")
        said = response.json()
        assert response.status_code == (200 if said["ready"] else 503)
        assert said["ready"] == (said["reason"] is None)
        reason: str | None = said["reason"]
        return reason

    def figure(self, name: str) -> float:
        lines = self.client.get("/metrics").text.splitlines()
        return next(float(line.rpartition(" ")[2]) for line in lines if line.startswith(f"smartchain_{name} "))


@pytest.fixture
def node() -> Watched:
    return Watched()


def test_a_node_that_has_not_looked_is_alive_and_not_ready(node: Watched) -> None:
    response = node.client.get("/health")
    said = response.json()
    assert (response.status_code, said["alive"], said["healthy"], said["nodes"]) == (200, True, True, [])
    assert "has not looked" in str(node.reason())


def test_a_node_whose_host_does_not_answer_says_so(node: Watched) -> None:
    node.pulse.trouble(HostUnavailable("the RPC node 127.0.0.1:1 does not answer"))

    assert "does not answer" in str(node.reason())
    assert node.figure("rpc_errors_total") == 1


def test_a_peer_s_fault_is_no_rpc_error(node: Watched) -> None:
    node.pulse.trouble(PeerUnavailable("nobody"))

    assert node.figure("rpc_errors_total") == 0


def test_a_chain_that_no_contract_confirmed_is_never_ready(node: Watched) -> None:
    node.world.agree()
    node.pulse.report(UP_TO_DATE)

    assert "no contract" in str(node.reason())


@pytest.mark.parametrize(("lag", "ready"), [(1, False), (2, True)])
def test_a_node_is_ready_with_so_many_entries_unverified_and_no_more(lag: int, ready: bool) -> None:
    node = Watched(lag)
    node.pulse.report(UP_TO_DATE)
    node.world.grow(payments(2, 2), verified=False)

    assert (node.reason() is None) == ready
    assert node.figure("lag_entries") == 2


def test_a_node_is_ready_while_it_keeps_up_and_not_when_it_stopped_to(node: Watched) -> None:
    node.pulse.report(Advanced(7, 7, Size(7), 3, node.world.info.genesis.root, verified=True))
    assert node.reason() is None

    node.now += 119
    node.pulse.trouble(HostUnavailable("gone"))
    assert node.reason() is None, "a passing fault of the host is none of its clients'"

    node.now += 2
    assert node.reason() == "not caught up for 121 s: gone"
    assert node.figure("ready") == 0


def test_reorganisations_and_mismatches_are_counted(node: Watched) -> None:
    steps: list[Outcome] = [Rewound(5, 3, 2), Rewound(5, 1, 0), Reread(1, 2, "what was read is another root")]
    for step in steps:
        node.pulse.report(step)

    assert node.figure("reorganisations_total") == 2
    assert node.figure("reorganised_blocks_total") == 4
    assert node.figure("reorganised_entries_total") == 2
    assert node.figure("deepest_reorganisation") == 3
    assert node.figure("root_mismatches_total") == 1
    assert "another root" in str(node.reason())


def test_the_feed_hears_of_what_moved_and_not_of_looking_around(node: Watched) -> None:
    before = node.world.feed.count
    node.pulse.report(UP_TO_DATE)
    assert node.world.feed.count == before

    node.pulse.report(Rewound(5, 3, 2))
    assert node.world.feed.count == before + 1


def test_what_another_process_wrote_moves_the_feed_too(node: Watched) -> None:
    node.pulse.watch(node.world.store)
    before = node.world.feed.count
    node.pulse.report(UP_TO_DATE)
    assert node.world.feed.count == before

    node.world.store.cursor = None
    node.pulse.report(UP_TO_DATE)
    node.world.store.verified_size = 6
    node.pulse.progress()
    node.pulse.progress()

    assert node.world.feed.count == before + 2


def test_the_figures_are_those_of_the_store(node: Watched) -> None:
    node.world.grow([payment(ANNA, ANNA, 1)], verified=False)

    assert (node.figure("size"), node.figure("verified_size"), node.figure("blocks")) == (8, 7, 3)
    assert (node.figure("verified"), node.figure("store_up"), node.figure("host_block")) == (1, 1, 8)


def test_requests_are_counted_by_route_and_status_and_strangers_make_up_no_routes(node: Watched) -> None:
    for path in ("/api/v1/blocks/1", "/api/v1/blocks/2", "/api/v1/blocks/9", "/api/v1/entries/1", "/%3Cb%3E", "/x/y/z"):
        node.client.get(path)

    text = node.client.get("/metrics").text

    assert 'smartchain_requests_total{route="/api/v1/blocks/{name}",status="200"} 2.0' in text
    assert 'smartchain_requests_total{route="/api/v1/blocks/{name}",status="404"} 1.0' in text
    assert 'smartchain_requests_total{route="/api/v1/entries/{index}",status="200"} 1.0' in text
    assert 'smartchain_requests_total{route="other",status="404"} 2.0' in text


def test_a_node_that_is_starting_says_what_it_waits_for() -> None:
    door = Door()
    client = Client(door)

    assert client.get("/health").status_code == 200
    assert "waits for its ledger" in client.get("/ready").json()["reason"]
    assert "waits for its ledger" in client.refused("/api/v1/head", 503)

    door.open(build_app(World().services()))
    assert client.json("/api/v1/head")["size"] == 0


def test_an_update_waits_for_a_whole_look(node: Watched) -> None:
    import threading

    found = list[bool]()
    waiting = threading.Thread(target=lambda: found.append(node.pulse.update()))
    waiting.start()
    for _ in range(3):
        node.pulse.report(UP_TO_DATE)
        waiting.join(0.2)
    waiting.join(5)

    assert found == [True]


def test_a_stall_is_no_good_health_and_says_what_is_waited_for_since_when_and_of_whom(node: Watched) -> None:
    node.waiting = STALLED

    response = node.client.get("/health")

    assert response.status_code == 503
    assert response.json() == {
        "alive": True,
        "healthy": False,
        "reason": STALLED.stalled,
        "waits_for": STALLED.reason,
        "since_s": 130,
        "heads": {"unsafe": asdict(NINE), "safe": asdict(FIVE), "finalized": None},
        "nodes": [
            {"name": "http://a", "state": "set aside", "reason": "it lied"},
            {"name": "http://b", "state": "in use", "reason": None},
        ],
    }
    assert (node.figure("stalled"), node.figure("waiting_seconds")) == (1, 130)
    figures = node.client.get("/metrics").text
    assert 'smartchain_rpc_node{node="http://a",state="set aside"} 1.0' in figures
    assert 'smartchain_rpc_node{node="http://b",state="set aside"} 0.0' in figures


def test_health_is_good_as_soon_as_it_moves_again(node: Watched) -> None:
    node.waiting = STALLED
    node.client.get("/health")
    node.waiting = Waiting("the next host block", 3.0)

    response = node.client.get("/health")

    assert (response.status_code, response.json()["reason"], node.figure("stalled")) == (200, None, 0)
