"""The host layer on a real node: everything it reads, and what it makes of a node that fails, forgets or lies."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from smartchain.errors import (
    BrokenSequence,
    HostError,
    HostUnavailable,
    MalformedLog,
    NoContract,
    NotALedger,
    RpcRefused,
    SourcesDisagree,
    StateGone,
    UnknownBlock,
    Untrue,
)
from smartchain.host.check import CheckedSource
from smartchain.host.contracts import HEAD_DATA, decode_error, relay_batch_data, relay_data
from smartchain.host.endpoint import Endpoint
from smartchain.host.rpc import HttpRpc, Retry
from smartchain.host.source import HostLedger
from smartchain.host.stateproof import header_hash, proven_head
from smartchain.ledger.block import BlockRule
from smartchain.ledger.entry import Entry
from smartchain.ledger.hash import EMPTY_ROOT, leaf_hash
from smartchain.ledger.merkle import MerkleLog
from smartchain.ports import Chunk, Head
from smartchain.types import Address, Hash32, Index, Size
from tests.conftest import Toolchain
from tests.fakes import faults
from tests.fakes.anvil import OnAnvil, on_anvil
from tests.fakes.proxy import Fault, Logs, Proxy

ENTRIES = 240
"""What the chain of these tests holds: 200 singly, a batch of 39, a seal."""
PATIENT = Retry(attempts=6, first_wait_s=0.0, longest_wait_s=0.0, jitter_s=0.0)
SHORT_S = 0.3
MEMO = Hash32(b"\x77" * 32)


@pytest.fixture(scope="module")
def chain(toolchain: Toolchain) -> Iterator[OnAnvil]:
    with on_anvil((7, 60), fee_ppm=50, executable=toolchain.anvil) as here:
        here.mine(20)
        here.fill(200, 25)
        here.mine(3)
        here.relay_batch([(Address(bytes([n]) * 20), n * 10**9) for n in range(1, 40)], MEMO, sender=1)
        here.seal()
        here.mine(2)
        yield here


@pytest.fixture
def proxy(chain: OnAnvil) -> Iterator[Proxy]:
    with Proxy(chain.url) as between:
        yield between


@pytest.fixture
def rpc(proxy: Proxy) -> Iterator[HttpRpc]:
    connection = HttpRpc(Endpoint(proxy.url, timeout_s=10), PATIENT)
    yield connection
    connection.close()


@pytest.fixture
def source(chain: OnAnvil, rpc: HttpRpc) -> HostLedger:
    return HostLedger(rpc, chain.ledger)


def read(source: HostLedger | CheckedSource) -> list[Chunk]:
    return list(source.chunks(0, source.target().number, Index(0)))


def packed(chunks: list[Chunk]) -> list[bytes]:
    return [entry for chunk in chunks for entry in chunk.packed]


def head_of(entries: list[bytes]) -> Head:
    log = MerkleLog.of(map(leaf_hash, entries))
    return Head(log.size, log.root())


def test_the_ledger_is_described(source: HostLedger, chain: OnAnvil) -> None:
    info = source.info()

    assert (info.chain_id, info.address, info.rule, info.fee_ppm) == (31337, chain.ledger, BlockRule(7, 60), 50)
    assert (info.genesis.size, info.genesis.root) == (0, EMPTY_ROOT)
    assert info.deployed_at in (0, 1)  # two blocks may have the same second


def test_no_contract_and_no_ledger_are_told_apart(rpc: HttpRpc, chain: OnAnvil) -> None:
    stops = bytes.fromhex("5f5f5360015ff3")  # creates a contract that does nothing, whatever it is asked
    stranger = Address(bytes.fromhex(chain.send(None, stops)["contractAddress"][2:]))

    with pytest.raises(NoContract):
        HostLedger(rpc, Address(b"\x50" * 20)).info()
    with pytest.raises(NotALedger):
        HostLedger(rpc, stranger).info()


def test_every_entry_comes_in_order_under_the_contract_s_root(source: HostLedger, chain: OnAnvil) -> None:
    target = source.target()
    chunks = read(source)
    entries = packed(chunks)

    assert len(entries) == ENTRIES
    assert source.head(target) == head_of(entries)
    assert source.peaks(target) == MerkleLog.of(map(leaf_hash, entries)).peaks()
    assert {Entry.unpack(entry).memo for entry in entries[200:239]} == {MEMO}
    assert Entry.unpack(entries[239]).is_seal
    assert [(c.first_block, c.last_block) for c in chunks][-1][1] == target.number
    assert all(len(c.packed) == len(c.host_blocks) == len(c.transactions) for c in chunks)
    for number, block_hash in ((n, h) for c in chunks for n, h in c.hashes.items()):
        block = source.block(number)
        assert block is not None
        assert block.hash == block_hash


def test_a_refusal_of_the_contract_is_decoded(chain: OnAnvil, rpc: HttpRpc) -> None:
    call = {"from": "0x" + chain.accounts[0].hex(), "to": "0x" + chain.ledger.hex(), "value": "0x1"}

    for data, name in [(relay_data(chain.ledger), "RecipientIsLedger"), (relay_batch_data([]), "EmptyBatch")]:
        for method in ("eth_call", "eth_estimateGas"):
            with pytest.raises(RpcRefused) as refused:
                rpc.call(method, {**call, "data": "0x" + data.hex()})
            error = decode_error(refused.value.data)
            assert error is not None
            assert error.name == name


PASSING: dict[str, Fault] = {
    "503": faults.status(503),
    "429": faults.status(429, retry_after_s=0),
    "cut off": faults.cut_off,
    "cut short": faults.cut_short,
    "a busy backend": faults.error("bad gateway", -32603),
}


@pytest.mark.parametrize("fault", PASSING.values(), ids=PASSING.keys())
def test_faults_that_pass_change_nothing(source: HostLedger, proxy: Proxy, chain: OnAnvil, fault: Fault) -> None:
    expected = packed(read(source))
    proxy.fault(faults.sometimes(random.Random(7), 0.3, fault))

    assert packed(read(source)) == expected
    assert source.head(source.target()) == head_of(expected)


@pytest.mark.parametrize("fault", PASSING.values(), ids=PASSING.keys())
def test_faults_that_stay_end_as_unavailable(source: HostLedger, proxy: Proxy, fault: Fault) -> None:
    proxy.fault(fault, "eth_getLogs")

    with pytest.raises(HostUnavailable):
        read(source)


def test_a_node_that_is_slow_with_large_ranges_is_asked_for_smaller_ones(chain: OnAnvil, proxy: Proxy) -> None:
    slow = faults.late(3 * SHORT_S)
    proxy.fault(lambda call, answer: slow(call, answer) if _blocks(call) > 4 else answer, "eth_getLogs")
    rpc = HttpRpc(Endpoint(proxy.url, timeout_s=SHORT_S), PATIENT)

    assert len(packed(read(HostLedger(rpc, chain.ledger)))) == ENTRIES
    rpc.close()


def test_a_node_that_is_too_slow_for_a_single_block_is_unavailable(chain: OnAnvil, proxy: Proxy) -> None:
    proxy.fault(faults.error("query timeout exceeded"), "eth_getLogs")
    rpc = HttpRpc(Endpoint(proxy.url), PATIENT)

    with pytest.raises(HostUnavailable, match="single block"):
        read(HostLedger(rpc, chain.ledger))
    rpc.close()


def _blocks(call: dict[str, Any]) -> int:
    return int(call["params"][0]["toBlock"], 16) - int(call["params"][0]["fromBlock"], 16) + 1


@pytest.mark.parametrize("cap", [faults.most_blocks(3), faults.most_blocks(1), faults.most_logs(60)])
def test_a_node_with_caps_is_read_whole(source: HostLedger, proxy: Proxy, cap: Fault) -> None:
    expected = packed(read(source))
    proxy.fault(cap, "eth_getLogs")

    assert packed(read(source)) == expected


def test_a_node_that_forgot_old_state_says_so(source: HostLedger, proxy: Proxy, chain: OnAnvil) -> None:
    proxy.fault(faults.forgets_state(chain.newest, 3, chain.number_of), "eth_call")
    target = source.target()
    old = source.block(target.number - 3)
    assert old is not None

    with pytest.raises(StateGone):
        source.head(old)
    assert source.head(target).size == ENTRIES


def test_a_node_from_before_block_hashes_in_calls_is_asked_by_number(source: HostLedger, proxy: Proxy) -> None:
    proxy.fault(faults.no_block_hashes, "eth_call")
    target = source.target()

    assert source.head(target).size == ENTRIES
    assert source.head(target).size == ENTRIES


def test_a_block_that_is_not_there_is_unknown(source: HostLedger) -> None:
    target = source.target()

    assert source.block(target.number + 1) is None
    with pytest.raises(UnknownBlock):
        source.head(type(target)(target.number, Hash32(b"\x01" * 32), target.timestamp))


LIES: dict[str, tuple[Callable[[Logs], Logs], type[Untrue]]] = {
    "dropped": (faults.drop(30), BrokenSequence),
    "doubled with another transaction": (faults.double(30, transactionHash="0x" + "77" * 32), BrokenSequence),
    "reordered": (faults.swap(30), BrokenSequence),
    "of another contract": (faults.alter(30, lambda log: {**log, "address": "0x" + "11" * 20}), MalformedLog),
    "removed": (faults.alter(30, lambda log: {**log, "removed": True}), MalformedLog),
    "of another length": (faults.alter(30, lambda log: {**log, "data": log["data"] + "00"}), MalformedLog),
}


@pytest.mark.parametrize(("lie", "kind"), LIES.values(), ids=LIES.keys())
def test_logs_that_cannot_be_so_are_refused(
    source: HostLedger, proxy: Proxy, lie: Callable[[Logs], Logs], kind: type[Untrue]
) -> None:
    proxy.fault(faults.logs(lie), "eth_getLogs")

    with pytest.raises(kind):
        read(source)


def test_a_log_that_is_the_same_in_every_field_twice_is_one(source: HostLedger, proxy: Proxy) -> None:
    expected = packed(read(source))
    proxy.fault(faults.logs(faults.double(30)), "eth_getLogs")

    assert packed(read(source)) == expected


def test_a_plausible_lie_is_not_under_the_contract_s_root(source: HostLedger, proxy: Proxy) -> None:
    proxy.fault(faults.logs(faults.alter(30, faults.add_to_value)), "eth_getLogs")
    entries = packed(read(source))

    assert len(entries) == ENTRIES
    assert source.head(source.target()) != head_of(entries)


# a second node, and proofs


def test_headers_hash_to_the_node_s_hashes(chain: OnAnvil) -> None:
    for number in range(chain.newest() + 1):
        block = chain.rpc.call("eth_getBlockByNumber", hex(number), False)
        assert "0x" + header_hash(block).hex() == block["hash"]


def test_the_head_is_proven_at_every_block_since_the_deployment(source: HostLedger, chain: OnAnvil) -> None:
    for number in range(1, chain.newest() + 1):
        block = source.block(number)
        assert block is not None
        head = source.head(block)
        assert proven_head(chain.rpc, chain.ledger, block, head.size) == head


def test_a_head_that_two_nodes_and_the_state_agree_on_is_proven(source: HostLedger, chain: OnAnvil) -> None:
    checked = CheckedSource(source, [chain.rpc])

    assert checked.info() == source.info()
    assert checked.head(checked.target()).size == ENTRIES
    assert checked.proven is True


def test_a_forged_head_is_caught_by_another_node(source: HostLedger, proxy: Proxy, chain: OnAnvil) -> None:
    proxy.fault(faults.result(forged_head), "eth_call")
    checked = CheckedSource(source, [chain.rpc])
    checked._address = chain.ledger

    with pytest.raises(SourcesDisagree, match=str(ENTRIES)):
        checked.head(checked.target())


def test_a_forged_head_on_both_nodes_is_caught_by_the_state(chain: OnAnvil, proxy: Proxy, rpc: HttpRpc) -> None:
    source = HostLedger(rpc, chain.ledger)
    checked = CheckedSource(source, [rpc])
    checked.info()
    proxy.fault(
        lambda call, answer: faults.result(forged_head)(call, answer) if asks_head(call) else answer, "eth_call"
    )

    with pytest.raises(SourcesDisagree, match=r"the state that .* proves"):
        checked.head(checked.target())


def asks_head(call: dict[str, Any]) -> bool:
    return bool(call["params"][0]["data"] == "0x" + HEAD_DATA.hex())


def forged_head(answer: str) -> str:
    return answer[:-64] + "66" * 32


@pytest.mark.parametrize(
    "spoil",
    [
        lambda proof: {**proof, "accountProof": proof["accountProof"][:-1]},
        lambda proof: {**proof, "storageProof": proof["storageProof"][:-1]},
        lambda proof: {**proof, "accountProof": ["zz"]},
        lambda proof: {"storageHash": proof["storageHash"]},
    ],
)
def test_a_proof_that_does_not_hold_is_a_disagreement(
    chain: OnAnvil, proxy: Proxy, rpc: HttpRpc, spoil: Callable[[Any], Any]
) -> None:
    proxy.fault(faults.result(spoil), "eth_getProof")
    checked = CheckedSource(HostLedger(chain.rpc, chain.ledger), [rpc])

    with pytest.raises(SourcesDisagree, match="does not hold"):
        checked.head(checked.target())


@pytest.mark.parametrize(
    ("method", "fault"),
    [
        ("eth_getProof", faults.error("the method eth_getProof does not exist", -32601)),
        ("eth_getProof", faults.error("distance to target block exceeds maximum proof window")),
        ("eth_getBlockByHash", faults.result(lambda block: {**block, "extraData": "0x01"})),
        ("eth_getBlockByHash", faults.result(lambda block: {})),
    ],
)
def test_a_node_that_proves_nothing_is_believed_when_it_agrees(
    chain: OnAnvil, proxy: Proxy, rpc: HttpRpc, method: str, fault: Fault
) -> None:
    proxy.fault(fault, method)
    checked = CheckedSource(HostLedger(chain.rpc, chain.ledger), [rpc])

    assert checked.head(checked.target()).size == ENTRIES
    assert checked.proven is False


def test_a_contract_that_keeps_its_log_elsewhere_is_not_proven(chain: OnAnvil, source: HostLedger) -> None:
    target = source.target()

    assert proven_head(chain.rpc, Address(b"\x51" * 20), target, Size(5)) is None
    assert proven_head(chain.rpc, chain.ledger, target, Size(5)) == Head(Size(ENTRIES), Hash32(bytes(32)))


def test_a_node_that_is_down_is_unavailable_to_all(chain: OnAnvil) -> None:
    with Proxy("http://127.0.0.1:9") as nowhere:
        rpc = HttpRpc(Endpoint(nowhere.url), PATIENT)
        checked = CheckedSource(HostLedger(chain.rpc, chain.ledger), [rpc])
        with pytest.raises(HostUnavailable):
            HostLedger(rpc, chain.ledger).target()
        with pytest.raises(HostError):
            checked.head(checked.target())
        rpc.close()


# a chain of its own: what changes


def test_a_batch_of_calls_goes_through_the_proxy(rpc: HttpRpc, proxy: Proxy) -> None:
    proxy.fault(faults.status(503), "eth_blockNumber", times=1)

    answers = rpc.batch([("eth_chainId", []), ("eth_blockNumber", []), ("eth_getBlockByNumber", ["0x0", False])])

    assert answers[0] == "0x7a69"
    assert proxy.count("eth_blockNumber") == 2


def test_a_replaced_block_is_unknown_and_its_place_taken(toolchain: Toolchain) -> None:
    with on_anvil(executable=toolchain.anvil) as own:
        own.fill(10, 2)
        source = HostLedger(own.rpc, own.ledger)
        before = source.target()
        assert source.head(before).size == 10

        own.rpc.call("anvil_reorg", 3, [])

        after = source.block(before.number)
        assert after is not None
        assert after.hash != before.hash
        with pytest.raises(UnknownBlock):
            source.head(before)
        assert source.head(source.target()).size < 10
