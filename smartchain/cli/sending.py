"""
What `send` and its like have in common: asking a person, and saying what became of a transaction.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from smartchain.cli import output
from smartchain.cli.build import is_terminal
from smartchain.errors import InputError, NotAgreed
from smartchain.ledger.address import checksum
from smartchain.types import Address
from smartchain.wallet.amount import format_ether

if TYPE_CHECKING:
    from smartchain.wallet.flight import Progress
    from smartchain.wallet.pay import Payer, Preview, Sent, Way
    from smartchain.wallet.sender import Sender
    from smartchain.wallet.transaction import Call


def agree(question: str, *, yes: bool, needed: bool) -> None:
    """
    Go on only if a person agrees.

    Without a terminal nobody can be asked; then `--yes` has to be given where it is needed. Raises `NotAgreed`.
    """
    if yes:
        return
    if not is_terminal():
        if needed:
            raise NotAgreed(f"{question}: nobody is there to be asked, so say --yes; nothing was sent")
        return
    try:
        agreed = click.confirm(f"{question}?", err=True)
    except click.Abort:
        output.note("\nnothing was sent")
        raise
    if not agreed:
        raise NotAgreed("nothing was sent")


def allow(payer: Payer, total: int, way: Way, *, alone: bool, yes: bool, needed: bool) -> Way:
    """
    Have a token let the ledger move what is to be paid, where that takes transactions of their own; the way on.

    A permit, and Ether, take none. Nothing is sent where a payment is only tried. Raises `NotAllowed`, `NotAgreed`.
    """
    from smartchain.wallet.pay import send

    purse = payer.purse
    if purse is None or not (calls := purse.prepare(total)):
        return way
    if alone:
        purse.refuse(total)
    question = f"let the ledger {checksum(payer.ledger)} move {purse.unit.shown(total)} of yours"
    agree(f"{question}, which the token {checksum(purse.token)} wants first", yes=yes, needed=needed)
    for call in calls:
        send(payer.sender, call, replace(way, patience=replace(way.patience, confirmations=1)))
        way = way if way.nonce is None else replace(way, nonce=way.nonce + 1)
    return way


def show_payee(label: str, address: Address) -> None:
    """Whom a label stands for, before anything is paid."""
    output.note(f"{output.one_line(label)} is {checksum(address)}")


def sent_json(sent: Sent) -> dict[str, Any]:
    return {
        "index": sent.index,
        "transaction": output.hexed(sent.transaction),
        "block_number": sent.block_number,
        "gas_used": sent.gas_used,
    }


def say_sent(sent: Sent, as_json: bool) -> None:
    """What became of a transaction; what is not known without waiting is left out for a person, null in JSON."""
    if as_json:
        output.say_json(sent_json(sent))
        return
    pairs = [("transaction", output.hexed(sent.transaction))]
    if sent.index is not None:
        pairs.insert(0, ("index", str(sent.index)))
    if sent.block_number is not None and sent.gas_used is not None and sent.gas_wei is not None:
        pairs.append(("host block", str(sent.block_number)))
        pairs.append(("gas used", f"{sent.gas_used:,}, {format_ether(sent.gas_wei)}"))
    output.fields(pairs)


def preview_json(preview: Preview) -> dict[str, Any]:
    return {
        "dry_run": True,
        "payments": 1,
        "transactions": 1,
        "value": str(preview.value),
        "fee": str(preview.fee),
        "gas": preview.gas,
        "gas_cost": str(preview.gas_wei),
        "left": str(preview.left),
    }


def preview_fields(preview: Preview) -> list[tuple[str, str]]:
    return [
        ("total", preview.unit.shown(preview.value)),
        ("fee", f"{preview.unit.shown(preview.fee)}, kept by the ledger"),
        ("gas", f"{preview.gas:,}, about {format_ether(preview.gas_wei)}"),
        ("left", preview.unit.shown(preview.left)),
    ]


def tell_one(progress: Progress) -> None:
    """The same of a transaction that no run file keeps: its name is said before it leaves, should this be killed."""
    if progress.what == "signed" and progress.transaction is not None:
        output.note(f"sending {output.hexed(progress.transaction)}")
    tell(progress)


def tell(progress: Progress) -> None:
    """What a person wants to hear of while waiting."""
    if progress.what == "waiting":
        output.note(f"waiting: {output.one_line(progress.text)}")
    elif progress.what == "replaced" and progress.transaction is not None:
        output.note(f"stuck, so its price was raised: now {output.hexed(progress.transaction)}")
    elif progress.what == "undone":
        output.note("the host chain replaced blocks: waiting for the transaction again")


def write_unsigned(path: Path, sender: Sender, calls: Sequence[Call], nonce: int | None, as_json: bool) -> None:
    """Prepare transactions and write them to a new file. Raises `InputError` if it is there already."""
    from smartchain.wallet import offline

    prepared = offline.prepare_all(sender, calls, nonce)
    try:
        with path.open("x") as file:
            file.write(offline.write_unsigned(sender, prepared))
    except FileExistsError:
        raise InputError(f"{path} is there already: give another name, so that nothing is signed twice") from None
    except OSError as error:
        raise InputError(f"{path} cannot be written: {error.strerror}") from None
    nonces = f"{prepared[0].nonce}" + (f" to {prepared[-1].nonce}" if len(prepared) > 1 else "")
    if as_json:
        output.say_json({"unsigned": str(path), "transactions": len(prepared), "first_nonce": prepared[0].nonce})
    else:
        output.say(f"{output.plural(len(prepared), 'transaction')} (nonce {nonces}) in {path}")
        output.note("next: sign them where the key is, then: smartchain broadcast SIGNED-FILE")
