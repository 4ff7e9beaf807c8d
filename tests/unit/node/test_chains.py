"""Several chains on one node: a front page, and each chain whole behind its ledger's address."""

from __future__ import annotations

import csv
import io

import pytest

from smartchain.config import NodeSettings
from smartchain.ledger.address import checksum
from smartchain.ledger.hash import ETHER, keccak
from smartchain.ledger.unit import Unit
from smartchain.node.chains import build_chains
from smartchain.node.fleet import Fleet
from smartchain.node.health import Health, Waiting
from smartchain.node.services import Services
from smartchain.types import Address
from tests.store.making import ANNA, BEN, payment, payments
from tests.unit.node.asking import Client, World

FACTORY = Address(keccak(b"the factory")[12:])
TOKEN = Address(keccak(b"a token")[12:])
HTML = {"Accept": "text/html"}


def ledger(number: int) -> Address:
    return Address(keccak(b"ledger %d" % number)[12:])


class Node:
    """A node of two chains, the second of a token."""

    def __init__(self) -> None:
        self.worlds = [world_of(1), world_of(2)]
        self.worlds[0].grow(payments(1, 7))
        self.worlds[1].grow([payment(ANNA, BEN, value, subject=TOKEN) for value in range(1, 301)])
        self.health = [Health(), Health()]
        self.fleet = Fleet(FACTORY)
        for world, health in zip(self.worlds, self.health, strict=True):
            self.fleet.add(world.services(health=health))
        self.client = Client(build_chains(self.fleet, NodeSettings(), lambda: 1_700_000_160.0))

    def lists(self, *numbers: int) -> None:
        self.fleet.lists([ledger(number) for number in numbers])

    def lines(self) -> list[dict[str, object]]:
        found: list[dict[str, object]] = self.client.json("/index.json")["chains"]
        return found


def world_of(number: int) -> World:
    return World(address=ledger(number))


def at(number: int) -> str:
    """Where a chain is."""
    return f"/{checksum(ledger(number))}"


@pytest.fixture
def node() -> Node:
    return Node()


def test_a_ledger_that_is_not_listed_is_not_found_and_the_front_page_is_named(node: Node) -> None:
    node.lists(1)
    stranger = checksum(ANNA)

    assert node.client.refused(f"/{stranger}/api/v1/head", 404) == (
        f"this node has no chain of a ledger {stranger}: / lists those that it has"
    )
    page = node.client.get(f"/{stranger}/", headers=HTML)
    assert (page.status_code, stranger in page.text, 'href="/"' in page.text) == (404, True, True)
    assert "no chain of a ledger" in node.client.refused(at(2), 404), "the store has it, the factory does not list it"
    wrong = at(1)[:3] + at(1)[3:].swapcase()
    assert "wrong checksum" in node.client.refused(wrong, 404)
    assert "checksum" in node.client.get(wrong, headers=HTML).text


def test_what_a_node_of_one_chain_has_at_its_root_is_said_to_be_elsewhere(node: Node) -> None:
    for path in ("/api/v1/head", "/blocks", "/chain", "/0x12", "/rpc"):
        assert "several chains, each behind the address of its ledger" in node.client.refused(path, 404)
    assert node.client.ask("POST", "/rpc", json={}).status_code == 404
    assert node.client.ask("POST", "/").status_code == 405


def test_a_chain_behind_its_address_is_what_a_node_of_that_chain_alone_is(node: Node) -> None:
    same = ["/api/v1/head", "/api/v1/chain", "/api/v1/entries?limit=1000", "/chain", "/index.json", "/blocks.csv"]
    same += ["/api/v1/blocks/1", "/api/v1/bulk/head", "/api/v1/bulk/entries?start=0&stop=7", "/verify.json", "/ready"]
    for number, world in enumerate(node.worlds, 1):
        alone = Client(world)
        for path in same:
            one, other = alone.get(path), node.client.get(at(number) + path)
            expected = one.content.replace(b'"/api/v1', f'"{at(number)}/api/v1'.encode())
            assert (other.status_code, other.content) == (one.status_code, expected), path


