"""`smartchain completion`: what makes a shell complete commands, options and file names."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from smartchain.cli.output import say

SHELLS = ("bash", "zsh", "fish")


@click.command()
@click.argument("shell", type=click.Choice(SHELLS))
@click.pass_context
def completion(ctx: click.Context, shell: str) -> None:
    """
    Print the completion script of a shell.

    For bash, add to ~/.bashrc: eval "$(smartchain completion bash)"
    """
    kind = get_completion_class(shell)
    if kind is None:
        raise click.UsageError(f"there is no completion for {shell}", ctx)
    say(kind(ctx.find_root().command, {}, "smartchain", "_SMARTCHAIN_COMPLETE").source())
