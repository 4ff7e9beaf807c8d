"""
`smartchain send`: pay one recipient, or hand a file of payments to `batch`.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from smartchain.cli import build, kinds, options, output, sending
from smartchain.config import HostSettings
from smartchain.ledger.address import checksum
from smartchain.types import ZERO_HASH, Address, Hash32, Wei
from smartchain.wallet.amount import parse_in
from smartchain.wallet.fees import FeePolicy
from smartchain.wallet.flight import Patience
from smartchain.wallet.keys import KeyOptions

if TYPE_CHECKING:
    from smartchain.ledger.unit import Unit
    from smartchain.wallet.pay import Payer, Way
    from smartchain.wallet.payees import Payees
    from smartchain.wallet.transaction import Call


@dataclass(frozen=True, slots=True)
class What:
    """What is to be done, as far as it was said."""

    recipient: Address | str | None = None
    """A text is a label, or a name of ENS."""
    amount: str | None = None
    """As it was typed: what a number means is the ledger's to say."""
    memo: Hash32 = ZERO_HASH
    batch: Path | None = None
    dry_run: bool = False
    yes: bool = False
    max_total: str | None = None
    allow_duplicates: bool = False
    unsigned: Path | None = None
    contacts: Path | None = None
    ens: bool = False
    ens_registry: Address | None = None

    def most(self, unit: Unit) -> Wei | None:
        """`--max-total`, in what the ledger counts."""
        return None if self.max_total is None else parse_in(unit, self.max_total)


def _what(
    recipient: Address | str | None,
    amount: tuple[str, ...],
    memo: Hash32 | None,
    memo_hash: Hash32 | None,
    batch: Path | None,
    dry_run: bool,
    yes: bool,
    max_total: str | None,
    allow_duplicates: bool,
    unsigned: Path | None,
    contacts: Path | None,
    ens: bool,
    ens_registry: Address | None,
) -> What:
    misuse = _misuse(recipient, amount, memo, memo_hash, batch, dry_run, allow_duplicates, unsigned)
    if misuse:
        raise click.UsageError(misuse, click.get_current_context())
    chosen = memo if memo is not None else memo_hash
    return What(
        recipient,
        " ".join(amount) or None,
        chosen or ZERO_HASH,
        batch,
        dry_run,
        yes,
        max_total,
        allow_duplicates,
        unsigned,
        contacts,
        ens or ens_registry is not None,
        ens_registry,
    )


def _misuse(
    recipient: Address | str | None,
    amount: tuple[str, ...],
    memo: Hash32 | None,
    memo_hash: Hash32 | None,
    batch: Path | None,
    dry_run: bool,
    allow_duplicates: bool,
    unsigned: Path | None,
) -> str | None:
    """What cannot be meant together, as a sentence."""
    if batch is None and (recipient is None or not amount):
        return "give RECIPIENT and AMOUNT, or --batch FILE"
    if batch is not None and recipient is not None:
        return "give RECIPIENT and AMOUNT or --batch FILE, not both"
    if memo is not None and memo_hash is not None:
        return "give --memo or --memo-hash, not both"
    if batch is not None and (memo is not None or memo_hash is not None):
        return "the memos of a batch stand in its file, in the column memo"
    if batch is None and allow_duplicates:
        return "--allow-duplicates is for --batch"
    if dry_run and unsigned is not None:
        return "give --dry-run or --unsigned, not both"
    return None


