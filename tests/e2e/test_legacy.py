"""A client of the historical programs against a node of today: it pays, mines, and finds the chain valid."""

from __future__ import annotations

import http.client
import json
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from smartchain.types import Wei
from tests.e2e.typed import Shell, balance_on_host, eventually, first_line, nothing_sent, payer, shell_for, wallet
from tests.fakes.anvil import OnAnvil
from tests.unit.legacy.historical import Client, hash_of, valid_chain

ETHER = 10**18


FORM = "application/x-www-form-urlencoded"
BROWSER = {
    "User-Agent": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0",
    "Accept": "image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8",
    "Accept-Language": "en-US,en;q=0.9",
    "Connection": "close",
}
"""What Chrome sends whatever the page."""


@contextmanager
def a_node(shell: Shell, *words: object) -> Iterator[Client]:
    """A node as it is typed, once it serves a verified chain; `words` are added to the command."""
    with shell.start("node", "--bind", "127.0.0.1:0", "--json", *words) as node:
        client = Client(first_line(node)["url"])
        served = "/chain" if "--peer" in words else "/ready"
        eventually(lambda: client.get(served)[0] == 200)
        yield client


@pytest.fixture
def bpsc102(chain: OnAnvil, tmp_path: Path) -> Shell:
    """A ledger that closes a block when somebody says so and keeps fifty millionths."""
    shell = shell_for(tmp_path, chain)
    words = ("--max-entries", "0", "--fee-ppm", "50", "--treasury", wallet(1), "--json")
    shell.environment["SMARTCHAIN_LEDGER"] = shell.type("deploy", *words).json["ledger"]
    return shell


# refused


def raw(client: Client, method: str, path: str, headers: dict[str, str], body: bytes = b"") -> tuple[int, str]:
    """A request with these headers and no others; `Host` is as it should be unless they say otherwise."""
    host, _, port = client.url.removeprefix("http://").partition(":")
    connection = http.client.HTTPConnection(host, int(port), timeout=30)
    connection.putrequest(method, path, skip_host="Host" in headers, skip_accept_encoding=True)
    for name, value in headers.items():
        connection.putheader(name, value)
    if body:
        connection.putheader("Content-Length", str(len(body)))
    connection.endheaders(body or None)
    with closing(connection), connection.getresponse() as answer:
        return answer.status, answer.read().decode()


def from_page(origin: str, site: str, mode: str = "no-cors", dest: str = "empty") -> dict[str, str]:
    """The headers of a request that a page makes."""
    said = {"Sec-Fetch-Site": site, "Sec-Fetch-Mode": mode, "Sec-Fetch-Dest": dest}
    return {**BROWSER, "Origin": origin, "Referer": f"{origin}/", **said}


