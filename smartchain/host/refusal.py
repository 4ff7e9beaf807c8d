"""
What a node means by its error: one class of ours for the many sentences of nodes and providers.

Codes say little (-32005 is "too many results" at one provider and "slow down" at the next), so the words decide
and the code only where they do not. Words collected from geth, reth, Erigon, Nethermind, Besu, anvil, Infura,
Alchemy, QuickNode, Ankr, Cloudflare, dRPC, Chainstack, BlockPI, Blast, PublicNode, zkSync, Avalanche and others.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from smartchain.errors import HostError, HostUnavailable, RangeTooLarge, RpcRefused, StateGone, UnknownBlock

Redact = Callable[[str], str]

MOST_WORDS = 300
"""Characters of a node's own message that are shown."""

_LOGS = "eth_getLogs"
_REVERT_CODES = {3, -32015}
_LIMIT_EXCEEDED, _NOT_FOUND, _UNAVAILABLE, _TOO_MANY_REQUESTS = -32005, -32001, -32002, 429


def _any(*patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(patterns), re.IGNORECASE)


_RATE = _any(
    "rate.?limit",
    "too many requests",
    "request (rate|count)",
    "requests per",
    "compute units",
    "capacity",
    "throughput",
)
_REVERTED = _any(r"\brevert(ed)?\b", "invalid opcode", "bad instruction", "out of gas")
_BUSY = _any(
    _RATE.pattern,
    "request limit|overloaded|server (is )?busy|temporar|try again|service unavailable|bad gateway|upstream",
    r"internal server error|(no|all) (healthy |available )?(backend|node|provider|server)s?\b|backend is",
    "time.?out|timed out|deadline exceeded|connection (refused|reset|closed)|still syncing|not synced",
)
_TOO_LARGE = _any(
    r"(more|greater|larger|over|exceed\w*|beyond)\b.{0,60}\b(result|log|block|range|limit|size|event)",
    r"(result|log|block|range|response|size|event)s?\b.{0,60}\btoo (large|big|wide|many|long)",
    r"(result|log|block|range|response|size|event)s?\b.{0,60}\b(exceed|limit|greater|larger|max)",
    r"too (many|wide|large|big)|limited to|smaller than size|at most [\d,]+|max(imum)? (block )?range",
    r"up to an? [\d,]+k? block|(reduc|narrow|shorten|restrict)\w*.{0,40}(range|query|filter)|not supported on free",
)
_SLOW_QUERY = _any("(query|request|execution).{0,20}(time.?out|timed out|exceeded)", "deadline exceeded")
_STATE_GONE = _any(
    "missing trie node|header not found with state|prun(ed|ing)|archive|proof window|reexec",
    r"(historical|world|old|block) (state|data)\b.{0,80}\b(not|un)\s?(is )?available",
    r"state\b.{0,90}\b(not available|unavailable|not found|missing|deleted)|state histor(y|ies)",
    "no state available|old data not available",
)
_UNKNOWN_BLOCK = _any(
    "(unknown|missing|no such) block",
    r"(header|blocks?|hash)( for hash)?\b.{0,80}\b(not found|not exist|cannot be found)",
    "(could not|couldn't|cannot) find (the )?(block|header)|not( currently)? canonical|blockoutofrange",
    r"unfinalized|(beyond|after|past) (the )?(current|last|latest)\b|in (a|the) future|resource not found",
)
_RANGE = _any(r"(?:range|from)\D{0,3}(\d+)\s*(?:-|to|,)\s*(\d+)(?! ?-? ?block)")
_BLOCKS = _any(
    r"(?<![\d-])([\d,]+)\s*(k)?[\s-]*blocks?\b",
    r"(?<![\d-])([\d,]+)\s*(k)?[\s-]*range",
    r"(?:range|blocks)\b[^\d\[]{0,30}?([\d,]+)\s*(k)?\b",
)
_MAXIMUM = _any(r"maximum is set to ([\d,]+)\s*(k)?")
_HEX_DATA = re.compile(r"0x((?:[0-9a-fA-F]{2})+)")
_HEX_RANGE = re.compile(r"\[\s*(0x[0-9a-fA-F]+)\s*[,-]\s*(0x[0-9a-fA-F]+)\s*\]")