@click.command(cls=kinds.PayCommand)
@options.bundle(
    "what",
    _what,
    click.argument("recipient", type=kinds.PAYEE, required=False),
    click.argument("amount", nargs=-1),
    click.option("--memo", type=kinds.MEMO, help="At most 32 bytes of text, or 0x and 64 hex digits. Public for ever."),
    click.option("--memo-hash", type=kinds.MEMO_HASH, help="A text of any length; the memo is its keccak256."),
    click.option("--batch", type=options.FILE, help="Pay everybody in a CSV file: recipient,amount[,memo]."),
    click.option("--dry-run", is_flag=True, help="Try everything, say what it would cost, send nothing."),
    click.option("--yes", "-y", is_flag=True, help="Do not ask."),
    click.option("--max-total", metavar="AMOUNT", help="Pay nothing at all if it is more than this."),
    click.option("--allow-duplicates", is_flag=True, help="The same recipient and amount twice in a file is meant."),
    click.option("--unsigned", type=options.FILE, help="Write the transactions here, for a key that lives elsewhere."),
    options.contacts,
    click.option("--ens", is_flag=True, help="Look names such as alice.eth up in ENS."),
    click.option("--ens-registry", type=kinds.ADDRESS, help="Where ENS is on this chain; means --ens."),
)  # fmt: skip
@options.ledger
@options.patience
@options.paying
def send(
    what: What,
    ledger: Address | None,
    host: HostSettings,
    keys: KeyOptions,
    fees: FeePolicy,
    gas_limit: int | None,
    nonce: int | None,
    patience: Patience,
    as_json: bool,
) -> None:
    """
    Pay AMOUNT to RECIPIENT through a ledger, or everybody in a file.

    RECIPIENT is an address, or a label of 'smartchain contacts'; its address is shown before anything is paid.
    AMOUNT is 0.1ether, 1gwei, 1e18 or plain wei. Through the ledger of a token, or in a coin, 12.5 is 12.5 of that, and
    12500000raw its smallest units. Who pays whom, how much, and the memo are public for ever.

    A run of a file that breaks off is gone on with by the same command, and pays nobody twice. A single payment keeps
    no run file: its transaction's hash is said before it leaves. Killed after that, look for it before you pay again.
    """
    from smartchain.wallet.pay import Payer, Way
    from smartchain.wallet.purse import purse_of

    address = options.needed(ledger)
    alone = what.dry_run or what.unsigned is not None
    rpc = build.connect(host)
    payees = build.payees_of(what.contacts, rpc, what.ens, what.ens_registry)
    recipient = _found(what.recipient, payees)
    signer = build.who_pays(keys) if alone else build.signer_of(keys)
    sender = build.sender_of(host, rpc, signer, fees, gas_limit)
    payer = Payer(sender, address, purse_of(sender, address))
    payer.expect_payments()
    way = Way(patience, nonce, sending.tell_one)
    if what.batch is None:
        _one(what, recipient, payer, way, as_json)
    else:
        from smartchain.cli.batch import pay_file

        pay_file(what, what.batch, payer, way, payees, as_json)


def _found(written: Address | str | None, payees: Payees) -> Address | None:
    """The recipient's address; shown, where a label stands for it."""
    if not isinstance(written, str):
        return written
    address = payees.find(written)
    sending.show_payee(written, address)
    return address


def _one(what: What, recipient: Address | None, payer: Payer, way: Way, as_json: bool) -> None:
    from smartchain.wallet.plan import check_total

    if recipient is None or what.amount is None:
        raise click.UsageError("give RECIPIENT and AMOUNT, or --batch FILE")
    amount = parse_in(payer.unit, what.amount)
    check_total(amount, what.most(payer.unit), payer.unit)
    payer.relay(recipient, amount, what.memo)  # whoever never takes anything is refused before all else
    alone = what.dry_run or what.unsigned is not None
    way = sending.allow(payer, amount, way, alone=alone, yes=what.yes, needed=False)
    if what.unsigned is not None:
        call = payer.relay(recipient, amount, what.memo)
        sending.write_unsigned(what.unsigned, payer.sender, [call], way.nonce, as_json)
        return
    if what.dry_run:
        _preview(payer, payer.relay(recipient, amount, what.memo), amount, as_json)
        return
    question = f"pay {payer.unit.shown(amount)} to {checksum(recipient)} through {checksum(payer.ledger)}"
    sending.agree(f"{question} on chain {payer.sender.chain_id}", yes=what.yes, needed=False)
    sent = payer.pay(recipient, amount, what.memo, way=way)
    sending.say_sent(sent, as_json)


def _preview(payer: Payer, call: Call, amount: Wei, as_json: bool) -> None:
    preview = payer.preview(call, amount)
    if as_json:
        output.say_json(sending.preview_json(preview))
    else:
        output.fields(sending.preview_fields(preview))
        output.note("a dry run: nothing was sent")
