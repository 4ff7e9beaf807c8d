"""
`smartchain receipt`: one entry with its proofs, in a file that anyone can check.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from smartchain.cli import build, kinds, options, output, receipt_views
from smartchain.cli.nested import Nested
from smartchain.config import HostSettings
from smartchain.errors import InputError, ReceiptError
from smartchain.ledger.receipt import MOST_BYTES, Receipt, parse, verify
from smartchain.types import Address, Hash32
from smartchain.wallet.fees import FeePolicy
from smartchain.wallet.flight import Patience
from smartchain.wallet.keys import KeyOptions

if TYPE_CHECKING:
    from smartchain.ports import Rpc

THROUGH = "-"
"""Instead of a file: stdin, or stdout."""

RECEIPT = click.Path(dir_okay=False, allow_dash=True, path_type=Path)
HASH = kinds.Kind("0xhash", kinds.hash_of)


def _asked(contract_url: str | None, rpc_header: tuple[str, ...], ca_file: Path | None) -> HostSettings | None:
    return HostSettings(contract_url, rpc_header, ca_file) if contract_url else None


contract_option = options.bundle(
    "contract",
    _asked,
    click.option("--rpc-url", "contract_url", metavar="URL",
                 help="Ask the contract through this node. Only this option does, ETH_RPC_URL does not."),
    options.option("rpc_header", "--rpc-header", metavar="'NAME: VALUE'", type=kinds.LISTED, multiple=True,
                   help="Sent with each request; may be given again."),
    options.option("ca_file", "--ca-file", type=options.FILE, help="Certificates to trust instead of the system's."),
)  # fmt: skip


@click.group(cls=Nested, unnamed="INDEX", subcommand_metavar="INDEX|COMMAND [OPTIONS]")
def receipt() -> None:
    """
    One entry with its proofs, in a file that anyone can check.

    `smartchain receipt 7` writes the receipt of entry 7.
    """


@receipt.command("INDEX")
@click.argument("index", type=kinds.COUNT)
@click.option("--output", "to", type=RECEIPT, help="Where to write it; - is stdout.  [default: receipt-INDEX.json]")
@click.option(
    "--size", type=kinds.COUNT, metavar="N", help="In the log as it was with N entries, as a checkpoint has it."
)
@click.option("--checkpoint", is_flag=True, help="Have the contract keep today's root first, by a transaction.")
@options.ledger
@options.database
@options.patience_that_waits
@options.paying
def make(
    index: int,
    to: Path | None,
    size: int | None,
    checkpoint: bool,
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
    Write the receipt of entry INDEX, from the store.

    The contract accepts a receipt while the ledger has as many entries as the receipt says, or where it keeps a
    checkpoint of that size. --checkpoint makes one; then the store is brought up to it. It takes a key, as 'send' does.
    """
    from smartchain.store.receipts import receipt_of

    if checkpoint and size is not None:
        raise click.UsageError("--checkpoint keeps today's size: give it or --size, not both")
    path = to or Path(f"receipt-{index}.json")
    _expect_new(path)
    if checkpoint:
        from smartchain.cli.receipt_keep import make_kept

        made = make_kept(index, db, ledger, host, keys, fees, gas_limit, nonce, patience)
    else:
        with build.stored(db, ledger) as store, store.view() as view:
            made = receipt_of(view, index, size)
    verify(made)
    _write(path, made, new=True)
    if str(path) != THROUGH:
        _say(path, made, as_json)


@receipt.command("verify")
@click.argument("file", type=RECEIPT)
@click.option("--root", type=HASH, help="The root that you know the ledger to have.")
@click.option("--block", type=HASH, help="The hash of the block that you know the ledger's chain to have.")
@contract_option
@options.as_json
def verify_file(
    file: Path, root: Hash32 | None, block: Hash32 | None, contract: HostSettings | None, as_json: bool
) -> None:
    """
    Say in one sentence what a receipt proves, or what is wrong with it.

    Without an option there is no network, and it is held to the root that it names itself.
    """
    found = _read(file)
    proven = verify(found, root, block)
    says, against, doubts = proven.says, proven.against, list[str]()
    if contract is not None:
        says, doubts = _by_contract(build.connect(contract), found)
        against = "contract"
    if as_json:
        answer = {"says": says, "against": against, "doubts": doubts}
        output.say_json(answer | receipt_views.receipt_json(found))
        return
    output.say(says)
    for doubt in doubts:
        output.note(f"a hint of the receipt does not fit, which takes nothing from the proof: {doubt}")


