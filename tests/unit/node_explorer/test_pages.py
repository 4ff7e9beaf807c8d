"""What the pages say."""

import csv
import io
import json
from dataclasses import dataclass, replace
from types import SimpleNamespace
from typing import Any

import pytest

from smartchain.host.contracts import relay_data
from smartchain.ledger.address import checksum
from smartchain.ledger.entry import Entry
from smartchain.types import Address
from tests.browser.making import ETH, LEDGER, MARKUP, WALLETS, World, demo, info_of, paid
from tests.unit.node_explorer.client import Client

NOW = 1_700_000_000
ANNA, BEN, CARL = WALLETS[:3]


@pytest.fixture(scope="module")
def world() -> World:
    return demo(300)


@pytest.fixture(scope="module")
def client(world: World) -> Client:
    return Client(world)


@dataclass(frozen=True)
class Table:
    columns: list[str]
    rows: list[dict[str, str]]


def table(text: str) -> Table:
    reader = csv.DictReader(io.StringIO(text, newline=""))
    return Table(list(reader.fieldnames or []), list(reader))


def test_the_overview_names_the_last_verified_entry_and_the_root(client: Client, world: World) -> None:
    with world.store.view() as view:
        root = "0x" + view.root().hex()
    answer = client.get("/")
    said = client.get("/index.json").json()

    assert "verified up to #299" in answer.text
    assert answer.text.count(f'<code class="long">{root}</code>') == 2
    assert (said["size"], said["root"], said["counted"]) == (300, root, 300)
    assert [one["index"] for one in said["newest_entries"]] == list(range(299, 291, -1))


def test_markup_in_a_memo_is_shown_and_not_obeyed(client: Client) -> None:
    for path in ("/", "/entries", "/entry/298"):
        answer = client.get(path)
        assert "<img" not in answer.text.replace('<img src="/static/', "")
        assert "&lt;img src=x onerror=alert(1)&gt;" in answer.text
    assert client.get("/entry/298.json").json()["memo_text"] == MARKUP


@pytest.mark.parametrize(
    ("memo", "shown"),
    [
        (b"\x1b[2J", r"\x1b[2J"),
        ("\u202egnp.exe".encode(), r"\u202egnp.exe"),
        (b"back\\slash", r"back\\slash"),
        (b"line\nfeed", r"line\nfeed"),
        (b"\xff\xfe", ""),
        (b"a\0b", ""),
    ],
)
def test_a_memos_control_characters_are_written_out(memo: bytes, shown: str) -> None:
    entry = Entry(paid(ANNA, BEN, 1, NOW).subject, ANNA, BEN, 1, NOW, memo.ljust(32, b"\0"))  # type: ignore[arg-type]
    client = Client(World([entry], info_of(started=NOW)))
    page, said = client.get("/entry/0").text, client.get("/entry/0.json").json()

    assert said["memo_text"] == shown
    assert shown in page
    assert not set("\x1b\u202e") & set(page)
    assert said["memo"] in page


def test_the_pieces_of_a_list_join_without_gap_or_overlap_in_both_directions(client: Client) -> None:
    down, path = [], "/entries.json?limit=40"
    while path:
        piece = client.get(path).json()
        down += [one["index"] for one in piece["list"]]
        last, path = path, piece.get("next", "")
    assert down == list(range(299, -1, -1))

    up: list[int] = []
    path = last
    while path:
        piece = client.get(path).json()
        up = [one["index"] for one in piece["list"]] + up if len(piece["list"]) == 40 or not up else up
        path = piece.get("prev", "")
    assert up[-20:] == list(range(19, -1, -1))
    assert up == sorted(up, reverse=True)


@pytest.mark.parametrize("what", ["/blocks", "/block/3", f"/address/{checksum(ANNA)}"])
def test_other_lists_go_on_in_pieces_too(client: Client, what: str) -> None:
    whole = client.get(f"{what}.json?limit=1000").json()
    found, path = [], f"{what}.json?limit=5"
    while path:
        piece = client.get(path).json()
        found += piece["list"]
        path = piece.get("next", "")

    assert found == whole["list"]
    assert len(found) > 5
    assert "next" not in whole


