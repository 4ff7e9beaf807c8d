"""
How a command ends: status 0 done, 1 failed, 2 misused; and always with one line, never with a traceback.

A traceback is shown where SMARTCHAIN_DEBUG is set. The same rules hold inside `ape smartchain …`.
"""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Any

import click
from click.exceptions import Exit

from smartchain.cli.output import one_line
from smartchain.errors import SmartchainError

INTERRUPTED = 130


class Ended(click.ClickException):
    """An error as one line on stderr and an exit status."""

    def __init__(self, message: str, exit_code: int) -> None:
        super().__init__(one_line(message))
        self.exit_code = exit_code

    def show(self, file: IO[Any] | None = None) -> None:
        click.echo(f"error: {self.message}", file=file or sys.stderr)


@contextmanager
def one_line_errors(ctx: click.Context | None = None) -> Iterator[None]:
    """Turn whatever ends a command early into `Ended` or `Exit`."""
    try:
        yield
    except (Exit, Ended):
        raise
    except click.UsageError as misuse:
        raise Ended(_misuse(misuse, ctx), 2) from misuse
    except SmartchainError as error:
        _trace()
        raise Ended(str(error), error.exit_status) from error
    except (KeyboardInterrupt, click.Abort):
        raise Exit(INTERRUPTED) from None
    except BrokenPipeError:
        _close_stdout()
        raise Exit(1) from None
    except click.ClickException as error:
        raise Ended(error.format_message(), 1) from error
    except Exception as fault:
        _trace()
        raise Ended(_unexpected(fault), 1) from fault


def _misuse(misuse: click.UsageError, group: click.Context | None) -> str:
    message = misuse.format_message().rstrip(".")
    if isinstance(misuse, click.BadOptionUsage) and misuse.option_name == "--ledger":
        message = "--ledger takes the address of the ledger's contract; it is not the hardware wallet of that name"
    if misuse.ctx is not None:
        return f"{message}; try '{misuse.ctx.command_path} --help'"
    if group is not None and group.invoked_subcommand:
        return f"{message}; try '{group.command_path} {group.invoked_subcommand} --help'"
    return message


def _unexpected(fault: Exception) -> str:
    """Its type alone: the text could hold a URL with a key."""
    if isinstance(fault, OSError) and fault.strerror:
        return f"{fault.filename}: {fault.strerror}" if fault.filename else fault.strerror
    return (
        f"unexpected {type(fault).__name__}, which should not happen: "
        "set SMARTCHAIN_DEBUG=1 to see where, and please report it"
    )


def _trace() -> None:
    if os.environ.get("SMARTCHAIN_DEBUG"):
        traceback.print_exc()


def _close_stdout() -> None:
    """Nobody reads any more: let the interpreter's last flush go nowhere."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
