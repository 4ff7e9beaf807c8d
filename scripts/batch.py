"""Pay everybody in a file: `ape run batch payments.csv [--dry-run] [--yes]`; what breaks off is gone on with."""

from pathlib import Path

import click
from ape.api import AccountAPI

from scripts._ape import account, ledger_or_devnets, script, wallet
from smartchain.cli import build, options, sending
from smartchain.cli.batch import pay_file
from smartchain.cli.send import What
from smartchain.types import Address
from smartchain.wallet.pay import Payer, Way
from smartchain.wallet.payees import Payees


@script
@click.argument("payments", type=options.FILE)
@click.option("--dry-run", is_flag=True, help="Try everything, say what it would cost, send nothing.")
@click.option("--yes", "-y", is_flag=True, help="Do not ask.")
@options.ledger
@account
def cli(payments: Path, dry_run: bool, yes: bool, ledger: Address | None, account: AccountAPI) -> None:
    """Pay everybody in PAYMENTS, a CSV file with the columns recipient,amount[,memo]."""
    payer = Payer(wallet(account), ledger_or_devnets(ledger))
    what = What(batch=payments, dry_run=dry_run, yes=yes)
    payees = Payees(build.contacts_of(None))
    pay_file(what, payments, payer, Way(on_progress=sending.tell), payees, as_json=False)
