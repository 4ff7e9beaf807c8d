"""Read a ledger into the store and verify it: `ape run index [--follow]`, and all that `smartchain index` takes."""

import click

from scripts._ape import host, ledger_or_devnets, script
from smartchain.cli import options, output
from smartchain.cli.index import index
from smartchain.types import Address


@script
@options.ledger
@click.argument("more", nargs=-1, type=click.UNPROCESSED)
def cli(ledger: Address | None, more: tuple[str, ...]) -> None:
    """Read a ledger from the host chain into the store, and verify it."""
    where = ["--rpc-url", host().rpc_url, "--ledger", output.address(ledger_or_devnets(ledger))]
    index.main([*where, *more], prog_name="index", standalone_mode=False)


cli.context_settings["ignore_unknown_options"] = True