def test_each_chain_has_an_identity_of_its_own(node: Node) -> None:
    asked = {"jsonrpc": "2.0", "id": 1, "method": "eth_chainId", "params": []}
    ids = {node.client.ask("POST", f"{at(number)}/rpc", json=asked).json()["result"] for number in (1, 2)}
    ledgers = [node.client.json(f"{at(number)}/api/v1/chain")["ledger"] for number in (1, 2)]

    assert len(ids) == 2
    assert ledgers == [checksum(ledger(1)), checksum(ledger(2))]


def test_nodes_registered_with_one_chain_are_not_those_of_another(node: Node) -> None:
    host = {"Host": "127.0.0.1:5000"}
    said = {"nodes": ["http://10.0.0.1:5000"]}
    answers = [
        node.client.ask("POST", f"{at(number)}/nodes/register", json=said, headers=host).json() for number in (1, 2)
    ]

    assert [answer["total_nodes"] for answer in answers] == [["10.0.0.1:5000"], ["10.0.0.1:5000"]]


def test_an_address_is_known_in_lower_case_too_and_leads_on_in_its_checksummed_form(node: Node) -> None:
    page = node.client.get(at(1).lower())

    assert page.status_code == 200
    assert f'href="{at(1)}/blocks"' in page.text
    assert at(1).lower() not in page.text


def test_a_list_goes_on_behind_the_same_address(node: Node) -> None:
    walked = node.client.walk(f"{at(2)}/api/v1/entries?limit=100", "entries")
    blocks = node.client.walk(f"{at(2)}/api/v1/blocks?limit=50&order=descending", "blocks")

    assert [entry["index"] for entry in walked] == list(range(300))
    assert len(blocks) == 101
    assert node.client.json(f"{at(2)}/entries.json")["next"].startswith(f"{at(2)}/entries.json?before=")


def test_a_large_block_names_the_rest_of_its_entries_behind_the_same_address() -> None:
    world = World(payments(1, 1200), (1100, 0))
    fleet = Fleet(FACTORY)
    fleet.add(world.services())
    path = f"/{checksum(world.info.address)}"
    client = Client(build_chains(fleet, NodeSettings()))

    block = client.json(f"{path}/api/v1/blocks/1")

    assert len(block["entries"]) + len(client.walk(block["next"], "entries")) == 1100


def test_the_front_page_says_of_each_chain_what_it_counts_and_where_it_stands(node: Node) -> None:
    node.lists(2, 1, 3)
    node.fleet.counts(ledger(2), Unit(TOKEN, "USD\u202ec", 6))
    node.fleet.leave(ledger(3), "the contract does not answer as a ledger does")
    node.worlds[1].grow(payments(2, 4), verified=False)

    said = node.client.json("/index.json")
    second, first, third = said["chains"]

    assert (said["factory"], said["asked"], said["verified"], said["size"]) == (checksum(FACTORY), True, False, 307)
    assert (first["subject"], first["symbol"], first["size"], first["blocks"]) == (checksum(ETHER), "ETH", 7, 3)
    assert (second["subject"], second["size"], second["path"]) == (checksum(TOKEN), 300, f"{at(2)}/")
    assert (first["verified"], first["newest"], first["reason"]) == (True, 1_700_000_100, None)
    assert (third["size"], third["path"], third["verified"]) == (None, None, False)
    assert "as a ledger does" in third["reason"]
    rows = list(csv.DictReader(io.StringIO(node.client.get("/index.csv").text)))
    assert [(row["ledger"], row["size"], row["verified"]) for row in rows] == [
        (checksum(ledger(2)), "300", "True"),
        (checksum(ledger(1)), "7", "True"),
        (checksum(ledger(3)), "", "False"),
    ]
    page = node.client.get("/").text
    assert f'<bdi>USD\\u202ec</bdi> <code class="quiet" title="{checksum(TOKEN)}">' in page
    for part in (f'href="{at(1)}/"', "1 minute ago", "4 more to be compared", "as a ledger does"):
        assert part in page
    assert f'href="{at(3)}/"' not in page
    assert "is not served: the contract does not answer" in node.client.refused(at(3), 404)


