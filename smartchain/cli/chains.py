"""
`smartchain chains`: every ledger that a factory lists, as the host has it and as far as the store has verified it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from smartchain.cli import build, kinds, options, output
from smartchain.config import HostSettings
from smartchain.errors import NoStore
from smartchain.ledger.hash import ETHER
from smartchain.ledger.unit import shown_symbol
from smartchain.types import Address

if TYPE_CHECKING:
    from smartchain.host.registry import Chain

COLUMNS = ("ledger", "subject", "entries", "verified", "blocks", "made by")


@click.command()
@click.option("--factory", type=kinds.ADDRESS, required=True, help="The factory whose list it is.")
@options.database
@options.host
@options.as_json
def chains(factory: Address, db: str, host: HostSettings, as_json: bool) -> None:
    """
    All chains of a factory.

    Entries are as many as the contract says now; verified and blocks are what the store holds, where it has the ledger.
    Anyone can register a ledger: of one that the factory did not make, everything shown is its own claim.
    """
    from smartchain.host.registry import Factory

    rpc = build.connect(host)
    if host.chain_id is not None:
        build.expect_chain(rpc, host.chain_id)
    registry = Factory(rpc, factory)
    stored = _stored(db, build.chain_of(rpc))
    found = (_row(registry.chain(listed), stored.get(listed.ledger)) for listed in registry.ledgers())
    if as_json:
        output.stream_json(found)
    else:
        output.table(COLUMNS, map(_cells, found), right=("entries", "verified", "blocks"))


def _stored(db: str, chain_id: int) -> dict[Address, tuple[int, int]]:
    """Verified entries and blocks of each ledger of the store."""
    from contextlib import closing

    from smartchain.store import open_store

    try:
        with closing(open_store(db, create=False, read_only=True)) as store:
            known = [store.open(info.address) for info in store.ledgers() if info.chain_id == chain_id]
            return {one.info.address: (one.status().verified_size, one.status().verified_blocks) for one in known}
    except NoStore:
        return {}


def _row(chain: Chain, stored: tuple[int, int] | None) -> dict[str, Any]:
    """A chain as JSON; null for what its contract does not say, and for what the store does not have."""
    described, rule = chain.described, chain.rule
    return {
        "ledger": output.address(chain.listed.ledger),
        "deployed": chain.listed.deployed,
        "subject": chain.subject and output.address(chain.subject),
        "symbol": described and described.symbol,
        "name": described and described.name,
        "decimals": described and described.decimals,
        "size": chain.head and chain.head.size,
        "root": chain.head and output.hexed(chain.head.root),
        "max_entries": rule and rule.max_entries,
        "interval": rule and rule.interval,
        "verified": stored and stored[0],
        "blocks": stored and stored[1],
    }


def _cells(row: dict[str, Any]) -> list[str]:
    numbers = ["-" if row[name] is None else f"{row[name]:,}" for name in ("size", "verified", "blocks")]
    made_by = "the factory" if row["deployed"] else "somebody"
    return [row["ledger"], _subject(row), *numbers, made_by]


def _subject(row: dict[str, Any]) -> str:
    """A subject for a person: its symbol never without its address, since any token may call itself ETH, or USDC."""
    if row["subject"] is None:
        return "-"
    if row["subject"] == output.address(ETHER):
        return "ETH"
    return f"{shown_symbol(row['symbol'] or '')} {row['subject']}".strip()
