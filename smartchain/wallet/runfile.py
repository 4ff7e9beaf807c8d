"""
The run file: what a run of payments has signed, on the disk before anybody else sees it.

Lines of JSON that are only ever added: first the run (the payments file's digest, the chain, the ledger, the
sender, which lines each transaction carries), then each signed transaction, each receipt, each receipt that was
taken back. A line counts when it ends; what a break left of the last one was never broadcast and is cut off.
Locked while in use.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any

from smartchain.errors import InputError, RunFileError
from smartchain.types import Address, Hash32, Wei
from smartchain.wallet.flight import Flight
from smartchain.wallet.receipt import Log, Receipt
from smartchain.wallet.transaction import Signed, read_signed

FORMAT = 1

Sync = Callable[[int], None]

_CHANGED = {
    "payments_digest": "the payments file was changed since, or the address of a label in it: bring back what was",
    "chain_id": "it paid on chain {old}, and this is chain {new}: check --rpc-url",
    "host_genesis": "it paid on another chain of the same id (a devnet that was started anew?)",
    "ledger": "it paid through the ledger {old}, and this is {new}: check --ledger",
    "sender": "it paid from {old}, and this is the key of {new}: give the same key",
}
"""What must be as it was, and what to do if it is not."""


@dataclass(frozen=True, slots=True)
class Header:
    """What a run is of; all but the division into transactions must be the same when it goes on."""

    payments_digest: str
    chain_id: int
    host_genesis: str
    """Hash of the host chain's block 0; empty where the host does not give it."""
    ledger: str
    sender: str
    transactions: tuple[tuple[int, ...], ...]
    """Lines of the payments file that each transaction carries."""


def sync_file(descriptor: int) -> None:
    """To the disk itself: macOS has a call of its own for that."""
    full = getattr(fcntl, "F_FULLFSYNC", None)
    if full is None:
        os.fsync(descriptor)
    else:
        fcntl.fcntl(descriptor, full)


class RunFile:
    """A journal (`flight.Journal`) in a file."""

    def __init__(self, path: Path, descriptor: int, sync: Sync) -> None:
        self.path = path
        self._sync = sync
        self.header: Header | None = None
        self._descriptor = descriptor
        self._flights: dict[int, Flight] = {}
        self._numbers: dict[int, int] = {}
        self._size = 0
        self._load()

    @classmethod
    def open(cls, path: Path, sync: Sync = sync_file) -> RunFile:
        """
        Open and lock it, making an empty one if there is none; `sync` has its bytes on the disk when it returns.

        Raises `RunFileError` if another process uses it, if it cannot be written, or if it is damaged.
        """
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as exc:
            raise RunFileError(f"the run file {path} cannot be opened: {exc.strerror}") from None
        try:
            _lock(path, descriptor)
            return cls(path, descriptor, sync)
        except BaseException:
            os.close(descriptor)
            raise

    def begin(self, header: Header) -> None:
        """Write what the run is of. Nothing may be signed before."""
        if self.header is not None:
            raise RunFileError(f"the run file {self.path} has begun already")
        self._add({"run": FORMAT, **asdict(header)})
        _sync_folder(self.path)
        self.header = header

    def check(self, header: Header) -> None:
        """Raises `RunFileError` naming what is not as it was when the run began."""
        if self.header is None:
            return
        for name, advice in _CHANGED.items():
            old, new = getattr(self.header, name), getattr(header, name)
            if old != new and not (name == "host_genesis" and "" in (old, new)):
                raise RunFileError(
                    f"the run file {self.path} belongs to another run: {advice.format(old=old, new=new)}; "
                    "to begin a new one, move the run file away, and know that what it paid is paid"
                )

    def close(self) -> None:
        """Let go of the lock; a file in which nothing was begun goes away."""
        if self.header is None and self._size == 0:
            self.path.unlink(missing_ok=True)
        os.close(self._descriptor)

    # flight.Journal

    def flights(self) -> list[Flight]:
        flights = sorted(self._flights.values(), key=lambda flight: flight.nonce)
        return [replace(flight, versions=list(flight.versions)) for flight in flights]

    def signed(self, number: int, signed: Signed) -> None:
        self._admit(number, signed)
        self._add({"signed": number, "hash": _hex(signed.hash), "raw": _hex(signed.raw)})
        self._remember_signed(number, signed)

    def settled(self, number: int, receipt: Receipt) -> None:
        ledger = self.header.ledger if self.header else ""
        self._add({"settled": number, "receipt": _write_receipt(receipt, ledger)})
        self._flights[number].receipt, self._flights[number].settled = receipt, True

    def undone(self, number: int) -> None:
        self._add({"undone": number})
        self._flights[number].receipt, self._flights[number].settled = None, False

    def _admit(self, number: int, signed: Signed) -> None:
        """The rule by which nobody is paid twice: a call has one nonce, and a nonce has one call."""
        if self.header is None:
            raise RunFileError(f"the run file {self.path} has not begun: nothing may be signed")
        if _hex(signed.sender) != self.header.sender.lower() or signed.transaction.chain_id != self.header.chain_id:
            raise RunFileError(f"transaction {number} is signed by another wallet, or for another chain")
        known = self._flights.get(number)
        if self._numbers.get(signed.nonce, number) != number or (known and known.nonce != signed.nonce):
            raise RunFileError(f"transaction {number} would be signed a second time, with nonce {signed.nonce}")
        if known and known.newest.transaction.call != signed.transaction.call:
            raise RunFileError(f"transaction {number} would be replaced by one that does something else")

    def _remember_signed(self, number: int, signed: Signed) -> None:
        self._numbers[signed.nonce] = number
        flight = self._flights.setdefault(number, Flight(number, []))
        flight.versions.append(signed)

    # the file

    def _add(self, record: Mapping[str, object]) -> None:
        """Add a line and have it on the disk."""
        line = json.dumps(record, separators=(",", ":")).encode() + b"\n"
        try:
            written = os.pwrite(self._descriptor, line, self._size)
            if written != len(line):
                raise OSError(0, "the disk is full")
            self._sync(self._descriptor)
        except OSError as exc:
            with contextlib.suppress(OSError):
                os.ftruncate(self._descriptor, self._size)
            raise RunFileError(
                f"the run file {self.path} cannot be written ({exc.strerror}): what it does not hold was not sent"
            ) from None
        self._size += len(line)

    def _load(self) -> None:
        content = _read_all(self._descriptor)
        whole = content[: content.rfind(b"\n") + 1]
        self._size = len(whole)
        if whole != content:
            os.ftruncate(self._descriptor, self._size)
        for at, line in enumerate(whole.splitlines(), start=1):
            try:
                self._take(json.loads(line), at)
            except (ValueError, LookupError, TypeError, AttributeError, InputError) as exc:
                raise RunFileError(
                    f"the run file {self.path} is damaged in line {at} ({exc}): nothing was sent; "
                    "see what the wallet paid before you begin anew"
                ) from None

    def _take(self, record: dict[str, Any], at: int) -> None:
        if (at == 1) != ("run" in record):
            raise ValueError("a run file begins with its run, once")
        if "run" in record:
            self.header = _read_header(record)
        elif "signed" in record:
            self._take_signed(int(record["signed"]), record)
        elif "settled" in record:
            flight = self._flights[int(record["settled"])]
            flight.receipt, flight.settled = _read_receipt(record["receipt"]), True
        else:
            flight = self._flights[int(record["undone"])]
            flight.receipt, flight.settled = None, False

    def _take_signed(self, number: int, record: dict[str, Any]) -> None:
        signed = read_signed(_unhex(record["raw"]))
        if signed.hash != _unhex(record["hash"]):
            raise ValueError("the bytes of a transaction do not have its hash")
        self._admit(number, signed)
        self._remember_signed(number, signed)


