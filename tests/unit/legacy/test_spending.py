"""Who may spend: the owner's programs, and nothing that a web page can make a browser do."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.types import Message, Receive, Scope, Send

from smartchain.node.guard.spending import Asked, OwnersOnly, asked_in, hosts_of, is_loopback, refusal

HERE = hosts_of("127.0.0.1", ("127.0.0.1", 5000))
PROGRAM = Asked("POST", ("127.0.0.1:5000",), agent=("python-requests/2.32",), content_type=("application/json",))
PAGE = replace(PROGRAM, origin=("http://127.0.0.1:5000",), site=("same-origin",), agent=("mozilla/5.0 (x11)",))
TYPED = Asked("GET", ("localhost:5000",), site=("none",), agent=("mozilla/5.0 (x11)",))


def status(asked: Asked) -> int:
    refused = refusal(asked, HERE)
    return refused.status if refused else 200


@pytest.mark.parametrize(
    "host", ["evil.example:5000", "127.0.0.1", "127.0.0.1:5001", "localhost.:5000", "0.0.0.0:5000", ""]
)
def test_a_name_that_was_made_to_point_here_is_refused(host: str) -> None:
    assert status(replace(PROGRAM, host=(host,))) == 403


def test_no_host_and_two_hosts_are_refused() -> None:
    assert status(replace(PROGRAM, host=())) == 403
    assert status(replace(PROGRAM, host=("127.0.0.1:5000", "evil.example"))) == 403


@pytest.mark.parametrize(
    "origin",
    ["https://evil.example", "null", "http://127.0.0.1:5001", "http://localhost:5000", "https://127.0.0.1:5000", ""],
)
def test_a_foreign_origin_is_refused_even_where_it_claims_to_be_the_same(origin: str) -> None:
    assert status(replace(PAGE, origin=(origin,))) == 403
    assert status(replace(PAGE, origin=(*PAGE.origin, origin))) == 403


@pytest.mark.parametrize("site", ["cross-site", "same-site", "", "anything", "none, cross-site"])
def test_any_sec_fetch_site_but_none_and_same_origin_is_refused(site: str) -> None:
    assert status(replace(PAGE, site=(site,))) == 403
    assert status(replace(TYPED, site=(site,))) == 403
    assert status(replace(TYPED, site=("none", site))) == 403


@pytest.mark.parametrize(
    "referer", ["https://evil.example/page", "http://127.0.0.1:5001/", "about:blank", "http://[::1"]
)
def test_a_page_of_another_origin_is_known_by_its_referer_too(referer: str) -> None:
    assert status(replace(TYPED, referer=(referer,))) == 403


def test_a_browser_that_does_not_say_where_its_request_comes_from_is_refused() -> None:
    assert status(replace(TYPED, site=())) == 403


@pytest.mark.parametrize(
    "content_type", [(), ("text/plain",), ("application/x-www-form-urlencoded",), ("multipart/form-data",),
                     ("text/plain; application/json",), ("application/json", "text/plain"), ("application/jsonp",)],
)  # fmt: skip
def test_a_body_that_a_page_could_send_without_asking_is_refused(content_type: tuple[str, ...]) -> None:
    assert status(replace(PROGRAM, content_type=content_type)) == 415


@pytest.mark.parametrize(
    "asked",
    [
        PROGRAM,
        PAGE,
        TYPED,
        replace(PROGRAM, content_type=("application/json; charset=utf-8",)),
        replace(PROGRAM, host=("localhost:5000",)),
        replace(PROGRAM, host=("[::1]:5000",)),
        replace(PROGRAM, agent=()),
        replace(PAGE, referer=("http://127.0.0.1:5000/send?to=me",)),
        Asked("GET", ("127.0.0.1:5000",), agent=("curl/8.5",)),
    ],
)
def test_programs_and_this_nodes_own_pages_are_served(asked: Asked) -> None:
    assert status(asked) == 200


def test_every_refusal_has_a_reason() -> None:
    for asked in (replace(PROGRAM, host=()), replace(PAGE, origin=("x",)), replace(PROGRAM, content_type=())):
        refused = refusal(asked, HERE)
        assert refused is not None
        assert len(refused.says) > 20


@given(
    st.sampled_from(["GET", "POST"]),
    st.sampled_from(["https://evil.example", "null"]),
    st.sampled_from(["none", "same-origin", None]),
    st.sampled_from(["application/json", "text/plain", None]),
    st.sampled_from(["127.0.0.1:5000", "localhost:5000"]),
)
def test_nothing_that_names_another_origin_ever_passes(
    method: str, origin: str, site: str | None, content_type: str | None, host: str
) -> None:
    asked = Asked(method, (host,), (origin,), (), (site,) if site else (), (), (content_type,) if content_type else ())

    assert status(asked) == 403


@pytest.mark.parametrize(
    ("bind", "server", "hosts"),
    [
        ("127.0.0.1", ("127.0.0.1", 5000), {"127.0.0.1:5000", "localhost:5000", "[::1]:5000"}),
        ("localhost", ("::1", 80), {"127.0.0.1:80", "localhost:80", "[::1]:80", "127.0.0.1", "localhost", "[::1]"}),
        ("192.168.1.5", ("192.168.1.5", 5000), {"192.168.1.5:5000"}),
        ("Node.lan", ("192.168.1.5", 5000), {"192.168.1.5:5000", "node.lan:5000"}),
        ("0.0.0.0", ("192.168.1.5", 5000), {"192.168.1.5:5000"}),
        ("[::]", ("2001:db8::1", 5000), {"[2001:db8::1]:5000"}),
        ("0.0.0.0", ("0.0.0.0", 5000), set()),
        ("127.0.0.1", ("/run/node.sock", None), set()),
        ("127.0.0.1", None, set()),
    ],
)
def test_a_node_answers_to_the_name_it_was_bound_to_and_the_address_it_was_reached_at(
    bind: str, server: tuple[str, int | None] | None, hosts: set[str]
) -> None:
    assert hosts_of(bind, server) == hosts


def test_a_socket_of_ipv6_that_is_reached_by_ipv4_has_that_address() -> None:
    here = {"127.0.0.1:5000", "localhost:5000", "[::1]:5000"}
    assert hosts_of("::", ("::ffff:127.0.0.1", 5000)) == here
    assert hosts_of("[::]", ("::ffff:192.168.1.5", 5000)) == {"192.168.1.5:5000"}


def test_loopback_is_known_in_all_its_spellings() -> None:
    assert all(map(is_loopback, ["127.0.0.1", "127.8.0.1", "::1", "[::1]", "localhost", "LOCALHOST"]))
    assert all(map(is_loopback, ["::ffff:127.0.0.1", "[::FFFF:7f00:1]"]))
    assert not any(map(is_loopback, ["::ffff:192.168.1.5", "::ffff:0.0.0.0"]))
    assert not any(map(is_loopback, ["0.0.0.0", "::", "192.168.1.5", "localhost.evil.example", "", "example.org"]))


def test_every_value_of_a_header_that_is_there_twice_is_looked_at() -> None:
    headers = [
        (b"host", b"127.0.0.1:5000"),
        (b"Origin", b"http://127.0.0.1:5000"),
        (b"origin", b" HTTPS://evil.example "),
    ]

    asked = asked_in({"type": "http", "method": "GET", "headers": headers})

    assert asked.origin == ("http://127.0.0.1:5000", "https://evil.example")
    assert status(asked) == 403


def served(headers: list[tuple[bytes, bytes]]) -> tuple[int, bytes, bool]:
    """Status and body of one request through the guard, and whether what it guards was reached."""
    reached, sent = list[str](), list[Message]()

    async def inner(scope: Scope, receive: Receive, send: Send) -> None:
        reached.append(scope["path"])
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"spent"})

    async def receive() -> Message:
        raise AssertionError("the guard reads no body")

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "GET", "path": "/mine", "headers": headers, "server": ("127.0.0.1", 5000)}
    asyncio.run(OwnersOnly(inner, "127.0.0.1")(scope, receive, send))
    return sent[0]["status"], b"".join(message.get("body", b"") for message in sent), bool(reached)


def test_what_is_refused_never_reaches_what_spends_and_is_told_why() -> None:
    refused, body, reached = served([(b"host", b"127.0.0.1:5000"), (b"sec-fetch-site", b"cross-site")])

    assert (refused, reached) == (403, False)
    assert b"another site" in body
    assert served([(b"host", b"127.0.0.1:5000")]) == (200, b"spent", True)
