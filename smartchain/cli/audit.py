"""
`smartchain audit`: the stored ledger, reconciled with the host chain itself.
"""

from __future__ import annotations

import secrets

import click

from smartchain.cli import build, options, output
from smartchain.cli.progress import Bar
from smartchain.config import HostSettings
from smartchain.types import Address


@click.command()
@options.ledger
@options.database
@options.host
@click.option("--sample", type=click.IntRange(min=1), metavar="N", help="So many entries at random.  [default: all]")
@click.option("--seed", type=click.IntRange(min=0), metavar="N", help="Draw the same sample again.")
@click.option("--strict", is_flag=True, help="End with status 1 for a doubt too.")
@options.as_json
def audit(
    ledger: Address | None,
    db: str,
    host: HostSettings,
    sample: int | None,
    seed: int | None,
    strict: bool,
    as_json: bool,
) -> None:
    """
    Reconcile the stored ledger with the host: receipts, balances, Ether logs.

    Each entry's host transaction must have succeeded, be in the host block that the store names, and carry the entry.
    The contract must hold the fees that the ledger says. One line for each thing that does not fit, and then status 1.
    A doubt is what could not be checked, or a recipient that has less than it received and seems never to have spent.
    """
    from smartchain.indexer.audit import audit as reconcile

    seed = secrets.randbelow(2**32) if seed is None else seed
    with build.stored(db, ledger) as store, Bar("compared") as bar, store.view() as view:
        rpc = build.connect(host)
        build.expect_chain(rpc, host.chain_id if host.chain_id is not None else view.info.chain_id)
        found = reconcile(rpc, view, sample, seed, bar)
    held, forced = found.held, None if found.held is None else max(0, found.held - found.owed)
    if as_json:
        output.say_json(
            {
                "entries": found.entries,
                "seed": seed if sample is not None else None,
                "held": None if held is None else str(held),
                "fees": None if held is None else str(found.owed),
                "forced": None if forced is None else str(forced),
                "untouched": found.untouched,
                "ether_logs": found.ether_logs,
                "findings": found.findings,
                "doubts": found.doubts,
            }
        )
    else:
        for line in found.findings:
            click.echo(output.one_line(line))
        for line in found.doubts:
            click.echo(output.one_line(f"doubt: {line}"))
        drawn = "" if sample is None else f", drawn by --seed {seed}"
        output.fields(
            [
                ("compared", f"{output.plural(found.entries, 'entry', 'entries')} with their receipts{drawn}"),
                ("contract", "nothing to conclude" if held is None else f"has {held} wei, {forced} of it forced in"),
                ("never spent", output.plural(found.untouched, "recipient")),
                ("Ether logs", f"for {found.ether_logs}" if found.ether_logs else "the host has none"),
                ("findings", str(len(found.findings))),
                ("doubts", str(len(found.doubts))),
            ]
        )
    if found.findings or (strict and found.doubts):
        raise click.exceptions.Exit(1)
