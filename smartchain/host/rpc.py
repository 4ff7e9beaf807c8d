"""
JSON-RPC over HTTP to one node of the host chain.

Everything that can go wrong becomes a `HostError`: the lower library's exceptions end here. Calls that only read
are tried again a few times, briefly; whoever can wait longer (the daemon) does so by itself.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

import msgspec
import stamina

from smartchain.errors import HostError, HostUnavailable
from smartchain.host.endpoint import Endpoint
from smartchain.host.refusal import RpcError, refusal
from smartchain.host.transport import Pool, Transport

MOST_CALLS_IN_BATCH = 100
SMALL_BODY_BYTES = 1 << 16
"""Bodies up to here are checked whole; of larger ones the edges, because their own decoder reads the rest."""

_READS = (
    "eth_call", "eth_get", "eth_chainId", "eth_blockNumber", "eth_gasPrice", "eth_maxPriorityFeePerGas",
    "eth_estimateGas", "eth_feeHistory", "eth_createAccessList", "eth_syncing", "net_", "web3_",
)  # fmt: skip
"""Beginnings of the methods that change nothing, so that asking twice does no harm."""
UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""What decoding raises for what is no JSON: cut off, no UTF-8, or nested without end."""

_T = TypeVar("_T")
_ID = re.compile(rb'"id"\s*:\s*(\d+|null|"[^"]*")')
_EDGE_BYTES = 200
_BATCH = "a batch"


@dataclass(frozen=True, slots=True)
class Retry:
    """How often, and after how long, a call that only reads is made again."""

    attempts: int = 4
    first_wait_s: float = 0.1
    longest_wait_s: float = 2.0
    jitter_s: float = 0.2
    longest_asked_wait_s: float = 10.0
    """A node that asks for more patience than this (Retry-After) is given up at once."""


NO_RETRY = Retry(attempts=1)


class _Response(msgspec.Struct):
    """The envelope of an answer; what it carries is decoded by whoever asked."""

    id: int | str | None = None
    result: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    error: RpcError | str | None = None


_decode_response = msgspec.json.Decoder(_Response).decode
_decode_responses = msgspec.json.Decoder(list[_Response]).decode


