"""
How fast a node answers: blocks, and beside them the least that can be answered.

A ledger of so many entries, ten a block, in a SQLite store; the node's own application and server with all of its
guards, in a process of its own; a load generator in another, which keeps some connections busy over plain sockets and
has no web framework in it. The bare ways run in the same minute on the same machine, under uvicorn as it comes: a
route of Starlette and one of FastAPI that each answer the same bytes.

    python -m benchmarks.serve [--entries 100000] [--seconds 5]
"""

from __future__ import annotations

import argparse
import random
import selectors
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

BLOCK = 10
CONNECTIONS = 32
BLOCKS_ASKED = 1_000
"""Different ones, in random order: each is made once and then comes from memory."""

WARM_S = 3
WAYS = ("node", "node, cold", "starlette", "fastapi")


def fill(db: str, entries: int) -> None:
    """A ledger of payments between a thousand wallets."""
    from smartchain.indexer.growth import Growth
    from smartchain.ledger.block import BlockRule
    from smartchain.ledger.entry import Entry
    from smartchain.ledger.hash import EMPTY_ROOT, ETHER, keccak
    from smartchain.ports import Chunk, Genesis, HostBlock, LedgerInfo
    from smartchain.store import open_store
    from smartchain.types import Address, ChainId, Hash32, Index, Size

    info = LedgerInfo(
        ChainId(31337), Address(b"\x1e" * 20), BlockRule(BLOCK, 0), Genesis(Size(0), EMPTY_ROOT, 1_700_000_000), 1
    )
    chance = random.Random(1)
    wallets = [Address(keccak(b"wallet %d" % number)[12:]) for number in range(1000)]
    store = open_store(db, create=True)
    ledger = store.ledger(info)
    growth = Growth(ledger)
    for first in range(0, entries, 2000):
        number = 1 + first // 2000
        packed = [
            Entry(
                ETHER, chance.choice(wallets), chance.choice(wallets), chance.randrange(10**18), 1_700_000_000 + first
            ).pack()
            for _ in range(min(2000, entries - first))
        ]
        names = [chance.randbytes(32) for _ in packed]
        place = HostBlock(number, Hash32(chance.randbytes(32)), 1_700_000_000)
        chunk = Chunk(number, number, Index(first), packed, [number] * len(packed), names, {number: place.hash})
        step = growth.step(chunk, place)
        step.verified = True
        ledger.take(step)
    store.close()


# what is served, each in a process of its own


def serve(way: str, db: str, moves: bool) -> None:
    """Print the port, and serve until killed."""
    if way == "node":
        _serve_node(db, moves)
    import uvicorn

    listening = socket.create_server(("127.0.0.1", 0))
    print(listening.getsockname()[1], flush=True)
    config = uvicorn.Config(_bare(way, sample(db)), log_level="error", access_log=False)
    uvicorn.Server(config).run(sockets=[listening])


def _serve_node(db: str, moves: bool) -> None:
    from smartchain.config import NodeSettings
    from smartchain.node.app import build_app
    from smartchain.node.feed import Feed
    from smartchain.node.server import Server
    from smartchain.node.services import Services
    from smartchain.store import open_store

    settings, feed = NodeSettings(port=0, rate=10**9), Feed()
    store = open_store(db, create=False)
    server = Server(build_app(Services(store.open(), settings, feed)), settings)
    server.start()
    print(server.port, flush=True)
    while True:
        time.sleep(0.01 if moves else 60)
        if moves:
            feed.moved()


def sample(db: str) -> bytes:
    """The JSON of one block, as the node gives it."""
    from smartchain.node.api.blocks import one_block
    from smartchain.node.services import Services
    from smartchain.store import open_store

    store = open_store(db, create=False, read_only=True)
    body = one_block(Services(store.open()), "1")
    store.close()
    return body


def _bare(way: str, body: bytes) -> Any:
    """A route that answers these bytes whatever is asked."""
    if way == "fastapi":
        from fastapi import FastAPI, Response

        api = FastAPI()

        @api.get("/api/v1/blocks/{number}")
        async def one(number: int) -> Response:  # noqa: ARG001
            return Response(body, media_type="application/json")

        return api
    from starlette.applications import Starlette
    from starlette.responses import Response as Plain
    from starlette.routing import Route

    async def bare(_: Any) -> Plain:
        return Plain(body, media_type="application/json")

    return Starlette(routes=[Route("/api/v1/blocks/{number:int}", bare)])


