"""
`smartchain head`, `blocks`, `block`, `entries`, `balance`: what the store holds.

The host chain is asked one thing, and only where a node is known: how amounts of other subjects than Ether are written.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

import click

from smartchain.cli import kinds, options, output, views
from smartchain.cli.build import stored
from smartchain.cli.describe import Describer
from smartchain.config import HostSettings
from smartchain.errors import InputError
from smartchain.ledger.address import checksum
from smartchain.ledger.block import Block
from smartchain.ledger.hash import ETHER
from smartchain.ports import LedgerStore, Recorded
from smartchain.types import Address


@click.command()
@options.ledger
@options.database
@options.as_json
def head(ledger: Address | None, db: str, as_json: bool) -> None:
    """
    Where the stored chain stands: entries, blocks, and whether all of it is verified.

    What was read and not yet compared with the contract counts for nothing here.
    """
    with stored(db, ledger) as store:
        if as_json:
            output.say_json(views.head_json(store))
        else:
            output.fields(views.head_fields(store))


@click.command()
@click.option("--from", "start", type=kinds.COUNT, default=0, metavar="N", help="The first block to show.")
@click.option("--to", "end", type=kinds.COUNT, metavar="N", help="The last block to show.")
@options.ledger
@options.database
@options.as_json
def blocks(start: int, end: int | None, ledger: Address | None, db: str, as_json: bool) -> None:
    """The blocks of the stored chain, from the genesis block on."""
    with stored(db, ledger) as store:
        found = store.blocks(start, None if end is None else end + 1)
        if as_json:
            output.stream_json(map(views.block_json, found))
        else:
            output.stream(chain([views.BLOCK_COLUMNS], map(views.block_line, found)))


@click.command()
@click.argument("number", metavar="NUMBER|HASH")
@options.ledger
@options.database
@options.asked
@options.as_json
def block(number: str, ledger: Address | None, db: str, host: HostSettings | None, as_json: bool) -> None:
    """
    One block of the stored chain, by its number or hash, and the entries in it.

    With --json the block alone; its entries are `smartchain entries --from … --to …`.
    """
    with stored(db, ledger) as store:
        found = _find(store, number)
        if as_json:
            output.say_json(views.block_json(found))
            return
        first = _first_index(store, found)
        output.fields(views.block_fields(found, found.size - first))
        output.say()
        output.stream(chain([views.ENTRY_COLUMNS], _lines(store, store.entries(first, found.size), host)))


def _lines(store: LedgerStore, found: Iterator[Recorded], host: HostSettings | None) -> Iterator[str]:
    """Entries for a person, with their amounts as the ledger's contract describes them."""
    unit_of = Describer(host, store.info.chain_id, store.info.address)
    return (views.entry_line(recorded, unit_of) for recorded in found)


def _find(store: LedgerStore, text: str) -> Block:
    """Raises `InputError` if there is no such verified block."""
    if text.isascii() and text.isdigit():
        found = next(store.blocks(int(text), int(text) + 1), None)
    else:
        found = store.block_by_hash(kinds.hash_of(text))
    if found is None:
        count = store.status().verified_blocks
        there = f"the chain has blocks 0 to {count - 1}" if count else "the chain has no verified block yet"
        raise InputError(f"there is no block {text}: {there}")
    return found


def _first_index(store: LedgerStore, found: Block) -> int:
    if found.number == 0:
        return 0
    return next(store.blocks(found.number - 1, found.number)).size


@click.command()
@click.option("--address", type=kinds.ADDRESS, help="Only what this one sent or received.")
@click.option("--from", "start", type=kinds.COUNT, default=0, metavar="INDEX", help="The first entry to show.")
@click.option("--to", "end", type=kinds.COUNT, metavar="INDEX", help="The last entry to show.")
@options.ledger
@options.database
@options.asked
@options.as_json
def entries(
    address: Address | None,
    start: int,
    end: int | None,
    ledger: Address | None,
    db: str,
    host: HostSettings | None,
    as_json: bool,
) -> None:
    """The entries of the stored chain: who paid what to whom, and when."""
    with stored(db, ledger) as store:
        found = store.entries(start, None if end is None else end + 1, address)
        if as_json:
            output.stream_json(map(views.entry_json, found))
        else:
            output.stream(chain([views.ENTRY_COLUMNS], _lines(store, found, host)))


@click.command()
@click.argument("address", type=kinds.ADDRESS)
@click.option("--subject", type=kinds.ADDRESS, help="Of this subject alone.")
@options.ledger
@options.database
@options.asked
@options.as_json
def balance(
    address: Address,
    subject: Address | None,
    ledger: Address | None,
    db: str,
    host: HostSettings | None,
    as_json: bool,
) -> None:
    """
    What a wallet received through the ledger less what it sent, of each subject that it dealt in.

    Without opening balances that is a net flow, below zero for whoever pays more than is paid to them; what a
    wallet holds on the host chain is another matter.
    """
    with stored(db, ledger) as store:
        of = subject or _first_subject(store)
        with store.view() as view:
            dealt_in = [subject] if subject else view.subjects(address) or [of]
            values = {one: view.account(address, one).balance for one in dealt_in}
        if as_json:
            own = str(values.get(of, 0))
            in_all = {checksum(one): str(value) for one, value in values.items()}
            output.say_json({"address": checksum(address), "subject": checksum(of), "balance": own, "balances": in_all})
            return
        what = "balance" if store.info.genesis.size else "received less sent"
        unit_of = Describer(host, store.info.chain_id, store.info.address)
        for one, value in values.items():
            output.say(f"{unit_of(one).shown(value)}  {what}, {checksum(address)}")


def _first_subject(store: LedgerStore) -> Address:
    """What the chain's first entry but seals moves; Ether while there is none."""
    subjects = (recorded.entry.subject for recorded in store.entries() if not recorded.entry.is_seal)
    return next(subjects, ETHER)
