"""The REST API, as a program asks it: what is refused, what is said, and that lists go on where they ended."""

from __future__ import annotations

import http.client
from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smartchain.ledger.address import checksum
from smartchain.ledger.entry import Entry
from smartchain.ledger.receipt import parse, verify
from smartchain.node.api.entries import piece
from smartchain.ports import EntryQuery, Settled
from smartchain.types import Address
from tests.store.making import ANNA, BEN, CARL, INFO, payment, payments
from tests.unit.node.asking import Client, World
from tests.unit.node.listening import serving

TOKEN = CARL
LATER = 1_700_000_200
ENTRIES = [
    payment(ANNA, BEN, 10, b"rent"),
    payment(ANNA, CARL, 5),
    payment(BEN, ANNA, 7),
    payment(ANNA, BEN, 1, subject=TOKEN),
    replace(payment(BEN, CARL, 2), timestamp=LATER),
    replace(payment(CARL, ANNA, 3), timestamp=LATER),
    replace(payment(CARL, ANNA, 4, b"rent"), timestamp=LATER),
]
"""At three entries a block: blocks 1 and 2, and one entry pending."""


@pytest.fixture
def world() -> World:
    return World(ENTRIES)


@pytest.fixture(scope="module")
def client() -> Client:
    """Of a world that no test moves."""
    return Client(World(ENTRIES))


def name(address: Address) -> str:
    return checksum(address)


# refused


@pytest.mark.parametrize(
    ("path", "status", "says"),
    [
        ("blocks/x", 400, "whole number"),
        ("blocks/-1", 400, "whole number"),
        ("blocks/1.0", 400, "whole number"),
        ("blocks/١", 400, "whole number"),
        (f"blocks/{2**256}", 400, "whole number"),
        ("blocks/99999999999999999999", 400, "from 0 to"),
        ("blocks/0x12", 400, "64 hex digits"),
        ("blocks/0x" + "ab" * 32, 404, "no block has this hash"),
        ("blocks/3", 404, "there is no block 3: the newest is 2"),
        ("blocks/1?limit=3", 400, "without parameters"),
        ("blocks/..%2f..%2fetc%2fpasswd", 404, "nothing at this address"),
        ("blocks?limit=0", 400, "limit: the number goes from 1 to 1000"),
        ("blocks?limit=1001", 400, "limit"),
        ("blocks?limit=1&limit=2", 400, "given twice"),
        ("blocks?page=2", 400, "no parameter 'page'"),
        ("blocks?order=sideways", 400, "order"),
        (f"blocks?from={2**53}", 400, "from"),
        ("entries/7", 404, "there is no entry 7: the log has 7"),
        ("entries/-1", 400, "index"),
        ("entries?adress=0x12", 400, "known are address"),
        ("entries?address=0x12", 400, "40 hex digits"),
        ("entries?address=" + name(ANNA).swapcase().replace("0X", "0x"), 400, "checksum"),
        ("entries?memo=rent", 400, "64 hex digits"),
        ("entries?memo=' OR 1=1 --", 400, "64 hex digits"),
        ("entries?since=yesterday", 400, "since"),
        ("accounts/0x", 400, "40 hex digits"),
        (f"accounts/{name(ANNA)}?size=8", 404, "fewer than 8"),
        (f"accounts/{name(ANNA)}?block=3", 404, "there is no block 3"),
        (f"accounts/{name(ANNA)}?block=1&size=1", 404, "ends at size 3"),
        (f"accounts/{name(ANNA)}/balances?points=0", 400, "points"),
        ("receipts/7", 404, "no entry 7"),
        ("receipts/3?size=3", 404, "no entry 3 in a log of 3"),
        ("receipts/3?size=9", 404, "7 entries"),
        ("export?format=xml", 400, "format"),
        ("export?from=8", 404, "none at 8"),
        ("stream?from=8", 404, "none to begin with at 8"),
        ("nothing", 404, "nothing at this address"),
    ],
)
def test_what_cannot_be_answered_is_refused_in_a_sentence(client: Client, path: str, status: int, says: str) -> None:
    assert says in client.refused(f"/api/v1/{path}", status)


@pytest.mark.parametrize("path", ["head", "blocks", "blocks/1", "entries/1", "export"])
def test_nothing_is_written_through_the_api(client: Client, path: str) -> None:
    for method in ("POST", "PUT", "DELETE", "PATCH"):
        response = client.ask(method, f"/api/v1/{path}", json={})

        assert response.status_code == 405
        assert "error" in response.json()


def test_an_error_inside_is_told_to_the_log_and_not_to_the_client(world: World) -> None:
    del world.store.subtrees, world.store.rows  # as if the disk had gone

    client = Client(world)
    with pytest.raises(AttributeError):  # which uvicorn logs
        client.get("/api/v1/entries/1")


# said


