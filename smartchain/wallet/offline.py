"""
Keys that live elsewhere: unsigned transactions as a file, and signed ones from a file.

The unsigned file holds everything that a signature covers, field by field as eth-account, ethers and viem take
it. What comes back is broadcast, any number of times, to the same effect: the bytes are what they are.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from smartchain.errors import InputError, NotEnoughFunds, WrongChain
from smartchain.ledger.address import checksum
from smartchain.ports import Rpc
from smartchain.types import ChainId, Hash32
from smartchain.wallet.amount import format_ether
from smartchain.wallet.delivery import Delivery
from smartchain.wallet.flight import Flight, NoJournal
from smartchain.wallet.pay import Way
from smartchain.wallet.receipt import Receipt
from smartchain.wallet.sender import Sender
from smartchain.wallet.transaction import Call, Signed, Signer, Transaction, read_fields, read_signed

FORMAT = 1
_RAW_NAMES = ("raw", "rawTransaction", "raw_transaction")


def prepare_all(sender: Sender, calls: Iterable[Call], nonce: int | None = None) -> list[Transaction]:
    """
    Transactions for these calls, on nonces in a row, tried and priced as of now.

    Raises `Refused`, `NotEnoughFunds` (for all together), `FeeTooHigh`.
    """
    funds = sender.funds()
    first = funds.next_nonce if nonce is None else nonce
    prepared = [sender.prepare(call, first + at, funds.balance) for at, call in enumerate(calls)]
    if (most := sum(transaction.most_wei for transaction in prepared)) > funds.balance:
        raise NotEnoughFunds(
            f"{checksum(sender.address)} has {format_ether(funds.balance)}, "
            f"and {format_ether(most)} may be needed, gas included"
        )
    return prepared


def write_unsigned(sender: Sender, transactions: Sequence[Transaction]) -> str:
    """The file for a signer elsewhere."""
    document = {
        "smartchain": "unsigned transactions",
        "format": FORMAT,
        "from": checksum(sender.address),
        "chainId": sender.chain_id,
        "transactions": [transaction.fields() for transaction in transactions],
    }
    return json.dumps(document, indent=2) + "\n"


def read_unsigned(text: str) -> list[Transaction]:
    """The transactions of such a file. Raises `InputError`."""
    try:
        document = json.loads(text)
        if document["format"] != FORMAT:
            raise InputError(f"the file is of format {document['format']}, which another version wrote")
        return [read_fields(fields) for fields in document["transactions"]]
    except (ValueError, LookupError, TypeError) as exc:
        raise InputError(f"this is no file of unsigned transactions: {exc!r}") from None


def sign_all(signer: Signer, transactions: Iterable[Transaction]) -> str:
    """Sign such a file's transactions where the key lives: one line of hex for each."""
    return "".join(f"0x{signer.sign(transaction).hex()}\n" for transaction in transactions)


def read_signed_file(text: str) -> list[Signed]:
    """
    Signed transactions of one wallet: lines of hex, a JSON list of it, or of objects that hold it as `raw`.

    Raises `InputError` for anything else, unsigned transactions, several wallets, and a nonce that is there twice.
    """
    signed = [read_signed(_unhex(raw, at)) for at, raw in enumerate(_raws(text), start=1)]
    if not signed:
        raise InputError("the file holds no signed transaction")
    if len({one.sender for one in signed}) > 1:
        raise InputError("the file holds transactions of several wallets: broadcast them one after the other")
    if len({one.nonce for one in signed}) < len({one.hash for one in signed}):
        raise InputError("two transactions of the file have one nonce: only one of them can be mined, take one out")
    return sorted({one.nonce: one for one in signed}.values(), key=lambda one: one.nonce)


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A transaction of the file, and its receipt unless nothing was waited for."""

    signed: Signed
    receipt: Receipt | None

    @property
    def hash(self) -> Hash32:
        return self.signed.hash


class Given(NoJournal):
    """A journal of what was signed elsewhere."""

    def __init__(self, signed: Sequence[Signed]) -> None:
        self._signed = signed

    def flights(self) -> list[Flight]:
        return [Flight(at, [one]) for at, one in enumerate(self._signed)]


def broadcast_file(rpc: Rpc, text: str, *, chain_id: ChainId | None = None, way: Way | None = None) -> list[Outgoing]:
    """
    Broadcast signed transactions and wait for them; one that is mined already is only reported.

    Nothing is broadcast before the whole file is sound. Raises `WrongChain`, `InputError`, `NonceTaken` where
    another transaction used the nonce, and what `Delivery.go` does.
    """
    way = way or Way()
    signed = read_signed_file(text)
    sender = Sender(rpc, signed[0].sender, chain_id=chain_id)
    for one in signed:
        if one.transaction.chain_id != sender.chain_id:
            raise WrongChain(
                f"transaction {one.nonce} is signed for chain {one.transaction.chain_id}, "
                f"and {rpc.name} is on chain {sender.chain_id}"
            )
    delivery = Delivery(
        sender,
        {},
        Given(signed),
        patience=way.patience,
        clock=way.clock,
        on_progress=way.on_progress,
        advice="the same command goes on from here",
    )
    receipts = delivery.go()
    return [Outgoing(one, receipts.get(at)) for at, one in enumerate(signed)]


def _raws(text: str) -> list[str]:
    text = text.strip()
    if not text.startswith(("[", "{", '"')):
        return text.split()
    try:
        document = json.loads(text)
    except ValueError as exc:
        raise InputError(f"the file is neither lines of hex nor JSON: {exc}") from None
    if isinstance(document, Mapping):
        document = document.get("transactions", [document])
    if isinstance(document, str):
        document = [document]
    return [_raw(item, at) for at, item in enumerate(document, start=1)]


def _raw(item: Any, at: int) -> str:
    if isinstance(item, str):
        return item
    if isinstance(item, Mapping):
        for name in _RAW_NAMES:
            if isinstance(item.get(name), str):
                return str(item[name])
    raise InputError(f"transaction {at} of the file is not signed: sign it where its key is, and give what comes of it")


def _unhex(raw: str, at: int) -> bytes:
    try:
        return bytes.fromhex(raw.removeprefix("0x"))
    except ValueError:
        raise InputError(f"transaction {at} of the file is not hex") from None
