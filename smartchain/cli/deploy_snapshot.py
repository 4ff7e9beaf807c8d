"""
`smartchain deploy --snapshot`: a ledger that opens with balances, checked before it is paid for and after it is there.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from smartchain.errors import Refused, SnapshotError
from smartchain.ledger.address import checksum
from smartchain.types import Address

if TYPE_CHECKING:
    from smartchain.host.contracts import Opening
    from smartchain.ledger.snapshot import Header
    from smartchain.ports import Rpc

snapshot = click.option(
    "--snapshot",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Open with the balances in this file, of `smartchain snapshot create`.",
)


def read(path: Path, subject: Address) -> tuple[Header, Opening]:
    """A snapshot, checked to its last byte. Raises `SnapshotError`, also for one of another subject."""
    from smartchain.host.contracts import Opening
    from smartchain.snapshot.files import Snapshot

    file = Snapshot(path)
    header = file.header
    if header.subject != subject:
        raise SnapshotError(
            f"{path} holds balances of {checksum(header.subject)}, and the ledger is of {checksum(subject)}: "
            "create it with --subject, or deploy the other ledger"
        )
    return header, Opening(header.size, header.timestamp, tuple(file.verify()))


def expect(rpc: Rpc, ledger: Address, header: Header) -> None:
    """Raises `Refused` where the contract that was deployed does not say that it opened with this."""
    from smartchain.host.contracts import GENESIS_DATA, decode_genesis
    from smartchain.host.words import raw

    said = decode_genesis(
        raw(rpc.call("eth_call", {"to": checksum(ledger), "data": "0x" + GENESIS_DATA.hex()}, "latest"))
    )
    if (said.size, said.root, said.timestamp) != (header.size, header.root, header.timestamp):
        raise Refused(
            f"{checksum(ledger)} was deployed and says that it opened with {said.size} wallets under "
            f"0x{said.root.hex()}, not {header.size} under 0x{header.root.hex()}: do not use it, or ask another node"
        )
