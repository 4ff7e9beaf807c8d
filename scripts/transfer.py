"""Pay through a ledger: `ape run transfer [RECIPIENT] [AMOUNT] [--memo TEXT]`; 0.1 ether to the second test account."""

import click
from ape import accounts
from ape.api import AccountAPI

from scripts._ape import ApeSigner, account, ledger_or_devnets, script, wallet
from smartchain.cli import kinds, options, sending
from smartchain.types import ZERO_HASH, Address, Hash32, Wei
from smartchain.wallet.pay import Payer


@script
@click.argument("recipient", type=kinds.ADDRESS, required=False)
@click.argument("amount", type=kinds.AMOUNT, default="0.1ether")
@click.option("--memo", type=kinds.MEMO, default=ZERO_HASH, help="At most 32 bytes of text. Public for ever.")
@options.ledger
@account
def cli(recipient: Address | None, amount: Wei, memo: Hash32, ledger: Address | None, account: AccountAPI) -> None:
    """Pay AMOUNT to RECIPIENT through a ledger."""
    payer = Payer(wallet(account), ledger_or_devnets(ledger))
    sending.say_sent(payer.pay(recipient or ApeSigner(accounts.test_accounts[1]).address, amount, memo), as_json=False)
