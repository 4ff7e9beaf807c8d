"""
What a file of payments becomes: transactions, each of equal memo, in file order within it. Pure.

Payments of one memo share a transaction until it is full; one that stands alone, or whose amount does not fit
the word of a batch, goes by itself. A plan is made once, before anything is sent, and kept in the run file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from smartchain.errors import BatchFileError, LimitExceeded
from smartchain.ledger.entry import MAX_PAYMENT
from smartchain.ledger.unit import ETHER_UNIT, Unit
from smartchain.types import ZERO_ADDRESS, Address, Hash32, Wei
from smartchain.wallet.batch import Row

MOST_PAYMENTS = 400
"""Payments in a transaction: about 4.3 million gas to wallets that exist, 14 to new ones."""

TRANSACTION_GAS = 34_000
"""What one more transaction costs, roughly: a payment alone less a payment in a batch."""

PPM = 1_000_000


@dataclass(frozen=True, slots=True)
class Planned:
    """One transaction to be: payments of one memo."""

    rows: tuple[Row, ...]

    @property
    def memo(self) -> Hash32:
        return self.rows[0].memo

    @property
    def value(self) -> Wei:
        """What is sent along, fees included."""
        return Wei(sum(row.amount for row in self.rows))

    @property
    def payments(self) -> list[tuple[Address, int]]:
        return [(row.recipient, row.amount) for row in self.rows]

    @property
    def lines(self) -> str:
        """`line 7` or `lines 2 to 401`, for a person."""
        first, last = self.rows[0].line, self.rows[-1].line
        return f"line {first}" if first == last else f"lines {first} to {last}"

    def halves(self) -> tuple[Planned, Planned]:
        """The same payments in two transactions. Raises `ValueError` for a single one."""
        if len(self.rows) < 2:
            raise ValueError("one payment cannot be divided")
        middle = len(self.rows) // 2
        return Planned(self.rows[:middle]), Planned(self.rows[middle:])


@dataclass(frozen=True, slots=True)
class Plan:
    """Every payment of a file, once, in the transactions that carry them."""

    transactions: tuple[Planned, ...]

    @property
    def rows(self) -> Iterator[Row]:
        return (row for planned in self.transactions for row in planned.rows)

    @property
    def payments(self) -> int:
        """How many payments there are."""
        return sum(len(planned.rows) for planned in self.transactions)

    @property
    def total(self) -> Wei:
        """What leaves the wallet, gas apart."""
        return Wei(sum(planned.value for planned in self.transactions))

    @property
    def memos(self) -> int:
        """How many distinct memos there are, none being one of them."""
        return len({planned.memo for planned in self.transactions})

    def fee(self, fee_ppm: int) -> Wei:
        """What the ledger keeps of the total, rounded down for each payment."""
        return Wei(sum(fee_of(row.amount, fee_ppm) for row in self.rows))

    @property
    def memo_gas(self) -> int:
        """Roughly what distinct memos cost: the transactions that one memo for all would have spared."""
        if self.memos < 2:
            return 0
        spared = len(self.transactions) - len(_pack(list(self.rows), lambda _: b""))
        return max(0, spared) * TRANSACTION_GAS

    def divided(self, number: int) -> Plan:
        """The same plan with that transaction in halves, because it does not fit a block."""
        before, after = self.transactions[:number], self.transactions[number + 1 :]
        return Plan(before + self.transactions[number].halves() + after)


def fee_of(amount: int, fee_ppm: int) -> int:
    """What a relay keeps of one payment: floor(amount · ppm / 1,000,000)."""
    return amount * fee_ppm // PPM


def plan_batch(
    rows: Sequence[Row],
    ledger: Address,
    *,
    most_payments: int = MOST_PAYMENTS,
    allow_duplicates: bool = False,
    max_total: Wei | None = None,
    unit: Unit = ETHER_UNIT,
) -> Plan:
    """
    The transactions for these payments, whole or not at all.

    Raises `BatchFileError` naming the line that cannot be paid, or that repeats another, and `LimitExceeded`
    above `max_total`.
    """
    check_recipients(rows, ledger)
    if not allow_duplicates:
        check_duplicates(rows)
    check_total(Wei(sum(row.amount for row in rows)), max_total, unit)
    return Plan(tuple(_pack(rows, lambda row: row.memo, most_payments)))


def check_recipients(rows: Iterable[Row], ledger: Address) -> None:
    """Raises `BatchFileError` for a recipient that the ledger never takes."""
    for row in rows:
        if row.recipient == ZERO_ADDRESS:
            raise BatchFileError("the recipient is the zero address, which nobody can spend from", row.line)
        if row.recipient == ledger:
            raise BatchFileError("the recipient is the ledger itself, which keeps no payments", row.line)


def check_duplicates(rows: Iterable[Row]) -> None:
    """Raises `BatchFileError` where a recipient gets the same amount a second time, whatever the memo."""
    seen: dict[tuple[Address, int], int] = {}
    for row in rows:
        first = seen.setdefault((row.recipient, row.amount), row.line)
        if first != row.line:
            raise BatchFileError(
                f"the same recipient and amount as in line {first}: take one out, "
                "or say --allow-duplicates if both are owed",
                row.line,
            )


def check_total(total: Wei, max_total: Wei | None, unit: Unit = ETHER_UNIT) -> None:
    """Raises `LimitExceeded` if more is to be paid than was allowed."""
    if max_total is not None and total > max_total:
        raise LimitExceeded(
            f"{unit.shown(total)} are to be paid and --max-total allows {unit.shown(max_total)}: nothing was sent"
        )


def _pack(rows: Sequence[Row], memo_of: Callable[[Row], bytes], most_payments: int = MOST_PAYMENTS) -> list[Planned]:
    """Transactions in the order of the first payment of each."""
    groups: dict[bytes, list[list[Row]]] = {}
    packed: list[list[Row]] = []
    for row in rows:
        open_groups = groups.setdefault(memo_of(row), [])
        if row.amount > MAX_PAYMENT:
            packed.append([row])
        elif open_groups and len(open_groups[-1]) < most_payments:
            open_groups[-1].append(row)
        else:
            open_groups.append([row])
            packed.append(open_groups[-1])
    return [Planned(tuple(group)) for group in packed]
