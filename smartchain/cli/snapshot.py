"""
`smartchain snapshot`: the opening balances of a new chain, in a file that anyone can check.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import click

from smartchain.cli import kinds, options, output
from smartchain.cli.nested import Nested
from smartchain.config import HostSettings
from smartchain.ledger.address import checksum
from smartchain.ledger.hash import ETHER, coin_id
from smartchain.ledger.snapshot import Header
from smartchain.types import Address

SNAPSHOT = click.Path(dir_okay=False, path_type=Path)


@click.group(cls=Nested)
def snapshot() -> None:
    """
    The opening balances of a new chain, in a file that anyone can check.

    A contract is deployed with what the file hashes to, and the chain's first block holds all of them.
    """


@snapshot.command("create", short_help="Write a snapshot: of a table, of a host chain, or of a token.")
@click.argument("table", type=SNAPSHOT, metavar="[WALLETS.CSV]", required=False)
@click.option("--output", "to", type=SNAPSHOT, required=True, metavar="FILE", help="Where to write it.")
@click.option(
    "--timestamp",
    type=kinds.COUNT,
    metavar="SECONDS",
    help="When the balances were those, since 1970.  [default: when the host block was]",
)
@click.option("--subject", type=kinds.ADDRESS, help="What they become balances of.  [default: the token, or Ether]")
@click.option("--coin", type=(str, str), metavar="NAME SYMBOL", help="They become balances of the coin of that name.")
@click.option("--token", type=kinds.ADDRESS, help="Of this token, by the history of its transfers.")
@click.option("--block", type=kinds.COUNT, metavar="N", help="After that host block.  [default: the newest]")
@click.option("--from-block", type=kinds.COUNT, default=0, metavar="N", help="Where the token's history begins.")
@click.option("--no-contracts", is_flag=True, help="Leave out what contracts hold, of the host's Ether.")
@options.host
@options.as_json
def create(
    table: Path | None,
    to: Path,
    timestamp: int | None,
    subject: Address | None,
    coin: tuple[str, str] | None,
    token: Address | None,
    block: int | None,
    from_block: int,
    no_contracts: bool,
    host: HostSettings,
    as_json: bool,
) -> None:
    """
    Write a snapshot of all wallets, and what each holds.

    \b
      smartchain snapshot create wallets.csv --timestamp 1767225600 --output opening
      smartchain snapshot create --rpc-url URL --block 1000 --output opening
      smartchain snapshot create --rpc-url URL --token 0x... --output opening

    From a table (wallet,value; values in the smallest unit), from all accounts of a host chain (debug_accountRange, or
    anvil_dumpState), or from the transfers of a token, held to its balances. The same balances give the same file,
    byte for byte. Wallets that hold nothing are left out.
    """
    from smartchain.cli import snapshot_sources as sources

    sources.misuse(table, token, block, timestamp)
    sources.expect_new(to)
    if coin is not None:
        if subject is not None:
            raise click.UsageError("--coin and --subject say the same in two ways: give one of them")
        subject = coin_id(*coin)
    if table is not None:
        from smartchain.snapshot.files import write_table

        _say(write_table(to, table, subject or ETHER, timestamp or 0), as_json)
        return
    source = sources.of_host(host, token, block, from_block, contracts=not no_contracts)
    header = sources.write(to, source, subject, timestamp)
    _say(header, as_json, source.about())
    if not as_json:
        source.note()


@snapshot.command("verify", short_help="Check a snapshot from its first byte to its last.")
@click.argument("file", type=SNAPSHOT)
@options.as_json
def verify(file: Path, as_json: bool) -> None:
    """Check that FILE holds what it says: every wallet once, in order, and the sum and the root of all of them."""
    from smartchain.snapshot.files import Snapshot

    found = Snapshot(file)
    found.verify()
    _say(found.header, as_json)


def _say(header: Header, as_json: bool, about: Mapping[str, Any] = MappingProxyType({})) -> None:
    if as_json:
        output.say_json({**header_json(header), **about})
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
