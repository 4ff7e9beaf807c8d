"""All accounts of a host: pages as geth gives them, a dump as anvil does, and what neither may leave out in silence."""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from smartchain.errors import HostUnavailable, RpcRefused, SnapshotError
from smartchain.host.accounts import Account, accounts
from smartchain.host.places import block_at
from smartchain.types import Address

PAGE = 7
WALLET_OF_7702 = "0xef0100" + "aa" * 20


class Geth:
    """Implements `ports.Rpc`: a state in pages, keyed as geth keys them."""

    name = "http://geth"

    def __init__(self, count: int = 20) -> None:
        self.state: dict[str, dict[str, Any]] = {
            f"0x{number:040x}": {"balance": str(number * 10**18), "nonce": 0, "root": "0x", "codeHash": "0x"}
            for number in range(1, count + 1)
        }
        self.salt = 0
        self.asked: list[tuple[Any, ...]] = []
        self.after: Any = None

    def call(self, method: str, *params: Any) -> Any:
        if method == "eth_getBlockByNumber":
            return {"number": "0x9", "hash": f"0x{self.salt:064x}", "timestamp": "0x64"}
        return self.answer(method, *params)

    def answer(self, method: str, *params: Any) -> Any:
        if method != "debug_accountRange":
            raise RpcRefused(f"the method {method} does not exist", -32601)
        self.asked.append(params)
        start = bytes.fromhex(params[1][2:])
        keys = sorted(self.state)
        first = int.from_bytes(start, "big")
        page = {key: self.state[key] for key in keys[first : first + PAGE]}
        more = first + PAGE < len(keys)
        key = base64.b64encode((first + PAGE).to_bytes(32, "big")).decode()
        return {"root": "00" * 32, "accounts": page, **({"next": key} if more else {})}

    def batch(self, calls: Sequence[tuple[str, Sequence[Any]]]) -> list[Any]:
        return [self.call(method, *params) for method, params in calls]

    def body(self, method: str, *params: Any) -> bytes:
        raise AssertionError(method)


class Anvil(Geth):
    """The same state in one dump."""

    name = "http://anvil"

    def answer(self, method: str, *params: Any) -> Any:
        if method != "anvil_dumpState":
            raise RpcRefused("Method not found", -32601)
        return "0x" + self.dump().hex()

    def dump(self) -> bytes:
        found = {name: {"balance": hex(int(one["balance"])), "code": one.get("code", "0x"), "nonce": 0, "storage": {}}
                 for name, one in self.state.items()}  # fmt: skip
        return gzip.compress(json.dumps({"block": {}, "accounts": found}).encode())


def all_of(rpc: Geth) -> list[Account]:
    at = block_at(rpc, "latest")
    assert at is not None
    return sorted(accounts(rpc, at), key=lambda one: one.address)


@pytest.mark.parametrize("kind", [Geth, Anvil])
@pytest.mark.parametrize("count", [1, 6, 7, 8, 14, 20])
def test_every_account_is_given_once(kind: type[Geth], count: int) -> None:
    assert all_of(kind(count)) == [
        Account(Address(number.to_bytes(20, "big")), number * 10**18, False) for number in range(1, count + 1)
    ]


def test_pages_are_of_one_block_and_have_accounts_without_a_known_address() -> None:
    node = Geth()
    all_of(node)
    assert {params[0] for params in node.asked} == {"0x9"}
    assert {params[3:] for params in node.asked} == {(False, True, True)}


@pytest.mark.parametrize("kind", [Geth, Anvil])
def test_a_contract_is_told_from_a_wallet_that_lends_itself_code(kind: type[Geth]) -> None:
    node = kind(3)
    node.state[f"0x{1:040x}"]["code"] = "0x6001"
    node.state[f"0x{2:040x}"]["code"] = WALLET_OF_7702
    assert [one.is_contract for one in all_of(node)] == [True, False, False]


def test_an_account_whose_address_the_node_forgot_is_not_left_out_in_silence() -> None:
    node = Geth(3)
    node.state["pre(0x" + "ab" * 32 + ")"] = {"balance": "5"}
    with pytest.raises(SnapshotError, match=r"does not know the address of an account \(pre\(0xab.*preimages"):
        all_of(node)


def test_a_block_that_is_replaced_meanwhile_is_noticed() -> None:
    class Reorganised(Geth):
        def answer(self, method: str, *params: Any) -> Any:
            self.salt = 1
            return super().answer(method, *params)

    with pytest.raises(HostUnavailable, match="block 9 was replaced on http://geth"):
        all_of(Reorganised())


def test_a_dump_is_of_the_newest_block_alone() -> None:
    node = Anvil()
    at = block_at(node, "latest")
    assert at is not None
    with pytest.raises(SnapshotError, match="the state of its newest block alone, not of block 8"):
        list(accounts(node, replace(at, number=8)))


def test_a_node_that_gives_neither_is_told_so() -> None:
    class Public(Geth):
        name = "http://public"

        def answer(self, method: str, *params: Any) -> Any:
            raise RpcRefused("method not available", -32601)

    with pytest.raises(SnapshotError, match="knows neither debug_accountRange nor anvil_dumpState"):
        all_of(Public())


def test_a_node_that_has_forgotten_the_block_says_why() -> None:
    class Pruned(Geth):
        def answer(self, method: str, *params: Any) -> Any:
            raise RpcRefused("missing trie node", -32000)

    with pytest.raises(SnapshotError, match="does not give the accounts of block 9: missing trie node"):
        all_of(Pruned())


@pytest.mark.parametrize(
    "answer", [None, [], {"accounts": 5}, {"accounts": {"0x": {}}}, {"accounts": {}, "next": "%%"}, {"accounts": []}]
)
def test_what_is_no_page_is_refused(answer: Any) -> None:
    class Odd(Geth):
        def answer(self, method: str, *params: Any) -> Any:
            return answer

    with pytest.raises((HostUnavailable, SnapshotError)):
        all_of(Odd())


@pytest.mark.parametrize("key", [bytes(32), (6).to_bytes(32, "big"), (7).to_bytes(32, "big")])
def test_a_node_whose_pages_lead_back_is_not_followed_for_ever(key: bytes) -> None:
    class Circling(Geth):
        def answer(self, method: str, *params: Any) -> Any:
            page = super().answer(method, *params)
            return {**page, "next": base64.b64encode(key).decode()} if len(self.asked) > 1 else page

    with pytest.raises(HostUnavailable, match="leads back"):
        all_of(Circling())


@pytest.mark.parametrize("dump", [b"", b"no gzip", gzip.compress(b"[]"), gzip.compress(b'{"accounts":{"0x12":{}}}')])
def test_what_is_no_dump_is_refused(dump: bytes) -> None:
    class Odd(Anvil):
        def dump(self) -> bytes:
            return dump

    with pytest.raises(HostUnavailable):
        all_of(Odd())


@pytest.mark.parametrize("balance", ["-1", "0x-1", "five"])
def test_a_balance_that_is_none_is_refused(balance: str) -> None:
    node = Geth(2)
    node.state[f"0x{1:040x}"]["balance"] = balance
    with pytest.raises(SnapshotError):
        all_of(node)
