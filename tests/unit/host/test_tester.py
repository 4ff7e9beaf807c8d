"""The chain inside the process: what a ledger, a wallet and a reader of it ask of a node."""

from __future__ import annotations

from typing import Any

import pytest
from eth_account import Account
from eth_account.signers.local import LocalAccount

from smartchain.errors import RpcRefused, UnknownBlock
from smartchain.host import contracts
from smartchain.host.contracts import Subject, decode_error
from smartchain.host.source import HostLedger
from smartchain.host.tester import CHAIN_ID, TesterRpc
from smartchain.ledger.block import BlockRule
from smartchain.ledger.entry import Entry
from smartchain.ledger.hash import EMPTY_ROOT, ETHER, SEAL, leaf_hash
from smartchain.ledger.merkle import MerkleLog
from smartchain.types import Address, Hash32, Index

PAYER: LocalAccount = Account.from_key(b"\x01" * 32)
PAYER_ADDRESS = Address(bytes.fromhex(PAYER.address[2:]))
ALICE = Address(b"\xa1" * 20)
BOB = Address(b"\xb0" * 20)
MEMO = Hash32(b"rent".ljust(32, b"\0"))


class Chain:
    """A new chain with one ledger, and a wallet that pays through it."""

    def __init__(self) -> None:
        self.rpc = TesterRpc([PAYER_ADDRESS])
        receipt = self.send(None, contracts.deploy_data(2, 0, fee_ppm=50, treasury=BOB), gas=4_000_000)
        self.ledger = Address(bytes.fromhex(receipt["contractAddress"][2:]))
        self.source = HostLedger(self.rpc, self.ledger)

    def signed(self, to: Address | None, data: bytes, value: int = 0, gas: int = 500_000, **changes: Any) -> str:
        transaction = {
            "type": 2,
            "chainId": CHAIN_ID,
            "nonce": int(self.rpc.call("eth_getTransactionCount", PAYER.address, "pending"), 16),
            "gas": gas,
            "maxFeePerGas": 2 * int(self.rpc.call("eth_gasPrice"), 16),
            "maxPriorityFeePerGas": 0,
            "value": value,
            "data": data,
            **({} if to is None else {"to": to}),
            **changes,
        }
        return "0x" + PAYER.sign_transaction(transaction).raw_transaction.hex()

    def send(self, to: Address | None, data: bytes, value: int = 0, gas: int = 500_000) -> dict[str, Any]:
        sent = self.rpc.call("eth_sendRawTransaction", self.signed(to, data, value, gas))
        receipt: dict[str, Any] = self.rpc.call("eth_getTransactionReceipt", sent)
        assert receipt["status"] == "0x1"
        return receipt

    def view(self, data: bytes, where: Any = "latest") -> bytes:
        answer: str = self.rpc.call("eth_call", {"to": "0x" + self.ledger.hex(), "data": "0x" + data.hex()}, where)
        return bytes.fromhex(answer[2:])


@pytest.fixture
def chain() -> Chain:
    return Chain()


def test_what_is_not_there_is_null_or_refused(chain: Chain) -> None:
    nothing = "0x" + "11" * 32

    assert chain.rpc.call("eth_getBlockByNumber", "0x99", False) is None
    assert chain.rpc.call("eth_getBlockByHash", nothing, False) is None
    assert chain.rpc.call("eth_getTransactionReceipt", nothing) is None
    assert chain.rpc.call("eth_getTransactionByHash", nothing) is None
    assert chain.rpc.call("eth_getCode", PAYER.address, "latest") == "0x"
    with pytest.raises(UnknownBlock):
        chain.view(contracts.HEAD_DATA, {"blockHash": nothing})
    with pytest.raises(UnknownBlock):
        chain.view(contracts.HEAD_DATA, "0x99")
    with pytest.raises(RpcRefused, match="does not exist") as refused:
        chain.rpc.call("eth_mining")
    assert refused.value.code == -32601


