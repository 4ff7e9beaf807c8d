"""What the tests of the wallet share: a rich wallet on a fake chain, and the time that passes there."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from smartchain.ledger.address import checksum
from smartchain.types import Address
from smartchain.wallet.fees import FeePolicy
from smartchain.wallet.keys import KeyOptions, KeySigner, open_key
from smartchain.wallet.pay import Payer
from smartchain.wallet.sender import Sender
from tests.fakes.chain import LEDGER, FakeChain, FakeClock

ETHER = 10**18
KEY = "0x" + "11" * 32


def wallet(number: int) -> Address:
    """Address of the number-th recipient."""
    return Address(number.to_bytes(20, "big"))


def payments(count: int, memos: int = 1, first: int = 1000) -> str:
    """A payments file: recipient n gets n wei, memos taken in turn."""
    lines = [f"{checksum(wallet(first + n))},{first + n},{f'memo {n % memos}'}" for n in range(count)]
    return "\n".join(["recipient,amount,memo", *lines]) + "\n"


@pytest.fixture
def signer(tmp_path: Path) -> KeySigner:
    return open_key(KeyOptions(private_key=KEY), home=tmp_path)


@pytest.fixture
def chain(signer: KeySigner) -> FakeChain:
    chain = FakeChain()
    chain.endow(signer.address, 100 * ETHER)
    return chain


@pytest.fixture
def clock(chain: FakeChain) -> FakeClock:
    """A block every 12 seconds that are slept."""
    return FakeClock(12, chain.mine)


PayerOf = Callable[..., Payer]


@pytest.fixture
def payer_of(chain: FakeChain, signer: KeySigner) -> PayerOf:
    def make(policy: FeePolicy | None = None) -> Payer:
        return Payer(Sender(chain, signer, policy=policy), LEDGER)

    return make


@pytest.fixture
def payer(payer_of: PayerOf) -> Payer:
    return payer_of()
