"""
The identifiers of Ethereum's clients: what stands for a chain id and for a log where no EVM ran.

Source: the protocol's section on the smart chain. A transaction's hash is `ledger.hash.transaction_hash`.
"""

from __future__ import annotations

from smartchain.ledger.hash import keccak
from smartchain.types import Address, ChainId, Hash32

_PAST_HOSTS = 2**48
"""Beyond the id of any host chain; with six bytes more still below 2^53, which a JavaScript number holds exactly."""

TRANSFER = keccak(b"Transfer(address,address,uint256)")
"""First topic of the log that stands for an entry: ERC-20's event."""


def chain_id_of(anchor: Hash32) -> ChainId:
    """Id of the smart chain that hangs on this anchor."""
    return ChainId(_PAST_HOSTS + int.from_bytes(anchor[:6], "big"))


def topic_of(address: Address) -> Hash32:
    """An address as an indexed argument of a log: padded to a word."""
    return Hash32(bytes(12) + address)


def address_in(topic: Hash32) -> Address | None:
    """The address that a topic holds; None where it holds something else."""
    return None if any(topic[:12]) else Address(topic[12:])


def bloom_bits(item: bytes) -> int:
    """The three bits of a log bloom, as an integer of 2048 bits, that an address or a topic sets."""
    digest, bits = keccak(item), 0
    for at in (0, 2, 4):
        bits |= 1 << (int.from_bytes(digest[at : at + 2], "big") & 2047)
    return bits
