"""
`smartchain claim` and `unclaimed`: the opening balances of a coin, and which of them lie ready on the host.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from smartchain.cli import build, kinds, options, output, sending
from smartchain.config import HostSettings
from smartchain.errors import InputError
from smartchain.ledger.address import checksum
from smartchain.types import Address
from smartchain.wallet.fees import FeePolicy
from smartchain.wallet.flight import Patience
from smartchain.wallet.keys import KeyOptions

if TYPE_CHECKING:
    from smartchain.ledger.unit import Unit
    from smartchain.ports import Rpc, View


@click.command(cls=kinds.PayCommand)
@click.argument("wallet", type=kinds.ADDRESS)
@options.ledger
@options.database
@options.patience
@options.paying
def claim(
    wallet: Address,
    ledger: Address | None,
    db: str,
    host: HostSettings,
    keys: KeyOptions,
    fees: FeePolicy,
    gas_limit: int | None,
    nonce: int | None,
    patience: Patience,
    as_json: bool,
) -> None:
    """
    Bring WALLET's opening balance to life in the coin's contract. Anyone may, for anybody.

    The proof is made from the store. In the smart chain the wallet has its balance already: no entry comes of this.
    """
    from smartchain.wallet import claiming
    from smartchain.wallet.pay import Way

    with build.stored(db, ledger) as store, store.view() as view:
        opening, coin = claiming.opening_balance(view, wallet), store.info
    rpc = build.connect(host)
    build.expect_chain(rpc, coin.chain_id)
    sender = build.sender_of(host, rpc, build.signer_of(keys), fees, gas_limit)
    done = claiming.claim(sender, coin.address, opening, Way(patience, nonce, sending.tell_one))
    if as_json:
        about = {"wallet": checksum(wallet), "opening_index": opening.index, "value": str(opening.entry.value)}
        output.say_json({**about, **sending.sent_json(done)})
    else:
        sending.say_sent(done, as_json=False)


@click.command()
@click.argument("wallet", type=kinds.ADDRESS, required=False)
@options.ledger
@options.database
@options.host
@options.as_json
def unclaimed(wallet: Address | None, ledger: Address | None, db: str, host: HostSettings, as_json: bool) -> None:
    """
    How much of a coin's opening balances nobody claimed yet, or whether WALLET's is.

    By the verified chain and what the contract has at the same host block: every coin of the smart chain is either
    on the host or waits there to be claimed.
    """
    from smartchain.host.coins import coin_unit

    with build.stored(db, ledger) as store, store.view() as view:
        rpc, coin = build.connect(host), store.info
        build.expect_chain(rpc, coin.chain_id)
        unit = coin_unit(rpc, coin.address)
        said = _of_all(view, rpc) if wallet is None else _of_one(view, rpc, wallet)
    if as_json:
        output.say_json(said)
    else:
        output.fields([(name.replace("_", " "), _shown(value, unit)) for name, value in said.items()])


def _of_all(view: View, rpc: Rpc) -> dict[str, Any]:
    from smartchain.host.coins import coin_of, total_supply
    from smartchain.wallet.claiming import unclaimed

    at = view.status.verified_at
    if at is None:
        raise InputError("nothing is verified yet: run 'smartchain index' first")
    supply = total_supply(rpc, view.info.address, at)
    left = unclaimed(view, coin_of(rpc, view.info.address), supply)
    return {"unclaimed": str(left), "supply": str(supply), "host_block": at.number}


def _of_one(view: View, rpc: Rpc, wallet: Address) -> dict[str, Any]:
    from smartchain.host.coins import claimed
    from smartchain.wallet.claiming import opening_balance

    opening = opening_balance(view, wallet)
    is_claimed = claimed(rpc, view.info.address, opening.index)
    value = opening.entry.value
    return {"wallet": checksum(wallet), "opening_index": opening.index, "value": str(value), "claimed": is_claimed}


def _shown(value: str | int | bool, unit: Unit) -> str:
    """Amounts are the texts of digits."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return unit.shown(int(value)) if isinstance(value, str) and value.isdecimal() else str(value)
