"""The historical routes, one by one: what a client sends, and what it is answered, to the letter."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from smartchain.errors import (
    HostUnavailable,
    LimitExceeded,
    NotConfirmed,
    Refused,
    SmartchainError,
    StoreLocked,
)
from smartchain.ledger.address import checksum
from smartchain.node.legacy.routes import Served, legacy_routes
from smartchain.ports import Journal, Status
from smartchain.store import open_store
from smartchain.types import Address, Index, Wei
from tests.fakes.store import ListStore
from tests.store.making import ANNA, BEN, CARL, INFO
from tests.unit.legacy.historical import hash_of, valid_chain
from tests.unit.legacy.making import Ledger

HERE = "http://127.0.0.1:5000"
PAGE = {"User-Agent": "Mozilla/5.0 (X11; Linux x86_64) Chrome/140", "Origin": "https://evil.example",
        "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors", "Referer": "https://evil.example/"}  # fmt: skip


@pytest.fixture
def ledger() -> Ledger:
    return Ledger()


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    store = open_store(f"sqlite:///{tmp_path / 'node.db'}", create=True)
    yield store.journal(1_700_000_000)
    store.close()


@dataclass(frozen=True)
class Client:
    """Asks the routes in this process, several at once where there are several paths."""

    app: Starlette

    def get(self, path: str, **said: Any) -> httpx.Response:
        return self.ask([("GET", path)], **said)[0]

    def post(self, path: str, **said: Any) -> httpx.Response:
        return self.ask([("POST", path)], **said)[0]

    def ask(self, requests: list[tuple[str, str]], **said: Any) -> list[httpx.Response]:
        async def asked() -> list[httpx.Response]:
            agent, transport = {"User-Agent": "python-requests"}, httpx.ASGITransport(self.app)
            async with httpx.AsyncClient(transport=transport, base_url=HERE, headers=agent) as client:
                asking = [client.request(method, path, **said) for method, path in requests]
                return await asyncio.gather(*asking)

        return asyncio.run(asked())


def client_of(served: Served) -> Client:
    return Client(Starlette(routes=legacy_routes(served)))


@pytest.fixture
def client(ledger: Ledger) -> Client:
    return client_of(Served(ledger.store, "127.0.0.1", ledger, caught_up_s=0.2))


@pytest.fixture
def member(ledger: Ledger, journal: Journal) -> Client:
    return client_of(Served(ledger.store, "127.0.0.1", None, journal, now=lambda: 1_700_000_007.9))


def transfer(amount: Any = 0.5, **changed: Any) -> dict[str, Any]:
    return {"sender": checksum(ANNA), "amount": amount, "recipient": checksum(BEN), **changed}


# refused


@pytest.mark.parametrize("missing", ["sender", "amount", "recipient"])
def test_a_transfer_with_a_value_missing_is_refused_in_the_two_historical_words(
    client: Client, ledger: Ledger, missing: str
) -> None:
    asked = transfer()
    del asked[missing]

    answer = client.post("/transactions/new", json=asked)

    assert (answer.status_code, answer.text, ledger.paid) == (400, "Missing values", [])


def test_a_body_that_is_no_object_has_its_values_missing(client: Client) -> None:
    bodies: list[Any] = [[], "text", 1]
    for body in bodies:
        assert client.post("/transactions/new", json=body).text == "Missing values"


@pytest.mark.parametrize(
    "asked",
    [
        transfer(-1), transfer(0), transfer("1"), transfer(True), transfer(None), transfer([1]), transfer(1e-19),
        transfer(sender="alice"), transfer(recipient="0x12"), transfer(recipient=5), transfer(recipient=None),
        transfer(recipient=checksum(BEN).swapcase()), transfer(recipient="<script>" * 1000),
    ],
)  # fmt: skip
def test_a_transfer_that_cannot_be_meant_is_refused_with_a_reason(
    client: Client, ledger: Ledger, asked: dict[str, Any]
) -> None:
    answer = client.post("/transactions/new", json=asked)

    assert (answer.status_code, ledger.paid) == (400, [])
    assert 10 < len(answer.text) < 500
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"


@pytest.mark.parametrize("body", [b"{", b"[" * 50_000, b'{"amount": NaN}', b"\xff", b""])
def test_what_is_no_json_is_refused(client: Client, body: bytes) -> None:
    answer = client.post("/transactions/new", content=body, headers={"Content-Type": "application/json"})

    assert answer.status_code == 400


def test_a_body_without_end_is_cut_short(client: Client) -> None:
    answer = client.post("/transactions/new", content=b" " * 70_000, headers={"Content-Type": "application/json"})

    assert (answer.status_code, "65,536 bytes" in answer.text) == (413, True)


def test_a_sender_without_a_key_here_is_refused_with_the_reason(client: Client, ledger: Ledger) -> None:
    answer = client.post("/transactions/new", json=transfer(sender=checksum(CARL)))

    assert (answer.status_code, ledger.paid) == (403, [])
    assert "key" in answer.text


def test_a_node_without_any_key_spends_nothing_and_says_why(ledger: Ledger) -> None:
    client = client_of(Served(ledger.store, "127.0.0.1"))

    for answer in (client.post("/transactions/new", json=transfer()), client.get("/mine")):
        assert answer.status_code == 403
        assert "no key" in answer.text


@pytest.mark.parametrize(
    ("problem", "status"),
    [
        (LimitExceeded("--legacy-limit"), 403),
        (Refused("the recipient refuses"), 409),
        (NotConfirmed("not mined"), 504),
        (HostUnavailable("down"), 503),
    ],
)
def test_what_keeps_a_transfer_from_being_made_is_said(
    client: Client, ledger: Ledger, problem: SmartchainError, status: int
) -> None:
    ledger.problem = problem

    answers = [client.post("/transactions/new", json=transfer()), client.get("/mine")]

    assert [(answer.status_code, answer.text) for answer in answers] == [(status, str(problem))] * 2


@pytest.mark.parametrize("header", [*({name: value} for name, value in PAGE.items() if name != "Sec-Fetch-Mode"), PAGE])
def test_no_page_of_another_origin_spends_seals_or_registers(
    client: Client, ledger: Ledger, header: dict[str, str]
) -> None:
    answers = [
        client.post("/transactions/new", json=transfer(), headers=header),
        client.post("/nodes/register", json={"nodes": ["a:1"]}, headers=header),
        client.get("/mine", headers=header),
    ]

    assert [answer.status_code for answer in answers] == [403, 403, 403]
    assert (ledger.paid, len(ledger.store.rows)) == ([], 0)


def test_a_form_of_a_page_cannot_pass_for_json(client: Client, ledger: Ledger) -> None:
    body = b'{"sender": "%s", "amount": 1, "recipient": "%s"}' % (checksum(ANNA).encode(), checksum(BEN).encode())

    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data"):
        answer = client.post("/transactions/new", content=body, headers={"Content-Type": kind})
        assert answer.status_code == 415
    assert ledger.paid == []


def test_neither_a_question_ahead_nor_a_head_request_does_anything(client: Client, ledger: Ledger) -> None:
    assert [answer.status_code for answer in client.ask([("HEAD", "/mine"), ("HEAD", "/chain")])] == [405, 405]
    assert client.ask([("OPTIONS", "/transactions/new")], headers=PAGE)[0].status_code in (403, 405)
    assert client.get("/transactions/new").status_code in (404, 405)
    assert client.post("/mine", json={}).status_code == 405
    assert len(ledger.store.rows) == 0


# the chain


def test_a_new_chain_is_its_first_block(client: Client) -> None:
    answer = client.get("/chain")

    assert answer.headers["content-type"] == "application/json"
    assert answer.text == (
        '{"chain": [{"index": 1, "previous_hash": "1", "timestamp": 1700000000, "transactions": []}], "length": 1}'
    )


def test_a_transfer_is_answered_with_the_block_that_it_will_be_in(client: Client, ledger: Ledger) -> None:
    answers = [client.post("/transactions/new", json=transfer(0.1)) for _ in range(4)]

    assert [answer.status_code for answer in answers] == [201] * 4
    numbers = [answer.json()["message"] for answer in answers]
    assert numbers == [f"Transaction will be added to Block {number}" for number in (2, 2, 2, 3)]
    assert list(answers[0].json()) == ["message"]
    assert ledger.paid == [(BEN, 10**17)] * 4
    chain = client.get("/chain").json()
    assert (chain["length"], len(chain["chain"]), valid_chain(chain["chain"])) == (2, 2, True)
    assert chain["chain"][1]["transactions"][0] == {
        "sender": checksum(ANNA),
        "amount_send": 0.1,
        "bpsc": checksum(INFO.address),
        "amount_bpsc": 0,
        "recipient": checksum(BEN),
        "amount_receive": 0.1,
    }


def test_mining_seals_and_answers_with_that_very_block(client: Client) -> None:
    client.post("/transactions/new", json=transfer(0.1))

    forged = client.get("/mine").json()
    empty = client.get("/mine").json()

    chain = client.get("/chain").json()["chain"]
    assert valid_chain(chain)
    assert forged == {
        "message": "New Block Forged",
        "index": 2,
        "transactions": chain[1]["transactions"],
        "previous_hash": hash_of(chain[0]),
    }
    assert (empty["index"], empty["transactions"], empty["previous_hash"]) == (3, [], hash_of(chain[1]))


def test_a_store_that_is_behind_does_not_keep_a_transfer_from_its_answer(client: Client, ledger: Ledger) -> None:
    ledger.behind = True

    paid, mined = client.post("/transactions/new", json=transfer()), client.get("/mine")

    assert (paid.status_code, paid.json()["message"]) == (201, "Transaction will be added to Block 2")
    assert (mined.status_code, "sealed, by entry 1" in mined.text) == (504, True)


def test_what_fails_after_a_payment_never_reads_as_if_nothing_had_been_paid() -> None:
    class Failing(ListStore):
        def status(self) -> Status:
            if self.rows:
                raise StoreLocked("in use by another process")
            return super().status()

    ledger = Ledger(Failing(INFO))
    client = client_of(Served(ledger.store, "127.0.0.1", ledger, caught_up_s=0.2))

    answer = client.post("/transactions/new", json=transfer())

    assert (answer.status_code, ledger.paid) == (504, [(BEN, 5 * 10**17)])
    assert "it was paid, as entry 0" in answer.text


def test_an_unverified_chain_says_so_and_a_verified_one_has_nothing_added(client: Client, ledger: Ledger) -> None:
    verified = client.get("/chain")
    ledger.store.verified_at = None

    unverified = client.get("/chain")

    assert (verified.headers["X-Verified"], list(verified.json())) == ("true", ["chain", "length"])
    assert (unverified.headers["X-Verified"], unverified.json()["verified"]) == ("false", False)


# other nodes


@pytest.mark.parametrize(
    "body",
    [
        {}, {"nodes": None}, {"nodes": []}, {"nodes": "a:1"}, {"nodes": [1]}, [], 0,
        {"nodes": ["http://a:1", ""]}, {"nodes": ["http://[::1"]}, {"nodes": ["x" * 400]},
    ],
)  # fmt: skip
def test_without_a_list_of_nodes_none_is_registered(client: Client, body: Any) -> None:
    answer = client.post("/nodes/register", json=body)

    assert (answer.status_code, answer.text) == (400, "Error: Please supply a valid list of nodes")


def test_nodes_are_registered_once_each_by_host_and_port(client: Client) -> None:
    client.post("/nodes/register", json={"nodes": ["http://192.168.0.5:5000"]})

    answer = client.post(
        "/nodes/register", json={"nodes": ["localhost:5000", "http://192.168.0.5:5000/", "https://user:pw@b.lan/x"]}
    )

    assert (answer.status_code, answer.json()) == (
        201,
        {
            "message": "New nodes have been added",
            "total_nodes": ["192.168.0.5:5000", "localhost:5000", "b.lan"],
        },
    )


def test_no_number_of_nodes_fills_the_memory(client: Client) -> None:
    answer = client.post("/nodes/register", json={"nodes": [f"n{number}:1" for number in range(1001)]})

    assert (answer.status_code, "1,000" in answer.text) == (400, True)


@pytest.mark.parametrize(("reached", "message", "name"), [
    (True, "Smart chain update by bpsc", "smart chain"),
    (False, "Unsuccessful: Please try again", "old chain"),
])  # fmt: skip
def test_an_update_says_whether_it_came_and_gives_the_chain(
    ledger: Ledger, reached: bool, message: str, name: str
) -> None:
    def update() -> bool:
        for _ in range(3 if reached else 0):
            ledger.pay(ANNA, BEN, Wei(5))
        return reached

    answer = client_of(Served(ledger.store, "127.0.0.1", update=update)).get("/smart/chain").json()

    assert list(answer) == sorted(["message", name, "length"])
    assert (answer["message"], answer["length"], len(answer[name])) == (message, 1 + reached, 1 + reached)
    assert valid_chain(answer[name])


def test_a_node_with_nothing_upstream_has_no_update(ledger: Ledger) -> None:
    assert "old chain" in client_of(Served(ledger.store, "127.0.0.1")).get("/smart/chain").json()


# a member's own chain


def test_a_member_keeps_information_in_a_chain_of_its_own(member: Client) -> None:
    first = member.post("/information/new", json={"information": "für Ada"})
    second = member.post("/information/new", json={"information": {"b": [1.5, None], "a": "<b>"}})
    forged = member.get("/mine").json()
    third = member.post("/information/new", json={"information": ""})
    fourth = member.post("/information/new", json={"information": 0})

    assert [(answer.status_code, answer.json()) for answer in (first, second, fourth)] == [
        (201, {"message": "information will be added to Block 2"}),
        (201, {"message": "information will be added to Block 2"}),
        (201, {"message": "information will be added to Block 3"}),
    ]
    assert third.status_code == 400
    chain = member.get("/chain2").json()
    assert list(chain) == ["chain2", "length"]
    assert chain["length"] == 2
    assert valid_chain(chain["chain2"])
    assert chain["chain2"][1] == {
        "index2": 2,
        "timestamp": 1_700_000_007,
        "information": [{"information": "für Ada"}, {"information": {"b": [1.5, None], "a": "<b>"}}],
        "previous_hash": hash_of(chain["chain2"][0]),
    }
    assert forged == {
        "message": "New Block Forged",
        "index2": 2,
        "information": chain["chain2"][1]["information"],
        "previous_hash": hash_of(chain["chain2"][0]),
    }


def test_a_members_first_block_is_as_those_programs_had_it(member: Client) -> None:
    assert member.get("/chain2").json() == {
        "chain2": [{"index2": 1, "timestamp": 1_700_000_000, "information": [], "previous_hash": "1"}],
        "length": 1,
    }


def test_information_that_is_missing_too_long_or_no_json_is_refused(member: Client, journal: Journal) -> None:
    missing = member.post("/information/new", json={"info": "x"})
    long = member.post("/information/new", json={"information": "x" * (2**20 + 1)})
    longer = member.post("/information/new", json={"information": "x" * (9 * 2**20)})
    broken = member.post("/information/new", content=b"{", headers={"Content-Type": "application/json"})

    assert (missing.status_code, missing.text) == (400, "Missing values")
    assert [answer.status_code for answer in (long, longer, broken)] == [400, 413, 400]
    assert journal.status().size == 0


def test_no_page_of_another_origin_writes_into_a_journal(member: Client, journal: Journal) -> None:
    answers = [
        member.post("/information/new", json={"information": "forged"}, headers=PAGE),
        member.post("/information/new", content=b'{"information": 1}', headers={"Content-Type": "text/plain"}),
        member.get("/mine", headers=PAGE),
    ]

    assert [answer.status_code for answer in answers] == [403, 415, 403]
    assert journal.status().size == 0


def test_a_producers_node_has_no_personal_chain(client: Client) -> None:
    assert client.get("/chain2").status_code == client.post("/information/new", json={}).status_code == 404


def test_reading_goes_on_while_a_payment_waits_to_be_mined(ledger: Ledger) -> None:
    mined = threading.Event()

    class Slow(Ledger):
        def pay(self, sender: Address, recipient: Address, amount: Wei) -> Index:
            assert mined.wait(20)
            return super().pay(sender, recipient, amount)

    slow = Slow()
    client = client_of(Served(slow.store, "127.0.0.1", slow))
    paying = threading.Thread(
        target=lambda: client.ask([("POST", "/transactions/new")] * 50, json=transfer()), daemon=True
    )
    paying.start()
    try:
        assert client.get("/chain").status_code == 200
        assert slow.paid == []
    finally:
        mined.set()
        paying.join()

    assert len(slow.paid) == 50


def test_more_payments_at_once_than_could_ever_be_made_are_turned_away(ledger: Ledger) -> None:
    client = client_of(Served(ledger.store, "127.0.0.1", ledger))

    answers = client.ask([("POST", "/transactions/new")] * 150, json=transfer())

    statuses = [answer.status_code for answer in answers]
    assert (statuses.count(201), statuses.count(503)) == (101, 49)
    assert len(ledger.paid) == 101