def test_a_chain_that_is_followed_no_more_is_served_as_far_as_the_store_has_it(node: Node) -> None:
    node.lists(1, 2)
    node.fleet.leave(ledger(1), "its head is none")

    line = node.lines()[0]

    assert (line["size"], line["reason"], line["path"]) == (7, "its head is none", f"{at(1)}/")
    assert node.client.json(f"{at(1)}/api/v1/head")["size"] == 7


def test_before_the_factory_is_asked_the_store_s_chains_are_shown_and_it_is_said(node: Node) -> None:
    assert [line["size"] for line in node.lines()] == [7, 300]
    assert "has not been asked yet" in node.client.get("/").text
    assert "has not said yet" in node.client.get("/ready").json()["reason"]

    node.lists(2)

    assert [line["size"] for line in node.lines()] == [300]
    assert "has not been asked yet" not in node.client.get("/").text


def test_a_chain_that_comes_later_is_shown_as_soon_as_it_is_there(node: Node) -> None:
    node.lists(1, 2, 3)
    assert (node.lines()[2]["size"], node.lines()[2]["reason"]) == (None, "it is being taken up")

    node.fleet.add(Services(world_of(3).store))

    line = node.lines()[2]
    assert (line["size"], line["subject"], line["reason"]) == (0, None, None)
    assert node.client.json(f"{at(3)}/api/v1/head")["size"] == 0


def test_the_front_is_ready_when_a_chain_is_and_names_those_that_are_not(node: Node) -> None:
    node.lists(1, 2)
    assert node.client.get("/ready").status_code == 503

    node.health[0].caught_up()

    said = node.client.get("/ready")
    assert (said.status_code, said.json()["ready"], list(said.json()["not_ready"])) == (200, True, [at(2)[1:]])
    assert (node.client.get(f"{at(1)}/ready").status_code, node.client.get(f"{at(2)}/ready").status_code) == (200, 503)


def test_one_chain_that_stalls_is_no_bad_health_of_the_others(node: Node) -> None:
    node.health[0].waiting = lambda: Waiting("logs", 130.5, "nothing moves for 130 s")

    one = node.client.get("/health")
    node.health[1].waiting = node.health[0].waiting
    all_of_them = node.client.get("/health")

    assert (one.status_code, one.json()["stalled"]) == (200, {at(1)[1:]: "nothing moves for 130 s"})
    assert (all_of_them.status_code, all_of_them.json()["healthy"]) == (503, False)
    assert node.client.get(f"{at(1)}/health").status_code == 503


def test_a_chain_that_is_not_followed_makes_nobody_s_health_better_or_worse(node: Node) -> None:
    node.health[0].waiting = lambda: Waiting("logs", 130.5, "nothing moves for 130 s")

    node.fleet.leave(ledger(2), "it is none")
    assert node.client.get("/health").status_code == 503

    node.fleet.leave(ledger(1), "it is none either")
    assert (node.client.get("/health").status_code, node.client.json("/health")["stalled"]) == (200, {})


def test_figures_are_those_of_each_chain_with_its_ledger_and_every_request_counts_once(node: Node) -> None:
    node.client.get("/")
    node.client.get(f"{at(2)}/blocks")
    node.client.get("/nowhere")

    lines = node.client.get("/metrics").text.splitlines()
    own = node.client.get(f"{at(2)}/metrics").text

    told = [line.split()[2] for line in lines if line.startswith("# HELP")]
    assert len(told) == len(set(told)), "the format has each family once"
    two = checksum(ledger(2))
    assert f'smartchain_verified_size{{ledger="{checksum(ledger(1))}"}} 7.0' in lines
    assert f'smartchain_verified_size{{ledger="{two}"}} 300.0' in lines
    assert f'smartchain_requests_total{{ledger="{two}",route="/blocks",status="200"}} 1.0' in lines
    assert 'smartchain_requests_total{route="/",status="200"} 1.0' in lines
    assert 'smartchain_requests_total{route="other",status="404"} 1.0' in lines
    assert "smartchain_chains 2.0" in lines
    assert "smartchain_verified_size 300.0" in own
    assert 'smartchain_requests_total{route="/blocks",status="200"} 1.0' in own


def test_a_name_that_is_none_of_the_node_s_is_refused_for_every_chain(node: Node) -> None:
    for path in ("/", at(1)):
        assert node.client.get(path, headers={"Host": "evil.example"}).status_code == 421