@pytest.mark.parametrize("method", ["eth_call", "eth_estimateGas"])
def test_a_refusal_of_the_contract_carries_its_error(chain: Chain, method: str) -> None:
    call = {
        "from": PAYER.address,
        "to": "0x" + chain.ledger.hex(),
        "data": "0x" + contracts.relay_batch_data([(ALICE, 5)]).hex(),
        "value": "0x4",
    }

    with pytest.raises(RpcRefused) as refused:
        chain.rpc.call(method, call, "latest")

    error = decode_error(refused.value.data)
    assert error is not None
    assert (error.name, error.values) == ("WrongSum", {"sent": 4, "owed": 5})


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"nonce": 0}, "nonce too low"),
        ({"nonce": 99}, "nonce too high"),
        ({"value": 10**30}, "insufficient funds"),
        ({"gas": 30_000_000, "maxFeePerGas": 10**18}, "insufficient funds"),
    ],
)
def test_a_transaction_that_cannot_be_is_refused_in_a_node_s_words(
    chain: Chain, changes: dict[str, int], words: str
) -> None:
    with pytest.raises(RpcRefused, match=words):
        chain.rpc.call("eth_sendRawTransaction", chain.signed(ALICE, b"", **changes))


def test_a_ledger_is_described_by_its_contract(chain: Chain) -> None:
    info = chain.source.info()

    assert (info.chain_id, info.rule, info.fee_ppm, info.deployed_at) == (CHAIN_ID, BlockRule(2, 0), 50, 0)
    assert (info.genesis.size, info.genesis.root) == (0, EMPTY_ROOT)
    assert contracts.decode_treasury(chain.view(contracts.TREASURY_DATA)) == BOB
    assert contracts.decode_subject(chain.view(contracts.subject_data(ETHER))) == Subject("Ether", "ETH", 18)


def test_payments_seals_and_collections_become_entries_under_the_contract_s_root(chain: Chain) -> None:
    paid = chain.send(chain.ledger, contracts.relay_data(ALICE, MEMO), 10**6)
    chain.rpc.advance(100)
    chain.send(chain.ledger, contracts.relay_batch_data([(ALICE, 10**6), (BOB, 2 * 10**6)], MEMO), 3 * 10**6)
    chain.send(chain.ledger, contracts.seal_data())
    chain.send(chain.ledger, contracts.collect_data())

    target = chain.source.target()
    chunks = list(chain.source.chunks(1, target.number, Index(0)))
    entries = [Entry.unpack(packed) for chunk in chunks for packed in chunk.packed]

    kept = 4 * 50  # of four million wei
    assert [(e.subject, e.sender, e.recipient, e.value, e.memo) for e in entries] == [
        (ETHER, PAYER_ADDRESS, ALICE, 10**6, MEMO),
        (ETHER, PAYER_ADDRESS, ALICE, 10**6, MEMO),
        (ETHER, PAYER_ADDRESS, BOB, 2 * 10**6, MEMO),
        (SEAL, PAYER_ADDRESS, bytes(20), 0, bytes(32)),
        (ETHER, chain.ledger, BOB, kept, bytes(32)),
    ]
    log = MerkleLog.of(leaf_hash(entry.pack()) for entry in entries)
    assert chain.source.head(target) == contracts.decode_head(chain.view(contracts.HEAD_DATA))
    assert (chain.source.head(target).size, chain.source.head(target).root) == (5, log.root())
    assert chain.source.peaks(target) == log.peaks()
    assert entries[1].timestamp >= entries[0].timestamp + 100
    assert chunks[0].transactions[0].hex() == paid["transactionHash"][2:]
    assert chain.rpc.call("eth_getBalance", "0x" + BOB.hex(), "latest") == hex(2 * 10**6 - 100 + kept)


