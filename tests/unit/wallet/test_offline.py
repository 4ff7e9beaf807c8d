"""Keys that live elsewhere: what is written is what is signed, and what is signed is sent once."""

from __future__ import annotations

import json

import pytest

from smartchain.errors import InputError, NonceTaken, NotEnoughFunds, WrongChain
from smartchain.types import ChainId, Wei
from smartchain.wallet.flight import Patience
from smartchain.wallet.keys import KeyOptions, KeySigner, open_key
from smartchain.wallet.offline import (
    broadcast_file,
    prepare_all,
    read_signed_file,
    read_unsigned,
    sign_all,
    write_unsigned,
)
from smartchain.wallet.pay import Payer, Way
from smartchain.wallet.sender import Sender
from smartchain.wallet.transaction import Call, Fees, Transaction
from tests.fakes.chain import LEDGER, FakeChain, FakeClock
from tests.unit.wallet.conftest import ETHER, KEY, wallet


@pytest.fixture
def watcher(chain: FakeChain, signer: KeySigner) -> Payer:
    """The wallet without its key."""
    return Payer(Sender(chain, signer.address), LEDGER)


def unsigned(watcher: Payer, count: int = 3, nonce: int | None = None) -> str:
    calls = [watcher.relay(wallet(10 + n), Wei(10 + n)) for n in range(count)]
    return write_unsigned(watcher.sender, prepare_all(watcher.sender, calls, nonce))


def raw(nonce: int = 0, chain_id: int = 31337, key: str = KEY, gas: int = 60_000) -> str:
    signer = open_key(KeyOptions(private_key=key), home=None)  # type: ignore[arg-type]
    call = Call(LEDGER, b"", Wei(1))
    return "0x" + signer.sign(Transaction(ChainId(chain_id), nonce, call, gas, Fees(Wei(9), Wei(1)))).hex()


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("", "holds no signed transaction"),
        ("[]", "holds no signed transaction"),
        ("0xzz", "transaction 1 of the file is not hex"),
        ("hello", "transaction 1 of the file is not hex"),
        ("0x01", "no signed EIP-1559 transaction"),
        ("0x02", "no signed transaction"),
        (raw()[:-2], "no signed transaction"),
        ("[1]", "transaction 1 of the file is not signed"),
        ('[{"nonce": 1}]', "transaction 1 of the file is not signed"),
        ("{", "neither lines of hex nor JSON"),
        (f"{raw(0)}\n{raw(0, gas=60_001)}", "two transactions of the file have one nonce"),
        (f"{raw(0)}\n{raw(1, key='22' * 32)}", "several wallets"),
    ],
)
def test_a_file_that_is_not_sound_is_refused_whole(text: str, hint: str, chain: FakeChain) -> None:
    with pytest.raises(InputError, match=hint):
        broadcast_file(chain, text)
    assert chain.sent == []


def test_transactions_of_another_chain_are_not_broadcast(chain: FakeChain) -> None:
    with pytest.raises(WrongChain, match="transaction 1 is signed for chain 5, and http://fake is on chain 31337"):
        broadcast_file(chain, f"{raw(0)}\n{raw(1, chain_id=5)}")
    assert chain.sent == []


def test_more_than_the_wallet_has_is_not_written(watcher: Payer) -> None:
    calls = [watcher.relay(wallet(n), Wei(40 * ETHER)) for n in (1, 2, 3)]
    with pytest.raises(NotEnoughFunds, match=r"has 100 ether, and 120\.0"):
        prepare_all(watcher.sender, calls)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"format": 9}', '{"format": 1, "transactions": [{"nonce": 1}]}'])
def test_a_file_of_unsigned_transactions_is_read_or_refused(text: str) -> None:
    with pytest.raises(InputError):
        read_unsigned(text)


def test_unsigned_transactions_are_not_broadcast(watcher: Payer, chain: FakeChain) -> None:
    with pytest.raises(InputError, match="is not signed: sign it where its key is"):
        broadcast_file(chain, unsigned(watcher))


def test_what_is_written_is_signed_elsewhere_and_sent_once(
    watcher: Payer, chain: FakeChain, clock: FakeClock, signer: KeySigner
) -> None:
    written = unsigned(watcher)
    assert json.loads(written)["from"] == "0x19E7E376E7C213B7E7e7e46cc70A5dD086DAff2A"
    signed = sign_all(signer, read_unsigned(written))
    for _ in range(2):
        sent = broadcast_file(chain, signed, way=Way(clock=clock))
        assert [out.receipt.ok for out in sent if out.receipt] == [True] * 3
    assert [chain.balances[wallet(10 + n)] for n in range(3)] == [10, 11, 12]
    assert len(chain.sent) == 3


@pytest.mark.parametrize(
    "dress",
    [
        lambda raws: "\n".join(raws),
        lambda raws: " ".join(one[2:] for one in reversed(raws)),
        lambda raws: json.dumps(raws),
        lambda raws: json.dumps([{"raw": one} for one in raws]),
        lambda raws: json.dumps([{"rawTransaction": one} for one in raws]),
        lambda raws: json.dumps({"transactions": [{"raw_transaction": one, "hash": "0x"} for one in raws]}),
        lambda raws: "\n".join([*raws, raws[0]]),
    ],
)
def test_signed_transactions_come_in_the_shapes_that_signers_give(dress) -> None:  # type: ignore[no-untyped-def]
    read = read_signed_file(dress([raw(0), raw(1)]))
    assert [one.nonce for one in read] == [0, 1]


def test_one_signed_transaction_may_stand_alone() -> None:
    assert read_signed_file(json.dumps({"raw": raw(7)}))[0].nonce == 7
    assert read_signed_file(json.dumps(raw(7)))[0].nonce == 7


def test_a_nonce_that_another_used_is_told(
    watcher: Payer, chain: FakeChain, clock: FakeClock, signer: KeySigner
) -> None:
    signed = sign_all(signer, read_unsigned(unsigned(watcher, 1)))
    chain.use_nonce(signer.address)
    with pytest.raises(NonceTaken):
        broadcast_file(chain, signed, way=Way(clock=clock))


def test_the_nonces_begin_where_they_are_told_to(watcher: Payer, signer: KeySigner) -> None:
    assert [one.nonce for one in read_unsigned(unsigned(watcher, nonce=40))] == [40, 41, 42]


def test_without_waiting_only_the_transactions_are_known(watcher: Payer, chain: FakeChain, signer: KeySigner) -> None:
    signed = sign_all(signer, read_unsigned(unsigned(watcher)))
    sent = broadcast_file(chain, signed, way=Way(patience=Patience(confirmations=0)))
    assert [out.receipt for out in sent] == [None] * 3
    assert len(chain.pool) == 3
