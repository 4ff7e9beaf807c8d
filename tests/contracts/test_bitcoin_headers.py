"""BitcoinBurnClaim, its headers: Bitcoin's rules one by one, forks, and the main network's own blocks."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from smartchain.host.bitcoin.hashing import root_from
from smartchain.host.bitcoin.headers import MAIN_LIMIT, Header, bits_of, retarget, target_of, work_of
from smartchain.host.bitcoin.transactions import read_transaction
from smartchain.types import Hash32
from tests.contracts.bitcoins import LIMIT, NOTHING, REAL, Burning, Chain, mine, packed
from tests.contracts.coins import NAME, SYMBOL
from tests.contracts.evm import NO_GENESIS, Contract, Evm

HEADERS = [Header.unpack(bytes.fromhex(one)) for one in REAL["headers"]]


@pytest.fixture
def burning(evm: Evm) -> Burning:
    return Burning.on(evm)


@pytest.fixture(scope="module")
def rules() -> Contract:
    return Evm().deploy("MockBitcoin")


def point(header: Header, height: int = 0, limit: int = LIMIT) -> tuple[bytes, int, int]:
    return header.pack(), height, limit


@pytest.mark.parametrize("what", ["another height", "too few headers", "past the limit", "a limit past 2^254"])
def test_a_checkpoint_that_is_none_is_refused(evm: Evm, what: str) -> None:
    header = Chain.at(evm.now()).headers[0]
    headers, height, limit = {
        "another height": point(header, 1),
        "too few headers": point(header, 2016),
        "past the limit": point(header, 0, LIMIT - 1),
        "a limit past 2^254": point(header, 0, 2**254),
    }[what]
    bits = 0 if what in {"another height", "too few headers"} else header.bits

    evm.refuses(
        evm.creation("BitcoinBurnClaim", NAME, SYMBOL, 100, 0, NO_GENESIS, (headers, height, limit), 1, 1),
        "WrongCheckpoint(uint32,uint256,uint32)", height, 80, bits,
    )  # fmt: skip


def test_a_checkpoint_without_its_work_and_a_burn_under_nothing_are_refused(evm: Evm) -> None:
    header = Chain.at(evm.now()).headers[0]
    idle = next(one for n in range(99) if not (one := replace(header, nonce=n)).has_work)

    for checkpoint, depth, work, error, *values in (
        (point(idle), 1, 1, "TooLittleWork(uint256,bytes32)", 0, idle.hash),
        (point(header), 0, 1, "NoDepth()"),
        (point(header), 1, 0, "NoDepth()"),
    ):
        made = evm.creation("BitcoinBurnClaim", NAME, SYMBOL, 100, 0, NO_GENESIS, checkpoint, depth, work)
        evm.refuses(made, error, *values)


def test_headers_that_are_cut_off_are_refused(burning: Burning) -> None:
    for length in (0, 79, 81):
        call = burning.coin.functions.submitHeaders(bytes(length))
        burning.evm.refuses(call, "HeadersCutOff(uint256)", length)


def test_a_header_that_follows_no_known_block_is_refused(burning: Burning) -> None:
    burning.chain.grow()
    loose = mine(Hash32(b"\1" * 32), NOTHING, burning.chain.headers[-1].time + 600)

    call = burning.submit([*burning.chain.headers, loose])

    burning.evm.refuses(call, "UnknownParent(uint256,bytes32)", 2, b"\1" * 32)


def test_a_header_with_too_little_work_is_refused(burning: Burning) -> None:
    header, _ = burning.chain.grow()
    idle = next(one for n in range(99) if not (one := replace(header, nonce=n)).has_work)

    burning.evm.refuses(burning.submit([idle]), "TooLittleWork(uint256,bytes32)", 0, idle.hash)


def test_a_header_with_another_target_than_the_rule_gives_is_refused(burning: Burning) -> None:
    first = burning.chain.headers[0]

    for target in (LIMIT >> 4, LIMIT << 1):
        other = mine(first.hash, NOTHING, first.time + 600, bits_of(target))
        values = (0, other.bits, first.bits)
        burning.evm.refuses(burning.submit([other]), "WrongTarget(uint256,uint32,uint32)", *values)


def test_a_time_must_be_past_the_median_of_the_eleven_before(burning: Burning) -> None:
    for _ in range(14):
        burning.chain.grow()
    burning.evm.send(burning.submit(burning.chain.headers))
    tip, median = burning.chain.headers[-1], burning.chain.headers[-6].time

    late = mine(tip.hash, NOTHING, median)
    burning.evm.refuses(burning.submit([late]), "NotPastMedianTime(uint256,uint32)", 0, median)
    burning.evm.send(burning.submit([mine(tip.hash, NOTHING, median + 1)]))

    assert burning.coin.functions.bestBlock().call()[1] == 15


def test_a_time_may_be_two_hours_ahead_and_no_more(burning: Burning) -> None:
    first = burning.chain.headers[0]
    ahead = mine(first.hash, NOTHING, burning.evm.now() + 7_200 + 1_000)

    refused = burning.evm.refusal(burning.submit([ahead]))
    burning.evm.send(burning.submit([mine(first.hash, NOTHING, burning.evm.now() + 7_200)]))

    assert refused[4:36] == bytes(32)
    assert int.from_bytes(refused[36:68], "big") == ahead.time > int.from_bytes(refused[68:], "big")


def test_the_heaviest_chain_is_followed_whichever_came_first(burning: Burning) -> None:
    for _ in range(5):
        burning.chain.grow()
    lighter, heavier = burning.chain.fork(2, 3), burning.chain.fork(2, 4)
    burning.evm.send(burning.submit(burning.chain.headers))

    burning.evm.send(burning.submit(lighter.headers[3:]))
    assert burning.best() == burning.chain.headers[-1].hash
    _, receipt = burning.evm.send(burning.submit(heavier.headers[3:]))

    said = burning.coin.events.HeadersAdded().process_log(receipt["logs"][0])["args"]
    assert (said["tip"], said["height"], said["work"]) == (heavier.headers[-1].hash, 6, 6 * work_of(LIMIT))
    assert burning.best() == heavier.headers[-1].hash


def test_headers_that_are_known_are_passed_over_in_silence(burning: Burning) -> None:
    burning.chain.grow()
    burning.evm.send(burning.submit(burning.chain.headers))

    _, receipt = burning.evm.send(burning.submit(burning.chain.headers))

    assert receipt["logs"] == []


def test_blocks_of_the_main_network_are_taken_in_and_one_that_was_altered_is_not(evm: Evm) -> None:
    checkpoint = point(HEADERS[0], 0, MAIN_LIMIT)
    coin = evm.deploy("BitcoinBurnClaim", NAME, SYMBOL, 100, 0, NO_GENESIS, checkpoint, 6, 2**64)
    altered = replace(HEADERS[3], root=NOTHING)

    evm.refuses(
        coin.functions.submitHeaders(packed([*HEADERS[:3], altered])), "TooLittleWork(uint256,bytes32)", 3, altered.hash
    )
    evm.send(coin.functions.submitHeaders(packed(HEADERS)))

    work = 6 * work_of(target_of(HEADERS[0].bits))
    assert coin.functions.bestBlock().call() == [HEADERS[-1].hash, 6, work]


def test_a_transaction_of_the_main_network_stands_in_its_block(rules: Contract) -> None:
    shown = read_transaction(bytes.fromhex(REAL["transaction"]))
    siblings = [Hash32(bytes.fromhex(one)) for one in REAL["siblings"]]

    assert shown.id.hex() == rules.functions.idOf(shown.raw).call().hex() == REAL["txid"]
    root = rules.functions.rootOf(shown.id, REAL["index"], siblings).call()
    assert root == root_from(shown.id, REAL["index"], siblings) == HEADERS[0].root
    for number, (satoshis, script) in enumerate(shown.outputs):
        whole = satoshis.to_bytes(8, "little") + bytes([len(script)]) + script
        assert rules.functions.outputOf(shown.raw, number).call() == whole


def test_the_main_networks_own_targets_follow_by_the_rule(rules: Contract) -> None:
    for one in REAL["retargets"]:
        first, last, following = (Header.unpack(bytes.fromhex(one[name])) for name in ("first", "last", "next"))
        asked = (last.bits, first.time, last.time, MAIN_LIMIT)
        assert rules.functions.retarget(*asked).call() == retarget(*asked) == following.bits


@settings(max_examples=20)
@given(some.integers(1, 2**256 - 2), some.integers(0, 2**32 - 1), some.integers(0, 2**32 - 1))
def test_targets_are_reckoned_as_in_python(rules: Contract, target: int, start: int, end: int) -> None:
    bits = bits_of(target)

    assert rules.functions.bitsOf(target).call() == bits
    assert rules.functions.targetOf(bits).call() == target_of(bits) <= target
    assert rules.functions.workOf(target).call() == work_of(target)
    asked = (bits_of(target >> 2), start, end, 2**254 - 1)
    assert rules.functions.retarget(*asked).call() == retarget(*asked)