def test_checkpoints_are_kept(chain: Chain) -> None:
    chain.send(chain.ledger, contracts.relay_data(ALICE), 7)
    root = contracts.decode_root(chain.view(contracts.ROOT_DATA))
    chain.send(chain.ledger, contracts.checkpoint_data())
    chain.send(chain.ledger, contracts.relay_data(ALICE), 7)

    assert contracts.decode_root(chain.view(contracts.checkpoint_at_data(1))) == root
    assert contracts.decode_size(chain.view(contracts.SIZE_DATA)) == 2


def test_the_state_of_an_older_block_is_asked_for_by_its_hash(chain: Chain) -> None:
    before = chain.source.target()
    chain.send(chain.ledger, contracts.relay_data(ALICE), 7)

    assert chain.source.head(before).size == 0
    assert contracts.decode_size(chain.view(contracts.SIZE_DATA, {"blockHash": "0x" + before.hash.hex()})) == 0
    assert contracts.decode_size(chain.view(contracts.SIZE_DATA, hex(before.number))) == 0


def test_an_estimate_is_enough_gas(chain: Chain) -> None:
    data = contracts.relay_data(ALICE)
    call = {"from": PAYER.address, "to": "0x" + chain.ledger.hex(), "data": "0x" + data.hex(), "value": "0x7"}
    gas = int(chain.rpc.call("eth_estimateGas", call), 16)

    assert int(chain.send(chain.ledger, data, 7, gas)["gasUsed"], 16) <= gas


def test_fees_are_told_as_a_node_does(chain: Chain) -> None:
    history = chain.rpc.call("eth_feeHistory", "0x5", "latest", [10.0, 50.0])

    assert history["oldestBlock"] == "0x0"
    assert len(history["baseFeePerGas"]) == 3
    assert int(history["baseFeePerGas"][-1], 16) == int(chain.rpc.call("eth_gasPrice"), 16)
    assert history["reward"] == [["0x0", "0x0"], ["0x0", "0x0"]]


def test_a_transaction_and_its_block_are_told_as_a_node_does(chain: Chain) -> None:
    receipt = chain.send(chain.ledger, contracts.relay_data(ALICE), 7)
    transaction = chain.rpc.call("eth_getTransactionByHash", receipt["transactionHash"])
    block = chain.rpc.call("eth_getBlockByHash", receipt["blockHash"], False)

    assert transaction["blockHash"] == block["hash"] == receipt["blockHash"]
    assert transaction["nonce"] == "0x1"
    assert block["transactions"] == [receipt["transactionHash"]]
    assert len(block["logsBloom"]) == 2 + 512
    assert receipt["logs"][0]["address"] == "0x" + chain.ledger.hex()


def test_a_snapshot_is_gone_back_to(chain: Chain) -> None:
    snapshot = chain.rpc.call("evm_snapshot")
    chain.rpc.call("evm_mine")
    later = chain.rpc.call("eth_blockNumber")

    assert chain.rpc.call("evm_revert", snapshot) is True
    assert int(chain.rpc.call("eth_blockNumber"), 16) == int(later, 16) - 1


def test_a_chain_whose_blocks_are_timed_has_the_same_times_and_state_each_time() -> None:
    """Its hashes differ all the same: py-evm makes a block's randomness up."""

    def newest() -> Any:
        rpc = TesterRpc([PAYER_ADDRESS], timestamp=1_700_000_000)
        rpc.call("evm_setNextBlockTimestamp", 1_700_000_060)
        rpc.call("evm_mine")
        return rpc.call("eth_getBlockByNumber", "latest", False)

    first, second = newest(), newest()

    assert int(first["timestamp"], 16) == 1_700_000_060
    assert (first["timestamp"], first["stateRoot"]) == (second["timestamp"], second["stateRoot"])
    assert first["parentHash"] == second["parentHash"]


def test_several_calls_are_answered_in_order(chain: Chain) -> None:
    assert chain.rpc.batch([("eth_blockNumber", []), ("eth_chainId", [])]) == ["0x1", hex(CHAIN_ID)]
