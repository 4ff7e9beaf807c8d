"""
Trying a call before it is paid for: whether it goes through, how much gas it takes, what an access list saves.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from smartchain.errors import NotEnoughFunds, Refused, RpcRefused
from smartchain.host.contracts import decode_error
from smartchain.ledger.address import checksum
from smartchain.ports import Rpc
from smartchain.types import Address
from smartchain.wallet.transaction import Call

TRANSACTION_CAP = 2**24
"""Gas that a transaction may ask for at most, on every chain since EIP-7825."""

_TOO_MUCH = ("exceeds allowance", "out of gas", "outofgas", "exceeds block gas limit", "gas limit", "gas cap")
_TOO_POOR = ("insufficient funds", "insufficient balance", "sender doesn't have enough funds")


class DoesNotFit(Refused):
    """More gas than a transaction may ask for."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a call takes."""

    gas: int
    warm: tuple[Address, ...] = ()
    """Addresses whose listing makes it cheaper."""

    def limit(self, most_gas: int) -> int:
        """Gas to allow: others' entries may come first and make this one's path in the tree longer."""
        return min(self.gas + self.gas // 10 + 50_000, most_gas)


def most_gas(rpc: Rpc) -> int:
    """Gas that one transaction may ask for on this chain."""
    block = rpc.call("eth_getBlockByNumber", "latest", False)
    return min(int(block["gasLimit"], 16), TRANSACTION_CAP)


def estimate(rpc: Rpc, sender: Address, call: Call, most: int) -> int:
    """
    Gas that the call takes now.

    Raises `Refused` with what the contract said, `DoesNotFit`, `NotEnoughFunds`.
    """
    fields = call.for_rpc(sender)
    try:
        gas = int(rpc.call("eth_estimateGas", fields), 16)
    except RpcRefused as exc:
        raise _explained(rpc, fields, exc) from None
    if gas > most:
        raise DoesNotFit(f"it takes {gas:,} gas and a transaction has {most:,} at most")
    return gas


def with_access_list(rpc: Rpc, sender: Address, call: Call, gas: int) -> Estimate:
    """
    The estimate, with an access list if the host finds it cheaper with one (EIP-2930).

    A node that makes no lists costs nothing but the question.
    """
    fields = call.for_rpc(sender)
    try:
        listed = rpc.call("eth_createAccessList", fields)["accessList"]
        if not (warm := worth_listing(listed, call.to, sender)):
            return Estimate(gas)
        access = [{"address": checksum(address), "storageKeys": []} for address in warm]
        cheaper = int(rpc.call("eth_estimateGas", {**fields, "accessList": access}), 16)
    except (RpcRefused, LookupError, TypeError, ValueError):
        return Estimate(gas)
    return Estimate(cheaper, warm) if cheaper < gas else Estimate(gas)


def worth_listing(listed: Iterable[Mapping[str, Any]], to: Address | None, sender: Address) -> tuple[Address, ...]:
    """
    Addresses whose listing saves gas whoever comes first: 2,400 paid ahead in place of 2,500.

    Not the contract called, which is warm anyway and whose slots would save too little; and no storage keys,
    since which ones are touched depends on how many entries there are by then.
    """
    addresses = (Address(bytes.fromhex(item["address"][2:])) for item in listed)
    return tuple(address for address in dict.fromkeys(addresses) if address not in (to, sender))


def charges_data_apart(rpc: Rpc) -> bool:
    """Whether a rollup (OP Stack) bills bytes outside the gas: there a list costs more than it saves."""
    oracle = "0x420000000000000000000000000000000000000F"
    try:
        return bool(rpc.call("eth_getCode", oracle, "latest") not in ("0x", "", None))
    except RpcRefused:
        return True


def _explained(rpc: Rpc, fields: dict[str, Any], refusal: RpcRefused) -> Exception:
    """The error that says why a call cannot be."""
    if refusal.data:
        return _refused(refusal)
    text = str(refusal).lower()
    if any(words in text for words in _TOO_POOR):
        return NotEnoughFunds(f"the wallet {fields['from']} cannot pay this: {refusal}")
    if "revert" in text:
        return _refused(_ask_why(rpc, fields) or refusal)
    if any(words in text for words in _TOO_MUCH):
        return DoesNotFit(f"it takes more gas than a transaction has: {refusal}")
    return refusal


def _ask_why(rpc: Rpc, fields: dict[str, Any]) -> RpcRefused | None:
    """The refusal of `eth_call`, which carries the reason where an estimate's does not."""
    try:
        rpc.call("eth_call", fields, "latest")
    except RpcRefused as exc:
        return exc
    return None


def _refused(refusal: RpcRefused) -> Refused:
    error = decode_error(refusal.data)
    if error is None:
        return Refused(f"the contract refuses: {refusal}")
    position = error.values.get("position")
    return Refused(error.sentence, error.name, position if isinstance(position, int) else None)
