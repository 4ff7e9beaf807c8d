"""
The way to a host that misbehaves: a connection pool that answers from the world, by replicas, faults, caps and lies.

Which faults there are, and when they happen, follows from the seed. Time passes with every request.
"""

from __future__ import annotations

import io
import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec
import urllib3
from urllib3.exceptions import NewConnectionError, ReadTimeoutError

from smartchain.host.transport import MOST_BYTES
from tests.simulation.caps import Cap
from tests.simulation.lies import Liar
from tests.simulation.node import HEAD, Kind, Node, Refusal
from tests.simulation.world import Block, World

TRANSPORT = ["away", "time-out", "cut", "cut JSON", "oversized", "429", "429 and Retry-After", "503", "502", "504",
             "500", "page", "wrong id", "no result", "busy", "broken header"]  # fmt: skip
LATE = ["lag", "hidden lag"]
STALE = [*LATE, "fork"]
_PIECE = bytes(MOST_BYTES // 4 + 1)
_PATIENCE = ["1", "7", "120", "Wed, 21 Oct 2099 07:28:00 GMT", "soon"]


@dataclass
class Clock:
    """Virtual seconds."""

    now: float = 0.0


class Crash(BaseException):
    """The process is no more."""


class Endless(urllib3.HTTPResponse):
    """An answer without an end, of which no more than a piece is ever held."""

    def read1(self, amt: int | None = None, decode_content: bool | None = None) -> bytes:
        return _PIECE


@dataclass
class Trouble:
    """How often each fault happens, while the storm lasts."""

    rates: dict[str, float]
    cap: Cap | None
    kind: Kind
    liar: Liar | None
    latency_s: float
    crash: float

    @classmethod
    def by(
        cls, chance: random.Random, world: World, confirmations: int, until_s: float, *, lies: bool, forks: bool
    ) -> Trouble:
        """What a seed gives; its lies end at `until_s`, if it lies at all."""
        stale = STALE if forks else LATE
        rates = {
            name: chance.choice([0.01, 0.05, 0.2])
            for name in chance.sample(TRANSPORT, chance.choice([0, 0, 1, 3, len(TRANSPORT)]))
        }
        rates |= {name: chance.choice([0.05, 0.2, 0.5]) for name in chance.sample(stale, chance.choice([0, 0, 1, 2]))}
        kind = Kind(
            world.rule,
            world.fee_ppm,
            confirmations + chance.choice([10**9, 10**9, 128, 20, 3]),
            chance.random() < 0.8,
        )
        return cls(
            rates,
            Cap.by(chance) if chance.random() < 0.6 else None,
            kind,
            Liar(chance, world.storm_s, until_s) if lies else None,
            chance.choice([0.0, 0.02, 0.3]),
            chance.choice([0.0, 0.0, 0.0, 0.01]),
        )


@dataclass
class Host:
    """Implements `transport.Pool`."""

    world: World
    clock: Clock
    chance: random.Random
    trouble: Trouble
    seen: Counter[str] = field(default_factory=Counter)
    trace: list[str] = field(default_factory=list)
    name: str = "host"
    astray: int = 0
    """How often another fork answered for the canonical chain."""

    def clear(self) -> None:
        """There are no connections."""

    def request(self, method: str, url: str, **options: Any) -> urllib3.BaseHTTPResponse:
        self._pass_time()
        asked = msgspec.json.decode(options["body"])
        self._note(asked)
        storm = self.clock.now < self.world.storm_s
        if storm and self.chance.random() < self.trouble.crash:
            self._say("crash")
            raise Crash
        fault = self._fault(STALE) if storm else None
        node = self._replica(fault)
        body = self._answers(asked, node, storm)
        broken = self._fault(TRANSPORT) if storm else None
        return self._broken(broken, body, url) if broken else _response(body)

    def _pass_time(self) -> None:
        if self.trouble.latency_s:
            self.clock.now += self.chance.expovariate(1 / self.trouble.latency_s)
        self.world.advance(self.clock.now)

    def _fault(self, among: Sequence[str]) -> str | None:
        for name in among:
            rate = self.trouble.rates.get(name, 0.0)
            if rate and self.chance.random() < rate:
                self._say(name)
                return name
        return None

    def _note(self, asked: Any) -> None:
        if isinstance(asked, dict):
            self.trace.append(f"{self.clock.now:8.2f} {self.name} {asked['method']} {str(asked['params'])[:150]}")

    def _say(self, name: str) -> None:
        self.seen[name] += 1
        self.trace.append(f"{self.clock.now:8.2f}   {name}")

    # who answers

    def _replica(self, fault: str | None) -> Node:
        chain: Sequence[Block] = self.world.chain
        if fault in ("lag", "hidden lag"):
            behind = self.chance.randint(1, 4)
            chain = chain[: max(1, len(chain) - behind)]
        if fault == "fork" and self._could_be(former := self.world.former[-1:]):
            chain = former[0]
            self.astray += 1
        return Node(self.trouble.kind, chain, self.world.final, self.world.safe, hides_lag=fault == "hidden lag")

    def _could_be(self, former: Sequence[list[Block]]) -> bool:
        """Whether a replica may still be on that chain: what is final is so on every one."""
        final, chain = self.world.final, self.world.chain
        return bool(former) and (final < 0 or former[0][final : final + 1] == chain[final : final + 1])

    def _answers(self, asked: Any, node: Node, storm: bool) -> bytes:
        if isinstance(asked, list):
            return b"[" + b",".join(self._answer(one, node, storm) for one in asked) + b"]"
        return self._answer(asked, node, storm)

    def _answer(self, asked: dict[str, Any], node: Node, storm: bool) -> bytes:
        number, method, params = asked["id"], asked["method"], asked["params"]
        try:
            if method == "eth_getLogs" and self.trouble.cap is not None:
                self._cap(params[0], node)
            result = self._lied(method, params, node)
        except Refusal as refusal:
            self.trace.append(f"{self.clock.now:8.2f}   refused: {refusal}"[:200])
            return msgspec.json.encode({"jsonrpc": "2.0", "id": number, "error": refusal.body})
        return b'{"jsonrpc":"2.0","id":%d,"result":%b}' % (number, result)

    def _cap(self, query: dict[str, Any], node: Node) -> None:
        assert self.trouble.cap is not None
        first, last = int(query["fromBlock"], 16), int(query["toBlock"], 16)
        try:
            self.trouble.cap.check(query, [len(block.logs) for block in node.chain[first : last + 1]])
        except Refusal:
            self._say("cap: " + self.trouble.cap.words.provider)
            raise

    def _lied(self, method: str, params: Sequence[Any], node: Node) -> bytes:
        liar = self.trouble.liar
        if liar is None or not liar.is_on(self.clock.now):
            return node.answer(method, params)
        before = liar.told
        if method == "eth_getLogs":
            result = b"[" + b",".join(liar.logs(node.logs(params[0]))) + b"]"
        else:
            result = node.answer(method, params)
            if method == "eth_call" and params[0]["data"][2:10] == HEAD:
                result = liar.head(result)
        if liar.told > before:
            self._say(f"lie: {liar.kind}")
        return result

    # how it arrives

    def _broken(self, fault: str, body: bytes, url: str) -> urllib3.BaseHTTPResponse:
        half = body[: max(1, len(body) // 2)]
        pool = urllib3.HTTPConnectionPool("node")
        match fault:
            case "away":
                raise NewConnectionError(pool, "refused")  # type: ignore[arg-type]
            case "time-out":
                self.clock.now += 3.0
                raise ReadTimeoutError(pool, url, "slow")
            case "cut":
                return _response(half, length=len(body))
            case "cut JSON":
                return _response(half)
            case "oversized":
                return Endless(io.BytesIO(b"{"), status=200, preload_content=False)
            case "429 and Retry-After":
                return _response(b"slow down", 429, {"Retry-After": self.chance.choice(_PATIENCE)})
            case "429" | "503" | "502" | "504" | "500":
                return _response(b"<html>" + fault.encode(), int(fault))
            case "page":
                return _response(b"<html>maintenance</html>")
            case "wrong id":
                return _response(body.replace(b'"id":', b'"id":9', 1))
            case "no result":
                return _response(body.replace(b'"result"', b'"nothing"', 1))
            case "busy":
                said = {
                    "code": -32603,
                    "message": self.chance.choice(["Internal server error", "no backends available"]),
                }
                return _response(msgspec.json.encode({"jsonrpc": "2.0", "id": None, "error": said}))
        return _response(body.replace(b'"number"', b'"nr"'))


def _response(
    body: bytes, status: int = 200, headers: dict[str, str] | None = None, length: int | None = None
) -> urllib3.BaseHTTPResponse:
    sent = {"Content-Length": str(len(body) if length is None else length)} | (headers or {})
    return urllib3.HTTPResponse(io.BytesIO(body), headers=sent, status=status, preload_content=False)
