"""
`smartchain devnet`: a host chain to try everything on.
"""

from __future__ import annotations

import os
import threading
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import click

from smartchain.cli import kinds, options, output
from smartchain.cli.deploy import MOST_ENTRIES, UINT32
from smartchain.cli.settings import VARIABLES
from smartchain.cli.stopping import signals
from smartchain.config import DEFAULT_RPC_URL, DEV_CHAIN, DEV_MNEMONIC
from smartchain.ledger.address import checksum
from smartchain.types import Address

if TYPE_CHECKING:
    from smartchain.devnet.anvil import Anvil
    from smartchain.devnet.ledger import Terms
    from smartchain.devnet.nodes import Nodes

MIN_PAYERS = 3
FOLDER = click.Path(file_okay=False, path_type=Path)


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


@dataclass(frozen=True, slots=True)
class Company:
    """What runs beside the host chain."""

    nodes: int
    node_port: int
    traffic: float
    folder: Path | None


def _company(nodes: int, node_port: int, traffic: float, folder: Path | None) -> Company:
    return Company(nodes, node_port, traffic, folder)


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
    "company",
    _company,
    click.option(
        "--nodes",
        type=click.IntRange(0, 20),
        default=0,
        metavar="N",
        show_default=True,
        help="Nodes of the ledger: one follows the contract, the others it and one another.",
    ),
    click.option(
        "--node-port",
        type=click.IntRange(0, 65000),
        default=5000,
        metavar="N",
        show_default=True,
        help="The first node's; the others count up. 0: any that are free.",
    ),
    click.option(
        "--traffic",
        type=kinds.Measure(0, 1000),
        default=0,
        metavar="N",
        show_default=True,
        help="Payments a second between the accounts.",
    ),
    click.option("--folder", type=FOLDER, help="Keep the nodes' databases and logs there."),
)
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
    company: Company,
    terms: Terms | None,
    as_json: bool,
) -> None:
    """
    Run a host chain on this machine, with funded accounts and a ledger, until Ctrl-C; and nodes and traffic if asked.

    The chain is anvil's: id 31337, with the accounts of anvil's mnemonic, whose keys everybody knows.
    """
    from smartchain.devnet.anvil import Anvil, AnvilSettings, find_anvil
    from smartchain.devnet.ledger import Terms, ensure_ledger
    from smartchain.ledger.block import BlockRule

    if company.traffic and accounts < MIN_PAYERS:
        raise click.UsageError(
            f"--traffic needs --accounts {MIN_PAYERS} at least: the first is yours, the others pay one another"
        )
    settings = AnvilSettings(port, accounts=accounts, balance_ether=balance, block_time_s=block_time, state=state)
    stop = threading.Event()
    with signals(stop), ExitStack() as running:
        anvil = running.enter_context(Anvil(find_anvil(os.environ, Path.home()), settings))
        ledger = ensure_ledger(anvil.rpc, anvil.accounts[0].address, terms, Terms(BlockRule(MOST_ENTRIES, 0)))
        nodes = _start_nodes(running, company, anvil, ledger) if company.nodes else None
        if as_json:
            _say_json(anvil, ledger, nodes)
        else:
            _say(anvil, ledger, balance, nodes)
        if company.traffic:
            _start_traffic(running, company, anvil, ledger)
        while not stop.wait(0.2):
            anvil.check()
            if nodes:
                nodes.check()
    if not as_json:
        output.note("stopped" + (f"; the chain is kept in {state}" if state else ""))


def _start_nodes(running: ExitStack, company: Company, anvil: Anvil, ledger: Address) -> Nodes:
    from smartchain.devnet.nodes import Nodes, plans

    folder = company.folder or Path(running.enter_context(TemporaryDirectory(prefix="smartchain-nodes-")))
    folder.mkdir(parents=True, exist_ok=True)
    wanted = plans(company.nodes, anvil.url, ledger, company.node_port, folder.absolute())
    nothing = dict.fromkeys(VARIABLES.values(), "")  # what the environment says is of other chains
    return running.enter_context(Nodes(wanted, folder, nothing, anvil.accounts[0].private_key))


def _start_traffic(running: ExitStack, company: Company, anvil: Anvil, ledger: Address) -> None:
    from smartchain.devnet.traffic import Traffic

    payers = [account.address for account in anvil.accounts[1:]]
    traffic = Traffic(
        anvil.rpc, ledger, payers, company.traffic, trouble=lambda fault: output.note(f"traffic: {fault}")
    )
    traffic.start()
    running.callback(traffic.stop)


def _say_json(anvil: Anvil, ledger: Address, nodes: Nodes | None) -> None:
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
            "nodes": [{"name": plan.name, "url": plan.url} for plan in nodes.plans] if nodes else [],
        }
    )


def _say(anvil: Anvil, ledger: Address, balance: int, nodes: Nodes | None) -> None:
    output.say(f"A host chain at {anvil.url} (chain {DEV_CHAIN}), with a ledger at {checksum(ledger)}.")
    output.say()
    rows = [(str(at), _checksummed(account.address), account.private_key) for at, account in enumerate(anvil.accounts)]
    output.table(["account", f"address ({balance:,} ether each)", "private key (everybody knows these)"], rows)
    output.say()
    if nodes:
        output.table(["node", "page", "which"], [(plan.name, plan.url, plan.says) for plan in nodes.plans])
        output.say()
        output.say(f"Open {nodes.plans[0].url} in a browser.")
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
