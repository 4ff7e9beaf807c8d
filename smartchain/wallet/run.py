"""
Paying a file: tried whole, kept in a run file, sent, and gone on with after any break.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import cached_property, partial
from pathlib import Path
from types import TracebackType

from smartchain.errors import BatchFileError, Refused, RunFileError, SettingsError
from smartchain.ledger.address import checksum, parse_address
from smartchain.ledger.hash import keccak
from smartchain.types import Address, Wei
from smartchain.wallet.amount import parse_in
from smartchain.wallet.batch import Row, read_rows
from smartchain.wallet.delivery import WINDOW, Delivery
from smartchain.wallet.flight import Flight, OnProgress, Progress, silent
from smartchain.wallet.gas import DoesNotFit
from smartchain.wallet.pay import Payer, Way
from smartchain.wallet.plan import Plan, Planned, plan_batch
from smartchain.wallet.receipt import recorded_index
from smartchain.wallet.report import Outcome, Report, Trial, named
from smartchain.wallet.runfile import Header, RunFile
from smartchain.wallet.transaction import NOTHING

GO_ON = "the same command goes on from here, and pays nobody twice"


class Run:
    """
    The payments of one file, from the first look to the last receipt.

    Holds the lock of its run file from the beginning; use it in a `with` statement.
    """

    def __init__(self, payer: Payer, path: Path, plan: Plan, digest: str, runfile: RunFile | None) -> None:
        self._payer = payer
        self._runfile = runfile
        self._digest = digest
        self.path = path
        self.plan = plan
        if runfile is not None and runfile.header is not None:
            runfile.check(self._header())
            self.plan = _plan_of(runfile.header, plan.rows)

    @classmethod
    def open(
        cls,
        path: Path,
        payer: Payer,
        *,
        allow_duplicates: bool = False,
        max_total: Wei | None = None,
        dry: bool = False,
        who: Callable[[str], Address] = parse_address,
    ) -> Run:
        """
        Read a file of payments and whatever a run of it has signed before. Sends nothing.

        `who` finds the address of a recipient as it is written; a label that has another one by now makes another run.

        A dry run makes no run file where there is none. Raises `BatchFileError`, `LimitExceeded`, `RunFileError`.
        """
        content = read_payments(path)
        rows = read_rows(content, who, partial(parse_in, payer.unit))
        plan = plan_batch(rows, payer.ledger, allow_duplicates=allow_duplicates, max_total=max_total, unit=payer.unit)
        place = run_path(path)
        runfile = None if dry and not place.exists() else RunFile.open(place)
        try:
            return cls(payer, path, plan, _digest(content, rows), runfile)
        except BaseException:
            if runfile is not None:
                runfile.close()
            raise

    def __enter__(self) -> Run:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        if self._runfile is not None:
            self._runfile.close()
            self._runfile = None

    @property
    def begun(self) -> bool:
        """Whether there is a run to go on with."""
        return self._runfile is not None and self._runfile.header is not None

    @property
    def still(self) -> Wei:
        """What is to be paid by transactions that are not signed yet."""
        signed = {flight.number for flight in self._flights()}
        return Plan(tuple(one for at, one in enumerate(self.plan.transactions) if at not in signed)).total

    @property
    def unmined(self) -> Wei:
        """What is to be paid by transactions that are not mined yet, signed or not."""
        mined = {flight.number for flight in self._flights() if flight.receipt is not None}
        return Plan(tuple(one for at, one in enumerate(self.plan.transactions) if at not in mined)).total

    def attempt(self, on_progress: OnProgress = silent) -> Trial:
        """
        Try every transaction that is not signed yet; divide those that do not fit a block.

        Raises `Refused` naming the line whose recipient refuses, `NotEnoughFunds`. Nothing is sent.
        """
        signed = {flight.number for flight in self._flights()}
        self._payer.left(self.still, NOTHING, "are to be paid")
        gas: dict[int, int] = {}
        number = 0
        while number < len(self.plan.transactions):
            if number not in signed:
                try:
                    gas[number] = self._try(self.plan.transactions[number])
                except DoesNotFit:
                    self.plan = self.plan.divided(number)
                    continue
                on_progress(Progress("tried", number))
            number += 1
        return self._trial(gas)

    def go(self, way: Way | None = None, window: int = WINDOW) -> Report:
        """
        Send what is left and wait for everything.

        Raises what `Delivery.go` does; `report` says even then what was paid, and another `go`, now or by
        another process, goes on. Raises `SettingsError` for a nonce where the run has begun.
        """
        way = way or Way()
        if self._runfile is None:
            raise RunFileError("a dry run sends nothing")
        if way.patience.confirmations < 1:
            raise SettingsError("a file of payments is waited for: leave --async, or give at least 1 confirmation")
        if way.nonce is not None and self._flights():
            raise SettingsError("--nonce is for the beginning of a run, and this one has begun")
        if not self.begun:
            self._runfile.begin(self._header())
        self._deliver(self._runfile, way, window)
        return self.report()

    def report(self) -> Report:
        """What became of each transaction, as far as the run file knows."""
        flights = {flight.number: flight for flight in self._flights()}
        return Report(
            tuple(self._outcome(at, planned, flights.get(at)) for at, planned in enumerate(self.plan.transactions)),
            self._payer.unit,
        )

    # parts

    def _deliver(self, runfile: RunFile, way: Way, window: int) -> None:
        calls = {at: self._payer.planned(planned) for at, planned in enumerate(self.plan.transactions)}
        delivery = Delivery(
            self._payer.sender,
            calls,
            runfile,
            patience=way.patience,
            nonce=way.nonce,
            window=window,
            clock=way.clock,
            on_progress=way.on_progress,
            advice=GO_ON,
        )
        try:
            delivery.go()
        except Refused as exc:
            raise named(exc, self.plan.transactions[delivery.halted_at], self._payer.unit) from None

    def _flights(self) -> list[Flight]:
        return self._runfile.flights() if self._runfile is not None else []

    def _header(self) -> Header:
        return Header(
            payments_digest=self._digest,
            chain_id=self._payer.sender.chain_id,
            host_genesis=self._host_genesis,
            ledger=checksum(self._payer.ledger),
            sender=checksum(self._payer.sender.address),
            transactions=tuple(tuple(row.line for row in planned.rows) for planned in self.plan.transactions),
        )

    @cached_property
    def _host_genesis(self) -> str:
        """Hash of the host chain's first block, which tells two chains of one id apart."""
        block = self._payer.sender.rpc.call("eth_getBlockByNumber", "0x0", False)
        return str(block["hash"]) if block else ""

    def _try(self, planned: Planned) -> int:
        try:
            return self._payer.sender.simulate(self._payer.planned(planned)).gas
        except DoesNotFit as exc:
            if self.begun or len(planned.rows) == 1:
                raise named(exc, planned, self._payer.unit) from None
            raise
        except Refused as exc:
            raise named(exc, planned, self._payer.unit) from None

    def _trial(self, gas: dict[int, int]) -> Trial:
        planned = [self.plan.transactions[number] for number in gas]
        still = Plan(tuple(planned))
        gas_wei = Wei(sum(gas.values()) * self._payer.sender.price().now)
        left = self._payer.left(still.total, gas_wei, "are needed, gas included")
        fee = still.fee(self._payer.fee_ppm)
        return Trial(self.plan, tuple(gas), still.total, fee, sum(gas.values()), gas_wei, left, self._payer.unit)

    def _outcome(self, number: int, planned: Planned, flight: Flight | None) -> Outcome:
        if flight is None:
            return Outcome(number, planned, "open")
        receipt = flight.receipt
        if receipt is None:
            return Outcome(number, planned, "sent", flight.newest.hash)
        index = recorded_index(receipt, self._payer.ledger, self._payer.sender.address) if receipt.ok else None
        return Outcome(
            number,
            planned,
            "paid" if receipt.ok else "reverted",
            receipt.transaction,
            index,
            receipt.block_number,
            receipt.gas_used,
            receipt.gas_wei,
        )


def read_payments(path: Path) -> bytes:
    """Content of a payments file. Raises `BatchFileError`."""
    try:
        return path.read_bytes()
    except OSError as exc:
        raise BatchFileError(f"{path} cannot be read: {exc.strerror}") from None


def _digest(content: bytes, rows: Sequence[Row]) -> str:
    """Of the payments as they are meant: the file and, where it has labels, whose they are."""
    named = "".join(f"{row.line} {row.recipient.hex()}\n" for row in rows if row.label is not None)
    return keccak(content + (b"\0" + named.encode() if named else b"")).hex()


def run_path(path: Path) -> Path:
    """The run file beside a payments file: one, by whatever links the file is reached."""
    real = path.resolve()
    return real.with_name(real.name + ".run")


def _plan_of(header: Header, rows: Iterable[Row]) -> Plan:
    """The plan that a run began with. Raises `RunFileError` if it is not of these payments."""
    by_line = {row.line: row for row in rows}
    lines = [line for transaction in header.transactions for line in transaction]
    if sorted(lines) != sorted(by_line) or not all(header.transactions):
        raise RunFileError("the run file's transactions are not those of the payments file: it was changed by hand")
    return Plan(tuple(Planned(tuple(by_line[line] for line in lines)) for lines in header.transactions))