class HttpRpc:
    """
    One node, reached by HTTP or HTTPS. Implements `ports.Rpc`; any number of threads may use it at once.

    Every method raises `HostUnavailable`, `RangeTooLarge`, `StateGone`, `UnknownBlock` or `RpcRefused`.
    """

    def __init__(self, endpoint: Endpoint, retry: Retry = Retry(), pool: Pool | None = None) -> None:
        self._endpoint = endpoint
        self._retry = retry
        self._transport = Transport(endpoint, pool)
        self._ids = itertools.count(1)

    @property
    def name(self) -> str:
        return self._endpoint.name

    def __repr__(self) -> str:
        return f"HttpRpc({self.name})"

    def close(self) -> None:
        """Close the connections."""
        self._transport.close()

    def call(self, method: str, *params: Any) -> Any:
        """Result of one call, as JSON decodes it."""
        return self._again(method, lambda: self._value(self._result_of(method, params)))

    def body(self, method: str, *params: Any) -> bytes:
        """The whole response body of one call, for a typed decoder; a JSON-RPC error is raised."""
        return self._again(method, lambda: self._checked_body(method, params))

    def batch(self, calls: Sequence[tuple[str, Sequence[Any]]]) -> list[Any]:
        """Results of several calls, in their order; a node that takes no batches is asked one by one."""
        results: list[Any] = []
        for start in range(0, len(calls), MOST_CALLS_IN_BATCH):
            part = calls[start : start + MOST_CALLS_IN_BATCH]
            results += self._again(_riskiest(part), partial(self._batch, part))
        return results

    # one request

    def _result_of(self, method: str, params: Sequence[Any]) -> msgspec.Raw:
        number = next(self._ids)
        response = self._envelope(self._ask(method, params, number))
        self._check_id(response, number)
        return self._result(response, method, params)

    def _checked_body(self, method: str, params: Sequence[Any]) -> bytes:
        number = next(self._ids)
        body = self._ask(method, params, number)
        if len(body) <= SMALL_BODY_BYTES:
            response = self._envelope(body)
            self._check_id(response, number)
            self._result(response, method, params)
            return body
        found = _ID.search(body[:_EDGE_BYTES]) or _ID.search(body[-_EDGE_BYTES:])
        if found is None or found[1] != str(number).encode():
            raise HostUnavailable(f"{self.name} answered {method} with another call's answer")
        if not body.rstrip().endswith(b"}"):
            raise HostUnavailable(f"{self.name} cut its answer to {method} off")
        return body

    def _batch(self, calls: Sequence[tuple[str, Sequence[Any]]]) -> list[Any]:
        numbers = [next(self._ids) for _ in calls]
        requests = [_request(*call, number) for call, number in zip(calls, numbers, strict=True)]
        body = self._transport.post(msgspec.json.encode(requests), _BATCH, partial(self._explain, _BATCH, ()))
        if not body.lstrip().startswith(b"["):
            return self._batch_refused(self._envelope(body), calls)
        try:
            responses = {response.id: response for response in _decode_responses(body)}
        except UNREADABLE as exc:
            raise HostUnavailable(f"{self.name} answered a batch with what is no JSON-RPC") from exc
        if missing := [number for number in numbers if number not in responses]:
            raise HostUnavailable(f"{self.name} left {len(missing)} of {len(numbers)} calls of a batch unanswered")
        found = [self._result(responses[n], *call) for n, call in zip(numbers, calls, strict=True)]
        return [self._value(result) for result in found]

    def _batch_refused(self, response: _Response, calls: Sequence[tuple[str, Sequence[Any]]]) -> list[Any]:
        """One answer to many calls: the node is busy, or takes no batches."""
        error = self._error_of(response, _BATCH, ())
        if isinstance(error, HostUnavailable):
            raise error
        return [self._value(self._result_of(method, params)) for method, params in calls]

    def _ask(self, method: str, params: Sequence[Any], number: int) -> bytes:
        request = msgspec.json.encode(_request(method, params, number))
        return self._transport.post(request, method, partial(self._explain, method, params))

    # what an answer is worth

    def _envelope(self, body: bytes) -> _Response:
        try:
            return _decode_response(body)
        except UNREADABLE as exc:
            raise HostUnavailable(f"{self.name} answered with what is no JSON-RPC, or cut its answer off") from exc

    def _result(self, response: _Response, method: str, params: Sequence[Any]) -> msgspec.Raw:
        if (error := self._error_of(response, method, params)) is not None:
            raise error
        if response.result is msgspec.UNSET:
            raise HostUnavailable(f"{self.name} answered {method} with neither a result nor an error")
        return response.result

    def _value(self, result: msgspec.Raw) -> Any:
        try:
            return msgspec.json.decode(result)
        except UNREADABLE as exc:
            raise HostUnavailable(f"{self.name} answered with what is no JSON") from exc

    def _error_of(self, response: _Response, method: str, params: Sequence[Any]) -> HostError | None:
        error = RpcError(response.error) if isinstance(response.error, str) else response.error
        return None if error is None else refusal(error, self.name, method, params, self._endpoint.redact)

    def _explain(self, method: str, params: Sequence[Any], body: bytes) -> HostError | None:
        """The JSON-RPC error in a body that came with an error status of HTTP; None where there is none."""
        try:
            return self._error_of(_decode_response(body), method, params)
        except UNREADABLE:
            return None

    def _check_id(self, response: _Response, expected: int) -> None:
        if response.id != expected and not (response.id is None and response.error is not None):
            raise HostUnavailable(f"{self.name} answered with the id of another call")

    # again

    def _again(self, method: str, ask: Callable[[], _T]) -> _T:
        """Ask; where the call only reads and the node is merely busy or away, ask again, a few times."""
        if not method.startswith(_READS):
            return ask()
        retry = self._retry
        for attempt in stamina.retry_context(
            on=self._is_worth_it,
            attempts=retry.attempts,
            timeout=None,
            wait_initial=retry.first_wait_s,
            wait_max=retry.longest_wait_s,
            wait_jitter=retry.jitter_s,
        ):
            with attempt:
                return ask()
        raise HostUnavailable(f"{self.name} was not asked")  # no attempt was allowed

    def _is_worth_it(self, exc: Exception) -> bool | float:
        """Whether to ask again; the seconds to wait where the node says how many."""
        if not isinstance(exc, HostUnavailable):
            return False
        wait_s, retry = exc.retry_after_s, self._retry
        return wait_s is None or (wait_s <= retry.longest_asked_wait_s and max(wait_s, retry.first_wait_s))


def _request(method: str, params: Sequence[Any], number: int) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": number, "method": method, "params": list(params)}


def _riskiest(calls: Sequence[tuple[str, Sequence[Any]]]) -> str:
    """The method that decides whether a batch may be sent twice."""
    return next((method for method, _ in calls if not method.startswith(_READS)), _READS[0])
