"""
JSON-RPC 2.0: a body in, a body out.

All of a batch is answered from one view, so its results belong together. Source: the JSON-RPC 2.0 specification.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import msgspec

from smartchain.ledger.nesting import is_too_deep
from smartchain.node.rpc.chain import Chain
from smartchain.node.rpc.faults import (
    ANSWER_TOO_LARGE,
    INTERNAL_ERROR,
    INVALID_REQUEST,
    NO_SUCH_METHOD,
    PARSE_ERROR,
    BadParams,
    Fault,
)
from smartchain.node.rpc.methods import METHODS
from smartchain.ports import View

MOST_CALLS = 1_000
MOST_ANSWER_BYTES = 25 * 2**20
MOST_SECONDS = 5.0
"""A batch goes no further past so many of either; its first answer is given whatever it takes."""

Id = str | int | float | None
_log = logging.getLogger(__name__)
_encode = msgspec.json.Encoder().encode


class Call(msgspec.Struct):
    """A request; without an id it is a notification, which nobody answers."""

    jsonrpc: str
    method: str
    params: list[Any] | dict[str, Any] = []
    id: Id | msgspec.UnsetType = msgspec.UNSET


class Result(msgspec.Struct):
    jsonrpc: str
    id: Id
    result: object
    verified: bool | msgspec.UnsetType = msgspec.UNSET
    """Said only where it is false."""


class Error(msgspec.Struct, omit_defaults=True):
    code: int
    message: str
    data: object = None


class Failure(msgspec.Struct):
    jsonrpc: str
    id: Id
    error: Error


def answer(view: AbstractContextManager[View], body: bytes, clock: Callable[[], float] = time.monotonic) -> bytes:
    """The response to a body; empty where there is none to give."""
    try:
        if is_too_deep(body):
            raise ValueError("nested too deep")
        said = msgspec.json.decode(body)
    except (ValueError, RecursionError):
        return failure(Fault(PARSE_ERROR, "the body is not JSON, or nested too deep"))
    if isinstance(said, list) and not 0 < len(said) <= MOST_CALLS:
        return failure(Fault(INVALID_REQUEST, f"a batch holds 1 to {MOST_CALLS} calls, this one {len(said)}"))
    try:
        with view as opened:
            return _batch(Chain(opened), said, clock) if isinstance(said, list) else _one(Chain(opened), said)
    except Exception as error:  # noqa: BLE001  a stranger learns nothing of the inside
        return failure(_internal(error))


def failure(fault: Fault, request: Id = None) -> bytes:
    """A response with an error; an id of null where the request's is not known."""
    return _encode(Failure("2.0", request, Error(fault.code, str(fault), fault.data)))


def _batch(chain: Chain, said: list[object], clock: Callable[[], float]) -> bytes:
    answers: list[bytes] = []
    size_bytes, end = 0, clock() + MOST_SECONDS
    for one in said:
        enough = size_bytes >= MOST_ANSWER_BYTES or clock() > end
        if response := _one(chain, one, enough=enough):
            answers.append(response)
            size_bytes += len(response)
    return b"[" + b",".join(answers) + b"]" if answers else b""


def _one(chain: Chain, said: object, *, enough: bool = False) -> bytes:
    """The response to one call; empty to a notification."""
    try:
        call = msgspec.convert(said, Call)
        if call.jsonrpc != "2.0":
            raise msgspec.ValidationError("jsonrpc is not 2.0")
    except msgspec.ValidationError as error:
        fault = Fault(INVALID_REQUEST, f"not a JSON-RPC 2.0 request: {error}")
        return failure(fault, _id_of(said))
    if isinstance(call.id, msgspec.UnsetType):
        return b""
    try:
        if enough:
            raise Fault(ANSWER_TOO_LARGE, "the batch asks for more than one answer can hold: ask in smaller ones")
        result = _result(chain, call)
    except Fault as fault:
        return failure(fault, call.id)
    return _encode(Result("2.0", call.id, result, msgspec.UNSET if chain.verified else False))


def _result(chain: Chain, call: Call) -> object:
    method = METHODS.get(call.method)
    if method is None:
        raise Fault(NO_SUCH_METHOD, f"the method {call.method[:64]} does not exist/is not available")
    if isinstance(call.params, dict):
        raise BadParams("params are given by position, in a list")
    try:
        return method(chain, call.params)
    except Fault:
        raise
    except Exception as error:
        raise _internal(error) from error


def _internal(error: Exception) -> Fault:
    _log.error("a JSON-RPC call failed: %r", error)
    return Fault(INTERNAL_ERROR, "the node could not answer; its log says why")


def _id_of(said: object) -> Id:
    found = said.get("id") if isinstance(said, dict) else None
    return found if isinstance(found, str | int | float) and not isinstance(found, bool) else None
