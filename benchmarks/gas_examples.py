"""
What the examples cost: likes with their rewards, a deal that a receipt ends. A part of `benchmarks/gas.py`.

All likes are of one ledger and one author: the hundredth carries the reward.
"""

from __future__ import annotations

from typing import Any

from benchmarks.gas_tokens import Site, mock, person
from smartchain.host import contracts
from smartchain.ledger.hash import ETHER

EVERY = 100
REWARD = 10**15
LEVEL = 65
"""The like that is counted: by then the ledger's slots are written."""

TERMS = "(address,address,address,address,uint256,bytes32,uint64)"
ENTRY = "(address,address,address,uint256,uint64,bytes32)"
PRICE = 10**9
DEADLINE = 2**40


def likes(site: Site) -> dict[str, Any]:
    """A like, the hundredth with its reward, and a gift to the pot."""
    ledger, deployed = site.deploy(mock("LikeRewards"), ["uint256", "uint256"], [EVERY, REWARD])
    funded = site.call(ledger, "fund", ["bytes32"], [bytes(32)], 10 * REWARD)
    author = person(9)
    used = [
        site.call(ledger, "like", ["address", "bytes32"], [author, number.to_bytes(32, "big")])
        for number in range(1, EVERY + 1)
    ]
    return {
        "deploy": deployed,
        "fund": funded,
        f"like, number {LEVEL}": used[LEVEL - 1],
        f"like, number {EVERY}, with its reward": used[-1],
    }


def escrow(site: Site) -> dict[str, Any]:
    """A deal opened, and released by the receipt of the one payment of a ledger."""
    made, deployed = site.deploy(mock("Escrow"), [], [])
    bpsc, _ = site.deploy(contracts.deploy_data(100, 0), [], [])
    ether, seller = "0x" + ETHER.hex(), person(8)
    terms = (bpsc, ether, site.sender, seller, PRICE, bytes(32), DEADLINE)
    opened = site.call(made, "open", [TERMS], [terms], REWARD)
    site.call(bpsc, "relay", ["address", "bytes32"], [seller, bytes(32)], PRICE)
    entry = (ether, site.sender, seller, PRICE, site.now(), bytes(32))
    types = ["uint256", ENTRY, "uint64", "uint64", "bytes32[]"]
    return {"deploy": deployed, "open": opened, "release": site.call(made, "release", types, [0, entry, 0, 1, []])}


def measure(site: Site) -> dict[str, Any]:
    """All figures, in units of gas."""
    return {"likes": likes(site), "escrow": escrow(site)}