def test_the_head_says_where_the_chain_stands(world: World) -> None:
    client = Client(world)
    with world.store.view() as view:
        block = view.block(2)
        assert block is not None
        root = view.root()

    assert client.json("/api/v1/head") == {
        "verified": True,
        "ledger": checksum(INFO.address),
        "chain_id": 31337,
        "size": 7,
        "root": "0x" + root.hex(),
        "blocks": 3,
        "head_number": 2,
        "head_hash": "0x" + block.hash.hex(),
        "pending": 1,
        "staged": 0,
        "host_block": 7,
        "safe": None,
        "finalized": None,
    }


def test_the_head_says_what_is_safe_and_what_is_finalized(world: World) -> None:
    place = world.store.status().verified_at
    world.store.settle(Settled(place, place))

    head = Client(world).json("/api/v1/head")

    assert head["safe"] == head["finalized"] == {"host_block": 7, "size": 7, "blocks": 3}


def test_staged_entries_are_counted_and_not_shown(world: World) -> None:
    client = Client(world)
    world.grow(ENTRIES[:2], verified=False)

    assert client.json("/api/v1/head")["staged"] == 2
    client.refused("/api/v1/entries/7", 404)


def test_a_chain_that_no_contract_confirmed_is_said_to_be_unverified_everywhere() -> None:
    world = World()
    world.store.verified_at = None
    world.grow(ENTRIES, verified=False)
    world.agree()
    client = Client(world)

    for path in ("head", "chain", "peers", "blocks", "blocks/1", "entries", "entries/2", f"accounts/{name(ANNA)}",
                 f"accounts/{name(ANNA)}/balances"):  # fmt: skip
        assert client.json(f"/api/v1/{path}")["verified"] is False
    for path in ("receipts/1", "export"):
        assert client.get(f"/api/v1/{path}").headers["smartchain-verified"] == "false"
    assert b'"verified":false}' in client.get("/api/v1/export").content


def test_the_chain_says_its_rule_and_how_it_began(client: Client) -> None:
    said = client.json("/api/v1/chain")

    assert said["rule"] == {"max_entries": 3, "interval": 0}
    assert said["genesis"] == {"size": 0, "root": "0x" + INFO.genesis.root.hex(), "timestamp": 1_700_000_000}
    assert (said["fee_ppm"], said["deployed_at"]) == (0, 7)


def test_a_block_is_the_same_by_number_and_by_hash_and_holds_its_entries(client: Client) -> None:
    block = client.json("/api/v1/blocks/2")

    assert block == client.json(f"/api/v1/blocks/{block['hash']}")
    assert [entry["index"] for entry in block["entries"]] == [3, 4, 5]
    assert (block["count"], block["size"], block["next"], block["verified"]) == (3, 6, None, True)
    assert block["parent"] == client.json("/api/v1/blocks/1")["hash"]


def test_a_large_block_gives_its_first_thousand_entries_and_says_where_the_rest_is() -> None:
    client = Client(World(payments(1, 1203), rule=(1200, 0)))

    block = client.json("/api/v1/blocks/1")
    rest = client.walk(block["next"], "entries")

    assert [entry["index"] for entry in block["entries"] + rest] == list(range(1200))


def test_a_block_asked_for_again_is_answered_from_memory_until_the_chain_moves(world: World) -> None:
    client = Client(world)
    before = client.json("/api/v1/blocks/1")
    rows, world.store.rows = world.store.rows, []

    assert client.json("/api/v1/blocks/1") == before

    world.store.rows = rows
    world.turn([payment(CARL, BEN, 9)] * 3)

    assert client.json("/api/v1/blocks/1")["hash"] != before["hash"]


def test_an_entry_says_which_block_holds_it(client: Client) -> None:
    assert client.json("/api/v1/entries/4")["block"] == 2
    assert client.json("/api/v1/entries/6")["block"] is None


def test_entries_are_found_by_address_subject_memo_and_time(client: Client) -> None:
    rent = "0x" + b"rent".ljust(32, b"\0").hex()

    def found(query: str) -> list[int]:
        return [row["index"] for row in client.walk(f"/api/v1/entries?{query}&limit=2", "entries")]

    assert found(f"address={name(BEN)}") == [0, 2, 3, 4]
    assert found(f"address={name(BEN)}&order=descending") == [4, 3, 2, 0]
    assert found(f"subject={name(TOKEN)}") == [3]
    assert found(f"memo={rent}") == [0, 6]
    assert found(f"memo={rent}&address={name(CARL)}&order=descending") == [6]
    assert found(f"since={LATER}") == [4, 5, 6]
    assert found(f"until={LATER}&from=2") == [2, 3]
    assert found("from=5&order=descending&until_index=3") == [2, 1, 0]
    assert found(f"address={name(INFO.address)}") == []


