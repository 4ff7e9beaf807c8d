"""
What a run of payments would do, what became of it, and whose fault it is if it cannot be.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from smartchain.errors import Refused
from smartchain.ledger.address import checksum
from smartchain.ledger.unit import ETHER_UNIT, Unit
from smartchain.types import Hash32, Index, Wei
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
    left: Wei
    """What the wallet has when all is paid, of what is paid."""
    unit: Unit = ETHER_UNIT
    """What total, fee and left are of."""

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
    unit: Unit = ETHER_UNIT
    """What amounts are of."""

    def stopped(self, taken: int) -> str:
        """What is left to do once another transaction used the nonce of `taken`: such a run never goes on."""
        gone = [one for one in self.outcomes if one.number == taken or one.state in ("open", "reverted")]
        flying = [one for one in self.outcomes if one.state == "sent" and one.number != taken]
        said = (
            f"{len(self.of('paid'))} of {len(self.outcomes)} transactions are mined, and this run goes no further: "
            f"it does not pay {_lines(gone)}; copy them, with the header, into a file of their own and send that one"
        )
        if not flying:
            return said
        return f"{said}; {_lines(flying)} are on their way and may still be paid: leave them out of it"

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


def named(refused: Refused, planned: Planned, unit: Unit = ETHER_UNIT) -> Refused:
    """The same refusal, by the line of the payments file that it is about."""
    if refused.position is None or refused.position >= len(planned.rows):
        return Refused(f"{planned.lines}: {refused}", refused.error)
    row = planned.rows[refused.position]
    return Refused(
        f"line {row.line}: {checksum(row.recipient)} does not take its {unit.shown(row.amount)} ({refused})",
        refused.error,
        refused.position,
    )


def _lines(outcomes: Sequence[Outcome]) -> str:
    """`lines 2, 5 to 9 and 12` of the payments file."""
    numbers = sorted(row.line for one in outcomes for row in one.planned.rows)
    spans: list[tuple[int, int]] = []
    for number in numbers:
        if spans and number == spans[-1][1] + 1:
            spans[-1] = (spans[-1][0], number)
        else:
            spans.append((number, number))
    words = [str(first) if first == last else f"{first} to {last}" for first, last in spans]
    listed = ", ".join(words[:-1]) + " and " + words[-1] if len(words) > 1 else words[0]
    return f"line{'s' if len(numbers) > 1 else ''} {listed}"
