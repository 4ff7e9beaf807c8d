"""
Deploying what is no plain ledger of Ether: the ledger of a token, one that a factory makes, the factory itself.
"""

from __future__ import annotations

from dataclasses import dataclass

from smartchain.errors import NoContract, Refused
from smartchain.host.contracts import NO_OPENING, Opening
from smartchain.host.factory import PROXY, Terms, deploy_through_data, factory_address, factory_creation
from smartchain.host.registry import Factory
from smartchain.host.tokens import deploy_token_data
from smartchain.ledger.address import checksum
from smartchain.ports import Rpc
from smartchain.types import Address, Hash32
from smartchain.wallet.pay import Deployed, Way, send
from smartchain.wallet.receipt import Receipt
from smartchain.wallet.sender import Sender
from smartchain.wallet.transaction import Call


@dataclass(frozen=True, slots=True)
class FactoryThere:
    """The factory, and the transaction that made it; None where it was there before."""

    factory: Address
    made: Deployed | None


def deploy_token(sender: Sender, terms: Terms, way: Way | None = None, opening: Opening = NO_OPENING) -> Deployed:
    """Deploy the ledger of the token that is the terms' subject. Raises `Refused` for what is no token."""
    data = deploy_token_data(terms.subject, terms.max_entries, terms.interval, terms.fee_ppm, terms.treasury, opening)
    return create(sender, data, way)


def create(sender: Sender, data: bytes, way: Way | None = None) -> Deployed:
    """Deploy whatever contract `data` creates."""
    transaction, receipt = _waited(sender, Call(None, data), way)
    if receipt.contract is None:
        raise Refused(f"transaction 0x{transaction.hex()} was mined and made no contract: ask another node")
    return Deployed(receipt.contract, transaction, receipt.block_number, receipt.gas_used)


def deploy_through(
    sender: Sender, factory: Address, terms: Terms, way: Way | None = None, opening: Opening = NO_OPENING
) -> Deployed:
    """Have a factory make a ledger and list it. Raises `NotAFactory`, `Refused` for a second one of the same terms."""
    ledger = Factory(sender.rpc, factory).foretold(sender.address, terms, opening)
    transaction, receipt = _waited(sender, Call(factory, deploy_through_data(terms, opening)), way)
    _expect_code(sender.rpc, ledger, transaction)
    return Deployed(ledger, transaction, receipt.block_number, receipt.gas_used)


def deploy_factory(sender: Sender, way: Way | None = None) -> FactoryThere:
    """Deploy the factory at its one address, unless it is there. Raises `NoContract` where the chain has no proxy."""
    factory = factory_address()
    if _has_code(sender.rpc, factory):
        return FactoryThere(factory, None)
    if not _has_code(sender.rpc, PROXY):
        raise NoContract(
            f"this chain has no deterministic deployment proxy at {checksum(PROXY)}: deploy that first, "
            "or the factory would have another address than elsewhere"
        )
    transaction, receipt = _waited(sender, Call(PROXY, factory_creation()), way)
    _expect_code(sender.rpc, factory, transaction)
    return FactoryThere(factory, Deployed(factory, transaction, receipt.block_number, receipt.gas_used))


def _waited(sender: Sender, call: Call, way: Way | None) -> tuple[Hash32, Receipt]:
    transaction, receipt = send(sender, call, way)
    if receipt is None:
        raise Refused(f"transaction 0x{transaction.hex()} deploys a contract: wait for it to know the address")
    return transaction, receipt


def _expect_code(rpc: Rpc, made: Address, transaction: Hash32) -> None:
    """Raises `Refused` where a transaction went well and nothing stands where its contract should."""
    if not _has_code(rpc, made):
        raise Refused(
            f"transaction 0x{transaction.hex()} was mined and {checksum(made)} is empty: what it called makes no "
            "contract there, or the node is behind"
        )


def _has_code(rpc: Rpc, address: Address) -> bool:
    return rpc.call("eth_getCode", checksum(address), "latest") not in ("0x", "", None)
