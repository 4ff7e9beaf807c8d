"""
`smartchain fsck`: whether a store is what its own hashes and checksums say, and mended where it is not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from smartchain.cli import build, kinds, options, output
from smartchain.config import HostSettings, IndexSettings
from smartchain.types import Address

if TYPE_CHECKING:
    from smartchain.ports import EntrySource, LedgerInfo
    from smartchain.store.fsck import Checked


@click.command()
@click.option("--ledger", type=kinds.LEDGER, help="This one alone.  [default: every ledger of the store]")
@options.database
@click.option("--repair", "mend", is_flag=True, help="Mend what is wrong, after a copy; asks the host where it must.")
@options.host
@options.as_json
@click.pass_context
def fsck(
    context: click.Context, ledger: Address | None, db: str, mend: bool, host: HostSettings, as_json: bool
) -> None:
    """
    Check a store offline: the file, every row against hashes and checksums, every lookup against its entries.

    Names the first wrong thing of each area and ends with status 1. With --repair it is mended: a single flipped bit by
    the store itself, more from the host's logs. `verify` compares with the contract as well.
    """
    from smartchain.store.offline import check

    found = check(db, ledger)
    if found.faults and mend:
        _repair(db, found, host, ledger, as_json)
    else:
        _say(found, as_json)
        context.exit(1 if found.faults else 0)


def _repair(db: str, found: Checked, host: HostSettings, ledger: Address | None, as_json: bool) -> None:
    from smartchain.store.offline import repair

    def source_of(address: Address, info: LedgerInfo | None) -> EntrySource:
        rpc = build.connect(host)
        known = host.chain_id if host.chain_id is not None or info is None else info.chain_id
        if known is not None:
            build.expect_chain(rpc, known)
        from_block = None if info is None else info.deployed_at
        return build.source_of(host, rpc, address, IndexSettings(from_block=from_block))

    done = repair(db, source_of, ledger)
    copy = None if done.copy is None else str(done.copy)
    if as_json:
        faults = [fault.says for fault in found.faults]
        output.say_json({"sound": True, "faults": faults, "mended": done.mended, "copy": copy})
        return
    for fault in found.faults:
        output.say(f"was wrong: {output.one_line(fault.says)}")
    output.say(f"mended: {', '.join(done.mended)}")
    output.say("sound again" + (f"; the file as it was is {copy}" if copy else ""))


def _say(found: Checked, as_json: bool) -> None:
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
