"""
The price of gas: what the host asks now, what is bid for it, and how a bid that is stuck is raised.
"""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median_low
from typing import Any

from smartchain.errors import FeeTooHigh, RpcRefused
from smartchain.ports import Rpc
from smartchain.types import Wei
from smartchain.wallet.amount import format_gwei
from smartchain.wallet.transaction import Fees

BLOCKS = 5
"""How many blocks back others' tips are looked at."""

GWEI = 10**9


@dataclass(frozen=True, slots=True)
class FeePolicy:
    """What the payer said about fees, by the names of cast's options."""

    cap: Wei | None = None
    """`--gas-price`: the most for a unit of gas, base fee and tip together."""
    priority: Wei | None = None
    """`--priority-gas-price`; None for what others pay."""


@dataclass(frozen=True, slots=True)
class Price:
    """What a unit of gas costs in the next block."""

    base: Wei
    priority: Wei

    @property
    def now(self) -> Wei:
        return Wei(self.base + self.priority)


def read_price(rpc: Rpc, policy: FeePolicy = FeePolicy()) -> Price:
    """Price of gas in the next block: the host's base fee, and the tip that half of the others pay."""
    try:
        history = rpc.call("eth_feeHistory", hex(BLOCKS), "latest", [50])
        base, tips = int(history["baseFeePerGas"][-1], 16), _tips(history)
    except (RpcRefused, LookupError, TypeError, ValueError):
        base, tips = _base_of_latest(rpc), []
    if policy.priority is not None:
        return Price(Wei(base), policy.priority)
    return Price(Wei(base), Wei(median_low(tips) if tips else _suggested_tip(rpc)))


def _tips(history: dict[str, Any]) -> list[int]:
    """The median tip of each block that holds transactions."""
    rewards, ratios = history.get("reward") or [], history["gasUsedRatio"]
    return [int(reward[0], 16) for reward, ratio in zip(rewards, ratios, strict=False) if ratio]


def _base_of_latest(rpc: Rpc) -> int:
    block = rpc.call("eth_getBlockByNumber", "latest", False)
    try:
        return int(block["baseFeePerGas"], 16)
    except (LookupError, TypeError, ValueError):
        raise RpcRefused(f"{rpc.name} has no base fee: its chain takes no EIP-1559 transactions") from None


def _suggested_tip(rpc: Rpc) -> int:
    try:
        return int(rpc.call("eth_maxPriorityFeePerGas"), 16)
    except (RpcRefused, TypeError, ValueError):
        return GWEI


def bid(price: Price, policy: FeePolicy) -> Fees:
    """
    A bid that stays good while the base fee doubles, within the cap.

    Raises `FeeTooHigh` if gas costs more than the cap now.
    """
    if policy.cap is not None and price.now > policy.cap:
        raise FeeTooHigh(
            f"gas costs {format_gwei(price.now)} and --gas-price allows {format_gwei(policy.cap)}: "
            "wait for a cheaper hour, or allow more"
        )
    most = 2 * price.base + price.priority
    return Fees(Wei(most if policy.cap is None else min(most, policy.cap)), price.priority)


def raised(old: Fees, price: Price, policy: FeePolicy) -> Fees | None:
    """
    A bid that replaces the old one: an eighth more of each fee, or what the host asks now if that is more.

    None where the cap leaves no room. Nodes replace a pending transaction from +10 % on, of both fees.
    """
    most = max(_eighth_more(old.most), 2 * price.base + price.priority)
    priority = max(_eighth_more(old.priority), price.priority)
    if policy.cap is not None:
        if _eighth_more(old.most) > policy.cap:
            return None
        most = min(most, policy.cap)
    return Fees(Wei(most), Wei(min(priority, most)))


def _eighth_more(wei: int) -> int:
    """+12.5 %, rounded up, and never the same."""
    return max(wei + (wei + 7) // 8, wei + 1)
