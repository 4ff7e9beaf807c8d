"""
Bringing an older coin across: a token of the same host given up, or bitcoins that were burnt shown to a contract.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from smartchain.errors import NotEnoughFunds, Refused
from smartchain.host import coins
from smartchain.host.bitcoin.burns import Burn, BurnProof, check_burn
from smartchain.host.bitcoin.hashing import shown
from smartchain.host.bitcoin.headers import Header
from smartchain.host.tokens import approve_data
from smartchain.ledger.address import checksum
from smartchain.types import ZERO_ADDRESS, Address, Hash32
from smartchain.wallet.pay import Sent, Way, send, sent
from smartchain.wallet.receipt import recorded_index
from smartchain.wallet.sender import Sender
from smartchain.wallet.transaction import Call

RUN = 144
"""Headers in a transaction: some 11.3 million gas."""


@dataclass(frozen=True, slots=True)
class Migrated:
    """What became of tokens that were given up."""

    approvals: list[Hash32]
    """The transactions that let the coin take them, before the one that did."""
    minted: Sent


@dataclass(frozen=True, slots=True)
class Claimed:
    """Bitcoins that were brought across."""

    headers: list[Hash32]
    """The transactions that showed block headers."""
    minted: list[tuple[Burn, Sent]]


class _Ways:
    """A way for each of several transactions: a nonce that was given is the first one's."""

    def __init__(self, way: Way) -> None:
        self._way = way

    def next(self) -> Way:
        now, nonce = self._way, self._way.nonce
        self._way = replace(now, nonce=None if nonce is None else nonce + 1)
        return now


def migrate_token(sender: Sender, coin: Address, amount: int, way: Way | None = None) -> Migrated:
    """
    Give up so much of a coin's old token, and get as much of the coin.

    What was approved before and is too little is taken back first: some tokens (USDT) change no approval otherwise.
    Raises `NotEnoughFunds`, `NotALedger`, `Refused`.
    """
    old = coins.old_token(sender.rpc, coin)
    has, may = coins.holding(sender.rpc, old, sender.address, coin)
    if has < amount:
        raise NotEnoughFunds(
            f"{checksum(sender.address)} has {has} of the smallest unit of {checksum(old)}, and {amount} are to be "
            "given up: nothing was sent"
        )
    ways = _Ways(way or Way())
    steps = [] if may >= amount else [0, amount] if may else [amount]
    approvals = [send(sender, Call(old, approve_data(coin, step)), ways.next())[0] for step in steps]
    return Migrated(approvals, _mint(sender, coin, coins.migrate_data(amount), ways.next()))


def claim_burns(
    sender: Sender, coin: Address, headers: Sequence[Header], proofs: Sequence[BurnProof], way: Way | None = None
) -> Claimed:
    """
    Show a coin the headers that it does not know yet, and the burns.

    Raises `BurnError` for a proof that does not hold, `Refused` for a burn that was counted, before anything is sent.
    """
    burns = held_burns(sender, coin, proofs)
    best = coins.best_block(sender.rpc, coin)
    known = next((n for n, header in enumerate(headers, 1) if header.hash == best), 0)
    ways, runs = _Ways(way or Way()), []
    for start in range(known, len(headers), RUN):
        run = b"".join(header.pack() for header in headers[start : start + RUN])
        runs.append(send(sender, Call(coin, coins.submit_headers_data(run)), ways.next())[0])
    minted = [_mint(sender, coin, coins.claim_burn_data(proof), ways.next()) for proof in proofs]
    return Claimed(runs, list(zip(burns, minted, strict=True)))


def held_burns(sender: Sender, coin: Address, proofs: Sequence[BurnProof]) -> list[Burn]:
    """What proofs prove, as far as it is known here. Raises `BurnError`, `Refused` for a burn that was counted."""
    coins.best_block(sender.rpc, coin)
    burns = [check_burn(proof, sender.chain_id, coin) for proof in proofs]
    for burn in burns:
        if coins.counted(sender.rpc, coin, burn.txid, burn.output):
            raise Refused(f"output {burn.output} of {shown(burn.txid)} was counted before: nothing was sent")
    return burns


def _mint(sender: Sender, coin: Address, data: bytes, way: Way) -> Sent:
    transaction, receipt = send(sender, Call(coin, data), way)
    index = recorded_index(receipt, coin, ZERO_ADDRESS) if receipt else None
    return sent(transaction, receipt, index)
