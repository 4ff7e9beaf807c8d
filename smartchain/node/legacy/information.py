"""
Information: what a historical client gives a member to keep, any JSON, as the bytes of a note, and back.

A text is kept as it is, so that a person finds it in the journal. Anything else is kept as the JSON that it came in,
and so is a text that would else be taken for such a one. What was written into the journal by other means is shown as
the text that it is, or in hex.
"""

from __future__ import annotations

import json
from typing import Any

from smartchain.errors import InputError

MOST_LEVELS = 64
"""Of lists and objects in one another."""


def kept(information: object) -> bytes:
    """The note of an information. Raises `InputError` for what JSON does not hold, or not well."""
    if isinstance(information, str) and _unwrapped(information) is None:
        return _utf8(information)
    if _levels(information) > MOST_LEVELS:
        raise InputError(f"the information has lists or objects in one another at more than {MOST_LEVELS} levels")
    try:
        return _utf8(json.dumps({"information": information}, allow_nan=False))
    except ValueError:
        raise InputError("the information holds a number that JSON does not have") from None


def shown(note: bytes | None) -> str:
    """The JSON of what a note says; null for one that was lost."""
    if note is None:
        return "null"
    try:
        text = note.decode()
    except UnicodeDecodeError:
        return json.dumps("0x" + note.hex())
    wrapped = _unwrapped(text)
    return json.dumps(text if wrapped is None else wrapped["information"], sort_keys=True)


def _unwrapped(text: str) -> dict[str, Any] | None:
    """The object, if a text is the JSON that `kept` writes of one."""
    if not text.startswith('{"information": '):
        return None
    try:
        found = json.loads(text)
        same = json.dumps(found, allow_nan=False) == text
    except (ValueError, RecursionError):
        return None
    return found if same and list(found) == ["information"] and _levels(found) <= MOST_LEVELS + 1 else None


def _levels(value: object, most: int = MOST_LEVELS + 2) -> int:
    """How deep lists and objects stand in one another, counted up to `most`."""
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else None
    if inner is None or not most:
        return 0
    return 1 + max((_levels(one, most - 1) for one in inner), default=0)


def _utf8(text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError:
        raise InputError("the information holds half a character (a lone surrogate)") from None
