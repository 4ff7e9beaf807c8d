"""
`smartchain fsck`: whether a store is what its own hashes say, without asking anybody.
"""

from __future__ import annotations

from pathlib import Path

import click

from smartchain.cli import options, output
from smartchain.errors import SettingsError

SQLITE = "sqlite:///"


@click.command()
@options.database
@options.as_json
@click.pass_context
def fsck(context: click.Context, db: str, as_json: bool) -> None:
    """
    Check a store offline: the file, every entry, block and stored subtree, and every lookup against its rows.

    Names the first wrong thing of each area and ends with status 1. `verify` compares with the contract as well.
    """
    from smartchain.store.fsck import check

    if not db.startswith(SQLITE):
        raise SettingsError("fsck checks a store in an SQLite file; write sqlite:///PATH")
    found = check(Path(db.removeprefix(SQLITE)))
    if as_json:
        faults = [{"area": fault.area, "ledger": fault.ledger, "says": fault.says} for fault in found.faults]
        output.say_json({"sound": not faults, "entries": found.entries, "faults": faults})
    elif found.faults:
        for fault in found.faults:
            where = "" if fault.ledger is None else f" of ledger {fault.ledger}"
            output.say(f"{fault.area}{where}: {output.one_line(fault.says)}")
    else:
        ledgers = output.plural(found.ledgers, "ledger")
        output.say(
            f"sound: {output.plural(found.entries, 'entry', 'entries')} of {ledgers} fit their hashes and lookups"
        )
    context.exit(1 if found.faults else 0)
