"""What nodes and providers say when they refuse, and what it means here."""

from __future__ import annotations

import pytest

from smartchain.errors import HostError, HostUnavailable, RangeTooLarge, RpcRefused, StateGone, UnknownBlock
from smartchain.host.refusal import MOST_WORDS, RpcError, refusal, revert_data

ASKED = [{"fromBlock": "0x64", "toBlock": "0x2710"}]  # blocks 100 to 10,000

TOO_LARGE = [
    (-32005, "query returned more than 10000 results. Try with this block range [0x64, 0x200].", 512),
    (-32602, "Log response size exceeded. You can make eth_getLogs requests with up to a 2K block range and no limit "
     "on the response size, or you can request any block range with a cap of 10K logs in the response. Based on your "
     "parameters and the response size limit, this block range should work: [0x64, 0x100]", 256),
    (-32600, "Under the Free tier plan, you can make eth_getLogs requests with up to a 10 block range. Upgrade.", 109),
    (-32614, "eth_getLogs is limited to a 10,000 range", None),  # shorter already: no suggestion
    (-32614, "eth_getLogs and eth_newFilter are limited to a 5,000 blocks range", 5099),
    (-32600, "block range is too wide", None),
    (-32047, "Invalid eth_getLogs request. 'fromBlock'-'toBlock' range too large. Max range: 800", 899),
    (-32005, "Too many logs requested. Max logs per response is 20000.", None),
    (-32602, "query exceeds max results 20000, retry with the range 100-456", 456),
    (-32602, "query exceeds max block range 1000", 1099),
    (-32000, "exceed maximum block range: 5000", 5099),
    (-32000, "logs matched by query exceeds limit of 10000", None),
    (-32000, "requested too many blocks from 100 to 10000, maximum is set to 2048", 2147),
    (-32602, "eth_getLogs is limited to 1024 block range. Please check the parameter requirements", 1123),
    (35, "ranges over 1000 blocks are not supported on freetier", 1099),
    (-32000, "eth_getLogs is limited to 0 - 1000 blocks range", 1099),
    (-32000, "query must be smaller than size 1024", None),
    (-32002, "Block range limit exceeded. See more details", None),
    (-32000, "requested block range (9901) exceeds limit (1000)", None),
    (-32000, "block range greater than 2000 max", 2099),
    (-32000, "eth_getLogs range is too large, max is 1k blocks", 1099),
    (-32020, "backend response too large", None),
    (-32000, "query timeout exceeded", None),
    (-32002, "request timed out", None),
    (-32005, "limit exceeded", None),
]  # fmt: skip


@pytest.mark.parametrize(("code", "words", "end"), TOO_LARGE)
def test_a_range_that_is_too_large_is_known_in_every_provider_s_words(code: int, words: str, end: int | None) -> None:
    error = refusal(RpcError(words, code), "http://node", "eth_getLogs", ASKED)

    assert isinstance(error, RangeTooLarge)
    assert error.suggested == end
    assert error.slow == ("time" in words)


def test_a_suggested_range_is_taken_from_the_data_where_it_stands_there() -> None:
    error = refusal(
        RpcError("query returned more than 10000 results", -32005, {"to": "0x80"}), "n", "eth_getLogs", ASKED
    )

    assert isinstance(error, RangeTooLarge)
    assert error.suggested == 128


@pytest.mark.parametrize("end", ["0x63", "0x2710", "0xffffff"])
def test_a_suggestion_that_is_no_shorter_range_is_none(end: str) -> None:
    error = refusal(RpcError(f"too large, try [0x1, {end}]", -32005), "n", "eth_getLogs", ASKED)

    assert isinstance(error, RangeTooLarge)
    assert error.suggested is None