@receipt.command("submit")
@click.argument("file", type=RECEIPT)
@click.option("--estimate", is_flag=True, help="Also say what gas a contract pays that has the receipt verified.")
@options.host
@options.as_json
def submit(file: Path, estimate: bool, host: HostSettings, as_json: bool) -> None:
    """
    Ask the contract: what does `verifyEntry` answer?

    Nothing is sent and nothing paid. A contract that accepts receipts asks the same question.
    """
    from smartchain.host import receipts

    found = _read(file)
    rpc = build.connect(host)
    if host.chain_id is not None:
        build.expect_chain(rpc, host.chain_id)
    answer = receipts.ask(rpc, found, now=True)
    if not answer.accepts:
        receipts.check(found, answer)
    gas = receipts.gas_of(rpc, found) if estimate else None
    if as_json:
        output.say_json({"accepted": True, "gas": gas, "host_block": answer.at} | receipt_views.receipt_json(found))
        return
    output.say(receipt_views.contract_says(found, answer))
    if gas is not None:
        output.say(f"{gas:,} gas for a transaction that has it verified, of which 21,000 are any transaction's")


@receipt.command("refresh")
@click.argument("file", type=RECEIPT)
@click.option("--node", required=True, metavar="URL", help="A node of the ledger: smartchain node.")
@click.option("--output", "to", type=RECEIPT, help="Write it there; - is stdout.  [default: over FILE]")
@contract_option
@options.as_json
def refresh(file: Path, node: str, to: Path | None, contract: HostSettings | None, as_json: bool) -> None:
    """
    Renew a receipt from a node, for the log as it is by now.

    The node cannot change the entry, its place, or the block that it was in. Whether the new root is the ledger's is
    for --rpc-url to ask, or for who knows that root. Nothing is written that does not hold.
    """
    from smartchain.cli.fetch import fetch

    old = _read(file)
    verify(old)
    new = parse(fetch(node, f"/api/v1/receipts/{old.index}", MOST_BYTES))
    verify(new)
    _expect_same(old, new)
    if contract is not None:
        _by_contract(build.connect(contract), new)
    path = to or file
    _write(path, new, new=to is not None)
    if str(path) != THROUGH:
        _say(path, new, as_json)


def _expect_same(old: Receipt, new: Receipt) -> None:
    """Raises `ReceiptError` unless the new one is of the same entry, in a log that is no shorter."""
    if (old.chain_id, old.ledger, old.genesis_size) != (new.chain_id, new.ledger, new.genesis_size):
        raise ReceiptError("the node's receipt is of another ledger: ask a node of this one")
    if (old.index, old.entry) != (new.index, new.entry):
        raise ReceiptError(f"the node has another entry {old.index}: its chain is not the one the receipt is of")
    if old.block and (new.block is None or old.block.hash != new.block.hash):
        raise ReceiptError(f"the node has another block {old.block.number}: its chain is not the one the receipt is of")
    if new.size < old.size:
        raise ReceiptError(f"the node has {new.size} entries, the receipt is of {old.size}: the node is behind")
    if new.size == old.size and new.root != old.root:
        raise ReceiptError(f"the node has another root of {old.size} entries: one of the two is forged")


def _by_contract(rpc: Rpc, found: Receipt) -> tuple[str, list[str]]:
    """What the contract makes of it, as a sentence, and the hints that do not fit."""
    from smartchain.host import receipts

    answer = receipts.ask(rpc, found)
    receipts.check(found, answer)
    return receipt_views.contract_says(found, answer), receipts.doubts(rpc, found)


# files


def _read(path: Path) -> Receipt:
    """Raises `InputError` for a file that cannot be read, `ReceiptError` for one that is no receipt."""
    try:
        if str(path) == THROUGH:
            return parse(click.get_binary_stream("stdin").read(MOST_BYTES + 1))
        with path.open("rb") as file:
            return parse(file.read(MOST_BYTES + 1))
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}") from None


def _expect_new(path: Path) -> None:
    if str(path) != THROUGH and path.exists():
        raise InputError(f"{path} is there already: name another file with --output, or renew it with refresh")


def _write(path: Path, made: Receipt, *, new: bool) -> None:
    """The file, whole or not at all."""
    if str(path) == THROUGH:
        click.get_binary_stream("stdout").write(made.to_json())
        return
    part = path.with_name(path.name + ".part")
    try:
        if new:
            _expect_new(path)
        part.write_bytes(made.to_json())
        part.replace(path)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise InputError(f"{path} cannot be written: {error.strerror}") from None


def _say(path: Path, made: Receipt, as_json: bool) -> None:
    length = len(made.to_json())
    if as_json:
        output.say_json({"receipt": str(path), "bytes": length} | receipt_views.receipt_json(made))
        return
    output.fields([("receipt", f"{path}, {length:,} bytes"), *receipt_views.receipt_fields(made)])
    if made.chain_id and made.anchor is None:
        output.note("nobody has compared this root with the contract's: ask it with 'receipt verify --rpc-url'")
