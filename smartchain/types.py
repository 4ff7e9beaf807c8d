"""
The words of the domain, as types.

Every hash, address and amount in the package has one of these types, so that a checker tells a
leaf from a memo's text and wei from ether. Amounts are integers of the smallest unit, never floats.
"""

from __future__ import annotations

from typing import NewType

Address = NewType("Address", bytes)
"""20 bytes: an account or a contract on the host chain, or the id of a subject."""

Hash32 = NewType("Hash32", bytes)
"""32 bytes: a keccak256 digest, a root, or a host chain's block or transaction hash."""

Wei = NewType("Wei", int)
"""An amount of Ether in its smallest unit, 10^-18 ether."""

ChainId = NewType("ChainId", int)
"""The EIP-155 id of a host chain."""

Index = NewType("Index", int)
"""Position of an entry in its ledger, counted from 0."""

Size = NewType("Size", int)
"""How many entries a log holds; the index of the next one."""

ZERO_ADDRESS = Address(bytes(20))
ZERO_HASH = Hash32(bytes(32))