OTHERS: list[tuple[str, int | None, str, type[HostError]]] = [
    ("eth_call", -32000, "missing trie node 12 (path ) state 0x34 is not available", StateGone),
    ("eth_call", -32000, "historical state 0x34 is not available", StateGone),
    ("eth_call", -32000, "state at block #123 is pruned", StateGone),
    ("eth_call", -32002, "No state available for block 0x1", StateGone),
    ("eth_call", -32000, "World state unavailable", StateGone),
    ("eth_call", -32000, "required historical state unavailable (reexec=128)", StateGone),
    ("eth_getProof", -32000, "distance to target block exceeds maximum proof window", StateGone),
    ("eth_call", -32000, "header not found with state", StateGone),
    ("eth_call", -32000, "This request requires an archive node", StateGone),
    ("eth_getLogs", 4444, "pruned history unavailable", StateGone),
    ("eth_call", -32000, "header not found", UnknownBlock),
    ("eth_call", -32000, "unknown block", UnknownBlock),
    ("eth_call", -32001, "Resource not found", UnknownBlock),
    ("eth_call", -32000, "hash 0xab is not currently canonical", UnknownBlock),
    ("eth_call", None, "BlockOutOfRangeError: block height is 5 but requested was 9", UnknownBlock),
    ("eth_getLogs", -32000, "block range extends beyond current head block", UnknownBlock),
    ("eth_getLogs", -32000, "One of the blocks specified in filter cannot be found.", UnknownBlock),
    ("eth_getLogs", -32005, "daily request count exceeded, request rate limited", HostUnavailable),
    ("eth_getLogs", 429, "Your app has exceeded its compute units per second capacity", HostUnavailable),
    ("eth_call", -32005, "limit exceeded", HostUnavailable),
    ("eth_call", -32000, "request timed out", HostUnavailable),
    ("eth_call", -32603, "Internal server error", HostUnavailable),
    ("eth_call", -32000, "no backends available", HostUnavailable),
    ("eth_call", 3, "execution reverted: request timed out, too many results", RpcRefused),
    ("eth_call", -32015, "VM execution error.", RpcRefused),
    ("eth_estimateGas", -32000, "execution reverted", RpcRefused),
    ("eth_getLogs", -32601, "the method eth_getLogs does not exist/is not available", RpcRefused),
    ("eth_sendRawTransaction", -32000, "nonce too low", RpcRefused),
    ("eth_sendRawTransaction", -32000, "already known", RpcRefused),
    ("eth_sendRawTransaction", -32000, "exceeds block gas limit", RpcRefused),
    ("eth_sendRawTransaction", -32000, "replacement transaction underpriced", RpcRefused),
    ("eth_sendRawTransaction", -32000, "insufficient funds for gas * price + value", RpcRefused),
    ("eth_call", -32602, "invalid argument 1: json: cannot unmarshal object into Go value", RpcRefused),
]


@pytest.mark.parametrize(("method", "code", "words", "kind"), OTHERS)
def test_other_refusals_are_told_apart_by_their_words(
    method: str, code: int | None, words: str, kind: type[HostError]
) -> None:
    error = refusal(RpcError(words, code), "http://node", method)

    assert type(error) is kind
    assert str(error).startswith("http://node answers ")


@pytest.mark.parametrize(
    ("data", "found"),
    [
        (None, b""),
        ("0x", b""),
        ("not hex", b""),
        ("0xdeadbeef", b"\xde\xad\xbe\xef"),
        ("Reverted 0xdeadbeef", b"\xde\xad\xbe\xef"),
        ({"data": "0xdeadbeef"}, b"\xde\xad\xbe\xef"),
        ({"result": "0xdeadbeef"}, b"\xde\xad\xbe\xef"),
        (17, b""),
    ],
)
def test_revert_data_is_found_wherever_a_node_puts_it(data: object, found: bytes) -> None:
    assert revert_data(data) == found

    error = refusal(RpcError("execution reverted", 3, data), "n", "eth_call")
    assert isinstance(error, RpcRefused)
    assert (error.code, error.data) == (3, found)


def test_a_node_s_words_are_shown_on_one_line_and_not_for_ever() -> None:
    error = refusal(RpcError("a\nb\x1b[31m" + "x" * 1000), "n", "eth_call")

    assert str(error).isprintable()
    assert len(str(error)) < MOST_WORDS + 50
