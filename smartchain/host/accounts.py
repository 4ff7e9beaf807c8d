"""
All accounts of a host chain and what each holds, from a node that gives its whole state away.

    debug_accountRange   geth and its kin, page by page, at any block whose state they keep
    anvil_dumpState      anvil, in one answer, at its newest block
"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeVar

import msgspec

from smartchain.errors import HostUnavailable, RpcRefused, SnapshotError
from smartchain.host.dump import accounts_in
from smartchain.host.places import block_at
from smartchain.host.words import raw
from smartchain.ports import HostBlock, Rpc
from smartchain.types import Address

PAGE = 256
"""Accounts a page; geth gives no more."""

NO_SUCH_METHOD = -32601
T = TypeVar("T")
_DELEGATED = b"\xef\x01\x00"
"""How the code of a wallet begins that lends itself a contract's (EIP-7702)."""


@dataclass(frozen=True, slots=True)
class Account:
    """An account of the host; `value` in wei."""

    address: Address
    value: int
    is_contract: bool


class _Dumped(msgspec.Struct):
    balance: str
    code: str = "0x"


class _Page(msgspec.Struct):
    accounts: dict[str, _Dumped]
    next: str | None = None


def accounts(rpc: Rpc, at: HostBlock) -> Iterator[Account]:
    """
    Every account after that block, in no order.

    Raises `SnapshotError` where the node does not give them, `HostUnavailable` where the block was replaced meanwhile.
    """
    start = b""
    try:
        page = _page(rpc, at, start)
    except RpcRefused as refusal:
        if refusal.code != NO_SUCH_METHOD:
            raise SnapshotError(f"{rpc.name} does not give the accounts of block {at.number}: {refusal}") from refusal
        yield from _dumped(rpc, at)
        return
    while True:
        yield from (_account(rpc, name, said) for name, said in page.accounts.items())
        if not page.next:
            break
        start = _after(rpc, start, page.next)
        page = _page(rpc, at, start)
    expect_still_there(rpc, at)


def expect_still_there(rpc: Rpc, at: HostBlock) -> None:
    """Raises `HostUnavailable` where a block was replaced."""
    if block_at(rpc, hex(at.number)) != at:
        raise HostUnavailable(f"block {at.number} was replaced on {rpc.name} while it was read: run it again")


def _page(rpc: Rpc, at: HostBlock, start: bytes) -> _Page:
    """With accounts whose address the node does not know: left out in silence they would be missing."""
    answer = rpc.call("debug_accountRange", hex(at.number), "0x" + start.hex(), PAGE, False, True, True)
    return _converted(rpc, answer, _Page)


def _dumped(rpc: Rpc, at: HostBlock) -> Iterator[Account]:
    try:
        packed = raw(rpc.call("anvil_dumpState"))
    except RpcRefused as refusal:
        raise SnapshotError(
            f"{rpc.name} knows neither debug_accountRange nor anvil_dumpState, so it cannot say who holds what: "
            "ask a node of your own, or give a table of wallets"
        ) from refusal
    if block_at(rpc, "latest") != at:
        raise SnapshotError(f"{rpc.name} gives the state of its newest block alone, not of block {at.number}")
    try:
        for name, said in accounts_in(packed):
            yield _account(rpc, name, _converted(rpc, said, _Dumped))
    except ValueError as error:
        raise HostUnavailable(f"{rpc.name} gave a state that cannot be read ({error}): ask again") from error


def _converted(rpc: Rpc, said: object, kind: type[T]) -> T:
    try:
        return msgspec.convert(said, kind)
    except msgspec.ValidationError as error:
        raise HostUnavailable(f"{rpc.name} gave accounts in a form that nobody knows: ask again") from error


def _account(rpc: Rpc, name: str, said: _Dumped) -> Account:
    try:
        address, value = bytes.fromhex(name.removeprefix("0x")), _value(said.balance)
        code = bytes.fromhex(said.code.removeprefix("0x"))
    except ValueError:
        address, value, code = b"", 0, b""
    if len(address) != 20:
        raise SnapshotError(
            f"{rpc.name} does not know the address of an account ({name[:80]}): start the node so that it keeps "
            "preimages (geth: --cache.preimages), and have it read the chain again"
        )
    return Account(Address(address), value, bool(code) and not code.startswith(_DELEGATED))


def _value(text: str) -> int:
    """geth says it in decimal, anvil in hex. Raises `ValueError`."""
    value = int(text, 16) if text.startswith("0x") else int(text)
    if value < 0:
        raise ValueError(text)
    return value


def _after(rpc: Rpc, start: bytes, text: str) -> bytes:
    """The key that the next page begins with, as geth writes bytes, in base64; some write hex. Keys go up."""
    try:
        key = bytes.fromhex(text[2:]) if text.startswith("0x") else base64.b64decode(text, validate=True)
    except ValueError as error:
        raise HostUnavailable(f"{rpc.name} gave a next key that is none: ask again") from error
    if key <= start:
        raise HostUnavailable(f"{rpc.name} gave a next key that leads back: ask again")
    return key
