"""
eth-tester's names, numbers and exceptions in the words of a node's JSON-RPC.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from typing import Any

from smartchain.host.refusal import RpcError

_ADDRESS_DIGITS = 42


def as_transaction(call: Mapping[str, Any]) -> dict[str, Any]:
    """A call object as eth-tester wants it."""
    fields = {"from": call["from"], "data": call.get("data") or call.get("input") or "0x"}
    if call.get("to"):
        fields["to"] = call["to"]
    return fields | {name: as_int(call[name]) for name in ("value", "gas") if call.get(name) is not None}


def error_of(exc: Exception) -> RpcError:
    """py-evm's exceptions in the words and codes of a node."""
    words = str(exc)
    if type(exc).__name__ == "TransactionFailed":
        data = _revert_data(str(exc.args[0]) if exc.args else "")
        return RpcError("execution reverted", 3, "0x" + data.hex())
    if "transaction nonce" in words:
        expected, got = (int(word.strip(" .")) for word in words.partition("Expected ")[2].split(", but got "))
        return RpcError(
            f"nonce too {'low' if got < expected else 'high'}: next nonce {expected}, tx nonce {got}", -32000
        )
    if "afford" in words or "enough balance" in words or "Insufficient" in words:
        return RpcError(f"insufficient funds for gas * price + value: {words}", -32000)
    if isinstance(exc, LookupError):
        return RpcError(str(exc.args[0]) if exc.args else "not found", -32000)
    return RpcError(words or type(exc).__name__, -32000)


def _revert_data(words: str) -> bytes:
    """eth-tester gives the data of a revert as the text of a bytes literal, or a text decoded already."""
    try:
        found = ast.literal_eval(words)
    except (ValueError, SyntaxError):
        found = None
    if isinstance(found, bytes):
        return found
    raw = words.encode()
    head = bytes.fromhex("08c379a0") + (32).to_bytes(32, "big") + len(raw).to_bytes(32, "big")
    return head + raw.ljust(-(-len(raw) // 32) * 32, b"\0")


def as_json(fields: Mapping[str, Any]) -> dict[str, Any]:
    """eth-tester's names and numbers as a node's: camel case, hex, addresses in lower case."""
    return {_camel(name): _value(value) for name, value in fields.items()}


def _camel(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(word.capitalize() for word in others)


def _value(value: Any) -> Any:
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, int):
        return hex(value)
    if isinstance(value, bytes):
        return "0x" + value.hex()
    if isinstance(value, str):
        return value.lower() if len(value) == _ADDRESS_DIGITS else value
    if isinstance(value, Mapping):
        return as_json(value)
    return [_value(item) for item in value]


def as_int(value: Any) -> int:
    return int(value, 16) if isinstance(value, str) else int(value)
