"""
`smartchain journal anchor` and `prove`: that a note was there by then, for somebody who does not have to believe it.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from smartchain.cli import build, options, output, sending
from smartchain.cli.journal_store import FILE, opened, read
from smartchain.config import HostSettings
from smartchain.errors import InputError, ReceiptError
from smartchain.ledger.address import checksum
from smartchain.ledger.journal import CHAIN, MOST_BYTES, prove_note
from smartchain.ledger.receipt import Receipt
from smartchain.types import Address, Hash32, Wei
from smartchain.wallet.fees import FeePolicy
from smartchain.wallet.flight import Patience
from smartchain.wallet.keys import KeyOptions

if TYPE_CHECKING:
    from smartchain.wallet.pay import Sent

ONE_WEI = Wei(1)
"""What a wallet pays itself, so that there is an entry to carry the root."""


@click.command("anchor", short_help="Record the journal's root in a ledger.")
@click.option("--dry-run", is_flag=True, help="Try everything, say what it would cost, send nothing.")
@options.ledger
@options.database
@options.patience
@options.paying
def anchor(
    dry_run: bool,
    ledger: Address | None,
    db: str,
    host: HostSettings,
    keys: KeyOptions,
    fees: FeePolicy,
    gas_limit: int | None,
    nonce: int | None,
    patience: Patience,
    as_json: bool,
) -> None:
    """
    Record the journal's root in a ledger: 1 wei to oneself, with the root as memo.

    From then on every note that the journal holds can be proven to have been there by the time of that entry.
    The memo is public for ever; it says nothing of the notes.
    """
    from smartchain.wallet.pay import Payer, Way

    address = options.needed(ledger)
    size, root = _today(db)
    signer = build.who_pays(keys) if dry_run else build.signer_of(keys)
    payer = Payer(build.sender_of(host, build.connect(host), signer, fees, gas_limit), address)
    who = payer.sender.address
    if dry_run:
        preview = payer.preview(payer.relay(who, ONE_WEI, root))
        if as_json:
            output.say_json({"size": size, "root": output.hexed(root), **sending.preview_json(preview)})
        else:
            output.fields([("root", f"{output.hexed(root)} of {size:,} entries"), *sending.preview_fields(preview)])
            output.note("a dry run: nothing was sent")
        return
    _say(size, root, payer.pay(who, ONE_WEI, root, way=Way(patience, nonce, sending.tell)), as_json)


def _today(db: str) -> tuple[int, Hash32]:
    """Raises `InputError` for a journal without a note."""
    with opened(db) as journal, journal.view() as view:
        size = view.status.verified_size
        if not size:
            raise InputError("the journal is empty: there is nothing to anchor before 'journal add'")
        return size, view.root()


def _say(size: int, root: Hash32, sent: Sent, as_json: bool) -> None:
    if as_json:
        output.say_json({"size": size, "root": output.hexed(root), **sending.sent_json(sent)})
        return
    output.fields([("root", f"{output.hexed(root)} of {output.plural(size, 'entry', 'entries')}")])
    sending.say_sent(sent, as_json=False)
    index = "INDEX" if sent.index is None else sent.index
    output.note(
        f"to prove a note N: 'smartchain journal receipt N --size {size}', and 'smartchain receipt {index}' "
        "of the entry, once 'smartchain index' has it"
    )


@click.command("prove", short_help="Say what a note's receipts prove.")
@click.argument("note", type=FILE)
@click.argument("receipt", type=FILE)
@click.argument("anchored", type=FILE, required=False)
@options.as_json
def prove(note: Path, receipt: Path, anchored: Path | None, as_json: bool) -> None:
    """
    Say what is proven of a file NOTE by its journal's RECEIPT, and by the ANCHORED entry's receipt if there is one.

    There is no network: whether the ledger has the root that the anchor's receipt names, 'receipt verify' says.
    """
    from smartchain.ledger.receipt import parse, verify
    from smartchain.ledger.receipt_file import MOST_BYTES as MOST

    content, held = read(note, MOST_BYTES), parse(read(receipt, MOST))
    verify(held)
    _expect_note(content, held)
    by = None if anchored is None else parse(read(anchored, MOST))
    if by is not None:
        verify(by)
        _expect_anchor(held, by)
    if as_json:
        output.say_json(_proven_json(held, by))
    else:
        output.say(_sentence(held, by))


def _expect_note(content: bytes, held: Receipt) -> None:
    if held.chain_id != CHAIN:
        raise ReceiptError("the receipt is a ledger's, not a journal's: the note's receipt comes first")
    if not prove_note(content, held.entry):
        raise ReceiptError("the receipt is of another note: this one's bytes do not have the hash that it speaks of")


def _expect_anchor(held: Receipt, by: Receipt) -> None:
    if by.chain_id == CHAIN:
        raise ReceiptError("the anchor's receipt is a journal's: give that of the entry in the ledger")
    if by.entry.memo != held.root:
        raise ReceiptError(
            f"entry {by.index} of the ledger has another memo than the root of the note's receipt, of {held.size} "
            "entries: make that receipt with --size, as 'journal anchor' said it"
        )
    if by.index < by.genesis_size:
        raise ReceiptError("the anchor is an opening entry, which is its deployer's word for any time")


def _sentence(held: Receipt, by: Receipt | None) -> str:
    written = f"journal {checksum(held.ledger)} holds this note of {output.plural(held.entry.value, 'byte')}"
    claimed = f"by its own word since {output.when(held.entry.timestamp)}"
    if by is None:
        root = f"{output.hexed(held.root)} of {held.size} entries"
        return f"Sound in itself, and as good as the root it names, {root}: if that is its root, {written}, {claimed}."
    where = f"entry {by.index} of the ledger {checksum(by.ledger)} on chain {by.chain_id}"
    root = f"{output.hexed(by.root)} of {by.size} entries"
    return (
        f"Proven to have existed by {output.when(by.entry.timestamp)}, if that ledger has the root {root}: "
        f"{where} carries the root by which {written}, {claimed}."
    )


def _proven_json(held: Receipt, by: Receipt | None) -> dict[str, object]:
    return {
        "says": _sentence(held, by),
        "journal": checksum(held.ledger),
        "index": held.index,
        "hash": output.hexed(held.entry.memo),
        "written": held.entry.timestamp,
        "existed_by": by.entry.timestamp if by else None,
        "ledger": checksum(by.ledger) if by else None,
        "entry": by.index if by else None,
        "ledger_root": output.hexed(by.root) if by else None,
        "ledger_size": by.size if by else None,
    }
