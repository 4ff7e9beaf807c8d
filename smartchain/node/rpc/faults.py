"""
What a JSON-RPC answer says when there is no result: the standard's code, and a sentence.

Source: the JSON-RPC 2.0 specification, section 5.1, and EIP-1474 for the codes from -32000 down.
"""

from __future__ import annotations

from smartchain.errors import SmartchainError

PARSE_ERROR = -32700
INVALID_REQUEST = -32600
NO_SUCH_METHOD = -32601
INVALID_PARAMS = -32602
INTERNAL_ERROR = -32603
NOT_READY = -32000
NOT_FOUND = -32001
ANSWER_TOO_LARGE = -32003
UNSUPPORTED = -32004
LIMIT_EXCEEDED = -32005


class Fault(SmartchainError):
    """A call that is answered with an error."""

    def __init__(self, code: int, message: str, data: object = None) -> None:
        super().__init__(message)
        self.code = code
        self.data = data


class BadParams(Fault):
    """What was given with a call cannot be used."""

    def __init__(self, message: str) -> None:
        super().__init__(INVALID_PARAMS, message)
