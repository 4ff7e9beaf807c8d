"""Logs: one Transfer an entry, sought by range, party and ledger, and never without bound."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smartchain.ledger.hash import keccak
from smartchain.node.rpc import logs
from tests.fakes.store import ListStore
from tests.store.making import ANNA, BEN, CARL, LEDGER, WALLETS, payment, payments
from tests.unit.node_rpc.asking import Asker, hexed, name_of, store_of, word

TRANSFER = hexed(keccak(b"Transfer(address,address,uint256)"))
ALL = {"fromBlock": "earliest", "toBlock": "latest"}


def found(chain: Asker, **sought: object) -> list[str]:
    """Transaction hashes of the logs that a filter finds."""
    return [one["transactionHash"] for one in chain.ask("eth_getLogs", sought)]


def names(*indexes: int) -> list[str]:
    return [name_of(index) for index in indexes]


@pytest.mark.parametrize(
    ("sought", "says"),
    [
        ([], "is no filter"),
        ({"blockHash": word(7), "fromBlock": "0x0"}, "either a blockHash or a range"),
        ({"fromBlock": "0x2", "toBlock": "0x1"}, "fromBlock 2 is past toBlock 1"),
        ({"fromBlock": 1}, "is no block number"),
        ({"fromBlock": "newest"}, "names no block"),
        ({"address": "0x12"}, "is not an address"),
        ({"address": {"a": 1}}, "is not an address"),
        ({"topics": "0x12"}, "are no topics"),
        ({"topics": [None] * 5}, "are no topics"),
        ({"topics": ["0x12"]}, "is not a hash"),
        ({"topics": [[["0x12"]]]}, "is not a hash"),
        ({"topics": [[TRANSFER] * 1001]}, "up to 1000 alternatives"),
    ],
)
def test_a_filter_that_cannot_be_used_is_refused_with_the_reason(chain: Asker, sought: object, says: str) -> None:
    code, sentence = chain.refusal("eth_getLogs", sought)

    assert code == -32602
    assert says in sentence


def test_a_block_hash_that_is_not_there_is_an_error(chain: Asker) -> None:
    assert chain.refusal("eth_getLogs", {"blockHash": word(7)}) == (-32001, f"there is no block of hash {word(7)}")


def test_what_is_pending_has_no_log(chain: Asker) -> None:
    assert found(chain, **ALL) == found(chain, fromBlock="0x0", toBlock="pending") == names(0, 1, 2, 3, 4)
    assert found(chain, fromBlock="pending", toBlock="pending") == []
    assert found(chain, fromBlock="0x3") == []
    assert found(chain, fromBlock="0x3", toBlock="0x9") == []


def test_a_range_is_of_blocks_and_by_default_the_newest(chain: Asker, store: ListStore) -> None:
    assert found(chain) == found(chain, blockHash=hexed(store.chain[2].hash)) == names(3, 4)
    assert found(chain, fromBlock="0x1", toBlock="0x1") == names(0, 1, 2)
    assert found(chain, fromBlock="0x2", toBlock="0x99") == names(3, 4)
    assert found(chain, fromBlock="0x0", toBlock="0x0") == []


def test_logs_are_those_of_the_receipts(chain: Asker) -> None:
    receipts = [one for number in ("0x1", "0x2") for one in chain.ask("eth_getBlockReceipts", number)]

    assert chain.ask("eth_getLogs", ALL) == [log for one in receipts for log in one["logs"]]


def test_topics_are_places_with_alternatives(chain: Asker) -> None:
    anna, ben, carl = (word(one) for one in (ANNA, BEN, CARL))

    assert found(chain, **ALL, topics=[TRANSFER]) == names(0, 1, 2, 3, 4)
    assert found(chain, **ALL, topics=[None, anna]) == names(0, 1, 3)
    assert found(chain, **ALL, topics=[[TRANSFER, word(1)], None, anna]) == names(2)
    assert found(chain, **ALL, topics=[None, None, [ben, carl]]) == names(0, 1, 3)
    assert found(chain, **ALL, topics=[None, [anna, ben], [anna, carl]]) == names(1, 2)
    assert found(chain, **ALL, topics=[[], [], [ben]]) == names(0, 3)


def test_what_no_transfer_has_finds_nothing(chain: Asker) -> None:
    assert found(chain, **ALL, topics=[word(1)]) == []
    assert found(chain, **ALL, topics=[None, "0x01" + "00" * 11 + ANNA.hex()]) == []
    assert found(chain, **ALL, topics=[None, None, None, None]) == []
    assert found(chain, **ALL, address=hexed(ANNA)) == []


def test_logs_come_from_the_ledger_alone(chain: Asker) -> None:
    assert found(chain, **ALL, address=hexed(LEDGER)) == found(chain, **ALL, address=[]) == names(0, 1, 2, 3, 4)
    assert found(chain, **ALL, address=[hexed(ANNA), hexed(LEDGER)]) == names(0, 1, 2, 3, 4)


def test_too_many_logs_are_refused_with_a_range_that_would_do() -> None:
    chain = Asker(store_of([payment(ANNA, BEN, 1)] * (logs.MOST_LOGS + 105), (100, 0)))
    said = chain.request("eth_getLogs", ALL)["error"]
    suggested = {"fromBlock": said["data"]["from"], "toBlock": said["data"]["to"]}

    assert said["code"] == -32005
    assert said["message"] == "query returned more than 10000 results. Try with this block range [0x0, 0x64]."
    assert len(found(chain, **suggested)) == logs.MOST_LOGS


def test_a_single_block_of_too_many_logs_says_what_to_narrow() -> None:
    chain = Asker(store_of([payment(ANNA, BEN, 1)] * logs.MOST_LOGS + [payment(BEN, ANNA, 1)], (logs.MOST_LOGS + 1, 0)))
    code, said = chain.refusal("eth_getLogs", {"fromBlock": "0x1"})

    assert (code, said.partition(" in block ")[2]) == (-32005, "1 alone: name topics, a sender or a recipient")
    assert len(found(chain, fromBlock="0x1", topics=[None, word(BEN)])) == 1


def brute(chain: Asker, senders: Sequence[bytes], recipients: Sequence[bytes]) -> list[dict[str, Any]]:
    """The same search over everything that was said."""
    wanted = [[word(one) for one in senders], [word(one) for one in recipients]]
    everything = chain.ask("eth_getLogs", ALL)
    return [
        log
        for log in everything
        if all(not these or topic in these for topic, these in zip(log["topics"][1:], wanted, strict=True))
    ]


PARTIES = st.lists(st.sampled_from(WALLETS), max_size=3, unique=True)


@settings(max_examples=60)
@given(seed=st.integers(0, 2**32), count=st.integers(0, 40), senders=PARTIES, recipients=PARTIES)
def test_a_search_finds_what_looking_at_every_log_finds(
    seed: int, count: int, senders: list[bytes], recipients: list[bytes]
) -> None:
    chain = Asker(store_of(payments(seed, count)))
    topics = [None, [word(one) for one in senders] or None, [word(one) for one in recipients] or None]

    assert chain.ask("eth_getLogs", {**ALL, "topics": topics}) == brute(chain, senders, recipients)


def test_more_addresses_than_lists_to_merge_find_the_same(chain: Asker) -> None:
    strangers = [word(10**9 + number) for number in range(100)]

    assert found(chain, **ALL, topics=[None, [*strangers, word(ANNA)]]) == names(0, 1, 3)
