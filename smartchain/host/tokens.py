"""
What is said to the ledger of a token, and to the token itself, byte for byte.
"""

from __future__ import annotations

from dataclasses import dataclass

from smartchain.errors import NotALedger, RpcRefused
from smartchain.host.contracts import NO_OPENING, Opening, bytecode, opening_words
from smartchain.host.reverts import selector
from smartchain.host.words import WORD, address, address_of, number, raw, words
from smartchain.ledger.address import checksum
from smartchain.ports import Rpc
from smartchain.types import ZERO_ADDRESS, ZERO_HASH, Address, Hash32

TOKEN_DATA = selector("token()")
COIN_DATA = selector("id()")
"""Of a coin of its own: its subject."""
RELAY_TOKEN = selector("relay(address,uint256,bytes32)")
RELAY_WITH_PERMIT = selector("relayWithPermit(address,uint256,bytes32,(uint256,uint256,uint8,bytes32,bytes32))")
APPROVE = selector("approve(address,uint256)")


@dataclass(frozen=True, slots=True)
class Permit:
    """A payer's signature that lets the ledger move tokens (ERC-2612)."""

    value: int
    deadline: int
    """Seconds; the last at which it counts."""
    v: int
    r: Hash32
    s: Hash32


def relay_token_data(recipient: Address, value: int, memo: Hash32 = ZERO_HASH) -> bytes:
    """Call data of a payment; a batch is called as that of Ether is, and carries no Ether."""
    return RELAY_TOKEN + address(recipient) + number(value) + memo


def relay_with_permit_data(recipient: Address, value: int, memo: Hash32, permit: Permit) -> bytes:
    """Call data of a payment that brings its own allowance."""
    signed = number(permit.value) + number(permit.deadline) + number(permit.v) + permit.r + permit.s
    return RELAY_WITH_PERMIT + address(recipient) + number(value) + memo + signed


def approve_data(spender: Address, value: int) -> bytes:
    """Call data for the token: let `spender`, the ledger, move so much."""
    return APPROVE + address(spender) + number(value)


def deploy_token_data(
    token: Address,
    max_entries: int,
    interval: int,
    fee_ppm: int = 0,
    treasury: Address | None = None,
    opening: Opening = NO_OPENING,
) -> bytes:
    """The data of the transaction that creates the ledger of a token."""
    numbers = b"".join(map(number, (max_entries, interval, fee_ppm)))
    arguments = address(token) + numbers + address(treasury or ZERO_ADDRESS) + number(6 * WORD)
    return bytecode("TokenBPSC") + arguments + opening_words(opening)


def decode_token(answer: bytes) -> Address:
    """The token of a ledger. Raises `NotALedger` where the answer has another form."""
    return address_of(words(answer, 1)[0])


def token_of(rpc: Rpc, ledger: Address) -> Address | None:
    """The token that a ledger relays; None for a ledger of Ether, and for anything else."""
    try:
        call = {"to": checksum(ledger), "data": "0x" + TOKEN_DATA.hex()}
        return decode_token(raw(rpc.call("eth_call", call, "latest")))
    except (RpcRefused, NotALedger):
        return None
