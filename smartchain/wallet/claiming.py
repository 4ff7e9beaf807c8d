"""
The opening balances of a coin: where one stands, its proof, and what brings it to life on the host.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass

from smartchain.errors import InputError, Refused
from smartchain.host import coins
from smartchain.ledger.address import checksum
from smartchain.ledger.entry import Entry
from smartchain.ledger.proof import inclusion_proof
from smartchain.ports import View
from smartchain.types import ZERO_ADDRESS, Address, Hash32
from smartchain.wallet.pay import Sent, Way, send, sent
from smartchain.wallet.sender import Sender
from smartchain.wallet.transaction import Call


@dataclass(frozen=True, slots=True)
class OpeningBalance:
    """What a wallet had when the ledger began, and the proof of it under the ledger's genesis root."""

    index: int
    entry: Entry
    proof: list[Hash32]


def opening_balance(view: View, wallet: Address) -> OpeningBalance:
    """Raises `InputError` for a wallet that had none."""
    size = view.info.genesis.size
    if not size:
        raise InputError(f"the ledger {checksum(view.info.address)} opened without balances: there is nothing to claim")
    index = bisect_left(range(size), wallet, key=lambda at: _entry(view, at).recipient)
    if index == size or (entry := _entry(view, index)).recipient != wallet:
        raise InputError(f"{checksum(wallet)} is none of the {size} wallets that the ledger opened with")
    return OpeningBalance(index, entry, inclusion_proof(view.perfect, index, size))


def _entry(view: View, index: int) -> Entry:
    """Raises `InputError` where the store is not that far."""
    found = view.entry(index)
    if found is None:
        raise InputError("the opening balances are not verified yet: run 'smartchain index' first")
    return found.entry


def unclaimed(view: View, subject: Address, supply: int) -> int:
    """
    How much of a coin's opening balances nobody claimed, in its smallest unit, when `supply` is what the contract has.

    Every coin of the smart chain is either on the host or waits there to be claimed: all that came from nobody, less
    what went to nobody and the supply.
    """
    return -view.account(ZERO_ADDRESS, subject).balance - supply


def claim(sender: Sender, coin: Address, opening: OpeningBalance, way: Way | None = None) -> Sent:
    """
    Bring an opening balance to life for its wallet, whoever sends it; no entry comes of it.

    Raises `NotALedger` for what is no coin, `Refused` for what was claimed, before anything is sent.
    """
    coins.coin_of(sender.rpc, coin)
    if coins.claimed(sender.rpc, coin, opening.index):
        raise Refused(
            f"the opening balance of {checksum(opening.entry.recipient)} was claimed before: nothing was sent"
        )
    transaction, receipt = send(sender, Call(coin, coins.claim_data(opening.entry, opening.index, opening.proof)), way)
    return sent(transaction, receipt)
