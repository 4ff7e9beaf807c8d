"""
`smartchain snapshot`: the opening balances of a new chain, in a file that anyone can check.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from smartchain.cli import kinds, options, output
from smartchain.cli.nested import Nested
from smartchain.ledger.address import checksum
from smartchain.ledger.hash import ETHER
from smartchain.ledger.snapshot import Header
from smartchain.types import Address

SNAPSHOT = click.Path(dir_okay=False, path_type=Path)


@click.group(cls=Nested)
def snapshot() -> None:
    """
    The opening balances of a new chain, in a file that anyone can check.

    A contract is deployed with what the file hashes to, and the chain's first block holds all of them.
    """


@snapshot.command("create", short_help="Write a snapshot of a table of wallets.")
@click.argument("table", type=SNAPSHOT, metavar="WALLETS.CSV")
@click.option("--output", "to", type=SNAPSHOT, required=True, metavar="FILE", help="Where to write it.")
@click.option(
    "--timestamp", type=kinds.COUNT, required=True, metavar="SECONDS", help="When the balances were those, since 1970."
)
@click.option("--subject", type=kinds.ADDRESS, help="What they are of: a token's address.  [default: Ether]")
@options.as_json
def create(table: Path, to: Path, timestamp: int, subject: Address | None, as_json: bool) -> None:
    """
    Write a snapshot of WALLETS.CSV: columns wallet,value, values in the subject's smallest unit.

    The same balances give the same file, byte for byte, in whatever order they stand. Wallets that hold nothing are
    left out. Memory does not grow with the table.
    """
    from smartchain.snapshot.files import write_table

    _say(write_table(to, table, subject or ETHER, timestamp), as_json)


@snapshot.command("verify", short_help="Check a snapshot from its first byte to its last.")
@click.argument("file", type=SNAPSHOT)
@options.as_json
def verify(file: Path, as_json: bool) -> None:
    """Check that FILE holds what it says: every wallet once, in order, and the sum and the root of all of them."""
    from smartchain.snapshot.files import Snapshot

    found = Snapshot(file)
    found.verify()
    _say(found.header, as_json)


def _say(header: Header, as_json: bool) -> None:
    if as_json:
        output.say_json(header_json(header))
    else:
        output.fields(_fields(header))


def header_json(header: Header) -> dict[str, Any]:
    """What a snapshot is of; the total as a string, for it may be larger than programs count."""
    return {
        "size": header.size,
        "root": output.hexed(header.root),
        "total": str(header.total),
        "subject": checksum(header.subject),
        "timestamp": header.timestamp,
    }


def _fields(header: Header) -> Iterator[tuple[str, str]]:
    yield "wallets", f"{header.size:,}"
    yield "root", output.hexed(header.root)
    yield "total", f"{header.total} of the smallest unit"
    yield "subject", "Ether" if header.subject == ETHER else checksum(header.subject)
    yield "as of", output.when(header.timestamp)
