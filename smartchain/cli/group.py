"""
The group of commands, each loaded when it is called: `smartchain --help` starts in a moment.
"""

from __future__ import annotations

import sys
from importlib import import_module
from typing import Any, NoReturn

import click

from smartchain import __version__
from smartchain.cli.failure import Ended, one_line_errors

SECTIONS: dict[str, dict[str, tuple[str, str]]] = {
    "See it": {
        "demo": ("demo", "Wallets pay each other, the chain is assembled and verified: all in this process."),
        "devnet": ("devnet", "A host chain on this machine: anvil, funded accounts, a deployed ledger."),
    },
    "Pay": {
        "deploy": ("deploy", "Deploy a ledger (a BPSC) on the host chain."),
        "send": ("send", "Pay through a ledger: one recipient, or a file of them."),
        "snapshot": ("snapshot", "The opening balances of a new chain, in a file that anyone can check."),
        "broadcast": ("broadcast", "Send transactions that were signed elsewhere."),
        "contacts": ("contacts", "Labels for addresses, to pay by."),
        "seal": ("act", "Close the open block now."),
        "migrate": ("migrate", "Bring an older coin across: give it up, and get as much of a new one."),
        "claim": ("claim", "Bring a wallet's opening balance to life in a coin's contract."),
        "collect": ("act", "Send the fees that the ledger holds to its treasury."),
        "checkpoint": ("act", "Have the contract keep today's root, so that proofs stay good."),
    },
    "Read": {
        "index": ("index", "Read a ledger from the host chain into the store, and verify it."),
        "chains": ("chains", "All chains of a factory: what each is of, how long, how far it is verified."),
        "head": ("chain", "Where the stored chain stands."),
        "blocks": ("chain", "The blocks of the stored chain."),
        "block": ("chain", "One block, and the entries in it."),
        "entries": ("chain", "The entries of the stored chain."),
        "balance": ("chain", "What a wallet received less what it sent."),
        "unclaimed": ("claim", "How much of a coin's opening balances nobody claimed yet."),
        "history": ("history", "Payments of a time span, as CSV for a spreadsheet."),
        "receipt": ("receipt", "One entry with its proofs, in a file that anyone can check."),
        "verify": ("verify", "Compute the whole stored chain again and compare it with the contract."),
        "audit": ("audit", "Compare the stored ledger with the receipts and balances of the host."),
        "fsck": ("fsck", "Check a store against its own hashes, without asking anybody."),
    },
    "Keep": {
        "journal": ("journal", "A chain of this node's own, for notes that can be proven later."),
    },
    "Serve": {
        "node": ("node", "Follow a ledger and serve it: explorer, API, JSON-RPC, and the chain for other nodes."),
    },
    "More": {
        "fork": ("fork", "What the evidence of two chains of one ledger shows."),
        "completion": ("completion", "Print the shell's completion script."),
    },
}
COMMANDS = {name: where for section in SECTIONS.values() for name, where in section.items()}


class LazyGroup(click.Group):
    """Knows its commands by name, and imports the one that is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in COMMANDS:
            return None
        module = import_module(f"smartchain.cli.{COMMANDS[cmd_name][0]}")
        command: click.Command = getattr(module, cmd_name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        for title, section in SECTIONS.items():
            with formatter.section(title):
                formatter.write_dl([(name, help_line) for name, (_, help_line) in section.items()])

    def invoke(self, ctx: click.Context) -> Any:
        with one_line_errors(ctx):
            done = super().invoke(ctx)
            sys.stdout.flush()
            return done


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(__version__, prog_name="smartchain", message="%(prog)s %(version)s")
@click.pass_context
def cli(ctx: click.Context) -> None:
    """
    An independent block chain, assembled from the events of a smart contract and verified against it.

    Settings come from options, the environment, the file `.env` and the file `smartchain.toml`, in this order.
    """
    from smartchain.cli.settings import file_settings

    known = file_settings()
    ctx.default_map = {**dict.fromkeys(COMMANDS, known), **(ctx.default_map or {})}


def main() -> NoReturn:
    """The program `smartchain`."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    """One command; returns its exit status."""
    try:
        with one_line_errors():
            status = cli.main(arguments, prog_name="smartchain", standalone_mode=False)
            return status if isinstance(status, int) else 0
    except Ended as ended:
        ended.show()
        return ended.exit_code
    except click.exceptions.Exit as left:
        return left.exit_code
