"""Deploy a ledger: `ape run deploy [--max-entries N] [--interval SECONDS] [--fee-ppm N --treasury ADDRESS]`."""

import click
from ape.api import AccountAPI

from scripts._ape import account, script, wallet
from smartchain.cli import kinds, output
from smartchain.types import ZERO_ADDRESS, Address
from smartchain.wallet.pay import deploy


@script
@account
@click.option(
    "--max-entries", type=kinds.COUNT, default=100, show_default=True, help="Entries at which a block closes."
)
@click.option("--interval", type=kinds.COUNT, default=0, show_default=True, help="Seconds that a block stays open.")
@click.option("--fee-ppm", type=kinds.COUNT, default=0, show_default=True, help="What the ledger keeps, in millionths.")
@click.option("--treasury", type=kinds.ADDRESS, default=ZERO_ADDRESS, help="Who gets the fees.")
def cli(account: AccountAPI, max_entries: int, interval: int, fee_ppm: int, treasury: Address) -> None:
    """Deploy a ledger (a BPSC)."""
    made = deploy(wallet(account), max_entries=max_entries, interval=interval, fee_ppm=fee_ppm, treasury=treasury)
    output.fields([("ledger", output.address(made.ledger)), ("gas used", f"{made.gas_used:,}")])
    output.note(f"next: export SMARTCHAIN_LEDGER={output.address(made.ledger)}")
