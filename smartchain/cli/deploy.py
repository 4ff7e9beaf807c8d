"""
`smartchain deploy`: a ledger of one's own on the host chain.
"""

from __future__ import annotations

import click

from smartchain.cli import build, kinds, options, output, sending
from smartchain.config import HostSettings
from smartchain.types import ZERO_ADDRESS, Address
from smartchain.wallet.fees import FeePolicy
from smartchain.wallet.flight import Patience
from smartchain.wallet.keys import KeyOptions

UINT32 = click.IntRange(0, 2**32 - 1)
MOST_ENTRIES = 100


@click.command()
@click.option(
    "--max-entries",
    type=UINT32,
    metavar="N",
    help="Entries at which a block closes; 0: no such bound.  [default: 100, without --interval]",
)
@click.option(
    "--interval", type=UINT32, default=0, metavar="SECONDS", help="How long a block stays open; 0: no such bound."
)
@click.option(
    "--fee-ppm",
    type=UINT32,
    default=0,
    metavar="N",
    help="What the ledger keeps, in parts per million.",
)
@click.option("--treasury", type=kinds.ADDRESS, help="Who gets the fees when they are collected.")
@options.patience_that_waits
@options.paying
def deploy(
    max_entries: int | None,
    interval: int,
    fee_ppm: int,
    treasury: Address | None,
    host: HostSettings,
    keys: KeyOptions,
    fees: FeePolicy,
    gas_limit: int | None,
    nonce: int | None,
    patience: Patience,
    as_json: bool,
) -> None:
    """
    Deploy a ledger (a BPSC) on the host chain.

    The rule says when a block closes. `--max-entries 1` is a block for each transaction, `--max-entries 0` a block
    whenever somebody seals one. Nobody can change it later, nor anything else: the contract has no owner.
    """
    from smartchain.wallet.pay import Way
    from smartchain.wallet.pay import deploy as send_it

    if max_entries is None:
        max_entries = 0 if interval else MOST_ENTRIES
    if fee_ppm and treasury is None:
        raise click.UsageError(
            "--fee-ppm needs --treasury ADDRESS, which the fees are for", click.get_current_context()
        )
    signer = build.signer_of(keys)
    sender = build.sender_of(host, build.connect(host), signer, fees, gas_limit)
    made = send_it(
        sender,
        max_entries=max_entries,
        interval=interval,
        fee_ppm=fee_ppm,
        treasury=treasury or ZERO_ADDRESS,
        way=Way(patience, nonce, sending.tell_one),
    )
    ledger, transaction = output.address(made.ledger), output.hexed(made.transaction)
    if as_json:
        answer = {"ledger": ledger, "transaction": transaction, "block_number": made.block_number}
        output.say_json({**answer, "gas_used": made.gas_used})
        return
    output.fields(
        [
            ("ledger", ledger),
            ("transaction", transaction),
            ("host block", str(made.block_number)),
            ("gas used", f"{made.gas_used:,}"),
        ]
    )
    output.note(f"next: export SMARTCHAIN_LEDGER={ledger}")
