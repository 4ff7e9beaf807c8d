"""JSON-RPC 2.0 by its specification: errors, batches, notifications, and what is refused."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smartchain.errors import CorruptStore
from smartchain.ledger.hash import anchor_of
from smartchain.node.rpc import dispatch, methods
from tests.fakes.store import ListView
from tests.store.making import ANNA, INFO, payment
from tests.unit.node_rpc.asking import Asker, hexed, store_of, word


def call(method: str = "eth_chainId", **more: Any) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": 1, "method": method, **more}


def say(chain: Asker, body: object) -> Any:
    return chain.say(json.dumps(body).encode())


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b"{'a': 1}", b"NaN", b"[" * 100_000, b'{"a": 1} {"b": 2}'])
def test_what_is_not_json_is_a_parse_error_with_a_null_id(chain: Asker, body: bytes) -> None:
    said = chain.say(body)

    assert (said["id"], said["error"]["code"]) == (None, -32700)


@pytest.mark.parametrize("body", [1, "text", None, True, {}, {"id": 7}, {"jsonrpc": "2.0"}, {"method": "eth_chainId"}])
def test_json_that_is_no_request_is_invalid(chain: Asker, body: object) -> None:
    assert say(chain, body)["error"]["code"] == -32600


@pytest.mark.parametrize(
    "wrong",
    [{"jsonrpc": "1.0"}, {"jsonrpc": 2}, {"method": 1}, {"params": "0x0"}, {"params": 7}, {"id": [1]}, {"id": {}}],
)
def test_a_request_with_a_wrong_member_is_invalid_and_keeps_its_id_where_it_has_one(
    chain: Asker, wrong: dict[str, object]
) -> None:
    said = say(chain, call() | wrong)

    assert said["error"]["code"] == -32600
    assert said["id"] == (None if "id" in wrong else 1)


@pytest.mark.parametrize("identity", [0, -1, 1.5, 2**70, "", "a", None])
def test_an_id_comes_back_as_it_was(chain: Asker, identity: object) -> None:
    assert say(chain, call(id=identity))["id"] == identity


def test_an_unknown_method_says_so_in_the_words_that_clients_look_for(chain: Asker) -> None:
    code, said = chain.refusal("eth_newFilter", {})

    assert (code, said) == (-32601, "the method eth_newFilter does not exist/is not available")


def test_a_long_method_is_not_said_back_whole(chain: Asker) -> None:
    assert len(chain.refusal("x" * 10_000)[1]) < 120


def test_params_by_name_are_refused(chain: Asker) -> None:
    assert say(chain, call("eth_getBalance", params={"address": hexed(ANNA)}))["error"]["code"] == -32602


@pytest.mark.parametrize(
    ("method", "params"),
    [
        ("eth_chainId", [1]),
        ("eth_getBlockByNumber", []),
        ("eth_getBlockByNumber", [None, True]),
        ("eth_getBlockByNumber", ["0x1", "true"]),
        ("eth_getBlockByNumber", ["0x1", True, 1]),
        ("eth_getBlockByNumber", [1, True]),
        ("eth_getBlockByNumber", ["0x01", True]),
        ("eth_getBlockByNumber", ["0x", True]),
        ("eth_getBlockByNumber", ["1", True]),
        ("eth_getBlockByNumber", ["-0x1", True]),
        ("eth_getBlockByNumber", ["0x" + "1" * 65, True]),
        ("eth_getBlockByNumber", ["x" * 100_000, True]),
        ("eth_getBlockByNumber", [word(1), True]),
        ("eth_getBlockByHash", ["0x1", True]),
        ("eth_getBlockByHash", ["latest", True]),
        ("eth_getTransactionByHash", ["0x" + "g" * 64]),
        ("eth_getTransactionByBlockNumberAndIndex", ["0x1"]),
        ("eth_getTransactionByBlockNumberAndIndex", ["0x1", 0]),
        ("eth_getBalance", ["0x12", "latest"]),
        ("eth_getBalance", [5, "latest"]),
        ("eth_getBalance", ["0x52908400098527886E0F7030069857D2E4169Ee7", "latest"]),
        ("eth_getBalance", [hexed(ANNA), "'; DROP TABLE entry; --"]),
        ("eth_getBalance", [hexed(ANNA), {}]),
        ("eth_getBalance", [hexed(ANNA), {"blockHash": word(1), "blockNumber": "0x1"}]),
        ("eth_getBalance", [hexed(ANNA), {"blockNumber": word(1)}]),
        ("eth_getBalance", [hexed(ANNA), ["0x1"]]),
        ("eth_getStorageAt", [hexed(ANNA), "0x" + "0" * 65]),
        ("eth_feeHistory", ["0x1"]),
        ("eth_feeHistory", [-1, "latest", []]),
        ("eth_feeHistory", [True, "latest", []]),
        ("eth_feeHistory", ["0x1", "latest", [50, 10]]),
        ("eth_feeHistory", ["0x1", "latest", ["50"]]),
        ("eth_feeHistory", ["0x1", "latest", [101]]),
        ("eth_feeHistory", ["0x1", "latest", [1] * 101]),
    ],
)
def test_params_that_cannot_be_used_are_refused_in_a_short_sentence(
    chain: Asker, method: str, params: list[object]
) -> None:
    code, said = chain.refusal(method, *params)

    assert code == -32602
    assert 10 < len(said) < 300


@pytest.mark.parametrize(
    ("method", "says"),
    [
        ("eth_call", "runs no code"),
        ("eth_estimateGas", "runs no code"),
        ("eth_createAccessList", "runs no code"),
        ("eth_sendRawTransaction", "`smartchain send`"),
        ("eth_sendTransaction", "`smartchain send`"),
    ],
)
def test_what_the_smart_chain_does_not_do_is_refused_with_the_reason(chain: Asker, method: str, says: str) -> None:
    code, said = chain.refusal(method, {"to": hexed(ANNA)}, "latest")

    assert code == -32004
    assert said.startswith(f"{method} is refused: ")
    assert says in said


def test_a_notification_is_not_answered(chain: Asker) -> None:
    silent = {"jsonrpc": "2.0", "method": "eth_chainId"}

    assert say(chain, silent) is None
    assert say(chain, [silent, silent]) is None
    assert [one["id"] for one in say(chain, [silent, call(id=5), silent])] == [5]


@pytest.mark.parametrize("count", [0, dispatch.MOST_CALLS + 1])
def test_a_batch_of_none_or_too_many_is_one_error(chain: Asker, count: int) -> None:
    said = say(chain, [call()] * count)

    assert (said["id"], said["error"]["code"]) == (None, -32600)


def test_a_batch_answers_each_call_by_itself(chain: Asker) -> None:
    said = say(chain, [call(id=1), 7, call("eth_none", id="x"), call("eth_blockNumber", id=None), [call()]])

    assert [one["id"] for one in said] == [1, None, "x", None, None]
    assert [one.get("error", {}).get("code") for one in said] == [None, -32600, -32601, None, -32600]


def test_a_batch_goes_no_further_once_its_answers_are_large() -> None:
    chain = Asker(store_of([payment(ANNA, ANNA, 1)] * 10_000, (10_000, 0)))
    said = say(chain, [call("eth_getBlockByNumber", id=at, params=["latest", True]) for at in range(6)])
    codes = [one.get("error", {}).get("code") for one in said]

    assert codes == sorted(codes, key=bool)
    assert (codes[0], codes[-1]) == (None, -32003)


def test_a_batch_goes_no_further_once_it_has_taken_long(chain: Asker) -> None:
    seconds = count(0, 2)
    body = json.dumps([call(id=at) for at in range(5)]).encode()
    said = json.loads(dispatch.answer(chain.store.view(), body, lambda: float(next(seconds))))

    assert [one.get("error", {}).get("code") for one in said] == [None, None, -32003, -32003, -32003]


class Telling:
    """A store whose answers go wrong in a way that tells of the inside."""

    torn = True

    @contextmanager
    def view(self) -> Iterator[ListView]:
        if self.torn:
            raise CorruptStore("row 7 of /home/someone/chain.db is torn")
        yield ListView(store_of([]))


def test_a_broken_store_is_an_internal_error_that_tells_nothing() -> None:
    said = json.loads(dispatch.answer(Telling().view(), json.dumps(call()).encode()))

    assert said["error"] == {"code": -32603, "message": "the node could not answer; its log says why"}


def test_a_method_that_goes_wrong_is_an_internal_error_that_tells_nothing(chain: Asker) -> None:
    chain.store.chain[1] = "torn"  # type: ignore[call-overload]

    assert chain.refusal("eth_getBlockByNumber", "0x2", True) == (-32603, "the node could not answer; its log says why")


def test_who_the_chain_is(chain: Asker) -> None:
    identity = 2**48 + int.from_bytes(anchor_of(INFO.chain_id, INFO.address)[:6], "big")

    assert int(chain.ask("eth_chainId"), 16) == int(chain.ask("net_version")) == identity < 2**53
    assert chain.ask("web3_clientVersion").startswith("smartchain/v")
    assert chain.ask("net_listening") is True
    assert chain.ask("eth_accounts") == []


def test_gas_costs_nothing(chain: Asker) -> None:
    assert chain.ask("eth_gasPrice") == chain.ask("eth_maxPriorityFeePerGas") == "0x0"
    assert chain.ask("eth_feeHistory", "0x2", "latest", [10, 50.5]) == {
        "oldestBlock": "0x1", "baseFeePerGas": ["0x0"] * 3, "gasUsedRatio": [0, 0], "reward": [["0x0", "0x0"]] * 2,
    }  # fmt: skip
    assert chain.ask("eth_feeHistory", 5000, "latest", []) == {
        "oldestBlock": "0x0", "baseFeePerGas": ["0x0"] * 4, "gasUsedRatio": [0, 0, 0],
    }  # fmt: skip


def test_syncing_is_false_once_all_that_was_read_is_verified(chain: Asker) -> None:
    assert chain.ask("eth_syncing") is False

    chain.store.verified_size, chain.store.verified_blocks = 3, 2
    assert chain.ask("eth_syncing") == {"startingBlock": "0x0", "currentBlock": "0x1", "highestBlock": "0x2"}


def test_a_chain_that_no_contract_confirmed_says_so_in_every_answer() -> None:
    chain = Asker(store_of([payment(ANNA, ANNA, 1)] * 3, agreed=True))

    asked: dict[str, list[object]] = {
        "eth_blockNumber": [], "eth_getBalance": [hexed(ANNA)], "eth_getLogs": [{}], "eth_getBlockByNumber": ["0x9"],
    }  # fmt: skip
    for method, params in asked.items():
        assert chain.request(method, *params)["verified"] is False
    block = chain.ask("eth_getBlockByNumber", "latest", True)
    assert block["verified"] is block["transactions"][0]["verified"] is False
    assert chain.ask("eth_getTransactionReceipt", block["transactions"][0]["hash"])["verified"] is False


@pytest.mark.parametrize("tag", ["safe", "finalized"])
def test_no_block_is_safe_on_a_chain_that_no_contract_confirmed(tag: str) -> None:
    chain = Asker(store_of([payment(ANNA, ANNA, 1)] * 3, agreed=True))

    code, said = chain.refusal("eth_getBlockByNumber", tag, False)
    assert (code, said.split(":")[0]) == (-32000, f"no block is {tag}")


def test_a_verified_chain_adds_nothing_to_the_standards_envelope(chain: Asker) -> None:
    assert chain.request("eth_blockNumber").keys() == {"jsonrpc", "id", "result"}


PLAIN = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
JSON = st.recursive(
    PLAIN | st.sampled_from(["0x1", "latest", "pending", hexed(ANNA), word(1)]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=10,
)
CHAIN = Asker(store_of([payment(ANNA, ANNA, 1)] * 4))


@given(method=st.sampled_from(sorted(methods.METHODS)), params=st.lists(JSON, max_size=4))
def test_no_params_whatever_bring_a_method_down(method: str, params: list[object]) -> None:
    said = say(CHAIN, call(method, params=params))

    assert "result" in said or said["error"]["code"] in {-32602, -32001, -32004}


@given(body=st.binary(max_size=60) | JSON.map(lambda said: json.dumps(said).encode()))
def test_no_body_whatever_brings_the_dispatch_down(body: bytes) -> None:
    said = CHAIN.say(body)

    errors = [one["error"]["code"] for one in (said if isinstance(said, list) else [said])]
    assert set(errors) <= {-32700, -32600}
