"""
A command with commands of its own: `smartchain receipt verify`, `smartchain contacts add`.

One of them may be what is meant where none is named: `smartchain receipt 7` is `smartchain receipt INDEX`, of 7.
"""

from __future__ import annotations

from typing import Any

import click

_HELP = ("-h", "--help")


class Nested(click.Group):
    """Settings from files reach its commands as they reach those above; `unnamed` is the one that needs no name."""

    def __init__(self, *args: Any, unnamed: str | None = None, **attributes: Any) -> None:
        super().__init__(*args, **attributes)
        self.unnamed = unnamed

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        ctx.default_map = dict.fromkeys(self.commands, ctx.default_map or {})
        if self.unnamed is not None and args and args[0] not in self.commands and args[0] not in _HELP:
            args = [self.unnamed, *args]
        return super().parse_args(ctx, args)

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return list(self.commands)
