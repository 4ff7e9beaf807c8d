"""What a call takes: asked of the host, understood in whatever words it answers, signed as it was meant."""

from __future__ import annotations

from typing import Any

import pytest

from smartchain.errors import (
    HostUnavailable,
    KeyUnusable,
    MalformedLog,
    NotALedger,
    NotEnoughFunds,
    Refused,
    RpcRefused,
)
from smartchain.host.contracts import FEE_PPM_DATA, HEAD_DATA
from smartchain.types import Address, ChainId, Hash32, Wei
from smartchain.wallet.gas import DoesNotFit, Estimate, estimate, with_access_list, worth_listing
from smartchain.wallet.keys import KeySigner
from smartchain.wallet.mempool import Answer, broadcast
from smartchain.wallet.pay import check_ledger
from smartchain.wallet.receipt import Receipt, read_receipt, recorded_index
from smartchain.wallet.sender import Sender
from smartchain.wallet.transaction import Call, Fees, Signed, Transaction, read_signed
from tests.fakes.chain import LEDGER, TRANSFER, TRANSFERS, FakeChain
from tests.unit.wallet.conftest import wallet
from tests.unit.wallet.test_fees import Answers

ANN = wallet(1)
CALL = Call(LEDGER, b"", Wei(1))


class Refusing(Answers):
    """Answers every call with one error."""

    def __init__(self, error: Exception, **answers: Any) -> None:
        super().__init__(**answers)
        self.error = error

    def call(self, method: str, *params: Any) -> Any:
        if method in self.answers:
            return self.answers[method]
        raise self.error


@pytest.mark.parametrize(
    ("message", "data", "error", "hint"),
    [
        ("execution reverted", bytes.fromhex("ce5c3ff5"), Refused, "the contract refuses"),
        ("execution reverted", b"", Refused, "the contract refuses"),
        ("VM Exception: revert", b"", Refused, "the contract refuses"),
        ("insufficient funds for transfer", b"", NotEnoughFunds, "cannot pay this"),
        ("Insufficient balance of the sender", b"", NotEnoughFunds, "cannot pay this"),
        ("gas required exceeds allowance (30000000)", b"", DoesNotFit, "more gas than a transaction has"),
        ("Out of gas: gas required exceeds allowance: 30000000", b"", DoesNotFit, "more gas"),
        ("the moon is full", b"", RpcRefused, "the moon is full"),
    ],
)
def test_an_estimate_that_fails_says_why(message: str, data: bytes, error: type[Exception], hint: str) -> None:
    with pytest.raises(error, match=hint):
        estimate(Refusing(RpcRefused(message, -32000, data)), ANN, CALL, 10**7)


def test_an_estimate_past_what_a_transaction_may_take_does_not_fit() -> None:
    with pytest.raises(DoesNotFit, match="it takes 16,777,217 gas and a transaction has 16,777,216 at most"):
        estimate(Answers(eth_estimateGas=hex(2**24 + 1)), ANN, CALL, 2**24)


def test_the_limit_of_gas_leaves_room_and_stays_within_a_transaction_s() -> None:
    assert Estimate(44_000).limit(2**24) == 44_000 + 4_400 + 50_000
    assert Estimate(2**24 - 1).limit(2**24) == 2**24


def test_a_node_without_access_lists_costs_nothing_but_the_question() -> None:
    for answers in (Answers(), Answers(eth_createAccessList=None), Answers(eth_createAccessList={"error": "x"})):
        assert with_access_list(answers, ANN, CALL, 100) == Estimate(100)


def test_a_list_that_saves_nothing_is_not_signed() -> None:
    listed = {"accessList": [{"address": "0x" + "ab" * 20, "storageKeys": []}]}
    assert with_access_list(Answers(eth_createAccessList=listed, eth_estimateGas="0x64"), ANN, CALL, 100).warm == ()
    better = with_access_list(Answers(eth_createAccessList=listed, eth_estimateGas="0x63"), ANN, CALL, 100)
    assert better == Estimate(99, (Address(b"\xab" * 20),))


def test_the_contract_called_and_the_caller_are_warm_anyway() -> None:
    listed = [{"address": "0x" + one.hex()} for one in (LEDGER, ANN, wallet(2), wallet(2), wallet(3))]
    assert worth_listing(listed, LEDGER, ANN) == (wallet(2), wallet(3))


@pytest.mark.parametrize(
    ("message", "answer"),
    [
        ("already known", Answer.KNOWN),
        ("transaction already imported", Answer.KNOWN),
        ("AlreadyKnown", Answer.KNOWN),
        ("nonce too low: address 0x, tx: 1 state: 2", Answer.NONCE_USED),
        ("OldNonce", Answer.NONCE_USED),
        ("replacement transaction underpriced", Answer.OUTBID),
        ("ReplacementNotAllowed", Answer.OUTBID),
        ("transaction underpriced: tip needed 1, tip permitted 0", Answer.TOO_CHEAP),
        ("max fee per gas less than block base fee: address 0x", Answer.TOO_CHEAP),
        ("FeeTooLow, MaxFeePerGas too low", Answer.TOO_CHEAP),
    ],
)
def test_what_nodes_say_to_a_transaction_is_understood(message: str, answer: Answer, signed: Signed) -> None:
    assert broadcast(Refusing(RpcRefused(message, -32000)), signed) is answer


