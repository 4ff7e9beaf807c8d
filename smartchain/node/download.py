"""
Long answers: as many at once as there is room for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send


class Download(StreamingResponse):
    """Gives its place back however it ends: at the end, or because the client went away."""

    def __init__(
        self, content: Iterator[bytes], done: Callable[[], None], kind: str, headers: dict[str, str] | None = None
    ) -> None:
        super().__init__(content, headers=headers, media_type=kind)
        self._done = done

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._done()
