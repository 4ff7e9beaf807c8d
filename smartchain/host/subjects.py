"""
How amounts of a subject are written, asked of the contracts themselves: by call, never from an event.
"""

from __future__ import annotations

from smartchain.errors import NotALedger, RpcRefused, UnitUnknown
from smartchain.host.contracts import decode_subject, subject_data
from smartchain.host.reverts import selector
from smartchain.host.words import small, words
from smartchain.ledger.address import checksum
from smartchain.ledger.unit import ETHER_UNIT, Unit
from smartchain.ports import Rpc
from smartchain.types import Address

DECIMALS_DATA = selector("decimals()")


def unit_of(rpc: Rpc, ledger: Address, subject: Address) -> Unit:
    """What the ledger says of a subject; raw where it says nothing that can be read. Ether is always ether."""
    if subject == ETHER_UNIT.subject:
        return ETHER_UNIT
    try:
        said = decode_subject(ask(rpc, ledger, subject_data(subject)))
    except (RpcRefused, NotALedger):
        return Unit(subject)
    return Unit(subject, said.symbol, said.decimals)


def token_unit(rpc: Rpc, ledger: Address, token: Address, subject: Address) -> Unit:
    """
    The same for a payment in a token, which is asked too.

    Raises `UnitUnknown` where token and ledger do not say the same: then nobody knows how much an amount is.
    """
    unit = unit_of(rpc, ledger, subject)
    said = decimals_of(rpc, token)
    if said != unit.decimals:
        raise UnitUnknown(
            f"the ledger counts its token in {_decimals(unit.decimals)}, and the token {checksum(token)} itself in "
            f"{_decimals(said)}: so nobody knows how much an amount is, and nothing was sent"
        )
    return unit


def decimals_of(rpc: Rpc, token: Address) -> int | None:
    """What a token says of itself; None where it says nothing, or what is no count of decimals."""
    try:
        return small(words(ask(rpc, token, DECIMALS_DATA), 1)[0], 8)
    except (RpcRefused, NotALedger):
        return None


def ask(rpc: Rpc, contract: Address, data: bytes) -> bytes:
    """What a view answers at the latest block."""
    answer: str = rpc.call("eth_call", {"to": checksum(contract), "data": "0x" + data.hex()}, "latest")
    return bytes.fromhex(answer.removeprefix("0x"))


def _decimals(count: int | None) -> str:
    return "no decimals that it names" if count is None else f"{count} decimals"
