"""Another node over HTTP: what it says is carried faithfully, and what it does wrong is named."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import zstandard

from smartchain.errors import PeerError, PeerUnavailable, PeerUnusable
from smartchain.host.endpoint import Endpoint
from smartchain.ledger.hash import EMPTY_ROOT, leaf_hash
from smartchain.ledger.merkle import MerkleLog
from smartchain.ledger.proof import verify_consistency
from smartchain.peer import wire
from smartchain.peer.client import HttpPeer
from smartchain.peer.pace import Pace
from smartchain.peer.serve import StorePeer
from tests.fakes.rude import Behaviour, Rude, answer
from tests.fakes.served import Served
from tests.fakes.store import ListStore
from tests.store.making import INFO, Story, payments

IMPATIENT = Pace(idle_s=0.4, answer_s=0.6, window_s=0.4, least_bytes=20_000)
TLS = Path(__file__).resolve().parents[1] / "host/tls"
Send = Callable[[bytes], None]


def told(entries: int) -> ListStore:
    store, story = ListStore(INFO), Story()
    store.take(story.step(payments(1, entries), verified=True))
    return store


@pytest.fixture(scope="module")
def store() -> ListStore:
    return told(300)


@pytest.fixture(scope="module")
def peer(store: ListStore) -> Iterator[HttpPeer]:
    with Served(store) as served:
        client = HttpPeer(Endpoint(served.url))
        yield client
        client.close()


def test_the_head_of_a_node_travels(store: ListStore, peer: HttpPeer) -> None:
    head = peer.head()

    assert head == StorePeer(store).head()
    assert (head.size, head.verified, head.info) == (300, True, INFO)
    assert head.root == MerkleLog.of(leaf_hash(row[0]) for row in store.rows).root()
    assert peer.head(0).root == EMPTY_ROOT


def test_a_consistency_proof_travels_and_holds(peer: HttpPeer) -> None:
    proof = peer.consistency(123, 300)

    assert verify_consistency(123, 300, peer.head(123).root, peer.head().root, proof)


def test_entries_travel_with_their_hints(store: ListStore, peer: HttpPeer) -> None:
    portions = list(peer.portions(10, 290))

    rows = [
        row
        for portion in portions
        for row in zip(portion.packed, portion.host_blocks, portion.transactions, strict=True)
    ]
    assert rows == store.rows[10:290]


@pytest.mark.parametrize(
    "ask",
    [
        lambda peer: peer.head(301),
        lambda peer: peer.consistency(1, 301),
        lambda peer: peer.outline(0, 4096),
        lambda peer: list(peer.portions(299, 301)),
    ],
)
def test_what_a_node_does_not_have_is_refused_as_past_its_end(
    ask: Callable[[HttpPeer], object], peer: HttpPeer
) -> None:
    with pytest.raises(PeerUnavailable, match="no longer has"):
        ask(peer)


@pytest.mark.parametrize(
    "ask",
    [
        lambda peer: peer.consistency(0, 3),
        lambda peer: peer.consistency(3, 2),
        lambda peer: peer.consistency(-1, 2),
        lambda peer: peer.outline(1, 4096),
        lambda peer: list(peer.portions(3, 3)),
        lambda peer: list(peer.portions(3, 10**16)),
    ],
)
def test_what_nobody_can_ask_is_a_bad_request(ask: Callable[[HttpPeer], object], peer: HttpPeer) -> None:
    with pytest.raises(PeerUnusable, match="HTTP 400"):
        ask(peer)


def saying(*pieces: bytes) -> Behaviour:
    def behave(path: str, send: Send, over: threading.Event) -> None:
        for piece in pieces:
            send(piece)

    return behave


def stalling(*pieces: bytes) -> Behaviour:
    def behave(path: str, send: Send, over: threading.Event) -> None:
        for piece in pieces:
            send(piece)
        over.wait(20)

    return behave


def trickling(start: bytes, drop: bytes) -> Behaviour:
    def behave(path: str, send: Send, over: threading.Event) -> None:
        send(start)
        while not over.wait(0.05):
            send(drop)

    return behave


def flooding(start: bytes, water: bytes) -> Behaviour:
    def behave(path: str, send: Send, over: threading.Event) -> None:
        send(start)
        while not over.is_set():
            send(water)

    return behave


HEADERS = b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
ENDLESS = b"HTTP/1.1 200 OK\r\n\r\n"
HUGE_FRAME = b"\0" * 8 + (9).to_bytes(4, "big") + (2**31).to_bytes(4, "big")
BOMB = zstandard.compress(bytes(2**28))
BOMB_PORTION = b"\0" * 8 + (9).to_bytes(4, "big") + len(BOMB).to_bytes(4, "big") + BOMB

RUDE: dict[str, tuple[Behaviour, str]] = {
    "accepts and says nothing": (stalling(), "stalls"),
    "stops after its headers": (stalling(HEADERS), "stalls"),
    "stops in the middle of a portion": (stalling(HEADERS, wire.MAGIC, bytes(10)), "stalls"),
    "trickles its status line": (trickling(b"HTTP/1.1 200 ", b"O"), "stalls"),
    "trickles its headers": (trickling(b"HTTP/1.1 200 OK\r\n", b"X: y\r\n"), "stalls"),
    "trickles its body": (trickling(HEADERS, b"S"), "stalls|no stream"),
    "trickles the length of a chunk": (trickling(CHUNKED, b"0"), "stalls"),
    "trickles its promises": (trickling(b"", b"HTTP/1.1 100 Continue\r\n\r\n"), "stalls"),
    "is busy": (saying(b"HTTP/1.1 503 no\r\nContent-Length: 0\r\n\r\n"), "HTTP 503"),
    "is another server": (saying(b"HTTP/1.1 404 no\r\nContent-Length: 0\r\n\r\n"), "serves no ledger"),
    "points elsewhere": (
        saying(b"HTTP/1.1 302 no\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n"),
        "points elsewhere",
    ),
    "speaks no HTTP": (saying(b"SSH-2.0-OpenSSH_9.6\r\n"), "speaks no HTTP"),
    "hangs up": (saying(), "broke off"),
    "hangs up in a body": (saying(HEADERS, b"SCB1"), "broke off"),
    "answers HTML": (saying(answer(b"<!doctype html><p>hello")), "sent"),
    "answers nothing": (saying(answer(b"")), "sent"),
    "answers in gzip": (saying(answer(b"\x1f\x8b\x08", headers="Content-Encoding: gzip\r\n")), "encoding"),
    "floods": (flooding(ENDLESS, b"{" * 65536), "sent"),
    "floods with headers": (flooding(b"HTTP/1.1 200 OK\r\n", b"X: y\r\n" * 100), "broke off|stalls"),
    "floods in chunks": (flooding(CHUNKED, b"1\r\n{\r\n" * 5000), "sent|stalls"),
    "announces a huge frame": (flooding(ENDLESS + wire.MAGIC + HUGE_FRAME, bytes(65536)), "sent"),
    "sends a bomb": (saying(answer(wire.MAGIC + BOMB_PORTION)), "sent"),
}


@pytest.mark.parametrize("kind", RUDE)
@pytest.mark.parametrize(
    "ask", [lambda peer: peer.head(), lambda peer: list(peer.portions(0, 5000))], ids=["an answer", "a download"]
)
def test_a_rude_server_is_left_in_time_and_named(kind: str, ask: Callable[[HttpPeer], object]) -> None:
    behaviour, says = RUDE[kind]
    began = time.monotonic()
    with Rude(behaviour) as rude:
        client = HttpPeer(Endpoint(rude.url), IMPATIENT)
        with pytest.raises(PeerError, match=f"^{rude.url} .*({says})"):
            ask(client)
        client.close()

    assert time.monotonic() - began < 20


def test_a_server_that_is_not_there_is_unavailable() -> None:
    with Rude(saying()) as rude:
        url = rude.url
    with pytest.raises(PeerUnavailable, match="cannot be reached"):
        HttpPeer(Endpoint(url), IMPATIENT).head()


def test_a_peer_behind_tls_is_heard_where_its_certificate_is_trusted(store: ListStore) -> None:
    with Served(store, tls=TLS) as served:
        trusting = HttpPeer(Endpoint(served.url, ca_file=TLS / "certificate.pem"))
        doubting = HttpPeer(Endpoint(served.url))
        assert trusting.head().size == 300
        assert sum(len(portion.packed) for portion in trusting.portions(0, 300)) == 300
        with pytest.raises(PeerUnusable, match="no certificate that is trusted"):
            doubting.head()
        trusting.close()


def test_a_server_that_stalls_a_handshake_is_left_in_time() -> None:
    with Rude(stalling()) as rude:
        began = time.monotonic()
        with pytest.raises(PeerError, match=r"stalls|cannot be reached"):
            HttpPeer(Endpoint(rude.url.replace("http", "https")), IMPATIENT).head()
    assert time.monotonic() - began < 20


def test_a_path_before_the_api_and_authentication_are_kept_and_shown_to_nobody() -> None:
    with Rude(saying(answer(b"{}"))) as rude:
        url = rude.url.replace("//", "//user:geheim@") + "/behind/a/secretpath/"
        with pytest.raises(PeerUnusable) as raised:
            HttpPeer(Endpoint(url), IMPATIENT).head()

    assert rude.asked == ["/behind/a/secretpath/api/v1/bulk/head"]
    assert str(raised.value).startswith(f"{rude.url} sent")
    assert "secret" not in str(raised.value)
    assert "geheim" not in str(raised.value)


def test_a_proof_of_other_sizes_is_refused() -> None:
    said = b'{"first":1,"second":2,"first_root":"0x","second_root":"0x","proof":[],"verified":true}'
    with Rude(saying(answer(said))) as rude, pytest.raises(PeerUnusable, match="other sizes"):
        HttpPeer(Endpoint(rude.url), IMPATIENT).consistency(1, 3)


def test_hashes_are_of_one_form() -> None:
    said = b'{"first":1,"second":3,"first_root":"0x","second_root":"0x","proof":["0xAB"],"verified":true}'
    with Rude(saying(answer(said))) as rude, pytest.raises(PeerUnusable, match="a hash that is none"):
        HttpPeer(Endpoint(rude.url), IMPATIENT).consistency(1, 3)
