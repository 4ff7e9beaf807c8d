"""
Where the addresses of a chain begin: at the root for a node of one chain, behind `/0x…` where one node serves several.

The parts of a node are asked under the addresses that they know; only who writes an address for a client asks here.
"""

from __future__ import annotations

from urllib.parse import quote

from starlette.requests import Request
from starlette.types import Scope

_KEY = "smartchain.base"


def base_of(request: Request) -> str:
    """What stands before every address of this chain: `""`, or `/0x…`."""
    found: str = request.scope.get(_KEY, "")
    return found


def below(scope: Scope, base: str) -> Scope:
    """The same request, as it is asked within `base`, in whatever case its address writes that."""
    path: str = scope["path"][len(base) :] or "/"
    return {**scope, "path": path, "raw_path": quote(path).encode(), _KEY: base}
