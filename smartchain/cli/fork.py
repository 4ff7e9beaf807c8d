"""
`smartchain fork`: what a file of evidence shows, and which side the contract is on.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from smartchain.cli import build, options, output
from smartchain.cli.peers import peer_of
from smartchain.cli.receipt import contract_option
from smartchain.config import HostSettings, IndexSettings
from smartchain.errors import InputError
from smartchain.ledger.address import checksum

if TYPE_CHECKING:
    from smartchain.peer.evidence import Fork, Side

MOST_BYTES = 64 * 1024


@click.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@contract_option
@click.option("--node", metavar="URL", help="A node that proves how the contract's log goes on; it is not trusted.")
@options.as_json
def fork(file: Path, contract: HostSettings | None, node: str | None, as_json: bool) -> None:
    """
    Say what the evidence of a fork shows.

    By itself a file proves that two logs of one ledger part at one entry. It does not prove who served them: nodes
    sign nothing. With --rpc-url the contract says which of them is its own; where it has grown since, --node names any
    node, whose proof is checked.
    """
    from smartchain.peer.evidence import read

    found = read(_bytes_of(file))
    side, asked = (None, False) if contract is None else (_judged(found, contract, node), True)
    if as_json:
        output.say_json(_json(found, side, asked))
        return
    output.say(f"{found}: the proofs hold")
    for one in found.sides:
        output.say(
            f"  {one.peer}: {output.plural(one.head.size, 'entry', 'entries')}, root {output.hexed(one.head.root)}"
        )
    if asked:
        output.say(f"the contract's log is that of {side.peer}" if side else _UNTOLD)


_UNTOLD = "the contract cannot be matched with either: name a node with --node, or neither is its log"


def _judged(found: Fork, contract: HostSettings, node: str | None) -> Side | None:
    from smartchain.peer.evidence import judge

    rpc = build.connect(contract)
    build.expect_chain(rpc, found.chain_id)
    source = build.source_of(contract, rpc, found.ledger, IndexSettings())
    at = source.target()
    prover = None if node is None else peer_of(node, contract.ca_file)
    return judge(found, source.head(at), lambda size: source.checkpoint(size, at), prover)


def _json(found: Fork, side: Side | None, asked: bool) -> dict[str, object]:
    sides = [
        {
            "peer": one.peer,
            "size": one.head.size,
            "root": output.hexed(one.head.root),
            "entry": output.hexed(one.entry.pack()),
            "contract": (one is side) if asked and side else None,
        }
        for one in found.sides
    ]
    return {
        "ledger": checksum(found.ledger), "chain_id": found.chain_id, "index": found.index, "sides": sides,
    }  # fmt: skip


def _bytes_of(file: Path) -> bytes:
    try:
        with file.open("rb") as opened:
            return opened.read(MOST_BYTES)
    except OSError as error:
        raise InputError(f"{file} cannot be read ({error.strerror})") from error
