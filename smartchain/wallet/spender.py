"""
A node's own wallet: it pays for clients that sign nothing themselves, one payment at a time, up to a limit.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace

from smartchain.config import DEV_CHAIN
from smartchain.errors import HostError, KeyUnusable, LimitExceeded, MalformedLog, NotConfirmed, Refused
from smartchain.ledger.address import checksum
from smartchain.types import Address, ChainId, Index, Wei
from smartchain.wallet.amount import format_ether
from smartchain.wallet.flight import OnProgress, Progress, silent
from smartchain.wallet.pay import Payer, Sent, Way
from smartchain.wallet.transaction import NOTHING, Call

DEV_LIMIT = Wei(100 * 10**18)
"""Where Ether is worth nothing. No amount is small on every other chain, so there it has to be said."""

LEAST_GAS = Wei(10**17)
"""Of gas: a limit of a few wei would else allow nothing at all, not even those."""

_GAS_MARGIN = 2
"""Gas is dearer in a later block, and a stuck transaction bids more."""

Deed = Callable[[Way], Sent]


def limit_on(chain_id: ChainId, given: Wei | None) -> Wei:
    """What a node may spend in all: what was said, else a lot on a development chain and nothing elsewhere."""
    if given is not None:
        return given
    return DEV_LIMIT if chain_id == DEV_CHAIN else NOTHING


class Spender:
    """
    Implements `ports.Spender`, for one key.

    The limit holds for all payments together since it was made, and once more for all their gas (for which it is a
    tenth of an ether at least). What was signed counts as spent until it is known to have paid nobody.
    """

    def __init__(self, payer: Payer, limit: Wei, way: Way | None = None) -> None:
        self._payer = payer
        self._limit = limit
        self._way = way or Way()
        self._paying = threading.Lock()
        self.paid = NOTHING
        self.gas = NOTHING

    @property
    def address(self) -> Address:
        return self._payer.sender.address

    def pay(self, sender: Address, recipient: Address, amount: Wei) -> Index:
        if sender != self.address:
            raise KeyUnusable(
                f"this node has no key of {checksum(sender)}: it pays from {checksum(self.address)} and no other"
            )
        return self._spend(
            self._payer.relay(recipient, amount), lambda way: self._payer.pay(recipient, amount, way=way)
        )

    def seal(self) -> Index:
        return self._spend(self._payer.seal_call(), self._payer.seal)

    def _spend(self, call: Call, deed: Deed) -> Index:
        with self._paying:
            self._check(self.paid + call.value, self._limit)
            gas = Wei(self._payer.preview(call).gas_wei * _GAS_MARGIN)
            self._check(self.gas + gas, max(self._limit, LEAST_GAS))
            sent = self._counted(call, gas, deed)
        if sent.index is None:
            raise MalformedLog(f"transaction 0x{sent.transaction.hex()} recorded no entry that is known")
        return sent.index

    def _counted(self, call: Call, gas: Wei, deed: Deed) -> Sent:
        """From the first signature on it counts; what is known better in the end is put right."""
        before, signed = (self.paid, self.gas), _Signed(self._way.on_progress)
        self.paid, self.gas = Wei(self.paid + call.value), Wei(self.gas + gas)
        try:
            sent = deed(replace(self._way, on_progress=signed))
        except Refused:
            self.paid = before[0]
            raise
        except HostError as error:
            if not signed.any:
                raise
            raise NotConfirmed(
                f"{error}, after the transaction was signed: look for it before you pay again"
            ) from error
        finally:
            if not signed.any:
                self.paid, self.gas = before
        if sent.gas_wei is not None:
            self.gas = Wei(before[1] + sent.gas_wei)
        return sent

    def _check(self, total: int, most: Wei) -> None:
        if not self._limit:
            raise LimitExceeded("this node may spend nothing: --legacy-limit says how much")
        if total > most:
            raise LimitExceeded(
                f"this node may spend {format_ether(self._limit)} (--legacy-limit), and {format_ether(self.paid)} "
                f"of that are paid, {format_ether(self.gas)} for gas: this would be more"
            )


class _Signed:
    """Whether anything was signed; passes on what it hears."""

    def __init__(self, tell: OnProgress = silent) -> None:
        self._tell = tell
        self.any = False

    def __call__(self, progress: Progress) -> None:
        self.any = self.any or progress.what == "signed"
        self._tell(progress)
