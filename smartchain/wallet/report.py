"""
What a run of payments would do, what became of it, and whose fault it is if it cannot be.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from smartchain.errors import Refused
from smartchain.ledger.address import checksum
from smartchain.types import Hash32, Index, Wei
from smartchain.wallet.amount import format_ether
from smartchain.wallet.plan import Plan, Planned


@dataclass(frozen=True, slots=True)
class Trial:
    """What a run would do from here, tried against the host as it is now."""

    plan: Plan
    open: tuple[int, ...]
    """Transactions that are not signed yet."""
    total: Wei
    """What is still to leave the wallet, gas apart."""
    fee: Wei
    """What the ledger keeps of that."""
    gas: int
    gas_wei: Wei
    """At the price of the next block."""
    balance: Wei
    left: Wei
    """What the wallet has when all is paid."""

    @property
    def payments(self) -> int:
        """How many payments are still to be made."""
        return sum(len(self.plan.transactions[number].rows) for number in self.open)


State = Literal["paid", "reverted", "sent", "open"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one transaction of a plan."""

    number: int
    planned: Planned
    state: State
    """`reverted`: it was mined, and nobody in it was paid; `sent`: signed, and not mined yet."""
    transaction: Hash32 | None = None
    index: Index | None = None
    """Of its first entry; the others follow."""
    block_number: int | None = None
    gas_used: int | None = None
    gas_wei: Wei | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """What became of a run."""

    outcomes: tuple[Outcome, ...]

    def of(self, state: State) -> list[Outcome]:
        return [outcome for outcome in self.outcomes if outcome.state == state]

    @property
    def complete(self) -> bool:
        """Whether everybody was paid."""
        return all(outcome.state == "paid" for outcome in self.outcomes)

    @property
    def paid(self) -> Wei:
        return Wei(sum(outcome.planned.value for outcome in self.of("paid")))

    @property
    def gas_used(self) -> int:
        return sum(outcome.gas_used or 0 for outcome in self.outcomes)

    @property
    def gas_wei(self) -> Wei:
        return Wei(sum(outcome.gas_wei or 0 for outcome in self.outcomes))


def named(refused: Refused, planned: Planned) -> Refused:
    """The same refusal, by the line of the payments file that it is about."""
    if refused.position is None or refused.position >= len(planned.rows):
        return Refused(f"{planned.lines}: {refused}", refused.error)
    row = planned.rows[refused.position]
    return Refused(
        f"line {row.line}: {checksum(row.recipient)} does not take its {format_ether(row.amount)} ({refused})",
        refused.error,
        refused.position,
    )
