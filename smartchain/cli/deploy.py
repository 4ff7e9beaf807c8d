"""
`smartchain deploy`: a ledger of one's own on the host chain.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from smartchain.cli import build, deploy_coin, deploy_snapshot, kinds, options, output, sending
from smartchain.cli.deploy_coin import CoinOptions
from smartchain.config import HostSettings
from smartchain.ledger.hash import ETHER
from smartchain.types import ZERO_ADDRESS, Address
from smartchain.wallet.fees import FeePolicy
from smartchain.wallet.flight import Patience
from smartchain.wallet.keys import KeyOptions

if TYPE_CHECKING:
    from smartchain.host.contracts import Opening
    from smartchain.host.factory import Terms
    from smartchain.wallet.pay import Deployed, Way
    from smartchain.wallet.sender import Sender

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
@click.option("--token", type=kinds.ADDRESS, help="The ledger is of this token (ERC-20), not of Ether.")
@deploy_snapshot.snapshot
@click.option("--via", type=kinds.ADDRESS, help="Have the factory there make the ledger, and list it.")
@click.option("--factory", is_flag=True, help="Deploy the factory of ledgers instead, at its one address.")
@deploy_coin.coin
@options.patience_that_waits
@options.paying
def deploy(
    max_entries: int | None,
    interval: int,
    fee_ppm: int,
    treasury: Address | None,
    token: Address | None,
    snapshot: Path | None,
    via: Address | None,
    factory: bool,
    coin: CoinOptions,
    host: HostSettings,
    keys: KeyOptions,
    fees: FeePolicy,
    gas_limit: int | None,
    nonce: int | None,
    patience: Patience,
    as_json: bool,
) -> None:
    """
    Deploy a ledger on the host chain: of Ether, of a token (a BPSC), or a coin of its own.

    The rule says when a block closes. `--max-entries 1` is a block for each transaction, `--max-entries 0` a block
    whenever somebody seals one. Nobody can change it later, nor anything else: the contract has no owner. With
    --snapshot the chain opens with the balances in a file, which everybody who follows it needs.
    """
    from smartchain.host.contracts import NO_OPENING
    from smartchain.host.factory import Terms
    from smartchain.wallet.pay import Way

    if factory and any((max_entries is not None, interval, fee_ppm, treasury, token, snapshot, via, coin.wanted)):
        raise click.UsageError("--factory takes no terms: it makes no ledger yet", click.get_current_context())
    if coin.wanted and any((fee_ppm, treasury, token, via)):
        raise click.UsageError(
            "--coin takes no fee, treasury, token or factory: a coin pays nobody but whom it moves to",
            click.get_current_context(),
        )
    if token == ETHER:
        raise click.UsageError("that is Ether, no token: leave --token out", click.get_current_context())
    if fee_ppm and treasury is None:
        raise click.UsageError(
            "--fee-ppm needs --treasury ADDRESS, which the fees are for", click.get_current_context()
        )
    if max_entries is None:
        max_entries = 0 if interval else MOST_ENTRIES
    subject = coin.id if coin.wanted else token or ETHER
    header, opening = deploy_snapshot.read(snapshot, subject) if snapshot else (None, NO_OPENING)
    creation = coin.creation(max_entries, interval, opening) if coin.wanted else None
    terms = Terms(token or ETHER, max_entries, interval, fee_ppm, treasury or ZERO_ADDRESS)
    sender = build.sender_of(host, build.connect(host), build.signer_of(keys), fees, gas_limit)
    way = Way(patience, nonce, sending.tell_one)
    if factory:
        _factory(sender, way, as_json)
        return
    made = _coin(sender, creation, way) if creation is not None else _made(sender, terms, opening, via, way)
    if header is not None:
        deploy_snapshot.expect(sender.rpc, made.ledger, header)
    _say_ledger(made, as_json)


def _coin(sender: Sender, creation: bytes, way: Way) -> Deployed:
    from smartchain.wallet.deploying import create

    return create(sender, creation, way)


def _say_ledger(made: Deployed, as_json: bool) -> None:
    ledger, transaction = output.address(made.ledger), output.hexed(made.transaction)
    if as_json:
        answer = {"ledger": ledger, "transaction": transaction, "block_number": made.block_number}
        output.say_json({**answer, "gas_used": made.gas_used})
        return
    output.fields([("ledger", ledger), *_cost(made)])
    output.note(f"next: export SMARTCHAIN_LEDGER={ledger}")


def _made(sender: Sender, terms: Terms, opening: Opening, via: Address | None, way: Way) -> Deployed:
    """A ledger of these terms, made by the sender or by a factory for him."""
    from smartchain.wallet import deploying, pay

    if via is not None:
        return deploying.deploy_through(sender, via, terms, way, opening)
    if terms.subject != ETHER:
        return deploying.deploy_token(sender, terms, way, opening)
    return pay.deploy(
        sender,
        max_entries=terms.max_entries,
        interval=terms.interval,
        fee_ppm=terms.fee_ppm,
        treasury=terms.treasury,
        way=way,
        opening=opening,
    )


def _factory(sender: Sender, way: Way, as_json: bool) -> None:
    """The factory; nothing is sent where it is there already."""
    from smartchain.wallet.deploying import deploy_factory

    there = deploy_factory(sender, way)
    factory, made = output.address(there.factory), there.made
    if as_json:
        sent = (output.hexed(made.transaction), made.block_number, made.gas_used) if made else (None, None, None)
        names = ("transaction", "block_number", "gas_used")
        output.say_json({"factory": factory, **dict(zip(names, sent, strict=True))})
        return
    output.fields([("factory", factory), *(_cost(made) if made else [])])
    if made is None:
        output.note("it was there already: nothing was sent")
    output.note(f"next: smartchain deploy --via {factory}")


def _cost(made: Deployed) -> list[tuple[str, str]]:
    return [
        ("transaction", output.hexed(made.transaction)),
        ("host block", str(made.block_number)),
        ("gas used", f"{made.gas_used:,}"),
    ]
