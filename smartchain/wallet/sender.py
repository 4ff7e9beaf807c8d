"""
One wallet on one host chain: what it has, what a call would take, and transactions signed for it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from smartchain.errors import KeyUnusable, NotEnoughFunds, SettingsError, WrongChain
from smartchain.ledger.address import checksum
from smartchain.ports import Rpc
from smartchain.types import Address, ChainId, Wei
from smartchain.wallet.amount import format_ether
from smartchain.wallet.fees import FeePolicy, Price, bid, read_price
from smartchain.wallet.gas import Estimate, charges_data_apart, estimate, most_gas, with_access_list
from smartchain.wallet.transaction import Call, Fees, Signed, Signer, Transaction, read_signed


@dataclass(frozen=True, slots=True)
class Funds:
    """What a wallet has, and the next nonce that nothing of it uses yet."""

    balance: Wei
    next_nonce: int


class Sender:
    """Builds, tries and signs; what becomes of a signed transaction is `delivery`'s."""

    def __init__(
        self,
        rpc: Rpc,
        signer: Signer | Address,
        *,
        chain_id: ChainId | None = None,
        policy: FeePolicy | None = None,
        gas_limit: int | None = None,
        access_lists: bool = True,
    ) -> None:
        """
        For a signer, or for an address alone: then everything works but signing.

        `chain_id` is the one expected; `gas_limit` takes the place of the estimate. Raises `WrongChain`.
        """
        self.rpc = rpc
        self.policy = policy or FeePolicy()
        self._signer = None if isinstance(signer, bytes) else signer
        self.address = signer if isinstance(signer, bytes) else signer.address
        self.chain_id = _chain_id(rpc, chain_id)
        self._gas_limit = gas_limit
        self._access_lists = access_lists

    @property
    def can_sign(self) -> bool:
        return self._signer is not None

    @property
    def signer(self) -> Signer | None:
        """Whoever signs; None for an address alone."""
        return self._signer

    @cached_property
    def most_gas(self) -> int:
        """Gas that one transaction may ask for."""
        return most_gas(self.rpc)

    @cached_property
    def _lists_pay(self) -> bool:
        return self._access_lists and not charges_data_apart(self.rpc)

    def funds(self) -> Funds:
        """Balance at the latest block; the nonce counts pending transactions too."""
        who = checksum(self.address)
        calls = [("eth_getBalance", [who, "latest"]), ("eth_getTransactionCount", [who, "pending"])]
        balance, nonce = self.rpc.batch(calls)
        return Funds(Wei(int(balance, 16)), int(nonce, 16))

    def price(self) -> Price:
        return read_price(self.rpc, self.policy)

    def simulate(self, call: Call) -> Estimate:
        """
        Try a call against the latest block.

        Raises `Refused` with the contract's reason, `DoesNotFit`, `NotEnoughFunds`.
        """
        gas = estimate(self.rpc, self.address, call, self.most_gas)
        return with_access_list(self.rpc, self.address, call, gas) if self._lists_pay else Estimate(gas)

    def prepare(self, call: Call, nonce: int, balance: Wei) -> Transaction:
        """
        The transaction that makes this call, tried once more and at today's price.

        Raises what `simulate` does, `FeeTooHigh` while gas costs more than the cap, `NotEnoughFunds`.
        """
        if call.value > balance:
            raise _too_little(self.address, balance, call.value)
        estimated = self.simulate(call)
        fees = bid(self.price(), self.policy)
        gas = self._gas_limit or estimated.limit(self.most_gas)
        transaction = Transaction(self.chain_id, nonce, call, gas, fees, estimated.warm)
        if transaction.most_wei > balance:
            raise _too_little(self.address, balance, transaction.most_wei)
        return transaction

    def sign(self, transaction: Transaction) -> Signed:
        """
        Sign, and see that what was signed is what was meant.

        Raises `KeyUnusable` if the signer gives anything else, `SettingsError` without a signer.
        """
        if self._signer is None:
            raise SettingsError("there is no key to sign with: give one, or write the transactions with --unsigned")
        signed = read_signed(self._signer.sign(transaction))
        if signed.sender != self.address or signed.transaction != transaction:
            raise KeyUnusable(f"the signer of {checksum(self.address)} signed something else than it was given")
        return signed

    def resign(self, signed: Signed, fees: Fees) -> Signed:
        """The same transaction, nonce and data included, at another price."""
        old = signed.transaction
        return self.sign(Transaction(old.chain_id, old.nonce, old.call, old.gas, fees, old.warm))


def _chain_id(rpc: Rpc, expected: ChainId | None) -> ChainId:
    chain_id = ChainId(int(rpc.call("eth_chainId"), 16))
    if expected is not None and chain_id != expected:
        raise WrongChain(f"{rpc.name} is on chain {chain_id}, and chain {expected} is meant: check --rpc-url")
    return chain_id


def _too_little(address: Address, balance: Wei, needed: int) -> NotEnoughFunds:
    return NotEnoughFunds(
        f"{checksum(address)} has {format_ether(balance)}, and {format_ether(needed)} may be needed, gas included: "
        "nothing of this was sent"
    )
