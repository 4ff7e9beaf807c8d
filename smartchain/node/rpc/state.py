"""
Accounts, and what clients ask of a chain before anything else. Gas is free here, and there is no code.
"""

from __future__ import annotations

import re
import sys

from smartchain import __version__
from smartchain.node.rpc.chain import Chain
from smartchain.node.rpc.faults import BadParams
from smartchain.node.rpc.hexes import At, Tag, number_in, quantity, shown
from smartchain.node.rpc.shapes import ZERO, ZERO_WORD, FeeHistory, Syncing
from smartchain.types import Address

_MOST_BLOCKS = 1024
_MOST_PERCENTILES = 100
_SLOT = re.compile(r"0x[0-9a-fA-F]{1,64}")


def chain_id(chain: Chain) -> str:
    """eth_chainId"""
    return quantity(chain.id)


def network(chain: Chain) -> str:
    """net_version"""
    return str(chain.id)


def client(_: Chain) -> str:
    """web3_clientVersion"""
    return f"smartchain/v{__version__}/{sys.platform}/python{sys.version_info.major}.{sys.version_info.minor}"


def listening(_: Chain) -> bool:
    """net_listening"""
    return True


def syncing(chain: Chain) -> Syncing | bool:
    """eth_syncing: false once all that was read is verified."""
    status = chain.view.status
    if status.verified_blocks and status.size == status.verified_size:
        return False
    current, highest = max(0, status.verified_blocks - 1), max(0, status.blocks - 1)
    return Syncing(ZERO, quantity(current), quantity(highest))


def accounts(_: Chain) -> list[str]:
    """eth_accounts: the node signs nothing here."""
    return []


def balance(chain: Chain, address: Address, at: At = Tag.LATEST) -> str:
    """eth_getBalance: in wei. A net flow below zero, which no client could read, is 0."""
    return quantity(max(0, chain.view.account(address, size=chain.need(at).size).balance))


def nonce(chain: Chain, address: Address, at: At = Tag.LATEST) -> str:
    """eth_getTransactionCount"""
    return quantity(chain.view.count_sent(address, chain.need(at).size))


def code(chain: Chain, address: Address, at: At = Tag.LATEST) -> str:  # noqa: ARG001
    """eth_getCode: nothing, nowhere."""
    chain.need(at)
    return "0x"


def storage(chain: Chain, address: Address, slot: bytes, at: At = Tag.LATEST) -> str:  # noqa: ARG001
    """eth_getStorageAt: nothing, nowhere."""
    chain.need(at)
    return ZERO_WORD


def price(_: Chain) -> str:
    """eth_gasPrice, eth_maxPriorityFeePerGas"""
    return ZERO


def fee_history(chain: Chain, count: int, newest: At, percentiles: int = 0) -> FeeHistory:
    """eth_feeHistory"""
    last = chain.need(newest).number
    blocks = min(count, _MOST_BLOCKS, last + 1)
    return FeeHistory(
        oldest_block=quantity(last + 1 - blocks),
        base_fee_per_gas=[ZERO] * (blocks + 1),
        gas_used_ratio=[0] * blocks,
        reward=[[ZERO] * percentiles] * blocks if percentiles else None,
    )


def slot_in(given: object) -> bytes:
    """A place in a contract's storage: up to 32 bytes of data, or a quantity."""
    if isinstance(given, str) and _SLOT.fullmatch(given):
        return bytes.fromhex(given[2:].rjust(64, "0"))
    raise BadParams(f"{shown(given)} is no storage slot: write 0x and up to 64 hex digits")


def count_in(given: object) -> int:
    """How many blocks: a quantity, or, as many clients write it, a plain number."""
    if isinstance(given, int) and not isinstance(given, bool) and given >= 0:
        return given
    return number_in(given)


def percentiles_in(given: object) -> int:
    """How many percentiles are asked for."""
    if not isinstance(given, list) or len(given) > _MOST_PERCENTILES:
        raise BadParams(f"{shown(given)} are no percentiles: write a list of up to {_MOST_PERCENTILES} numbers")
    wrong = [one for one in given if isinstance(one, bool) or not isinstance(one, int | float) or not 0 <= one <= 100]
    if wrong or sorted(given) != given:
        raise BadParams("percentiles are numbers from 0 to 100, ascending")
    return len(given)
