"""A token's holders by its history: held to the token, whatever a host or the token leaves out."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smartchain.errors import HostUnavailable, NoContract, RpcRefused, SnapshotError
from smartchain.host.holders import TRANSFER, holders
from smartchain.host.places import block_at
from smartchain.types import Address

TOKEN = Address(b"\x70" * 20)
WALLETS = [bytes(20), *(number.to_bytes(20, "big") for number in range(1, 6))]
Move = tuple[int, int, int]


class Host:
    """Implements `ports.Rpc`: a token whose transfers are the moves between these wallets; number 0 is nobody."""

    name = "http://host"

    def __init__(self, moves: Sequence[Move]) -> None:
        self.moves = list(moves)
        self.said: dict[bytes, int] = {}
        """What balanceOf says otherwise."""
        self.supply = 0
        self.held = dict.fromkeys(WALLETS, 0)
        for sender, recipient, value in moves:
            self.held[WALLETS[sender]] -= value
            self.held[WALLETS[recipient]] += value
        self.supply = -self.held[WALLETS[0]]
        self.code = "0x60"
        self.salts = [0]
        self.topics = 3

    def call(self, method: str, *params: Any) -> Any:
        match method:
            case "eth_getBlockByNumber":
                salt = self.salts.pop(0) if len(self.salts) > 1 else self.salts[0]
                return {"number": hex(len(self.moves)), "hash": f"0x{salt:064x}", "timestamp": "0x64"}
            case "eth_getCode":
                return self.code
        data = bytes.fromhex(params[0]["data"][2:])
        if len(data) == 4:
            return f"0x{self.supply:064x}"
        return f"0x{self.said.get(data[16:], self.held[data[16:]]):064x}"

    def batch(self, calls: Sequence[tuple[str, Sequence[Any]]]) -> list[Any]:
        return [self.call(method, *params) for method, params in calls]

    def body(self, method: str, *params: Any) -> bytes:
        assert method == "eth_getLogs"
        assert params[0]["topics"] == [[TRANSFER]]
        first, last = int(params[0]["fromBlock"], 16), int(params[0]["toBlock"], 16)
        logs = [self._log(number, move) for number, move in enumerate(self.moves, 1) if first <= number <= last]
        return json.dumps({"jsonrpc": "2.0", "id": 1, "result": logs}).encode()

    def _log(self, number: int, move: Move) -> dict[str, Any]:
        topics = [TRANSFER, *("0x" + (bytes(12) + WALLETS[party]).hex() for party in move[:2])]
        words = [*topics, f"0x{move[2]:064x}"]
        data = "0x" + "".join(word[2:] for word in words[self.topics :])
        return {"topics": words[: self.topics], "data": data, "blockNumber": hex(number), "address": "0x"}


def found(host: Host, from_block: int = 0) -> dict[bytes, int]:
    at = block_at(host, "latest")
    assert at is not None
    return holders(host, TOKEN, at, from_block)


@settings(max_examples=60)
@given(
    st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5), st.integers(0, 100)), max_size=40),
    st.lists(st.integers(1, 10**6), min_size=5, max_size=5),
)
def test_holders_have_what_came_less_what_went(moves: list[Move], minted: list[int]) -> None:
    opening = [(0, number, 10**6 + value) for number, value in enumerate(minted, 1)]
    host = Host([*opening, *moves])
    assert found(host) == {who: value for who, value in host.held.items() if value and who != WALLETS[0]}


def test_a_balance_that_changed_without_a_transfer_is_named_with_its_wallet() -> None:
    host = Host([(0, 1, 10), (1, 2, 4)])
    host.said[WALLETS[2]] = 5
    with pytest.raises(SnapshotError, match="02 4, and its balanceOf says 5"):
        found(host)


def test_tokens_that_were_made_without_a_transfer_are_noticed() -> None:
    host = Host([(0, 1, 10)])
    host.supply = 11
    with pytest.raises(SnapshotError, match="leave 10 in all, and its totalSupply is 11"):
        found(host)


def test_a_history_that_begins_too_late_is_noticed() -> None:
    host = Host([(0, 1, 10), (1, 2, 4)])
    with pytest.raises(SnapshotError, match=r"which no wallet can have.*begins before --from-block"):
        found(host, from_block=2)


def test_what_is_no_contract_or_another_standard_is_refused() -> None:
    host = Host([(0, 1, 10)])
    host.code = "0x"
    with pytest.raises(NoContract, match="there is no contract at 0x7070"):
        found(host)
    collectible = Host([(0, 1, 10)])
    collectible.topics = 4
    with pytest.raises(SnapshotError, match="in another way than an ERC-20"):
        found(collectible)


def test_a_block_that_is_replaced_meanwhile_is_noticed() -> None:
    host = Host([(0, 1, 10)])
    host.salts = [1, 2]
    with pytest.raises(HostUnavailable, match="was replaced on http://host while it was read"):
        found(host)


def test_a_node_that_has_forgotten_the_block_is_named() -> None:
    class Pruned(Host):
        def batch(self, calls: Sequence[tuple[str, Sequence[Any]]]) -> list[Any]:
            raise RpcRefused("missing trie node", -32000)

    with pytest.raises(SnapshotError, match=r"does not say what .* \(missing trie node\)"):
        found(Pruned([(0, 1, 10)]))


@pytest.mark.parametrize("body", [b"", b"{}", b'{"result":[{"topics":["0x"],"data":"0xzz","blockNumber":"0x1"}]}'])
def test_logs_that_are_none_are_asked_for_again(body: bytes) -> None:
    class Odd(Host):
        def body(self, method: str, *params: Any) -> bytes:
            return body

    with pytest.raises(HostUnavailable):
        found(Odd([(0, 1, 10)]))
