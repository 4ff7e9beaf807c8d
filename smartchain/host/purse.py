"""
What is said to a token for whoever pays in it: what a wallet has, what a spender may move, and what a permit covers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from smartchain.errors import NotALedger, RpcRefused
from smartchain.host.reverts import selector
from smartchain.host.subjects import ask
from smartchain.host.tokens import COIN_DATA, Permit
from smartchain.host.words import WORD, address, address_of, number, text, words
from smartchain.ledger.address import checksum
from smartchain.ledger.hash import keccak
from smartchain.ports import Rpc
from smartchain.types import ZERO_HASH, Address, ChainId, Hash32

BALANCE_OF = selector("balanceOf(address)")
ALLOWANCE = selector("allowance(address,address)")
NONCES = selector("nonces(address)")
SEPARATOR_DATA = selector("DOMAIN_SEPARATOR()")
NAME_DATA = selector("name()")
VERSION_DATA = selector("version()")
RELAY_BATCH_WITH_PERMIT = selector("relayBatchWithPermit(bytes32[],bytes32,(uint256,uint256,uint8,bytes32,bytes32))")
TRANSFER_WITH_MEMO = selector("transferWithMemo(address,uint256,bytes32)")
TRANSFER_BATCH = selector("transferBatch(bytes32[],bytes32)")

_DOMAIN = keccak(b"EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)")
_MOST_NAME = 1_000
PERMITTED = {
    "Permit": [
        {"name": "owner", "type": "address"},
        {"name": "spender", "type": "address"},
        {"name": "value", "type": "uint256"},
        {"name": "nonce", "type": "uint256"},
        {"name": "deadline", "type": "uint256"},
    ]
}
"""What is signed, as EIP-712 has it."""


@dataclass(frozen=True, slots=True)
class Permission:
    """A permit that the holder's signature would make good (ERC-2612)."""

    domain: dict[str, Any]
    message: dict[str, Any]

    def signed(self, v: int, r: int, s: int) -> Permit:
        value, deadline = self.message["value"], self.message["deadline"]
        return Permit(value, deadline, v, Hash32(r.to_bytes(WORD, "big")), Hash32(s.to_bytes(WORD, "big")))


def coin_of(rpc: Rpc, ledger: Address) -> Address | None:
    """The subject of a ledger that is itself a coin; None for any other."""
    try:
        return address_of(words(ask(rpc, ledger, COIN_DATA), 1)[0])
    except (RpcRefused, NotALedger):
        return None


def balance_of(rpc: Rpc, token: Address, holder: Address) -> int:
    """Raises `NotALedger` where the token's answer has another form."""
    return _count(rpc, token, BALANCE_OF + address(holder))


def allowance(rpc: Rpc, token: Address, holder: Address, spender: Address) -> int:
    """How much of a holder's tokens the spender may move."""
    return _count(rpc, token, ALLOWANCE + address(holder) + address(spender))


def permission(
    rpc: Rpc, token: Address, holder: Address, spender: Address, value: int, deadline: int, chain: ChainId
) -> Permission | None:
    """
    What the holder would sign for the spender; None where the token has no permits, or not those of ERC-2612.

    Name and version make the token's domain. They are believed only if they give the separator that it answers.
    """
    try:
        separator, nonce = ask(rpc, token, SEPARATOR_DATA), _count(rpc, token, NONCES + address(holder))
        name = _said(rpc, token, NAME_DATA)
    except (RpcRefused, NotALedger):
        return None
    for version in dict.fromkeys((_version(rpc, token), "1")):
        if _separator(name, version, chain, token) == separator:
            domain = {"name": name, "version": version, "chainId": chain, "verifyingContract": checksum(token)}
            parties = {"owner": checksum(holder), "spender": checksum(spender)}
            return Permission(domain, {**parties, "value": value, "nonce": nonce, "deadline": deadline})
    return None


def relay_batch_with_permit_data(payments: bytes, memo: Hash32, permit: Permit) -> bytes:
    """Call data of a batch that brings its own allowance; `payments` are its words, one after the other."""
    signed = number(permit.value) + number(permit.deadline) + number(permit.v) + permit.r + permit.s
    return RELAY_BATCH_WITH_PERMIT + number(7 * WORD) + memo + signed + number(len(payments) // WORD) + payments


def transfer_with_memo_data(recipient: Address, value: int, memo: Hash32 = ZERO_HASH) -> bytes:
    """Call data of a coin's transfer."""
    return TRANSFER_WITH_MEMO + address(recipient) + number(value) + memo


def transfer_batch_data(payments: bytes, memo: Hash32) -> bytes:
    """Call data of a coin's batch; `payments` are its words, one after the other."""
    return TRANSFER_BATCH + number(2 * WORD) + memo + number(len(payments) // WORD) + payments


def _count(rpc: Rpc, token: Address, data: bytes) -> int:
    return int.from_bytes(words(ask(rpc, token, data), 1)[0], "big")


def _version(rpc: Rpc, token: Address) -> str:
    """Tokens that say theirs (USDC: 2)."""
    try:
        return _said(rpc, token, VERSION_DATA)
    except (RpcRefused, NotALedger):
        return "1"


def _said(rpc: Rpc, token: Address, data: bytes) -> str:
    answer = ask(rpc, token, data)
    if len(answer) < 2 * WORD or len(answer) > _MOST_NAME:
        raise NotALedger("the token names itself in another form")
    return text(answer, answer[:WORD])


def _separator(name: str, version: str, chain: ChainId, token: Address) -> bytes:
    hashes = _DOMAIN + keccak(name.encode()) + keccak(version.encode())
    return keccak(hashes + number(chain) + address(token))
