"""
Paying through one ledger: a payment, a seal, a collection, and the deployment of a ledger to pay through.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from smartchain.errors import AddressError, NoContract, NotALedger, NotEnoughFunds, Refused, RpcRefused
from smartchain.host.contracts import (
    FEE_PPM_DATA,
    HEAD_DATA,
    NO_OPENING,
    Opening,
    checkpoint_data,
    collect_data,
    decode_fee_ppm,
    decode_head,
    deploy_data,
    relay_batch_data,
    relay_data,
    seal_data,
)
from smartchain.ledger.address import checksum
from smartchain.ledger.unit import ETHER_UNIT, Unit
from smartchain.ports import Rpc
from smartchain.types import ZERO_ADDRESS, ZERO_HASH, Address, Hash32, Index, Wei
from smartchain.wallet.amount import format_ether
from smartchain.wallet.delivery import Delivery
from smartchain.wallet.flight import Clock, NoJournal, OnProgress, Patience, silent
from smartchain.wallet.plan import Planned, check_total, fee_of
from smartchain.wallet.purse import Purse
from smartchain.wallet.receipt import Receipt, recorded_index
from smartchain.wallet.sender import Sender
from smartchain.wallet.transaction import NOTHING, Call


@dataclass(frozen=True, slots=True)
class Sent:
    """What became of a payment, a seal or a collection; None for what is not known without waiting."""

    transaction: Hash32
    index: Index | None = None
    """Of the entry; of the first one, for a batch."""
    block_number: int | None = None
    gas_used: int | None = None
    gas_wei: Wei | None = None


@dataclass(frozen=True, slots=True)
class Deployed:
    """A new ledger."""

    ledger: Address
    transaction: Hash32
    block_number: int
    gas_used: int


@dataclass(frozen=True, slots=True)
class Preview:
    """What a call would do, were it sent now."""

    value: Wei
    """What leaves the wallet, gas apart."""
    fee: Wei
    """What the ledger keeps of it."""
    gas: int
    gas_wei: Wei
    """At the price of the next block."""
    left: Wei
    """What the wallet has afterwards, of what is paid."""
    unit: Unit = ETHER_UNIT
    """What value, fee and left are of."""


@dataclass(frozen=True, slots=True)
class Way:
    """How a transaction is sent: how long it is followed, at which nonce, and who hears of it."""

    patience: Patience = field(default_factory=Patience)
    nonce: int | None = None
    on_progress: OnProgress = silent
    clock: Clock | None = None


class Payer:
    """A wallet and the ledger that it pays through."""

    def __init__(self, sender: Sender, ledger: Address, purse: Purse | None = None) -> None:
        """For payments in Ether, or in what the purse holds. Raises `NoContract`, `NotALedger`."""
        self.sender = sender
        self.ledger = ledger
        self.purse = purse
        self._fee_ppm = check_ledger(sender.rpc, ledger)

    @property
    def unit(self) -> Unit:
        """What amounts are of."""
        return self.purse.unit if self.purse else ETHER_UNIT

    @property
    def fee_ppm(self) -> int:
        """What the ledger keeps of a payment. Raises `NotALedger` where it relays no payments."""
        self.expect_payments()
        return self._fee_ppm or 0

    def fee(self, amount: Wei) -> Wei:
        return Wei(fee_of(amount, self.fee_ppm))

    def expect_payments(self) -> None:
        """Raises `NotALedger` for a ledger through which nothing is paid."""
        if self.purse is None and self._fee_ppm is None:
            raise NotALedger(f"{checksum(self.ledger)} is a ledger, but it relays no Ether: check --ledger")

    # calls

    def relay(self, recipient: Address, amount: Wei, memo: Hash32 = ZERO_HASH) -> Call:
        """A payment. Raises `AddressError` for a recipient that the ledger never takes."""
        if recipient == ZERO_ADDRESS:
            raise AddressError("the recipient is the zero address, which nobody can spend from")
        if recipient == self.ledger:
            raise AddressError("the recipient is the ledger itself, which keeps no payments")
        if self.purse is not None:
            return self.purse.relay(recipient, amount, memo)
        return Call(self.ledger, relay_data(recipient, memo), amount)

    def planned(self, planned: Planned) -> Call:
        """The payments of one transaction: one by `relay`, which is cheaper and takes any amount."""
        if len(planned.rows) == 1:
            return self.relay(planned.rows[0].recipient, planned.value, planned.memo)
        if self.purse is not None:
            return self.purse.batch(planned.payments, planned.memo)
        return Call(self.ledger, relay_batch_data(planned.payments, planned.memo), planned.value)

    def seal_call(self) -> Call:
        return Call(self.ledger, seal_data())

    def collect_call(self) -> Call:
        return Call(self.ledger, collect_data())

    def checkpoint_call(self) -> Call:
        return Call(self.ledger, checkpoint_data())

    # deeds

    def preview(self, call: Call, paying: Wei | None = None) -> Preview:
        """
        Try a call and say what it would cost; `paying` is what it pays, where that is not the Ether sent along.

        Raises `Refused`, `NotEnoughFunds`.
        """
        value = call.value if paying is None else paying
        gas = self.sender.simulate(call).gas
        gas_wei = Wei(gas * self.sender.price().now)
        left = self.left(value, gas_wei, "are needed, gas included")
        return Preview(value, self.fee(value) if value else NOTHING, gas, gas_wei, left, self.unit)

    def left(self, value: Wei, gas_wei: Wei, what: str) -> Wei:
        """What the wallet keeps of what is paid. Raises `NotEnoughFunds`, also where Ether for the gas is missing."""
        balance, needed = self.sender.funds().balance, gas_wei + (NOTHING if self.purse else value)
        if needed > balance:
            raise NotEnoughFunds(
                f"{checksum(self.sender.address)} has {format_ether(balance)}, "
                f"and {format_ether(needed)} {what}: nothing was sent"
            )
        return Wei(self.purse.left(value) if self.purse else balance - needed)

    def pay(
        self,
        recipient: Address,
        amount: Wei,
        memo: Hash32 = ZERO_HASH,
        *,
        way: Way | None = None,
        max_total: Wei | None = None,
    ) -> Sent:
        """
        Make one payment and wait for it.

        Raises `LimitExceeded` above `max_total`, `Refused`, and what `Delivery.go` does.
        """
        check_total(amount, max_total, self.unit)
        return self._record(self.relay(recipient, amount, memo), self.sender.address, way)

    def seal(self, way: Way | None = None) -> Sent:
        """Close the open block."""
        return self._record(self.seal_call(), self.sender.address, way)

    def collect(self, way: Way | None = None) -> Sent:
        """Have the ledger send what it holds to its treasury."""
        return self._record(self.collect_call(), self.ledger, way)

    def checkpoint(self, way: Way | None = None) -> Sent:
        """Have the ledger keep today's root; no entry comes of it."""
        transaction, receipt = send(self.sender, self.checkpoint_call(), way)
        return sent(transaction, receipt)

    def _record(self, call: Call, recorded_for: Address, way: Way | None) -> Sent:
        transaction, receipt = send(self.sender, call, way)
        index = recorded_index(receipt, self.ledger, recorded_for) if receipt else None
        return sent(transaction, receipt, index)


