"""
`smartchain send --batch`: the plan first, then the payments, then what became of them.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from smartchain.cli import output, sending
from smartchain.cli.progress import Bar
from smartchain.errors import NonceTaken, RunFileError, WalletError
from smartchain.ledger.unit import Unit
from smartchain.wallet.amount import format_ether
from smartchain.wallet.flight import Progress
from smartchain.wallet.pay import Payer, Way
from smartchain.wallet.report import Outcome, Report, Trial
from smartchain.wallet.run import GO_ON, Run

if TYPE_CHECKING:
    from smartchain.cli.send import What
    from smartchain.wallet.payees import Payees


def pay_file(what: What, path: Path, payer: Payer, way: Way, payees: Payees, as_json: bool) -> None:
    """Try a file of payments and, unless that is all that is asked for, pay it."""
    alone = what.dry_run or what.unsigned is not None
    with Run.open(
        path,
        payer,
        allow_duplicates=what.allow_duplicates,
        max_total=what.most(payer.unit),
        dry=alone,
        who=payees.find,
    ) as run:
        _show_labels(run)
        way = sending.allow(payer, run.unmined, way, alone=alone, yes=what.yes, needed=True)
        trial = _try(run)
        if what.unsigned is not None:
            _write(run, payer, what.unsigned, way.nonce, as_json)
        elif what.dry_run:
            _say_trial(trial, as_json)
        else:
            _note_trial(run, trial)
            if trial.open:
                sending.agree(_question(trial, payer), yes=what.yes, needed=True)
            _say_report(_go(run, way), as_json)


def _show_labels(run: Run) -> None:
    """Whom each label of the file stands for."""
    for label, address in {row.label: row.recipient for row in run.plan.rows if row.label is not None}.items():
        sending.show_payee(label, address)


def _try(run: Run) -> Trial:
    with Bar("tried") as bar:
        tried = 0

        def tell(_: Progress) -> None:
            nonlocal tried
            tried += 1
            bar(tried, len(run.plan.transactions))

        return run.attempt(tell)


def _write(run: Run, payer: Payer, path: Path, nonce: int | None, as_json: bool) -> None:
    if run.begun:
        raise RunFileError(f"a run of {run.path} has begun with a key: {GO_ON}, without --unsigned")
    sending.write_unsigned(path, payer.sender, list(map(payer.planned, run.plan.transactions)), nonce, as_json)


# what is to be


def _question(trial: Trial, payer: Payer) -> str:
    payments = output.plural(trial.payments, "payment")
    return f"make {payments}, {trial.unit.shown(trial.total)} in all, on chain {payer.sender.chain_id}"


def _trial_json(trial: Trial) -> dict[str, Any]:
    return {
        "dry_run": True,
        "payments": trial.payments,
        "transactions": len(trial.open),
        "value": str(trial.total),
        "fee": str(trial.fee),
        "gas": trial.gas,
        "gas_cost": str(trial.gas_wei),
        "left": str(trial.left),
    }


def _trial_fields(trial: Trial) -> list[tuple[str, str]]:
    transactions = output.plural(len(trial.open), "transaction")
    memos, spared = trial.plan.memos, trial.plan.memo_gas
    pairs = [
        ("payments", f"{trial.payments:,} in {transactions}"),
        ("total", trial.unit.shown(trial.total)),
        ("fee", f"{trial.unit.shown(trial.fee)}, kept by the ledger"),
        ("gas", f"{trial.gas:,}, about {format_ether(trial.gas_wei)}"),
        ("left", trial.unit.shown(trial.left)),
    ]
    if spared:
        pairs.insert(1, ("memos", f"{memos:,} different ones; with one memo for all, about {spared:,} gas less"))
    return pairs


def _say_trial(trial: Trial, as_json: bool) -> None:
    if as_json:
        output.say_json(_trial_json(trial))
    else:
        output.fields(_trial_fields(trial))
        output.note("a dry run: nothing was sent")


def _note_trial(run: Run, trial: Trial) -> None:
    if run.begun:
        done = len(run.plan.transactions) - len(trial.open)
        output.note(f"going on with a run: {done} of {len(run.plan.transactions)} transactions are signed already")
    if trial.open:
        for line in output.field_lines(_trial_fields(trial)):
            output.note(line)


# what was


def _go(run: Run, way: Way) -> Report:
    """Pay; whatever ends it early, what was paid is said, and what goes on with the rest."""
    total = len(run.plan.transactions)
    with Bar("mined") as bar:
        mined = len(run.report().of("paid"))

        def tell(progress: Progress) -> None:
            nonlocal mined
            mined += {"mined": 1, "undone": -1}.get(progress.what, 0)
            bar(mined, total)
            sending.tell(progress)

        try:
            return run.go(Way(way.patience, way.nonce, tell, way.clock))
        except NonceTaken as taken:
            bar.close()
            output.note(run.report().stopped(taken.number))
            raise
        except BaseException:
            bar.close()
            report = run.report()
            output.note(f"{len(report.of('paid'))} of {total} transactions are mined; {GO_ON}")
            raise


def _report_json(report: Report) -> dict[str, Any]:
    outcomes = report.outcomes
    paid = report.of("paid")
    return {
        "index": paid[0].index if paid else None,
        "transaction": _hash(outcomes[0]),
        "gas_used": report.gas_used,
        "payments": sum(len(outcome.planned.rows) for outcome in paid),
        "value": str(report.paid),
        "transactions": [
            {
                "index": outcome.index,
                "transaction": _hash(outcome),
                "state": outcome.state,
                "payments": len(outcome.planned.rows),
                "value": str(outcome.planned.value),
                "block_number": outcome.block_number,
                "gas_used": outcome.gas_used,
            }
            for outcome in outcomes
        ],
    }


def _hash(outcome: Outcome) -> str | None:
    return output.hexed(outcome.transaction) if outcome.transaction else None


def _say_report(report: Report, as_json: bool) -> None:
    """Raises `WalletError` if some transaction reverted."""
    if as_json:
        output.say_json(_report_json(report))
    else:
        columns = ["first index", "payments", "amount", "host block", "gas used", "transaction"]
        rows = (_row(outcome, report.unit) for outcome in report.outcomes)
        output.table(columns, rows, right=columns[:1] + columns[1:2] + columns[3:5])
        output.say()
        output.say(f"paid {report.unit.shown(report.paid)}; gas {report.gas_used:,}, {format_ether(report.gas_wei)}")
    if not report.complete:
        reverted = report.of("reverted")
        where = ", ".join(outcome.planned.lines for outcome in reverted)
        count = output.plural(len(reverted), "transaction")
        raise WalletError(
            f"{count} of {len(report.outcomes)} reverted and paid nobody ({where}): "
            "move the run file away and pay these lines by a file of their own"
        )


def _row(outcome: Outcome, unit: Unit) -> list[str]:
    def shown(number: int | None) -> str:
        return "-" if number is None else f"{number:,}"

    block = "-" if outcome.block_number is None else str(outcome.block_number)
    index = "-" if outcome.index is None else str(outcome.index)
    amount = unit.shown(outcome.planned.value)
    return [
        index,
        str(len(outcome.planned.rows)),
        amount,
        block,
        shown(outcome.gas_used),
        _hash(outcome) or outcome.state,
    ]