# the load


def load(port: int, blocks: int, seconds: float) -> None:
    """Keep connections busy, each with one request at a time; print requests a second, and a late one's time."""
    chance = random.Random(2)
    asked = [
        f"GET /api/v1/blocks/{chance.randrange(blocks)} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n".encode()
        for _ in range(BLOCKS_ASKED)
    ]
    count, took = _run(port, asked, seconds)
    late = sorted(took)[int(0.99 * len(took))]
    print(f"{count / seconds:.0f} {late * 1000:.2f}", flush=True)


def _run(port: int, asked: list[bytes], seconds: float) -> tuple[int, list[float]]:
    selector = selectors.DefaultSelector()
    begun: dict[socket.socket, float] = {}
    rest: dict[socket.socket, bytes] = {}
    for number in range(CONNECTIONS):
        client = socket.create_connection(("127.0.0.1", port))
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        selector.register(client, selectors.EVENT_READ)
        begun[client], rest[client] = time.perf_counter(), b""
        client.sendall(asked[number % len(asked)])
    count, took, until = 0, list[float](), time.perf_counter() + seconds
    while time.perf_counter() < until:
        for key, _ in selector.select(0.5):
            busy: Any = key.fileobj
            rest[busy] += busy.recv(262144)
            if not _is_whole(rest[busy]):
                continue
            took.append(time.perf_counter() - begun[busy])
            count, rest[busy], begun[busy] = count + 1, b"", time.perf_counter()
            busy.sendall(asked[(count * 7919) % len(asked)])
    for client in begun:
        client.close()
    return count, took


def _is_whole(answer: bytes) -> bool:
    head, end, body = answer.partition(b"\r\n\r\n")
    if not end:
        return False
    if not head.startswith(b"HTTP/1.1 200"):
        raise RuntimeError(answer[:300].decode(errors="replace"))
    length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
    return len(body) >= length


# the comparison


def measure(way: str, db: str, blocks: int, seconds: float) -> tuple[float, float, float, float]:
    """Requests a second, ms of a late one, CPU of the server in µs a request, its memory in MB."""
    name, _, cold = way.partition(", ")
    command = [sys.executable, "-m", "benchmarks.serve", "--db", db]
    server = subprocess.Popen(
        [*command, "--serve", name, *(["--moves"] if cold else [])], stdout=subprocess.PIPE, text=True
    )
    try:
        assert server.stdout is not None
        port = server.stdout.readline().strip()
        ask = [*command, "--load", port, "--blocks", str(blocks), "--seconds", str(seconds)]
        subprocess.run([*ask[:-1], str(WARM_S)], check=True, capture_output=True)
        before = _cpu_s(server.pid)
        said = subprocess.run(ask, check=True, capture_output=True, text=True).stdout.split()
        cpu_s, memory = _cpu_s(server.pid) - before, _memory_mb(server.pid)
    finally:
        server.kill()
        server.wait()
    return float(said[0]), float(said[1]), cpu_s / (float(said[0]) * seconds) * 1e6, memory


def _cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / 100


def _memory_mb(pid: int) -> float:
    line = next(line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) / 1024


def compare(entries: int, seconds: float) -> None:
    with tempfile.TemporaryDirectory() as folder:
        db = f"sqlite:///{folder}/chain.db"
        fill(db, entries)
        print("| way | blocks a second | 99 of 100 within, ms | server's CPU, µs a request | memory, MB |")
        print("| --- | --- | --- | --- | --- |")
        for way in WAYS:
            rate, late_ms, cpu_us, memory = measure(way, db, entries // BLOCK, seconds)
            print(f"| {way} | {rate:,.0f} | {late_ms:.1f} | {cpu_us:.0f} | {memory:.0f} |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--entries", type=int, default=100_000)
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--db", default="", help=argparse.SUPPRESS)
    parser.add_argument("--serve", default="", help=argparse.SUPPRESS)
    parser.add_argument("--moves", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--load", type=int, default=0, help=argparse.SUPPRESS)
    parser.add_argument("--blocks", type=int, default=0, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.serve:
        serve(given.serve, given.db, given.moves)
    elif given.load:
        load(given.load, given.blocks, given.seconds)
    else:
        compare(given.entries, given.seconds)


if __name__ == "__main__":
    main()
