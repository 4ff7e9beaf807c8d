"""
Who holds a token after a block, by the history of its transfers, held to what the token itself says there.

A token that changes balances without telling (one that rebases, or takes a fee on the way) has another history than
balances: the first wallet in which they differ is named.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Callable, Sequence
from itertools import islice
from typing import Any

import msgspec

from smartchain.errors import HostUnavailable, NoContract, NotALedger, RpcRefused, SnapshotError
from smartchain.host.accounts import expect_still_there
from smartchain.host.coins import TOTAL_SUPPLY_DATA
from smartchain.host.fetching import LogFetcher
from smartchain.host.purse import BALANCE_OF
from smartchain.host.words import address as word_of
from smartchain.host.words import raw, small, words
from smartchain.ledger.address import checksum
from smartchain.ledger.hash import keccak
from smartchain.ports import HostBlock, Rpc
from smartchain.types import ZERO_ADDRESS, Address

TRANSFER = "0x" + keccak(b"Transfer(address,address,uint256)").hex()
MOST_CHECKED = 10_000
"""Holders that the token is asked about: all of them, or so many by chance."""

TOGETHER = 100
Progress = Callable[[int, int], None]


class _Log(msgspec.Struct):
    topics: list[str]
    data: str
    blockNumber: str  # noqa: N815  (the host's names)
    removed: bool = False


class _Answer(msgspec.Struct):
    result: list[_Log]


_answer = msgspec.json.Decoder(_Answer)


def holders(
    rpc: Rpc, token: Address, at: HostBlock, from_block: int = 0, progress: Progress = lambda _done, _all: None
) -> dict[bytes, int]:
    """
    What each wallet holds, in the token's smallest unit, without those that hold nothing.

    Raises `NoContract`, `SnapshotError` for a token whose history does not give its balances, `HostError`s.
    """
    if rpc.call("eth_getCode", checksum(token), hex(at.number)) in ("0x", "", None):
        raise NoContract(f"there is no contract at {checksum(token)} in block {at.number}: check --token and --rpc-url")
    balances: dict[bytes, int] = defaultdict(int)
    for _, last, body in LogFetcher(rpc, token, [TRANSFER]).bodies(from_block, at.number):
        _take(balances, rpc, token, body)
        progress(last - from_block + 1, at.number - from_block + 1)
    balances.pop(ZERO_ADDRESS, None)
    for who in [who for who, value in balances.items() if not value]:
        del balances[who]  # no copy: there may be millions
    _check(rpc, token, at, balances)
    expect_still_there(rpc, at)
    return balances


def _take(balances: dict[bytes, int], rpc: Rpc, token: Address, body: bytes) -> None:
    try:
        logs = _answer.decode(body).result
        moves = [_move(log) for log in logs if not log.removed]
    except (msgspec.MsgspecError, ValueError) as error:
        raise HostUnavailable(f"{rpc.name} gave logs in a form that nobody knows: ask again") from error
    for move in moves:
        if move is None:
            raise SnapshotError(f"{checksum(token)} tells of transfers in another way than an ERC-20: check --token")
        sender, recipient, value = move
        balances[sender] -= value
        balances[recipient] += value


def _move(log: _Log) -> tuple[bytes, bytes, int] | None:
    """Who, whom and how much; None for the event of another standard. Raises `ValueError` for no hex."""
    words_of = [bytes.fromhex(topic[2:]) for topic in log.topics]
    data = bytes.fromhex(log.data[2:])
    if [len(word) for word in words_of] != [32, 32, 32] or len(data) != 32:
        return None
    return words_of[1][12:], words_of[2][12:], int.from_bytes(data, "big")


def _check(rpc: Rpc, token: Address, at: HostBlock, held: dict[bytes, int]) -> None:
    """Raises `SnapshotError` where the token says otherwise."""
    (supply,) = _asked(rpc, token, at, [TOTAL_SUPPLY_DATA])
    below = next((who for who, value in held.items() if value < 0), None)
    if below is not None:
        raise _differs(token, at, Address(below), held[below], None)
    chosen = list(held)
    if len(chosen) > MOST_CHECKED:
        chosen = random.Random(at.hash).sample(chosen, MOST_CHECKED)  # noqa: S311
    waiting = iter(chosen)
    while some := list(islice(waiting, TOGETHER)):
        asked = [BALANCE_OF + word_of(Address(who)) for who in some]
        for who, says in zip(some, _asked(rpc, token, at, asked), strict=True):
            if says != held[who]:
                raise _differs(token, at, Address(who), held[who], says)
    if (total := sum(held.values())) != supply:
        raise SnapshotError(
            f"the transfers of {checksum(token)} up to block {at.number} leave {total} in all, and its totalSupply is "
            f"{supply}: it changes balances without a transfer, so its history is no snapshot; give a table of wallets"
        )


def _differs(token: Address, at: HostBlock, who: Address, ours: int, says: int | None) -> SnapshotError:
    said = "which no wallet can have" if says is None else f"and its balanceOf says {says}"
    return SnapshotError(
        f"the transfers of {checksum(token)} up to block {at.number} leave {checksum(who)} {ours}, {said}: it changes "
        "balances without a transfer, or its history begins before --from-block; give a table of wallets"
    )


def _asked(rpc: Rpc, token: Address, at: HostBlock, asked: Sequence[bytes]) -> list[int]:
    where: Any = {"blockHash": "0x" + at.hash.hex()}
    calls = [("eth_call", [{"to": checksum(token), "data": "0x" + data.hex()}, where]) for data in asked]
    try:
        return [small(words(raw(answer), 1)[0], 256) for answer in rpc.batch(calls)]
    except NotALedger as unlike:
        raise SnapshotError(
            f"{checksum(token)} does not say what it has in all, or what somebody has, as an ERC-20 does: check --token"
        ) from unlike
    except RpcRefused as refusal:
        raise SnapshotError(
            f"{rpc.name} does not say what {checksum(token)} had at block {at.number} ({refusal}): check --token, take "
            "a newer block, or ask a node that keeps the state of that one"
        ) from refusal