def deploy(
    sender: Sender,
    *,
    max_entries: int = 100,
    interval: int = 0,
    fee_ppm: int = 0,
    treasury: Address = ZERO_ADDRESS,
    way: Way | None = None,
    opening: Opening = NO_OPENING,
) -> Deployed:
    """Deploy a ledger that relays payments, and wait for it. Raises `Refused` for a fee without a treasury."""
    call = Call(None, deploy_data(max_entries, interval, fee_ppm, treasury, opening))
    transaction, receipt = send(sender, call, way)
    if receipt is None or receipt.contract is None:
        raise Refused(f"transaction 0x{transaction.hex()} deploys the ledger: wait for it to know the address")
    return Deployed(receipt.contract, transaction, receipt.block_number, receipt.gas_used)


def send(sender: Sender, call: Call, way: Way | None = None) -> tuple[Hash32, Receipt | None]:
    """
    Send one call; its transaction and, unless nothing was waited for, the receipt.

    Raises `Refused` if it was mined and reverted, and what `Delivery.go` does.
    """
    way = way or Way()
    delivery = Delivery(
        sender,
        {0: call},
        NoJournal(),
        patience=way.patience,
        nonce=way.nonce,
        clock=way.clock,
        on_progress=way.on_progress,
    )
    receipt = delivery.go().get(0)
    if receipt is None:
        return delivery.flights[0].newest.hash, None
    if not receipt.ok:
        raise Refused(
            f"transaction 0x{receipt.transaction.hex()} was mined and reverted: nobody was paid, "
            f"and its gas cost {format_ether(receipt.gas_wei)}"
        )
    return receipt.transaction, receipt


def sent(transaction: Hash32, receipt: Receipt | None, index: Index | None = None) -> Sent:
    """What is known of a transaction."""
    if receipt is None:
        return Sent(transaction)
    return Sent(transaction, index, receipt.block_number, receipt.gas_used, receipt.gas_wei)


def check_ledger(rpc: Rpc, ledger: Address) -> int | None:
    """
    The fee of the ledger at that address in parts per million; None if it relays nothing.

    Raises `NoContract` if there is no code, `NotALedger` if it does not answer as a ledger does.
    """
    if rpc.call("eth_getCode", checksum(ledger), "latest") in ("0x", "", None):
        raise NoContract(f"there is no contract at {checksum(ledger)} on this chain: check --ledger and --rpc-url")
    try:
        decode_head(_ask(rpc, ledger, HEAD_DATA))
    except NotALedger:
        raise NotALedger(f"the contract at {checksum(ledger)} is no ledger, it has no head(): check --ledger") from None
    fee = _ask(rpc, ledger, FEE_PPM_DATA)
    return decode_fee_ppm(fee) if fee else None


def _ask(rpc: Rpc, ledger: Address, data: bytes) -> bytes:
    """What a function without arguments answers; nothing where there is no such function."""
    try:
        answer: str = rpc.call("eth_call", {"to": checksum(ledger), "data": "0x" + data.hex()}, "latest")
    except RpcRefused:
        return b""
    return bytes.fromhex(answer.removeprefix("0x"))