@settings(max_examples=60, deadline=None)
@given(
    wanted=st.sampled_from([{}, {"address": ANNA}, {"subject": TOKEN}, {"subject": TOKEN, "address": BEN}]),
    limit=st.integers(1, 9), window=st.integers(1, 9), descending=st.booleans(), first=st.integers(0, 30),
)  # fmt: skip
def test_a_list_in_pieces_is_the_whole_list(
    wanted: dict[str, Address], limit: int, window: int, descending: bool, first: int
) -> None:
    """However few entries a piece looks through."""
    rows: list[Entry] = [payment(ANNA, BEN, at, subject=TOKEN if at % 4 == 0 else ANNA) for at in range(20)]
    world = World(rows)
    query = EntryQuery(**wanted, descending=descending)  # type: ignore[arg-type]
    with world.store.view() as view:
        expected = [one.index for one in view.entries(query)]
    expected = [index for index in expected if (index <= first if descending else index >= first)]

    found, following = list[int](), first
    for _ in range(40):
        with world.store.view() as view:
            given = piece(view, query, following, None, limit, looked_through=window)
        found += [row.index for row in given.entries]
        if given.next is None:
            break
        following = int(parse_qs(urlsplit(given.next).query)["from"][0])

    assert (found, given.next) == (expected, None)


@pytest.mark.parametrize("limit", [1, 2, 100])
def test_blocks_come_in_pieces_in_either_order(client: Client, limit: int) -> None:
    up = client.walk(f"/api/v1/blocks?limit={limit}", "blocks")
    down = client.walk(f"/api/v1/blocks?limit={limit}&order=descending", "blocks")

    assert [row["number"] for row in up] == [0, 1, 2]
    assert down == up[::-1]
    assert client.json("/api/v1/blocks?from=99") == {"verified": True, "blocks": [], "next": None}


def test_a_balance_is_said_as_it_is_and_as_it_was(client: Client) -> None:
    now = client.json(f"/api/v1/accounts/{name(ANNA)}")
    then = client.json(f"/api/v1/accounts/{name(ANNA)}?block=1")

    assert (now["balance"], now["received"], now["sent"], now["count_sent"], now["count"]) == ("-1", "14", "15", 3, 6)
    assert (then["balance"], then["size"]) == ("-8", 3)
    assert client.json(f"/api/v1/accounts/{name(ANNA)}?size=1")["balance"] == "-10"
    assert client.json(f"/api/v1/accounts/{name(BEN).lower()}?subject={name(TOKEN)}")["received"] == "1"


def test_balances_over_time_end_with_the_newest_entry(client: Client) -> None:
    points = client.json(f"/api/v1/accounts/{name(ANNA)}/balances?points=3")["points"]

    assert len(points) <= 3
    assert (points[-1]["index"], points[-1]["balance"]) == (6, "-1")


def test_a_receipt_proves_its_entry_against_the_head_s_root(client: Client) -> None:
    root = bytes.fromhex(client.json("/api/v1/head")["root"][2:])
    response = client.get("/api/v1/receipts/3")

    assert verify(parse(response.content), root=root).receipt.index == 3  # type: ignore[arg-type]
    assert parse(client.get("/api/v1/receipts/3?size=5").content).size == 5
    assert response.headers["content-type"] == "application/json"


def test_a_consistency_proof_is_given_for_two_sizes(client: Client) -> None:
    assert client.json("/api/v1/consistency?first=2&second=7")["proof"]


def test_a_memo_that_is_markup_stays_bytes(world: World) -> None:
    client = Client(world)
    world.grow([payment(ANNA, BEN, 1, b"<script>alert(1)</script>")])

    response = client.get("/api/v1/entries/7")

    assert b"<script>" not in response.content
    assert response.headers["content-type"] == "application/json"


def test_the_page_of_the_api_lists_every_route_and_fetches_nothing(client: Client) -> None:
    page, document = client.get("/api/v1/docs"), client.json("/api/v1/openapi.json")

    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert all(path in page.text for path in document["paths"])
    assert "http://" not in page.text
    assert "https://" not in page.text
    assert "<script" not in page.text


@pytest.mark.parametrize("path", ["head", "blocks", "blocks/1", "entries?limit=2", "receipts/1", "docs", "entries/99"])
def test_head_says_what_get_would_without_the_body(path: str) -> None:
    with serving(World(payments(1, 7))) as server:
        answers = list[tuple[int, dict[str, str], int]]()
        for method in ("GET", "HEAD"):
            connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
            connection.request(method, f"/api/v1/{path}")
            response = connection.getresponse()
            headers = {name: value for name, value in response.getheaders() if name != "date"}
            answers.append((response.status, headers, len(response.read())))
            connection.close()

    (_, headers, length), (_, _, nothing) = answers
    assert answers[0][:2] == answers[1][:2]
    assert (str(length), nothing) == (headers["content-length"], 0)


@pytest.mark.parametrize("path", ["export", "stream"])
def test_a_long_answer_is_not_made_for_its_head(path: str) -> None:
    assert Client(World(payments(1, 7))).ask("HEAD", f"/api/v1/{path}").status_code == 405
