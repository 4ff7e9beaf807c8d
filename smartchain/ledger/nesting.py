"""
How deep JSON nests, judged before anything reads it.

A reader of JSON calls itself for every bracket. Python bounds that, but any library may raise the bound, and the
process then ends where its stack does.
"""

from __future__ import annotations

import re

DEEPEST = 64
"""Nothing that is sent or kept here nests further than a few levels."""

_STRING = re.compile(rb'"(?:[^"\\]|\\.)*"?', re.DOTALL)
_BRACKET = re.compile(rb"[\[\]{}]")


def is_too_deep(body: bytes, deepest: int = DEEPEST) -> bool:
    """Whether brackets nest deeper, outside of strings; anything but JSON in UTF-8 may count as deep, or not."""
    if body.count(b"[") + body.count(b"{") <= deepest:
        return False
    depth = 0
    for bracket in _BRACKET.finditer(_STRING.sub(b"", body)):
        depth += 1 if bracket[0] in b"[{" else -1
        if depth > deepest:
            return True
    return False