def attacks(transfer: bytes) -> list[tuple[str, str, dict[str, str], bytes]]:
    """What pages have tried on programs that listen on loopback."""
    evil = "https://evil.example"
    image = {**BROWSER, "Referer": f"{evil}/", "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Dest": "image"}
    no_referrer = {**BROWSER, "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "image"}
    link = {**BROWSER, "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
    json_kind, text = {"Content-Type": "application/json"}, {"Content-Type": "text/plain;charset=UTF-8"}
    rebound = {**BROWSER, "Host": "evil.example:5000", "Origin": "http://evil.example:5000"}
    pay = "/transactions/new"
    return [
        ("GET", "/mine", image, b""),
        ("GET", "/mine", no_referrer, b""),
        ("GET", "/mine", link, b""),
        ("GET", "/mine", dict(BROWSER), b""),
        ("GET", "/mine", from_page("http://127.0.0.1:8080", "same-site"), b""),
        ("GET", "/mine", {**rebound, "Sec-Fetch-Site": "same-origin"}, b""),
        ("GET", "/mine", {"Host": "evil.example"}, b""),
        ("GET", "/mine", {"Host": "0.0.0.0:5000"}, b""),
        ("HEAD", "/mine", {}, b""),
        ("POST", pay, from_page(evil, "cross-site") | text, transfer),
        ("POST", pay, from_page(evil, "cross-site") | {"Content-Type": FORM}, transfer),
        ("POST", pay, from_page(evil, "cross-site", "cors") | json_kind, transfer),
        ("POST", pay, from_page("null", "cross-site", "navigate", "iframe") | json_kind, transfer),
        ("POST", pay, from_page("http://localhost:8080", "same-site", "cors") | json_kind, transfer),
        ("POST", pay, rebound | json_kind | {"Sec-Fetch-Site": "same-origin"}, transfer),
        ("POST", pay, text, transfer),
        ("POST", pay, {}, transfer),
        ("OPTIONS", pay, from_page(evil, "cross-site", "cors") | {"Access-Control-Request-Method": "POST"}, b""),
        ("POST", "/nodes/register", from_page(evil, "cross-site", "cors") | json_kind, b'{"nodes": ["evil:1"]}'),
    ]


def test_no_web_page_spends_whatever_it_tries(chain: OnAnvil, bpsc102: Shell) -> None:
    with a_node(bpsc102) as client:
        transfer = json.dumps({"sender": payer(chain), "amount": 1, "recipient": wallet(310)}).encode()

        with nothing_sent(chain):
            for method, path, headers, body in attacks(transfer):
                status, said = raw(client, method, path, headers, body)
                assert status in (400, 403, 405, 415, 421), (method, path, headers, status, said)
                assert transfer.decode() not in said

        port = client.url.rpartition(":")[2]
        own = {"Host": f"localhost:{port}", "Content-Type": "application/json", "Origin": f"http://localhost:{port}"}
        assert raw(client, "POST", "/transactions/new", own, transfer)[0] == 201
    assert balance_on_host(chain, wallet(310)) == ETHER - 50 * 10**12


def test_a_node_stops_at_its_limit_and_says_so(chain: OnAnvil, bpsc102: Shell) -> None:
    with a_node(bpsc102, "--legacy-limit", "1ether") as client:
        transfer = {"sender": payer(chain), "amount": 0.4, "recipient": wallet(311)}
        assert [client.post("/transactions/new", transfer)[0] for _ in range(2)] == [201, 201]

        with nothing_sent(chain):
            status, said = client.post("/transactions/new", transfer)

        assert (status, "--legacy-limit" in said, "0.8 ether" in said) == (403, True, True)
        assert client.post("/transactions/new", {**transfer, "amount": 0.2})[0] == 201


def test_what_cannot_be_paid_is_refused_and_costs_nothing(chain: OnAnvil, bpsc102: Shell) -> None:
    with a_node(bpsc102, "--legacy-limit", "1000000ether") as client:
        transfer = {"sender": payer(chain), "amount": 0.1, "recipient": wallet(312)}
        with nothing_sent(chain):
            answers = [
                client.post("/transactions/new", {**transfer, **changed})
                for changed in (
                    {"sender": wallet(313)},
                    {"amount": -1},
                    {"amount": 10**5},
                    {"recipient": bpsc102.environment["SMARTCHAIN_LEDGER"]},
                    {"recipient": "0x" + "00" * 20},
                    {"recipient": "nobody"},
                )
            ]
            assert client.post("/transactions/new", {"sender": payer(chain)}) == (400, "Missing values")

    assert [status for status, _ in answers] == [403, 400, 409, 400, 400, 400]
    assert all(len(said) > 20 for _, said in answers)


# paid


def test_a_historical_client_pays_mines_and_finds_the_chain_valid(chain: OnAnvil, bpsc102: Shell) -> None:
    before = balance_on_host(chain, wallet(300))
    with a_node(bpsc102) as client:
        status, first = client.get("/chain")
        assert (status, first["length"], first["chain"][0]["previous_hash"]) == (200, 1, "1")

        transfer = {"sender": payer(chain), "amount": 0.1, "recipient": wallet(300)}
        assert client.post("/transactions/new", transfer) == (201, {"message": "Transaction will be added to Block 2"})
        assert client.post("/transactions/new", {**transfer, "amount": 1})[0] == 201
        status, forged = client.get("/mine")

        assert (status, forged["message"], forged["index"]) == (200, "New Block Forged", 2)
        assert client.post("/transactions/new", transfer) == (201, {"message": "Transaction will be added to Block 3"})
        found = client.get("/chain")[1]["chain"]
        assert valid_chain(found)
        assert [len(block["transactions"]) for block in found] == [0, 2]
        assert forged["transactions"] == found[1]["transactions"]
        assert forged["previous_hash"] == hash_of(found[0])
        assert found[1]["transactions"][0] == {
            "sender": payer(chain), "amount_send": 0.1, "bpsc": bpsc102.environment["SMARTCHAIN_LEDGER"],
            "amount_bpsc": 0.000005, "recipient": wallet(300), "amount_receive": 0.099995,
        }  # fmt: skip
    paid = balance_on_host(chain, wallet(300)) - before
    assert Fraction(paid, ETHER) == Fraction("1.2") * (1 - Fraction(50, 10**6))


def test_a_block_for_each_transaction_as_bpsc103_had_it(chain: OnAnvil, tmp_path: Path) -> None:
    shell = shell_for(tmp_path, chain)
    shell.environment["SMARTCHAIN_LEDGER"] = shell.type("deploy", "--max-entries", "1", "--json").json["ledger"]
    with a_node(shell) as client:
        exact = Wei(ETHER + 1)
        sent = [
            client.post("/transactions/new", b'{"sender": "%s", "amount": %s, "recipient": "%s"}' % (
                payer(chain).encode(), amount, wallet(320).encode()))
            for amount in (b"1.000000000000000001", b"1e-18", b"2")
        ]  # fmt: skip

        assert [answer["message"] for _, answer in sent] == [
            f"Transaction will be added to Block {number}" for number in (2, 3, 4)
        ]
        assert valid_chain(client.get("/chain")[1]["chain"])
        with urllib.request.urlopen(f"{client.url}/chain") as answer:
            text = answer.read().decode()
        assert '"amount_send": 1.000000000000000001' in text
        assert '"amount_send": 0.000000000000000001' in text
    assert balance_on_host(chain, wallet(320)) == exact + 1 + 2 * ETHER


def test_clients_that_pay_at_once_are_each_served_once(chain: OnAnvil, bpsc102: Shell) -> None:
    with a_node(bpsc102) as client:

        def pay(number: int) -> int:
            recipient = wallet(400 + number)
            return client.post("/transactions/new", {"sender": payer(chain), "amount": 0.001, "recipient": recipient})[
                0
            ]

        with ThreadPoolExecutor(10) as pool:
            statuses = list(pool.map(pay, range(20)))
        client.get("/mine")
        found = client.get("/chain")[1]["chain"]

    assert statuses == [201] * 20
    assert sorted(one["recipient"] for one in found[1]["transactions"]) == sorted(wallet(400 + at) for at in range(20))
    assert {balance_on_host(chain, wallet(400 + at)) for at in range(20)} == {10**15 - 50 * 10**9}


# more than one node


def test_nodes_that_others_reach_and_nodes_without_a_key_spend_nothing(chain: OnAnvil, bpsc102: Shell) -> None:
    transfer = {"sender": payer(chain), "amount": 0.1, "recipient": wallet(330)}
    with a_node(bpsc102, "--no-legacy-api") as client, nothing_sent(chain):
        assert client.get("/mine")[0] == client.post("/transactions/new", transfer)[0] == 404
    del bpsc102.environment["ETH_PRIVATE_KEY"]
    with a_node(bpsc102) as client, nothing_sent(chain):
        assert client.get("/mine")[0] == client.post("/transactions/new", transfer)[0] == 403


def test_a_member_takes_the_chain_from_a_producer_and_keeps_a_chain_of_its_own(
    chain: OnAnvil, bpsc102: Shell, tmp_path: Path
) -> None:
    home = tmp_path / "member"
    home.mkdir()
    member_shell = Shell(home)
    with a_node(bpsc102) as producer:
        transfer = {"sender": payer(chain), "amount": 0.25, "recipient": wallet(340)}
        producer.post("/transactions/new", transfer)
        producer.get("/mine")

        with a_node(member_shell, "--peer", producer.url) as member:
            registered = member.post("/nodes/register", {"nodes": [producer.url]})
            assert registered == (201, {
                "message": "New nodes have been added", "total_nodes": [producer.url.removeprefix("http://")],
            })  # fmt: skip
            updated = eventually(lambda: _updated(member, 2))
            assert updated["smart chain"] == producer.get("/chain")[1]["chain"]
            assert member.get("/chain")[1]["verified"] is False

            producer.post("/transactions/new", transfer)
            producer.get("/mine")
            assert eventually(lambda: _updated(member, 3))["length"] == 3

            added = member.post("/information/new", {"information": "what a member knows"})
            assert added == (201, {"message": "information will be added to Block 2"})
            status, forged = member.get("/mine")
            assert (status, forged["index2"]) == (200, 2)
            assert forged["information"] == [{"information": "what a member knows"}]
            own = member.get("/chain2")[1]
            assert (own["length"], valid_chain(own["chain2"])) == (2, True)
            assert own["chain2"][1]["information"] == forged["information"]
            assert member_shell.type("journal", "list", "--json").lines[0]["text"] == "what a member knows"
            assert member.post("/transactions/new", transfer)[0] == 403
    assert member_shell.type("journal", "verify", "--json").json["notes"] == 1


def _updated(member: Client, length: int) -> Any:
    answer = member.get("/smart/chain")[1]
    return answer if answer["message"] == "Smart chain update by bpsc" and answer["length"] == length else None


def test_an_update_from_a_producer_that_is_gone_says_to_try_again(bpsc102: Shell, tmp_path: Path) -> None:
    home = tmp_path / "member"
    home.mkdir()
    with a_node(bpsc102) as producer, a_node(Shell(home), "--peer", producer.url) as member:
        eventually(lambda: _updated(member, 1))
        before = member.get("/chain")[1]["chain"]
        gone = producer.url
    with a_node(Shell(home), "--peer", gone) as member:
        status, answer = member.get("/smart/chain")

    assert (status, answer["message"], answer["old chain"]) == (200, "Unsuccessful: Please try again", before)
