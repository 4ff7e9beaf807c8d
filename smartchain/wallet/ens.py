"""
Names of ENS, looked up forward: from a name to the address that its owner chose.

Two calls: the registry knows a name's resolver, the resolver its address. Names are taken as they are where they are
plain (a to z, 0 to 9, hyphen); others need ENS's own normalisation, and a look-alike in them cannot be seen.
"""

from __future__ import annotations

import re

from smartchain.errors import ContactError, RpcRefused
from smartchain.ledger.address import checksum
from smartchain.ledger.hash import keccak
from smartchain.ports import Rpc
from smartchain.types import ZERO_ADDRESS, ZERO_HASH, Address, Hash32
from smartchain.wallet.labels import shown

REGISTRY = Address(bytes.fromhex("00000000000c2e074ec69a0dfb2997ba6c7d2e1e"))
"""Where ENS is, on Ethereum and its test nets."""

RESOLVER = keccak(b"resolver(bytes32)")[:4]
ADDR = keccak(b"addr(bytes32)")[:4]
_MOST_CHARACTERS = 255
_PART = re.compile(r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?")


def namehash(name: str) -> Hash32:
    """
    What the registry knows a name by: from the last part to the first.

    Raises `ContactError` for a name that is not plain. Source: ERC-137.
    """
    parts = name.split(".")
    if len(name) > _MOST_CHARACTERS or not all(_PART.fullmatch(part) and part[2:4] != "--" for part in parts):
        raise ContactError(
            f"{shown(name)} is no plain ENS name (a to z, 0 to 9, hyphens, dots): pay to the address itself"
        )
    node = ZERO_HASH
    for part in reversed(parts):
        node = keccak(node + keccak(part.encode()))
    return node


class Ens:
    """ENS as one node knows it."""

    def __init__(self, rpc: Rpc, registry: Address = REGISTRY) -> None:
        self._rpc = rpc
        self._registry = registry

    def find(self, name: str) -> Address:
        """The address of a name. Raises `ContactError` where there is no ENS, no such name, or no address in it."""
        node = namehash(name)
        resolver = self._ask(self._registry, RESOLVER + node)
        if resolver is None:
            raise ContactError(
                f"{self._rpc.name} is a node of a chain without ENS at {checksum(self._registry)}: "
                f"write the address instead of {shown(name)}, or give --ens-registry"
            )
        if resolver == ZERO_ADDRESS:
            raise ContactError(f"ENS knows no {shown(name)} on this chain: check how it is written")
        address = self._ask(resolver, ADDR + node)
        if address is None or address == ZERO_ADDRESS:
            raise ContactError(f"ENS has no address in {shown(name)}: ask its owner")
        return address

    def _ask(self, contract: Address, data: bytes) -> Address | None:
        """The address that a contract answers; None if it answers none."""
        try:
            answer: str = self._rpc.call("eth_call", {"to": checksum(contract), "data": "0x" + data.hex()}, "latest")
            raw = bytes.fromhex(answer.removeprefix("0x"))
        except (RpcRefused, ValueError, AttributeError):
            return None
        return Address(raw[12:]) if len(raw) == 32 and not any(raw[:12]) else None
