"""Every page in each of its forms, and what is refused."""

import re

import pytest

from smartchain.ledger.address import checksum
from smartchain.node.explorer import static
from smartchain.node.explorer.site import PAGES
from tests.browser.making import LEDGER, WALLETS, World, demo, info_of
from tests.unit.node_explorer.client import Client

NOW = 1_700_000_000
ANNA, BEN, CARL = WALLETS[:3]
HTML = ["/", "/blocks", "/block/3", "/entries", "/entry/7", f"/address/{checksum(ANNA)}", "/search?q=7", "/verify",
        "/send", "/peers"]  # fmt: skip
FIRST_VISIT_BYTES = 100_000


@pytest.fixture(scope="module")
def world() -> World:
    return demo(300)


@pytest.fixture(scope="module")
def client(world: World) -> Client:
    return Client(world)


# what is refused


@pytest.mark.parametrize(
    ("path", "status", "says"),
    [
        ("/block/999999", 404, "There is no such block among the"),
        ("/block/0x" + "ab" * 32, 404, "There is no such block among the"),
        ("/block/0xab", 400, "number in digits"),
        ("/block/-1", 400, "number in digits"),
        ("/block/" + "9" * 40, 400, "below 10^19"),
        ("/entry/999999", 404, "There is no entry #999,999"),
        ("/entry/1e3", 400, "number in digits"),
        ("/entry/١٢", 400, "number in digits"),
        ("/address/0x1234", 400, "is not an address"),
        ("/address/" + checksum(ANNA).swapcase().replace("0X", "0x"), 400, "wrong checksum"),
        ("/address/" + checksum(ANNA) + "?subject=me", 400, "is not an address"),
        ("/entries?before=abc", 400, "'before' is a number"),
        ("/entries?before=1&after=2", 400, "leave 'before' or 'after' out"),
        ("/entries?limit=1001", 400, "from 1 to 1,000"),
        ("/entries?limit=0", 400, "from 1 to 1,000"),
        ("/entries?memo=rent", 400, "64 hex digits"),
        ("/entries?since=-5", 400, "'since' is a number"),
        ("/verify?size=999999", 404, "fewer than 999,999"),
    ],
)
def test_what_cannot_be_shown_is_refused_with_a_sentence(client: Client, path: str, status: int, says: str) -> None:
    answer = client.get(path)
    at, _, asked = path.partition("?")
    as_json = client.get(f"{at}.json?{asked}")

    assert (answer.status_code, as_json.status_code) == (status, status)
    assert says in answer.text.replace("&#39;", "'")
    assert says in as_json.json()["error"]
    assert "Traceback" not in answer.text


def test_markup_in_a_question_comes_back_as_text(client: Client) -> None:
    answer = client.get("/search", params={"q": "<script>alert(1)</script>\"'"})

    assert "<script>alert" not in answer.text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;&#34;&#39;" in answer.text


@pytest.mark.parametrize(
    "path", ["/static/x/../site.py", "/static/x/..%2f..%2fsite.py", "/static/x//etc/passwd", "/static/x/vendor"]
)
def test_nothing_but_the_explorers_own_files_is_served(client: Client, path: str) -> None:
    assert client.get(path, follow=True).status_code == 404


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_no_page_changes_anything(client: Client, method: str) -> None:
    assert {client.request(method, path.partition("?")[0]).status_code for path in HTML} == {405}


# what every page keeps to


@pytest.mark.parametrize("path", HTML)
def test_a_page_runs_no_script_of_its_own_and_loads_nothing_from_elsewhere(client: Client, path: str) -> None:
    answer = client.get(path, follow=True)
    policy = answer.headers["content-security-policy"]

    assert "default-src 'none'; script-src 'self'; style-src 'self'" in policy
    assert "unsafe" not in policy
    assert all("src=" in tag for tag in re.findall(r"<script[^>]*>", answer.text))
    assert not re.search(r'\s(on\w+|style)="', answer.text)
    assert not re.search(r'(src|href)="(https?:)?//', answer.text)
    assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("path", HTML)
def test_an_unverified_chain_says_so_on_every_page_and_in_every_form(path: str) -> None:
    world = demo(100, verified=False)
    client = Client(world)
    at, _, asked = path.partition("?")
    page = client.get(path, follow=True)
    as_json = client.get(f"{'/index' if at == '/' else at}.json?{asked}")

    assert "<strong>Unverified.</strong>" in page.text
    assert not re.search("(?<!not) compared with the contract", page.text)
    assert page.headers["smartchain-verified"] == "false"
    assert as_json.json()["verified"] is False


@pytest.mark.parametrize("path", HTML)
def test_a_verified_chain_warns_of_nothing(client: Client, path: str) -> None:
    answer = client.get(path, follow=True)

    assert "Unverified" not in answer.text
    assert answer.headers["smartchain-verified"] == "true"


def test_a_node_that_knows_nothing_yet_shows_that() -> None:
    client = Client(World([], info_of(started=NOW), verified=False))
    assert "nothing verified yet" in client.get("/").text
    assert {client.get(path).status_code for path in ("/blocks", "/entries", "/verify", "/send")} == {200}


def test_every_page_is_there_as_json_and_lists_as_csv(client: Client) -> None:
    for path, _, forms in PAGES:
        at = path.format(name="3", index="7", address=checksum(ANNA))
        answers = [client.get(f"{at}.{form}") for form in ("json", "csv") if form in forms.split()]
        assert [answer.status_code for answer in answers] == [200] * len(answers)
        assert answers[0].json()["ledger"] == checksum(LEDGER)
        assert "json" in forms


def test_the_first_visit_is_under_a_hundred_kilobytes() -> None:
    client = Client(demo(2_000))
    page = client.get("/", headers={"accept-encoding": "gzip"})
    loaded = re.findall(r'(?:src|href)="(/static/[^"]+)"', page.text)
    answers = [page, client.get("/plots.json"), *(client.get(path) for path in sorted(set(loaded)))]
    sizes = {str(answer.url.path): int(answer.headers["content-length"]) for answer in answers}

    assert len(loaded) >= 7
    assert all(
        answer.headers.get("content-encoding") == "gzip" for answer in answers if answer.num_bytes_downloaded > 2_000
    )
    assert sum(sizes.values()) < FIRST_VISIT_BYTES, sizes


def test_a_file_is_kept_for_ever_by_its_digest_alone(client: Client) -> None:
    named = client.get(static.href("app.js"))
    guessed = client.get("/static/other/app.js")

    assert "immutable" in named.headers["cache-control"]
    assert guessed.headers["cache-control"] == "no-cache"
    assert named.content == guessed.content == (static.FOLDER / "app.js").read_bytes()


def test_every_library_that_is_brought_along_has_its_licence_beside_it() -> None:
    vendor = static.FOLDER / "vendor"
    libraries = {path.name.partition(".")[0] for path in vendor.iterdir() if path.suffix in {".js", ".css"}}

    assert libraries == {path.stem for path in vendor.glob("*.LICENSE")} == {"htmx", "pico", "uPlot"}
