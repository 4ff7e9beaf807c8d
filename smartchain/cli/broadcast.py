"""
`smartchain broadcast`: transactions that were signed where their key lives.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from smartchain.cli import build, options, output, sending
from smartchain.config import HostSettings
from smartchain.errors import InputError, MalformedLog, Refused
from smartchain.wallet.flight import Patience

if TYPE_CHECKING:
    from smartchain.wallet.offline import Outgoing


@click.command()
@click.argument("file", type=click.Path(dir_okay=False, allow_dash=True, path_type=Path))
@options.patience
@options.host
@options.as_json
def broadcast(file: Path, patience: Patience, host: HostSettings, as_json: bool) -> None:
    """
    Send the signed transactions of FILE (- for stdin): one of hex a line, or JSON.

    May be repeated: the same bytes can be mined once only. As JSON one object a line.
    """
    from smartchain.wallet.offline import broadcast_file
    from smartchain.wallet.pay import Way

    way = Way(patience, None, sending.tell)
    done = broadcast_file(build.connect(host), _read(file), chain_id=host.chain_id, way=way)
    if as_json:
        output.stream_json(map(_json, done))
    else:
        for one in done:
            output.say(_line(one))
    reverted = [one for one in done if one.receipt and not one.receipt.ok]
    if reverted:
        raise Refused(f"{output.plural(len(reverted), 'transaction')} of {len(done)} reverted and paid nobody")


def _read(file: Path) -> str:
    try:
        return click.get_text_stream("stdin").read() if str(file) == "-" else file.read_text()
    except OSError as error:
        raise InputError(f"{file} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise InputError(f"{file} is no text") from None


def _index(one: Outgoing) -> int | None:
    from smartchain.wallet.receipt import recorded_index

    ledger = one.signed.transaction.call.to
    if one.receipt is None or ledger is None:
        return None
    try:
        return recorded_index(one.receipt, ledger, one.signed.sender)
    except MalformedLog:
        return None


def _json(one: Outgoing) -> dict[str, Any]:
    receipt = one.receipt
    return {
        "index": _index(one),
        "transaction": output.hexed(one.hash),
        "nonce": one.signed.nonce,
        "ok": receipt.ok if receipt else None,
        "block_number": receipt.block_number if receipt else None,
        "gas_used": receipt.gas_used if receipt else None,
        "ledger": output.address(receipt.contract) if receipt and receipt.contract else None,
    }


def _line(one: Outgoing) -> str:
    if one.receipt is None:
        return f"{output.hexed(one.hash)}  sent"
    index = _index(one)
    what = "reverted" if not one.receipt.ok else "mined" if index is None else f"entry {index}"
    return f"{output.hexed(one.hash)}  {what}, host block {one.receipt.block_number}, gas {one.receipt.gas_used:,}"
