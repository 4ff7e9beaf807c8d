"""
Answers as JSON bytes, and errors as a status and one sentence: `{"error": "..."}`.
"""

from __future__ import annotations

from typing import Any

from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from smartchain.errors import InputError, ProofError, SmartchainError
from smartchain.node.shapes import Error, encode

JSON = "application/json"
WRONG_METHOD = "this address is not asked in this way"
NOTHING_HERE = "there is nothing at this address"
_STATUSES = {404: NOTHING_HERE, 405: WRONG_METHOD}


class NotThere(InputError):
    """What was asked for is not in the chain, or not yet."""


class NotHere(InputError):
    """This node was set up without what it takes."""


class TooBusy(SmartchainError):
    """As many as are served at once are being served."""

    retryable = True


def answer(said: object, status: int = 200) -> Response:
    """A shape as JSON."""
    return Response(encode(said), status, media_type=JSON)


def error(status: int, says: str, headers: dict[str, str] | None = None) -> Response:
    return Response(encode(Error(says)), status, headers, media_type=JSON)


def of_error(fault: SmartchainError) -> Response:
    """An error of ours as an answer; the reasons of faults inside are for the log."""
    match fault:
        case NotThere() | ProofError():
            return error(404, str(fault))
        case NotHere():
            return error(501, str(fault))
        case InputError():
            return error(400, str(fault))
    if fault.retryable:
        return error(503, str(fault), {"Retry-After": "5"})
    return error(500, "this node cannot answer: its store has to be looked at")


async def on_error(_: Request, fault: Exception) -> Response:
    """For Starlette and FastAPI: every error, whichever it is."""
    if isinstance(fault, SmartchainError):
        return of_error(fault)
    if isinstance(fault, RequestValidationError):
        return error(400, _invalid(fault.errors()[0]))
    if isinstance(fault, HTTPException):
        headers = dict(fault.headers) if fault.headers else None
        return error(fault.status_code, _STATUSES.get(fault.status_code, fault.detail), headers)
    return error(500, "this node could not answer; its log says why")


HANDLERS: dict[Any, Any] = dict.fromkeys((SmartchainError, RequestValidationError, HTTPException, Exception), on_error)


def _invalid(found: dict[str, Any]) -> str:
    """What pydantic says of one parameter, without what it was given."""
    says = str(found.get("msg", "it cannot be read")).removeprefix("Value error, ")
    return f"{found['loc'][-1]}: {says[:1].lower()}{says[1:]}"