class RpcError(msgspec.Struct):
    """The `error` member of a JSON-RPC response."""

    message: str = ""
    code: int | None = None
    data: Any = None


def refusal(error: RpcError, name: str, method: str, params: Sequence[Any] = (), redact: Redact = str) -> HostError:
    """
    The exception that a node's answer to a call stands for; `name` is the node's, for the sentence.

    Limits on ranges and results are looked for in answers to `eth_getLogs` alone.
    """
    words, code = error.message, error.code
    said = f"{name} answers {method} with: {_printable(redact(words)) or f'error {code}'}"
    if code in _REVERT_CODES or _REVERTED.search(words):
        return RpcRefused(said, code, revert_data(error.data))
    if _STATE_GONE.search(words):
        return StateGone(said)
    if method == _LOGS and not _is_rate_limit(error):
        if _UNKNOWN_BLOCK.search(words) and not _TOO_LARGE.search(words.replace("range extends beyond", "")):
            return UnknownBlock(said)
        slow = _SLOW_QUERY.search(words) is not None
        if slow or code == _LIMIT_EXCEEDED or _TOO_LARGE.search(words):
            return RangeTooLarge(said, suggested_end(error, params), slow=slow)
    if _UNKNOWN_BLOCK.search(words) or code == _NOT_FOUND:
        return UnknownBlock(said)
    if _BUSY.search(words) or code in (_LIMIT_EXCEEDED, _UNAVAILABLE, _TOO_MANY_REQUESTS):
        return HostUnavailable(said)
    return RpcRefused(said, code, revert_data(error.data))


def revert_data(data: Any) -> bytes:
    """The revert's bytes, wherever a node puts them; empty where it gives none."""
    if isinstance(data, dict):
        data = data.get("data") or data.get("result") or data.get("output")
    found = _HEX_DATA.search(data) if isinstance(data, str) else None
    return bytes.fromhex(found[1]) if found else b""


def suggested_end(error: RpcError, params: Sequence[Any]) -> int | None:
    """
    The last block of the range that a node proposes instead, or that its limit in blocks allows.

    None where it says nothing, or nothing that is shorter than what it was asked.
    """
    first, last = _asked(params)
    for end in (_proposed(error), _by_limit(error.message, first)):
        if end is not None and first <= end < last:
            return end
    return None


def _asked(params: Sequence[Any]) -> tuple[int, int]:
    query = params[0] if params and isinstance(params[0], dict) else {}
    ends = (_number(query.get("fromBlock")), _number(query.get("toBlock")))
    return ends[0] or 0, ends[1] if ends[1] is not None else 2**63


def _proposed(error: RpcError) -> int | None:
    if isinstance(error.data, dict) and (end := _number(error.data.get("to"))) is not None:
        return end
    if found := _HEX_RANGE.search(error.message):
        return int(found[2], 16)
    found = _RANGE.search(error.message)
    return int(found[2]) if found else None


def _by_limit(words: str, first: int) -> int | None:
    """The last block of a range from `first` that is as long as the words allow."""
    for found in (*_MAXIMUM.finditer(words), *_BLOCKS.finditer(words)):
        pairs = zip(found.groups()[::2], found.groups()[1::2], strict=True)
        digits, thousands = next(pair for pair in pairs if pair[0])
        limit = int(digits.replace(",", "") or 0) * (1000 if thousands else 1)
        if limit:
            return first + limit - 1
    return None


def _number(value: Any) -> int | None:
    try:
        return int(value, 16) if isinstance(value, str) else int(value)
    except (TypeError, ValueError):
        return None


def _is_rate_limit(error: RpcError) -> bool:
    return error.code == _TOO_MANY_REQUESTS or _RATE.search(error.message) is not None


def _printable(words: str) -> str:
    clean = "".join(c if c.isprintable() else " " for c in words).strip()
    return clean if len(clean) <= MOST_WORDS else clean[: MOST_WORDS - 1] + "…"