def _lock(path: Path, descriptor: int) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        raise RunFileError(f"the run file {path} is in use: another process is paying this file") from None
    try:
        same = os.path.samestat(path.stat(), os.fstat(descriptor))
    except OSError:
        same = False
    if not same:
        raise RunFileError(f"the run file {path} was taken away in this moment: try again")


def _sync_folder(path: Path) -> None:
    """So that the file's name is on the disk as well."""
    descriptor = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _read_all(descriptor: int) -> bytes:
    parts = []
    offset = 0
    while part := os.pread(descriptor, 1 << 20, offset):
        parts.append(part)
        offset += len(part)
    return b"".join(parts)


def _read_header(record: dict[str, Any]) -> Header:
    if record["run"] != FORMAT:
        raise ValueError(f"format {record['run']} is of another version of smartchain")
    values = {field.name: record[field.name] for field in fields(Header)}
    values["transactions"] = tuple(tuple(map(int, lines)) for lines in values["transactions"])
    return Header(**values)


def _write_receipt(receipt: Receipt, ledger: str) -> dict[str, Any]:
    """With the ledger's first log alone, which names the entry: a recipient may have said any amount of things."""
    logs = [log for log in receipt.logs if _hex(log.address) == ledger.lower()][:1]
    return {
        "transaction": _hex(receipt.transaction),
        "ok": receipt.ok,
        "block_number": receipt.block_number,
        "block_hash": _hex(receipt.block_hash),
        "gas_used": receipt.gas_used,
        "gas_price": receipt.gas_price,
        "logs": [[_hex(log.address), *map(_hex, log.topics)] for log in logs],
    }


def _read_receipt(record: dict[str, Any]) -> Receipt:
    return Receipt(
        transaction=Hash32(_unhex(record["transaction"])),
        ok=bool(record["ok"]),
        block_number=int(record["block_number"]),
        block_hash=Hash32(_unhex(record["block_hash"])),
        gas_used=int(record["gas_used"]),
        gas_price=Wei(int(record["gas_price"])),
        logs=tuple(Log(Address(_unhex(log[0])), tuple(map(_unhex, log[1:]))) for log in record["logs"]),
    )


def _hex(data: bytes) -> str:
    return "0x" + data.hex()


def _unhex(text: str) -> bytes:
    return bytes.fromhex(text.removeprefix("0x"))
