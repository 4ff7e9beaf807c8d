"""
`smartchain devnet`: a host chain to try everything on.
"""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import click

from smartchain.cli import kinds, options, output
from smartchain.cli.deploy import MOST_ENTRIES, UINT32
from smartchain.cli.stopping import signals
from smartchain.config import DEFAULT_RPC_URL, DEV_CHAIN, DEV_MNEMONIC
from smartchain.ledger.address import checksum
from smartchain.types import Address

if TYPE_CHECKING:
    from smartchain.devnet.anvil import Anvil
    from smartchain.devnet.ledger import Terms


def _terms(
    max_entries: int | None, interval: int | None, fee_ppm: int | None, treasury: Address | None
) -> Terms | None:
    """What is asked of the ledger; None if nothing is."""
    from smartchain.devnet.ledger import Terms
    from smartchain.ledger.block import BlockRule

    if max_entries is None and interval is None and fee_ppm is None and treasury is None:
        return None
    if fee_ppm and treasury is None:
        raise click.UsageError(
            "--fee-ppm needs --treasury ADDRESS, which the fees are for", click.get_current_context()
        )
    most = (0 if interval else MOST_ENTRIES) if max_entries is None else max_entries
    return Terms(BlockRule(most, interval or 0), fee_ppm or 0, treasury)


@click.command()
@click.option(
    "--port", type=click.IntRange(0, 65535), default=8545, metavar="N", show_default=True, help="0: any that is free."
)
@click.option(
    "--accounts", type=click.IntRange(1, 1000), default=10, metavar="N", show_default=True, help="Funded accounts."
)
@click.option(
    "--balance", type=click.IntRange(1), default=10_000, metavar="ETHER", show_default=True, help="What each has."
)
@click.option(
    "--block-time",
    type=click.IntRange(1),
    metavar="SECONDS",
    help="Between two blocks, instead of one for each transaction.",
)
@click.option("--state", type=options.FILE, help="Keep the chain in this file, and go on from it.")
@options.bundle(
    "terms",
    _terms,
    click.option("--max-entries", type=UINT32, metavar="N", help="The ledger's rule: entries at which a block closes."),
    click.option("--interval", type=UINT32, metavar="SECONDS", help="The ledger's rule: how long a block stays open."),
    click.option("--fee-ppm", type=UINT32, metavar="N", help="What the ledger keeps, in parts per million."),
    click.option("--treasury", type=kinds.ADDRESS, help="Who gets the fees."),
)
@options.as_json
def devnet(
    port: int,
    accounts: int,
    balance: int,
    block_time: int | None,
    state: Path | None,
    terms: Terms | None,
    as_json: bool,
) -> None:
    """
    Run a host chain on this machine, with funded accounts and a ledger, until Ctrl-C.

    The chain is anvil's: id 31337, with the accounts of anvil's mnemonic, whose keys everybody knows.
    """
    from smartchain.devnet.anvil import Anvil, AnvilSettings, find_anvil
    from smartchain.devnet.ledger import Terms, ensure_ledger
    from smartchain.ledger.block import BlockRule

    settings = AnvilSettings(port, accounts=accounts, balance_ether=balance, block_time_s=block_time, state=state)
    stop = threading.Event()
    with signals(stop), Anvil(find_anvil(os.environ, Path.home()), settings) as anvil:
        ledger = ensure_ledger(anvil.rpc, anvil.accounts[0].address, terms, Terms(BlockRule(MOST_ENTRIES, 0)))
        if as_json:
            _say_json(anvil, ledger)
        else:
            _say(anvil, ledger, balance)
        while not stop.wait(0.2):
            anvil.check()
    if not as_json:
        output.note("stopped" + (f"; the chain is kept in {state}" if state else ""))


def _say_json(anvil: Anvil, ledger: Address) -> None:
    output.say_json(
        {
            "rpc_url": anvil.url,
            "chain_id": DEV_CHAIN,
            "ledger": checksum(ledger),
            "mnemonic": DEV_MNEMONIC,
            "accounts": [
                {"address": _checksummed(account.address), "private_key": account.private_key}
                for account in anvil.accounts
            ],
        }
    )


def _say(anvil: Anvil, ledger: Address, balance: int) -> None:
    output.say(f"A host chain at {anvil.url} (chain {DEV_CHAIN}), with a ledger at {checksum(ledger)}.")
    output.say()
    rows = [(str(at), _checksummed(account.address), account.private_key) for at, account in enumerate(anvil.accounts)]
    output.table(["account", f"address ({balance:,} ether each)", "private key (everybody knows these)"], rows)
    output.say()
    output.say("Type next, in another terminal:")
    output.say()
    for line in _next(anvil, ledger):
        output.say(f"  {line}")
    output.say()
    output.say("Ctrl-C ends it.")


def _next(anvil: Anvil, ledger: Address) -> list[str]:
    """Commands to paste, in an order that shows everything."""
    recipient = _checksummed(anvil.accounts[min(1, len(anvil.accounts) - 1)].address)
    where = [] if anvil.url == DEFAULT_RPC_URL else [f"export ETH_RPC_URL={anvil.url}"]
    return [
        *where,
        f"export SMARTCHAIN_LEDGER={checksum(ledger)}",
        f"export ETH_PRIVATE_KEY={anvil.accounts[0].private_key}",
        f"smartchain send {recipient} 0.1ether --memo hello --yes",
        "smartchain seal",
        "smartchain index",
        "smartchain blocks",
        "smartchain entries",
        f"smartchain balance {recipient}",
        "smartchain verify",
    ]


def _checksummed(address: str) -> str:
    return checksum(Address(bytes.fromhex(address[2:])))