def test_a_piece_past_the_end_is_empty_and_no_mistake(client: Client) -> None:
    answer = client.get("/entries?after=999999")

    assert answer.status_code == 200
    assert "There is no entry here." in answer.text


def test_a_page_of_a_list_links_its_neighbours(client: Client) -> None:
    answer = client.get("/entries?before=200")

    assert 'href="?before=175&amp;limit=25" rel="next"' in answer.text
    assert 'href="?after=199&amp;limit=25" rel="prev"' in answer.text
    assert (
        answer.headers["link"]
        == '</entries?before=175&limit=25>; rel="next", </entries?after=199&limit=25>; rel="prev"'
    )


def test_a_table_file_has_every_column_and_no_formula(client: Client) -> None:
    entries = [paid(ANNA, BEN, ETH, NOW, "=1+1"), paid(ANNA, BEN, ETH // 2, NOW, "@SUM(A1)")]
    own = Client(World(entries, info_of(started=NOW)))
    found = table(own.get("/entries.csv").text)

    assert [row["memo_text"] for row in found.rows] == ["'@SUM(A1)", "'=1+1"]
    assert [row["ether"] for row in found.rows] == ["0.5", "1"]
    assert {row["verified"] for row in found.rows} == {"True"}
    assert len(table(client.get("/entries.csv").text).rows) == 300
    assert table(client.get("/entries.csv?after=999999").text) == Table(found.columns, [])


def test_an_address_shows_what_went_in_and_out_and_what_that_comes_to() -> None:
    payments = [paid(ANNA, BEN, 3 * ETH, NOW), paid(BEN, ANNA, ETH, NOW + 1), paid(CARL, CARL, 9 * ETH, NOW + 2)]
    client = Client(World(payments, info_of(started=NOW)))
    page = client.get(f"/address/{checksum(ANNA)}").text
    said = client.get(f"/address/0x{ANNA.hex()}.json").json()
    points = client.get(f"/address/{checksum(ANNA)}/balance.json").json()["points"]

    assert (said["received"], said["sent"], said["balance"]) == (str(ETH), str(3 * ETH), str(-2 * ETH))
    assert (said["nonce"], said["entries"]) == (1, 2)
    assert [point["ether"] for point in points] == ["-3", "-2"]
    assert "−2</span>" in page
    assert "Net flow through the contract" in page


def test_an_address_that_did_nothing_says_so(client: Client) -> None:
    answer = client.get("/address/0x" + "11" * 20)

    assert answer.status_code == 200
    assert "Nothing that this node knows" in answer.text


def test_a_fee_is_taken_off_what_the_recipient_got() -> None:
    client = Client(World([paid(ANNA, BEN, ETH, NOW)], info_of(fee_ppm=50, started=NOW)))
    page, said = client.get("/entry/0").text, client.get("/entry/0.json").json()

    assert said["fee"] == "50000000000000"
    assert "0.00005 ETH" in page
    assert "0.99995 ETH" in page


def test_a_fee_in_a_token_is_told_in_its_smallest_unit() -> None:
    token = replace(paid(ANNA, BEN, 1_000_000, NOW), subject=Address(b"\x70" * 20))
    client = Client(World([token], info_of(fee_ppm=50, started=NOW)))
    page, said = client.get("/entry/0").text, client.get("/entry/0.json").json()

    assert said["fee"] == "50"
    assert "the recipient got 999,950" in page
    assert "ETH " not in page[page.index("<dt>Fee") : page.index("<dt>Block")]


def test_an_entry_in_no_block_yet_is_pending(client: Client, world: World) -> None:
    assert world.store.chain[-1].size < 300
    assert "in no block yet" in client.get("/entry/299").text
    assert client.get("/entry/299.json").json()["block"] is None
    assert client.get("/entry/0.json").json()["block"] == 1


def test_a_block_is_the_same_by_number_and_by_hash(client: Client) -> None:
    by_number = client.get("/block/3.json").json()
    by_hash = client.get(f"/block/{by_number['hash']}.json").json()

    assert by_number == by_hash
    assert [one["index"] for one in by_number["list"]] == list(
        range(by_number["size"] - 1, by_number["size"] - 1 - by_number["entries"], -1)
    )


def test_a_search_for_one_thing_leads_there_and_for_several_gives_a_list(client: Client) -> None:
    one = client.get("/search", params={"q": "#17"})
    several = client.get("/search", params={"q": "17"})
    as_json: dict[str, Any] = client.get("/search.json", params={"q": "#17"}).json()

    assert (one.status_code, one.headers["location"]) == (303, "/entry/17")
    assert several.status_code == 200
    assert 'href="/block/17"' in several.text
    assert 'href="/entry/17"' in several.text
    assert [hit["href"] for hit in as_json["hits"]] == ["/entry/17"]


def test_a_search_for_nothing_is_an_empty_list_that_says_why(client: Client) -> None:
    page, said = client.get("/search?q=nothing+like+it"), client.get("/search.json?q=nothing+like+it").json()

    assert page.status_code == 200
    assert "Nothing in the verified chain" in page.text
    assert (said["hits"], said["remark"][:29]) == ([], "Nothing in the verified chain")


def test_entries_can_be_chosen_by_memo_and_time() -> None:
    entries = [paid(ANNA, BEN, 1, NOW + at, "rent" if at % 2 else "") for at in range(10)]
    client = Client(World(entries, info_of(started=NOW)))
    memo = "0x" + b"rent".ljust(32, b"\0").hex()
    rent = client.get(f"/entries.json?memo={memo}&limit=3").json()
    rest = client.get(rent["next"]).json()
    early = client.get(f"/entries.json?since={NOW + 2}&until={NOW + 5}").json()
    page = client.get(f"/entries?memo={memo}").text

    assert [one["index"] for one in rent["list"] + rest["list"]] == [9, 7, 5, 3, 1]
    assert [one["index"] for one in early["list"]] == [4, 3, 2]
    assert '<span class="memo">rent</span>' in page


def test_the_root_of_any_size_is_told_to_whoever_verifies(client: Client, world: World) -> None:
    with world.store.view() as view:
        assert client.get("/verify.json?size=123").json()["root"] == "0x" + view.root(123).hex()
        assert client.get("/verify.json").json()["root_size"] == 300


def test_what_is_signed_is_named_for_programs_too(client: Client) -> None:
    said = client.get("/send.json").json()

    assert (said["contract"], said["chain"]) == (checksum(LEDGER), hex(31337))
    assert said["relay"] == "0x" + relay_data(ANNA)[:4].hex()


def test_another_subject_is_counted_in_its_smallest_unit() -> None:
    token = Address(b"\x77" * 20)
    entry = Entry(token, ANNA, BEN, 12_345, NOW)
    client = Client(World([entry], info_of(started=NOW)))
    page = client.get("/").text
    said = client.get(f"/address/{checksum(BEN)}.json?subject={checksum(token)}").json()

    assert "12,345" in page
    assert said["received"] == "12345"
    assert json.loads(client.get("/plots.json").text)["columns"][0]["value"] == "0"


class Elsewhere:
    """Implements as much of `ports.PeerSource` as a page asks for."""

    def __init__(self, name: str) -> None:
        self.name = name


def test_peers_are_listed_with_how_far_they_are_and_why_they_were_left(world: World) -> None:
    roster = SimpleNamespace(
        standings=[
            SimpleNamespace(
                peer=Elsewhere("http://honest:5000"),
                head=SimpleNamespace(size=300, root=b"\x01" * 32),
                reason="",
                lies=0,
            ),
            SimpleNamespace(peer=Elsewhere("http://liar:5000"), head=None, reason="<b>another root</b>", lies=2),
        ]
    )
    client = Client(world, roster)
    page, said = client.get("/peers").text, client.get("/peers.json").json()

    assert [(one["name"], one["entries"], one["lies"]) for one in said["list"]] == [
        ("http://honest:5000", 300, 0),
        ("http://liar:5000", None, 2),
    ]
    assert "&lt;b&gt;another root&lt;/b&gt;" in page
    assert "knows no others" in Client(world).get("/peers").text
