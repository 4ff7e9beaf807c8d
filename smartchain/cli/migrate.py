"""
`smartchain migrate`: bring an older coin across, by giving it up for a new one.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from smartchain.cli import build, kinds, options, output, sending
from smartchain.cli.bitcoin_files import read_block_file, read_headers
from smartchain.cli.nested import Nested
from smartchain.config import HostSettings
from smartchain.errors import InputError
from smartchain.ledger.address import checksum
from smartchain.ledger.unit import decimal
from smartchain.types import Address, Hash32
from smartchain.wallet.amount import parse_in
from smartchain.wallet.fees import FeePolicy
from smartchain.wallet.flight import Patience
from smartchain.wallet.keys import KeyOptions

if TYPE_CHECKING:
    from smartchain.host.bitcoin.burns import Burn, BurnProof
    from smartchain.wallet.migrating import Claimed


def _txid(text: str) -> Hash32:
    """A transaction's id as Bitcoin's people write it. Raises `InputError`."""
    try:
        value = bytes.fromhex(text)[::-1]
    except ValueError:
        value = b""
    if len(value) != 32:
        raise InputError(f"{text!r} is no Bitcoin transaction's id: write its 64 hex digits")
    return Hash32(value)


TXID = kinds.Kind("txid", _txid)


@click.group(cls=Nested)
def migrate() -> None:
    """
    Bring an older coin across: what is given up there is minted here, once, and can never be taken back.

    The coin is one that `smartchain deploy --coin` made with --old-token or --bitcoin; --ledger names it.
    """


@migrate.command("token", cls=kinds.PayCommand, short_help="Give up an older token for the coin.")
@click.argument("amount")
@click.option("--yes", "-y", is_flag=True, help="Do not ask.")
@options.ledger
@options.patience_that_waits
@options.paying
def token(
    amount: str,
    yes: bool,
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
    Give up AMOUNT of the old token, and get as much of the coin.

    AMOUNT is in whole tokens, 12.5 is twelve and a half; 1250raw is in smallest units. Where the coin may not move that
    much yet, it is approved first, in a transaction of its own. Burnt tokens never come back.
    """
    from smartchain.host.coins import coin_unit, old_token
    from smartchain.wallet.migrating import migrate_token
    from smartchain.wallet.pay import Way

    coin, rpc = options.needed(ledger), build.connect(host)
    old, unit = old_token(rpc, coin), coin_unit(rpc, coin)
    value = parse_in(unit, amount)
    sender = build.sender_of(host, rpc, build.signer_of(keys), fees, gas_limit)
    question = f"burn {unit.number(value)} of the token {checksum(old)} for {unit.name}"
    sending.agree(f"{question} on chain {sender.chain_id}", yes=yes, needed=True)
    done = migrate_token(sender, coin, value, Way(patience, nonce, sending.tell_one))
    if as_json:
        approvals = [output.hexed(one) for one in done.approvals]
        output.say_json({**sending.sent_json(done.minted), "value": str(value), "approvals": approvals})
    else:
        sending.say_sent(done.minted, as_json=False)


@migrate.command("script", short_help="The output that burns bitcoins for somebody.")
@click.argument("claimant", type=kinds.ADDRESS)
@options.ledger
@options.host
@options.as_json
def script(claimant: Address, ledger: Address | None, host: HostSettings, as_json: bool) -> None:
    """
    The Bitcoin output that burns for CLAIMANT, who gets the coin.

    It names this one contract on this one chain. Bitcoins sent to it never come back.
    """
    from smartchain.host.bitcoin.burns import BURN, burn_script
    from smartchain.host.coins import best_block

    coin, rpc = options.needed(ledger), build.connect(host)
    best_block(rpc, coin)
    written = burn_script(claimant, build.chain_of(rpc), coin)
    if as_json:
        output.say_json({"script": written.hex(), "data": written[len(BURN) :].hex()})
    else:
        output.fields([("script", written.hex()), ("data", written[len(BURN) :].hex())])
        output.note("what is paid to this output is gone: check claimant, contract and chain before you sign")


@migrate.command("bitcoin", short_help="Show burnt bitcoins to the coin.")
@click.argument("txid", type=TXID)
@click.option("--block", type=options.FILE, required=True, help="The block of the burn: bitcoin-cli getblock HASH 0.")
@click.option("--headers", type=options.FILE, help="Headers that the coin may not know yet, oldest first.")
@click.option(
    "--output", "number", type=kinds.COUNT, metavar="N", help="The output that burns.  [default: each that does]"
)
@click.option("--dry-run", is_flag=True, help="Build the proof and check it, send nothing.")
@options.ledger
@options.patience_that_waits
@options.paying
def bitcoin(
    txid: Hash32,
    block: Path,
    headers: Path | None,
    number: int | None,
    dry_run: bool,
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
    Show the burn in the Bitcoin transaction TXID to the coin, which mints for whom it names.

    The proof is made of the whole block and checked here first, so that nothing is paid for one that does not hold.
    Files are raw, or hex as bitcoin-cli prints it. Whoever shows a burn, the coins are the claimant's.
    """
    from smartchain.host.bitcoin.burns import burning_outputs, prove_burn
    from smartchain.wallet.migrating import claim_burns, held_burns
    from smartchain.wallet.pay import Way

    coin, rpc = options.needed(ledger), build.connect(host)
    header, transactions = read_block_file(block)
    whole = read_headers(headers) if headers else []
    signer = build.who_pays(keys) if dry_run else build.signer_of(keys)
    sender = build.sender_of(host, rpc, signer, fees, gas_limit)
    outputs = burning_outputs(transactions, txid, sender.chain_id, coin) if number is None else [number]
    proofs = [prove_burn(header, transactions, txid, one) for one in outputs]
    if dry_run:
        _say_proofs(held_burns(sender, coin, proofs), proofs, as_json)
        return
    _say_claimed(claim_burns(sender, coin, whole, proofs, Way(patience, nonce, sending.tell_one)), as_json)


def _say_proofs(burns: list[Burn], proofs: list[BurnProof], as_json: bool) -> None:
    """What was found, and the call data that anyone may send."""
    from smartchain.host.coins import claim_burn_data

    if as_json:
        pairs = zip(burns, proofs, strict=True)
        output.say_json(
            {"burns": [{**_burn_json(one), "data": output.hexed(claim_burn_data(proof))} for one, proof in pairs]}
        )
        return
    for burn in burns:
        output.fields(_burn_fields(burn))
    output.note("a dry run: nothing was sent")


def _say_claimed(claimed: Claimed, as_json: bool) -> None:
    if as_json:
        minted = [{**_burn_json(burn), **sending.sent_json(sent)} for burn, sent in claimed.minted]
        output.say_json({"headers": [output.hexed(one) for one in claimed.headers], "burns": minted})
        return
    for burn, sent in claimed.minted:
        output.fields(_burn_fields(burn))
        sending.say_sent(sent, as_json=False)


def _burn_json(burn: Burn) -> dict[str, Any]:
    from smartchain.host.bitcoin.hashing import shown

    return {
        "txid": shown(burn.txid),
        "output": burn.output,
        "claimant": output.address(burn.claimant),
        "satoshis": burn.satoshis,
        "value": str(burn.value),
    }


def _burn_fields(burn: Burn) -> list[tuple[str, str]]:
    from smartchain.host.bitcoin.hashing import shown

    return [
        ("burnt", f"{decimal(burn.satoshis, 8)} bitcoins"),
        ("by", f"output {burn.output} of {shown(burn.txid)}"),
        ("for", output.address(burn.claimant)),
    ]
