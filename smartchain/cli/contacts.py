"""
`smartchain contacts`: labels for addresses.
"""

from __future__ import annotations

from pathlib import Path

import click

from smartchain.cli import build, kinds, options, output
from smartchain.cli.nested import Nested
from smartchain.ledger.address import checksum
from smartchain.types import Address


@click.group(cls=Nested)
def contacts() -> None:
    """
    Labels for addresses, to pay by.

    A label works in 'send' and in files of payments. It is looked up exactly as it is written, and the address that it
    stands for is shown before anything is paid.
    """


@contacts.command("add")
@click.argument("label")
@click.argument("address", type=kinds.ADDRESS)
@options.contacts
@options.as_json
def add(label: str, address: Address, contacts: Path | None, as_json: bool) -> None:
    """Keep LABEL for ADDRESS. A label that could be mistaken for something else is refused."""
    known = build.contacts_of(contacts)
    known.add(label, address)
    _say(label, address, as_json)


@contacts.command("list")
@options.contacts
@options.as_json
def list_(contacts: Path | None, as_json: bool) -> None:
    """All labels and their addresses."""
    known = sorted(build.contacts_of(contacts).known.items())
    if as_json:
        output.stream_json({"label": label, "address": checksum(address)} for label, address in known)
    elif known:
        output.table(["label", "address"], [[label, checksum(address)] for label, address in known])
    else:
        output.note("there are no contacts yet: smartchain contacts add LABEL ADDRESS")


@contacts.command("remove")
@click.argument("label")
@options.contacts
@options.as_json
def remove(label: str, contacts: Path | None, as_json: bool) -> None:
    """Forget LABEL."""
    address = build.contacts_of(contacts).remove(label)
    if as_json:
        output.say_json({"removed": label, "address": checksum(address)})
    else:
        output.say(f"{label} was {checksum(address)}, and is forgotten")


def _say(label: str, address: Address, as_json: bool) -> None:
    if as_json:
        output.say_json({"label": label, "address": checksum(address)})
    else:
        output.say(f"{label} is {checksum(address)}")