def test_what_nobody_understands_is_passed_on(signed: Signed) -> None:
    with pytest.raises(RpcRefused, match="the moon is full"):
        broadcast(Refusing(RpcRefused("the moon is full", -32000)), signed)
    with pytest.raises(NotEnoughFunds, match="has too little for transaction 3"):
        broadcast(Refusing(RpcRefused("insufficient funds for gas * price + value", -32000)), signed)
    with pytest.raises(HostUnavailable):
        broadcast(Refusing(HostUnavailable("down")), signed)


@pytest.fixture
def signed(signer: KeySigner) -> Signed:
    return read_signed(signer.sign(Transaction(ChainId(1), 3, CALL, 21_000, Fees(Wei(2), Wei(1)))))


class Forger:
    """Implements `Signer`, and signs another amount than it is given."""

    def __init__(self, signer: KeySigner) -> None:
        self._signer = signer

    @property
    def address(self) -> Address:
        return self._signer.address

    def sign(self, transaction: Transaction) -> bytes:
        call = Call(transaction.call.to, transaction.call.data, Wei(transaction.call.value * 2))
        changed = Transaction(transaction.chain_id, transaction.nonce, call, transaction.gas, transaction.fees)
        return self._signer.sign(changed)


def test_a_signer_that_signs_something_else_is_not_trusted(chain: FakeChain, signer: KeySigner) -> None:
    sender = Sender(chain, Forger(signer))
    with pytest.raises(KeyUnusable, match="signed something else than it was given"):
        sender.sign(Transaction(sender.chain_id, 0, CALL, 21_000, Fees(Wei(2), Wei(1))))


@pytest.mark.parametrize("head", ["0x", "0x" + "00" * 32, "0x" + "ff" * 64])
def test_a_contract_that_answers_otherwise_is_no_ledger(head: str) -> None:
    with pytest.raises(NotALedger, match=r"is no ledger, it has no head\(\)"):
        check_ledger(Answers(eth_getCode="0x60", eth_call=head), LEDGER)


def test_a_ledger_that_relays_nothing_has_no_fee() -> None:
    class OnlyHead(Answers):
        def call(self, method: str, *params: Any) -> Any:
            if method == "eth_call" and params[0]["data"] == "0x" + HEAD_DATA.hex():
                return "0x" + "00" * 64
            if method == "eth_call":
                assert params[0]["data"] == "0x" + FEE_PPM_DATA.hex()
                raise RpcRefused("execution reverted", 3)
            return super().call(method, *params)

    assert check_ledger(OnlyHead(eth_getCode="0x60"), LEDGER) is None


@pytest.mark.parametrize("answer", [{}, {"transactionHash": None}, {"transactionHash": "0xzz"}])
def test_a_receipt_that_makes_no_sense_is_asked_for_again(answer: dict[str, Any]) -> None:
    with pytest.raises(HostUnavailable, match="makes no sense"):
        read_receipt(answer)


def receipt_with(*logs: tuple[Address, list[bytes]]) -> Receipt:
    return read_receipt(
        {
            "transactionHash": "0x" + "aa" * 32,
            "status": "0x1",
            "blockNumber": "0x5",
            "blockHash": "0x" + "bb" * 32,
            "gasUsed": "0x10",
            "effectiveGasPrice": "0x3",
            "contractAddress": "0x" + "cc" * 20,
            "logs": [{"address": "0x" + a.hex(), "topics": ["0x" + t.hex() for t in topics]} for a, topics in logs],
        }
    )


def recorded(index: int, sender: Address = ANN, event: Hash32 = TRANSFER) -> tuple[Address, list[bytes]]:
    return LEDGER, [event, index.to_bytes(32, "big"), bytes(12) + sender, bytes(32)]


def test_a_receipt_is_read_whole() -> None:
    receipt = receipt_with()
    assert (receipt.ok, receipt.block_number, receipt.gas_used, receipt.gas_wei) == (True, 5, 16, 48)
    assert receipt.contract == b"\xcc" * 20


def test_the_first_entry_of_the_ledger_is_the_payment_s_whoever_calls_back() -> None:
    other = (wallet(9), recorded(1)[1])
    assert recorded_index(receipt_with(other, recorded(7), recorded(8, wallet(5))), LEDGER, ANN) == 7
    assert recorded_index(receipt_with(recorded(9, event=TRANSFERS)), LEDGER, ANN) == 9


@pytest.mark.parametrize("logs", [[], [(LEDGER, [])], [(LEDGER, [TRANSFER])], [recorded(7, wallet(5)), recorded(8)]])
def test_a_receipt_without_the_entry_is_a_lie(logs: list[tuple[Address, list[bytes]]]) -> None:
    with pytest.raises(MalformedLog, match="recorded no entry"):
        recorded_index(receipt_with(*logs), LEDGER, ANN)
