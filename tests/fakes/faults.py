"""What a node, or the way to it, can do wrong: for `Proxy.fault`."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from typing import Any

from tests.fakes.proxy import Answer, Call, Fault, Logs

# faults of the way


def status(code: int, retry_after_s: int | None = None) -> Fault:
    """An error of HTTP in place of the answer: 503, 429 …"""
    headers = {} if retry_after_s is None else {"Retry-After": str(retry_after_s)}
    return lambda call, answer: Answer(b"not now", code, headers)


def late(seconds: float) -> Fault:
    """The answer, later than somebody may want to wait for it."""

    def fault(call: Call, answer: Answer) -> Answer:
        answer.delay_s = seconds
        return answer

    return fault


def cut_off(call: Call, answer: Answer) -> Answer:
    """Half of the answer, and the connection closed."""
    answer.cut_bytes = len(answer.body) - len(answer.body) // 2
    return answer


def cut_short(call: Call, answer: Answer) -> Answer:
    """Half of the answer, announced as the whole."""
    answer.body = answer.body[: len(answer.body) // 2]
    return answer


def sometimes(chance: random.Random, share: float, fault: Fault) -> Fault:
    """The fault in that share of the answers, by a seeded choice."""
    return lambda call, answer: fault(call, answer) if chance.random() < share else answer


# faults of the node


def error(message: str, code: int = -32000, data: Any = None) -> Fault:
    """A JSON-RPC error in place of the answer."""

    def fault(call: Call, answer: Answer) -> Answer:
        said = {"code": code, "message": message} | ({} if data is None else {"data": data})
        return Answer(json.dumps({"jsonrpc": "2.0", "id": call["id"], "error": said}).encode())

    return fault


def forgets_state(newest: Callable[[], int], kept: int, block_of: Callable[[str], int | None]) -> Fault:
    """
    "missing trie node" for calls on blocks more than `kept` below the newest, as a node without an archive answers.

    `newest` gives the newest block's number and `block_of` that of a block hash.
    """
    gone = error("missing trie node 00 (path ) state 00 is not available")

    def fault(call: Call, answer: Answer) -> Answer:
        where = call["params"][-1] if call["params"] else "latest"
        number = block_of(where["blockHash"]) if isinstance(where, dict) else _number(where)
        return gone(call, answer) if number is not None and number <= newest() - kept else answer

    return fault


def most_blocks(most: int) -> Fault:
    """A cap on the host blocks of one `eth_getLogs`, with the range to ask for instead, as providers word it."""

    def fault(call: Call, answer: Answer) -> Answer:
        query = call["params"][0]
        first, last = int(query["fromBlock"], 16), int(query["toBlock"], 16)
        if last - first < most:
            return answer
        instead = f"[{hex(first)}, {hex(first + most - 1)}]"
        return error(f"block range is too large, this block range should work: {instead}", -32602)(call, answer)

    return fault


def most_logs(most: int) -> Fault:
    """A cap on the logs of one answer, with no hint at what would do."""

    def fault(call: Call, answer: Answer) -> Answer:
        found = json.loads(answer.body).get("result")
        if isinstance(found, list) and len(found) > most:
            return error(f"query returned more than {most} results", -32005)(call, answer)
        return answer

    return fault


def no_block_hashes(call: Call, answer: Answer) -> Answer:
    """A node from before EIP-1898: a call names its block by number."""
    if isinstance(call["params"][-1], dict) and "blockHash" in call["params"][-1]:
        return error("invalid argument 1: json: cannot unmarshal object into Go value", -32602)(call, answer)
    return answer


def behind(newest: Callable[[], int], blocks: int) -> Fault:
    """Logs as a replica gives them that is so many host blocks behind: those that it has, and no word of the rest."""
    return lambda call, answer: logs(lambda found: [log for log in found if _is_before(log, newest() - blocks)])(
        call, answer
    )


def _is_before(log: dict[str, Any], number: int) -> bool:
    return int(log["blockNumber"], 16) <= number


# lies


def logs(change: Callable[[Logs], Logs]) -> Fault:
    """Logs other than the node gave."""

    def fault(call: Call, answer: Answer) -> Answer:
        said = json.loads(answer.body)
        if isinstance(said.get("result"), list):
            said["result"] = change(said["result"])
            answer.body = json.dumps(said).encode()
        return answer

    return fault


def result(change: Callable[[Any], Any]) -> Fault:
    """Another result than the node gave."""

    def fault(call: Call, answer: Answer) -> Answer:
        said = json.loads(answer.body)
        if "result" in said:
            said["result"] = change(said["result"])
            answer.body = json.dumps(said).encode()
        return answer

    return fault


def drop(index: int) -> Callable[[Logs], Logs]:
    """Without the log of one entry."""
    return lambda found: [log for log in found if _index(log) != index]


def truncate(index: int) -> Callable[[Logs], Logs]:
    """Without the log of one entry and all after it."""
    return lambda found: [log for log in found if _index(log) < index]


def double(index: int, **changes: str) -> Callable[[Logs], Logs]:
    """With the log of one entry twice; with fields of the second one changed, if any are given."""
    return lambda found: [
        again for log in found for again in ([log, {**log, **changes}] if _index(log) == index else [log])
    ]


def swap(index: int) -> Callable[[Logs], Logs]:
    """With the log of one entry after the next one."""

    def change(found: Logs) -> Logs:
        for at in range(len(found) - 1):
            if _index(found[at]) == index:
                found[at], found[at + 1] = found[at + 1], found[at]
                break
        return found

    return change


def alter(index: int, change: Callable[[dict[str, Any]], dict[str, Any]]) -> Callable[[Logs], Logs]:
    """With the log of one entry changed."""
    return lambda found: [change(log) if _index(log) == index else log for log in found]


def add_to_value(log: dict[str, Any]) -> dict[str, Any]:
    """One wei more in a payment recorded singly: canonical, plausible and false."""
    value = int(log["data"][66:130], 16) + 1
    return {**log, "data": f"{log['data'][:66]}{value:064x}{log['data'][130:]}"}


def _index(log: dict[str, Any]) -> int:
    return int(log["topics"][1], 16)


def _number(where: str) -> int | None:
    return int(where, 16) if where.startswith("0x") else None
