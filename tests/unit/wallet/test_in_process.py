"""The wallet on the chain inside this process, as the demo uses it: the real contract, no node."""

from __future__ import annotations

from pathlib import Path

import pytest

from smartchain.errors import Refused
from smartchain.host.tester import TesterRpc
from smartchain.types import Wei
from smartchain.wallet.flight import Patience
from smartchain.wallet.keys import KeySigner
from smartchain.wallet.pay import Payer, Way, deploy
from smartchain.wallet.run import Run
from smartchain.wallet.sender import Sender
from tests.unit.wallet.conftest import payments, wallet

HASTE = Way(Patience(timeout_s=10, poll_s=0.01))


@pytest.fixture
def payer(signer: KeySigner) -> Payer:
    sender = Sender(TesterRpc([signer.address]), signer)
    return Payer(sender, deploy(sender, max_entries=1, way=HASTE).ledger)


def test_a_refusal_is_understood_in_process(payer: Payer) -> None:
    with pytest.raises(Refused, match="there is no"):
        payer.collect(HASTE)


def test_payments_a_file_of_them_and_a_seal_are_recorded_in_process(payer: Payer, tmp_path: Path) -> None:
    file = tmp_path / "payments.csv"
    file.write_text(payments(6, memos=2))
    assert payer.pay(wallet(1), Wei(5), way=HASTE).index == 0
    with Run.open(file, payer) as run:
        assert run.attempt().payments == 6
        assert [outcome.index for outcome in run.go(HASTE).outcomes] == [1, 4]
    assert payer.seal(HASTE).index == 7
