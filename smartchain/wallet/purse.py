"""
Paying in something else than Ether: through the ledger of a token, and in the coin that a ledger itself is.

A token has to allow its ledger to move what is paid. Where it has permits (ERC-2612) the payer signs one, which every
payment brings along: the first to arrive makes it good, and those after it find the allowance there. Where it has none,
`approvals` are transactions of their own, before the payments. A coin needs neither.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from smartchain.errors import NotAllowed, NotEnoughFunds
from smartchain.host import purse as said
from smartchain.host import tokens
from smartchain.host.contracts import payment_word, relay_batch_data
from smartchain.host.subjects import token_unit
from smartchain.ledger.address import checksum
from smartchain.ledger.unit import Unit
from smartchain.types import Address, Hash32
from smartchain.wallet.transaction import Call

if TYPE_CHECKING:
    from smartchain.host.purse import Permission
    from smartchain.wallet.sender import Sender

PERMIT_S = 86_400
"""How long a permit counts: a run of payments that breaks off for longer signs another."""


@runtime_checkable
class TypedSigner(Protocol):
    """Whoever can sign what is no transaction (EIP-712)."""

    def sign_typed(
        self, domain: dict[str, Any], types: dict[str, Any], message: dict[str, Any]
    ) -> tuple[int, int, int]:
        """v, r and s."""


@dataclass(slots=True)
class Purse:
    """A wallet's tokens, and how they are paid through one ledger."""

    sender: Sender
    ledger: Address
    token: Address
    unit: Unit
    is_coin: bool = False
    """The ledger is the token."""
    permit: tokens.Permit | None = field(default=None, repr=False)

    def balance(self) -> int:
        return said.balance_of(self.sender.rpc, self.token, self.sender.address)

    def left(self, total: int) -> int:
        """What stays when so much is paid. Raises `NotEnoughFunds`."""
        held = self.balance()
        if held < total:
            raise NotEnoughFunds(
                f"{checksum(self.sender.address)} has {self.unit.shown(held)}, and {self.unit.shown(total)} are to be "
                "paid: nothing was sent"
            )
        return held - total

    def relay(self, recipient: Address, value: int, memo: Hash32) -> Call:
        """A payment by itself, of any value."""
        if self.is_coin:
            return Call(self.ledger, said.transfer_with_memo_data(recipient, value, memo))
        if self.permit is not None:
            return Call(self.ledger, tokens.relay_with_permit_data(recipient, value, memo, self.permit))
        return Call(self.ledger, tokens.relay_token_data(recipient, value, memo))

    def batch(self, payments: Sequence[tuple[Address, int]], memo: Hash32) -> Call:
        """Payments of one memo."""
        packed = b"".join(payment_word(recipient, value) for recipient, value in payments)
        if self.is_coin:
            return Call(self.ledger, said.transfer_batch_data(packed, memo))
        if self.permit is not None:
            return Call(self.ledger, said.relay_batch_with_permit_data(packed, memo, self.permit))
        return Call(self.ledger, relay_batch_data(payments, memo))

    def prepare(self, total: int) -> list[Call]:
        """
        Make ready for payments of so much, and say which transactions have to come first: none, or the approvals.

        Raises `NotEnoughFunds`.
        """
        self.left(total)
        self.permit = None
        allowed = total if self.is_coin else self._allowance()
        if allowed >= total or self._sign(total):
            return []
        first = [self._approval(0)] if allowed else []  # some tokens (USDT) change no allowance but to or from zero
        return [*first, self._approval(total)]

    def refuse(self, total: int) -> None:
        """Raises `NotAllowed`: what has to be done before a payment can be tried, or prepared for another signer."""
        approve = f"cast send {checksum(self.token)} 'approve(address,uint256)' {checksum(self.ledger)} {total}"
        raise NotAllowed(
            f"the ledger may move {self.unit.shown(self._allowance())} of {checksum(self.sender.address)}, and "
            f"{self.unit.shown(total)} are to be paid: allow it first, by {approve}"
        )

    def _allowance(self) -> int:
        return said.allowance(self.sender.rpc, self.token, self.sender.address, self.ledger)

    def _approval(self, value: int) -> Call:
        return Call(self.token, tokens.approve_data(self.ledger, value))

    def _sign(self, total: int) -> bool:
        """Whether the token has permits and the payer's key can sign one; then `permit` is it."""
        signer = _typed(self.sender.signer)
        permission = self._permission(total) if signer else None
        if signer is None or permission is None:
            return False
        self.permit = permission.signed(*signer.sign_typed(permission.domain, said.PERMITTED, permission.message))
        return True

    def _permission(self, total: int) -> Permission | None:
        rpc, holder, chain = self.sender.rpc, self.sender.address, self.sender.chain_id
        latest = int(rpc.call("eth_getBlockByNumber", "latest", False)["timestamp"], 16)
        deadline = max(latest, int(time.time())) + PERMIT_S
        return said.permission(rpc, self.token, holder, self.ledger, total, deadline, chain)


def _typed(signer: object) -> TypedSigner | None:
    return signer if isinstance(signer, TypedSigner) else None


def purse_of(sender: Sender, ledger: Address) -> Purse | None:
    """
    What is paid through this ledger, where that is a token or a coin; None for Ether, and for what is no ledger.

    Raises `UnitUnknown` where ledger and token do not agree on the decimals.
    """
    rpc = sender.rpc
    if token := tokens.token_of(rpc, ledger):
        return Purse(sender, ledger, token, token_unit(rpc, ledger, token, token))
    if coin := said.coin_of(rpc, ledger):
        return Purse(sender, ledger, ledger, token_unit(rpc, ledger, ledger, coin), is_coin=True)
    return None
