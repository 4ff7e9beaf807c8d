"""
`smartchain seal`, `collect`, `checkpoint`: what anyone may ask of a ledger.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import click

from smartchain.cli import build, options, sending
from smartchain.config import HostSettings
from smartchain.types import Address
from smartchain.wallet.fees import FeePolicy
from smartchain.wallet.flight import Patience
from smartchain.wallet.keys import KeyOptions

if TYPE_CHECKING:
    from smartchain.wallet.pay import Payer, Sent, Way

Deed = Callable[["Payer", "Way"], "Sent"]


def _act(name: str, described: str, deed: Deed) -> click.Command:
    @click.command(name, help=described)
    @options.ledger
    @options.patience
    @options.paying
    def command(
        ledger: Address | None,
        host: HostSettings,
        keys: KeyOptions,
        fees: FeePolicy,
        gas_limit: int | None,
        nonce: int | None,
        patience: Patience,
        as_json: bool,
    ) -> None:
        from smartchain.wallet.pay import Payer, Way

        address = options.needed(ledger)
        signer = build.signer_of(keys)
        payer = Payer(build.sender_of(host, build.connect(host), signer, fees, gas_limit), address)
        sending.say_sent(deed(payer, Way(patience, nonce, sending.tell_one)), as_json)

    return command


seal = _act(
    "seal",
    "Close the open block now: records a seal, an entry without a value. Anyone may.",
    lambda payer, way: payer.seal(way),
)
collect = _act(
    "collect",
    "Have the ledger send all Ether that it holds, its fees, to its treasury. Anyone may.",
    lambda payer, way: payer.collect(way),
)
checkpoint = _act(
    "checkpoint",
    "Have the contract keep today's root for good, so that a proof made now can still be shown later. Anyone may.",
    lambda payer, way: payer.checkpoint(way),
)
