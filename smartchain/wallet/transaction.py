"""
A transaction of the host chain before and after it is signed: EIP-1559, with an access list where there is one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from smartchain.errors import InputError
from smartchain.ledger.address import checksum
from smartchain.ledger.hash import keccak
from smartchain.types import Address, ChainId, Hash32, Wei

DYNAMIC_FEE = 2
"""The transaction type of EIP-1559, the only one that is sent."""


NOTHING = Wei(0)


@dataclass(frozen=True, slots=True)
class Call:
    """What a transaction does, whoever pays for it and whenever."""

    to: Address | None
    """None creates a contract."""
    data: bytes
    value: Wei = NOTHING

    def for_rpc(self, sender: Address) -> dict[str, Any]:
        """The call object of `eth_call` and `eth_estimateGas`."""
        fields: dict[str, Any] = {"from": checksum(sender), "data": "0x" + self.data.hex(), "value": hex(self.value)}
        if self.to is not None:
            fields["to"] = checksum(self.to)
        return fields


@dataclass(frozen=True, slots=True)
class Fees:
    """What is bid for a unit of gas."""

    most: Wei
    """Never more than this, the base fee included: `maxFeePerGas`."""
    priority: Wei
    """To whoever builds the block: `maxPriorityFeePerGas`."""


@dataclass(frozen=True, slots=True)
class Transaction:
    """A call with everything that its signature covers."""

    chain_id: ChainId
    nonce: int
    call: Call
    gas: int
    fees: Fees
    warm: tuple[Address, ...] = ()
    """Addresses of the access list (EIP-2930); no storage keys."""

    @property
    def most_wei(self) -> Wei:
        """The most that it can take from the wallet."""
        return Wei(self.call.value + self.gas * self.fees.most)

    def fields(self) -> dict[str, Any]:
        """As eth-account signs it, and as a file for another signer shows it."""
        fields: dict[str, Any] = {
            "type": DYNAMIC_FEE,
            "chainId": self.chain_id,
            "nonce": self.nonce,
            "value": self.call.value,
            "data": "0x" + self.call.data.hex(),
            "gas": self.gas,
            "maxFeePerGas": self.fees.most,
            "maxPriorityFeePerGas": self.fees.priority,
            "accessList": [{"address": checksum(address), "storageKeys": []} for address in self.warm],
        }
        if self.call.to is not None:
            fields["to"] = checksum(self.call.to)
        return fields


@dataclass(frozen=True, slots=True)
class Signed:
    """A signed transaction: the bytes that are broadcast, and what they say."""

    raw: bytes
    sender: Address
    transaction: Transaction

    @property
    def hash(self) -> Hash32:
        return keccak(self.raw)

    @property
    def nonce(self) -> int:
        return self.transaction.nonce


class Signer(Protocol):
    """Whoever can sign for one address: a key in memory, an account of another program."""

    @property
    def address(self) -> Address: ...

    def sign(self, transaction: Transaction) -> bytes:
        """The signed transaction, ready to be broadcast."""


def read_signed(raw: bytes) -> Signed:
    """
    What signed bytes say, and who signed them.

    Raises `InputError` for anything but a signed EIP-1559 transaction.
    """
    from eth_account import Account
    from eth_account.typed_transactions.typed_transaction import TypedTransaction
    from hexbytes import HexBytes

    if raw[:1] != bytes([DYNAMIC_FEE]):
        raise InputError("these bytes are no signed EIP-1559 transaction: they begin with 0x02")
    try:
        fields = TypedTransaction.from_bytes(HexBytes(raw)).as_dict()
        sender = bytes.fromhex(Account.recover_transaction(HexBytes(raw))[2:])
        return Signed(raw, Address(sender), read_fields(fields))
    except Exception as exc:  # noqa: BLE001 - rlp, eth-keys and eth-account each have trees of their own
        raise InputError(f"these bytes are no signed transaction: {exc}") from None


def read_fields(fields: Mapping[str, Any]) -> Transaction:
    """The transaction of such fields, with bytes or with hex. Raises `LookupError`, `TypeError`, `ValueError`."""
    to = _bytes(fields.get("to") or b"")
    call = Call(Address(to) if to else None, _bytes(fields["data"]), Wei(int(fields["value"])))
    return Transaction(
        chain_id=ChainId(int(fields["chainId"])),
        nonce=int(fields["nonce"]),
        call=call,
        gas=int(fields["gas"]),
        fees=Fees(Wei(int(fields["maxFeePerGas"])), Wei(int(fields["maxPriorityFeePerGas"]))),
        warm=tuple(Address(_bytes(item["address"])) for item in fields["accessList"]),
    )


def _bytes(value: bytes | str) -> bytes:
    return bytes.fromhex(value.removeprefix("0x")) if isinstance(value, str) else bytes(value)
