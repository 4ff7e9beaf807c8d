"""
Where the balances of a snapshot come from: a table, all accounts of a host chain, or a token's history.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from smartchain.cli import build, output
from smartchain.cli.progress import Bar
from smartchain.config import HostSettings
from smartchain.errors import SnapshotError
from smartchain.ledger.hash import ETHER
from smartchain.ledger.snapshot import Header
from smartchain.types import ZERO_ADDRESS, Address

if TYPE_CHECKING:
    from smartchain.ports import HostBlock, Rpc
    from smartchain.snapshot.table import Allocation


@dataclass
class LeftOut:
    """What of a host's Ether is in no wallet of the snapshot."""

    contracts: int = 0
    of_contracts: int = 0
    of_nobody: int = 0
    """What the zero address has: gone."""

    def json(self) -> dict[str, Any]:
        return {
            "contracts": self.contracts,
            "of_contracts": str(self.of_contracts),
            "of_zero_address": str(self.of_nobody),
        }


@dataclass
class Source:
    """Balances at one moment; `subject` and `timestamp` where nothing else was said."""

    subject: Address
    timestamp: int
    allocations: Iterable[Allocation]
    at: HostBlock | None = None
    left_out: LeftOut = field(default_factory=LeftOut)

    def about(self) -> dict[str, Any]:
        """What is told of it beside what the file says itself."""
        if self.at is None:
            return {}
        about = {"block_number": self.at.number, "block_hash": output.hexed(self.at.hash)}
        return {**about, "left_out": self.left_out.json()} if self.subject == ETHER else about

    def note(self) -> None:
        """For a person."""
        if self.at is not None:
            output.note(f"as of host block {self.at.number}, {output.hexed(self.at.hash)}")
        if self.left_out.contracts:
            output.note(
                f"left out: {output.plural(self.left_out.contracts, 'contract')} with {self.left_out.of_contracts} wei"
            )
        if self.left_out.of_nobody:
            output.note(f"left out: {self.left_out.of_nobody} wei of the zero address, which nobody can move")


def write(path: Path, source: Source, subject: Address | None, timestamp: int | None) -> Header:
    """Raises `SnapshotError`, `HostError`s; then nothing is written."""
    from smartchain.snapshot import files

    second = source.timestamp if timestamp is None else timestamp
    return files.write(path, source.allocations, subject or source.subject, second)


def of_host(host: HostSettings, token: Address | None, block: int | None, from_block: int, contracts: bool) -> Source:
    """The state after a block, the newest unless it is named. Raises `SnapshotError`, `HostError`s."""
    rpc = build.connect(host)
    at = _place(rpc, block)
    if token is not None:
        return Source(token, at.timestamp, _held(rpc, token, at, from_block), at)
    left_out = LeftOut()
    return Source(ETHER, at.timestamp, _accounts(rpc, at, contracts, left_out), at, left_out)


def _place(rpc: Rpc, block: int | None) -> HostBlock:
    from smartchain.host.places import block_at

    at = block_at(rpc, "latest" if block is None else hex(block))
    if at is None:
        raise SnapshotError(f"{rpc.name} has no block {block} yet: its newest is {_newest(rpc)}")
    return at


def _newest(rpc: Rpc) -> str:
    from smartchain.host.places import block_at

    newest = block_at(rpc, "latest")
    return "none" if newest is None else str(newest.number)


def _held(rpc: Rpc, token: Address, at: HostBlock, from_block: int) -> Iterator[Allocation]:
    from smartchain.host.holders import holders

    with Bar("blocks") as bar:
        found = holders(rpc, token, at, from_block, bar)
    return ((who, value, line) for line, (who, value) in enumerate(found.items(), 1))


def _accounts(rpc: Rpc, at: HostBlock, contracts: bool, left_out: LeftOut) -> Iterator[Allocation]:
    from smartchain.host.accounts import accounts

    for line, account in enumerate(accounts(rpc, at), 1):
        if account.address == ZERO_ADDRESS:
            left_out.of_nobody += account.value
        elif account.is_contract and not contracts:
            left_out.contracts += 1 if account.value else 0
            left_out.of_contracts += account.value
        else:
            yield account.address, account.value, line


def expect_new(path: Path) -> None:
    """Raises `SnapshotError`: a chain may stand on the file of that name, and no host keeps what is in it."""
    if path.exists():
        raise SnapshotError(f"{path} is there already: name another file with --output")


def misuse(table: Path | None, token: Address | None, block: int | None, timestamp: int | None) -> None:
    """Raises `click.UsageError` for what cannot be meant together."""
    if table is not None and (token is not None or block is not None):
        raise click.UsageError("--token and --block are read from the host chain: leave the table out")
    if table is not None and timestamp is None:
        raise click.UsageError("a table needs --timestamp SECONDS: when the balances were those")
