"""The wallet against a real node: killed, outbid, reorganised, refused; everybody is paid once."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from smartchain.devnet.anvil import Anvil, AnvilSettings
from smartchain.errors import FeeTooHigh, NotALedger, Refused
from smartchain.host.contracts import HEAD_DATA, decode_head
from smartchain.host.endpoint import Endpoint
from smartchain.host.rpc import HttpRpc
from smartchain.ledger.address import checksum
from smartchain.ledger.hash import keccak
from smartchain.types import Address, Wei
from smartchain.wallet.fees import FeePolicy
from smartchain.wallet.flight import Patience, Progress
from smartchain.wallet.keys import KeyOptions, open_key
from smartchain.wallet.memo import parse_memo
from smartchain.wallet.offline import broadcast_file, prepare_all, read_unsigned, sign_all, write_unsigned
from smartchain.wallet.pay import Payer, Way, deploy, send
from smartchain.wallet.run import Run, run_path
from smartchain.wallet.sender import Sender
from smartchain.wallet.transaction import Call
from tests.conftest import ROOT, Toolchain
from tests.e2e.wallet_runner import HASTE, KEY

GWEI = 10**9
ETHER = 10**18
REFUSES = "0x60006000fd"
"""Code that reverts whatever comes."""

TREASURY = Address(b"\x77" * 20)
_batches = count()


@pytest.fixture
def url(toolchain: Toolchain) -> Iterator[str]:
    """A node that mines each transaction at once, until it is told otherwise."""
    with Anvil(toolchain.anvil, AnvilSettings(port=0)) as anvil:
        yield anvil.url


@pytest.fixture
def rpc(url: str) -> Iterator[HttpRpc]:
    rpc = HttpRpc(Endpoint(url))
    yield rpc
    rpc.close()


@pytest.fixture
def sender(rpc: HttpRpc, tmp_path: Path) -> Sender:
    return Sender(rpc, open_key(KeyOptions(private_key=KEY), home=tmp_path))


@pytest.fixture
def payer(sender: Sender) -> Payer:
    return Payer(sender, deploy(sender, fee_ppm=50, treasury=TREASURY, way=Way(HASTE)).ledger)


def recipients(number: int) -> list[Address]:
    """New wallets, others in each test."""
    batch = next(_batches)
    return [Address(keccak(f"{batch} {n}".encode())[12:]) for n in range(number)]


def write(path: Path, wallets: list[Address], memos: int) -> Path:
    """The n-th of these wallets gets n + 1 gwei."""
    lines = [f"{checksum(wallet)};{n + 1} gwei;memo {n % memos}" for n, wallet in enumerate(wallets)]
    path.write_text("\r\n".join(lines))
    return path


def balance(rpc: HttpRpc, address: Address) -> int:
    return int(rpc.call("eth_getBalance", checksum(address), "latest"), 16)


def all_were_paid_once(payer: Payer, rpc: HttpRpc, wallets: list[Address]) -> bool:
    """Each has what it should, less the fee, and the ledger as many entries as there are payments."""
    paid = [(n + 1) * GWEI for n in range(len(wallets))]
    call = {"to": checksum(payer.ledger), "data": "0x" + HEAD_DATA.hex()}
    size = decode_head(bytes.fromhex(rpc.call("eth_call", call, "latest")[2:])).size
    return size == len(wallets) and [balance(rpc, wallet) for wallet in wallets] == [
        value - payer.fee(Wei(value)) for value in paid
    ]


def runner(file: Path, payer: Payer, url: str, *doom: str) -> list[str]:
    command = [sys.executable, "-m", "tests.e2e.wallet_runner", str(file), url, checksum(payer.ledger)]
    return [*command, *doom]


def run(file: Path, payer: Payer, url: str, *doom: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(runner(file, payer, url, *doom), cwd=ROOT, capture_output=True, text=True, timeout=60)


def test_a_recipient_that_refuses_is_named_with_its_line_and_nothing_is_sent(
    payer: Payer, rpc: HttpRpc, tmp_path: Path
) -> None:
    wallets = recipients(20)
    rpc.call("anvil_setCode", checksum(wallets[13]), REFUSES)
    file = write(tmp_path / "payments.csv", wallets, memos=2)
    nonce = payer.sender.funds().next_nonce
    with Run.open(file, payer) as run, pytest.raises(Refused) as caught:
        run.attempt()
    assert str(caught.value).startswith(f"line 14: {checksum(wallets[13])} does not take its 0.000000014 ether")
    with pytest.raises(Refused, match="does not take the") as alone:
        payer.pay(wallets[13], Wei(1), way=Way(HASTE))
    assert alone.value.error == "PaymentRefused"
    assert payer.sender.funds().next_nonce == nonce
    assert not run_path(file).exists()


def test_a_contract_that_is_no_ledger_is_paid_nothing(sender: Sender, rpc: HttpRpc) -> None:
    other = recipients(1)[0]
    rpc.call("anvil_setCode", checksum(other), REFUSES)
    with pytest.raises(NotALedger):
        Payer(sender, other)


def test_payments_seals_and_collections_are_entries_in_order(payer: Payer, rpc: HttpRpc) -> None:
    ann, bob = recipients(2)
    preview = payer.preview(payer.relay(ann, Wei(ETHER), parse_memo("rent")))
    before = payer.sender.funds().balance
    first = payer.pay(ann, Wei(ETHER), parse_memo("rent"), way=Way(HASTE))
    assert first.gas_wei is not None
    assert before - payer.sender.funds().balance == ETHER + first.gas_wei
    assert first.gas_used is not None
    assert 0 <= preview.gas - first.gas_used < 5_000
    second = payer.pay(bob, Wei(5), way=Way(HASTE))
    indexes = [first.index, second.index, payer.seal(Way(HASTE)).index, payer.collect(Way(HASTE)).index]
    assert indexes == [0, 1, 2, 3]
    assert payer.checkpoint(Way(HASTE)).index is None
    assert balance(rpc, ann) == ETHER - ETHER * 50 // 10**6
    assert balance(rpc, TREASURY) == ETHER * 50 // 10**6
    with pytest.raises(Refused, match="there is nothing to collect"):
        payer.collect(Way(HASTE))


def test_a_ledger_with_a_fee_and_nobody_to_have_it_is_not_deployed(sender: Sender) -> None:
    with pytest.raises(Refused, match="no treasury"):
        deploy(sender, fee_ppm=50, way=Way(HASTE))


def test_a_batch_is_tried_paid_and_reported(payer: Payer, rpc: HttpRpc, tmp_path: Path) -> None:
    wallets = recipients(450)
    file = write(tmp_path / "payments.csv", wallets, memos=1)
    with Run.open(file, payer) as run:
        trial = run.attempt()
        before = payer.sender.funds().balance
        report = run.go(Way(HASTE))
    assert [(outcome.index, len(outcome.planned.rows)) for outcome in report.outcomes] == [(0, 400), (400, 50)]
    assert report.complete
    assert all_were_paid_once(payer, rpc, wallets)
    assert before - payer.sender.funds().balance == trial.total + report.gas_wei
    assert 0 <= trial.gas - report.gas_used < trial.gas // 50


def test_an_amount_past_a_batch_s_word_is_paid_by_itself(payer: Payer, rpc: HttpRpc, tmp_path: Path) -> None:
    ann, bob = recipients(2)
    rpc.call("anvil_setBalance", checksum(payer.sender.address), hex(2**100))
    file = tmp_path / "payments.csv"
    file.write_text("".join(f"{checksum(who)},{2**96 - 1 + n}\n" for n, who in enumerate((ann, bob))))
    with Run.open(file, payer) as run:
        report = run.go(Way(HASTE))
    assert [outcome.index for outcome in report.outcomes] == [0, 1]
    assert balance(rpc, bob) == 2**96 - payer.fee(Wei(2**96))


def test_an_access_list_is_signed_where_it_saves_gas_and_does(payer: Payer, rpc: HttpRpc, tmp_path: Path) -> None:
    wallets = recipients(100)
    for wallet in wallets:
        rpc.call("anvil_setBalance", checksum(wallet), "0x1")
    plain = Sender(rpc, open_key(KeyOptions(private_key=KEY), home=tmp_path), access_lists=False)
    used = []
    for number, chosen in enumerate((plain, payer.sender)):
        file = write(tmp_path / f"payments{number}.csv", wallets, memos=1)
        with Run.open(file, Payer(chosen, payer.ledger)) as run:
            used.append(run.go(Way(HASTE)).gas_used)
        rpc.call("anvil_mine", "0x1")
    assert used[0] - used[1] > 100 * 90


@pytest.mark.parametrize("mining", ["at once", "every second"])
def test_killed_at_every_kind_of_moment_a_run_goes_on_and_pays_everybody_once(
    mining: str, payer: Payer, rpc: HttpRpc, url: str, tmp_path: Path
) -> None:
    wallets = recipients(40)
    file = write(tmp_path / "payments.csv", wallets, memos=12)
    if mining == "every second":
        rpc.call("evm_setIntervalMining", 1)
    dooms = {
        "at once": [("signed", 0), ("sent", 1), ("mined", 0), ("mined", 2)],
        "every second": [("sent", 0), ("signed", 1), ("mined", 1)],
    }
    for what, number in dooms[mining]:
        done = run(file, payer, url, what, str(number))
        assert done.returncode == -signal.SIGKILL, done.stderr
    assert run(file, payer, url).returncode == 0
    assert all_were_paid_once(payer, rpc, wallets)
    assert run(file, payer, url).returncode == 0
    assert all_were_paid_once(payer, rpc, wallets)


def test_killed_from_outside_at_any_time_a_run_goes_on_and_pays_everybody_once(
    payer: Payer, rpc: HttpRpc, url: str, tmp_path: Path
) -> None:
    seed = random.randrange(2**32)
    chance = random.Random(seed)
    wallets = recipients(120)
    file = write(tmp_path / "payments.csv", wallets, memos=60)
    killed = 0
    for _ in range(5):
        with subprocess.Popen(runner(file, payer, url), cwd=ROOT, stderr=subprocess.DEVNULL) as process:
            while not run_path(file).exists() and process.poll() is None:
                time.sleep(0.01)
            time.sleep(chance.uniform(0, 0.6))
            process.kill()
        killed += process.returncode == -signal.SIGKILL
    assert killed > 0
    assert run(file, payer, url).returncode == 0
    assert all_were_paid_once(payer, rpc, wallets), f"seed {seed}"


def test_two_processes_at_once_pay_everybody_once(payer: Payer, rpc: HttpRpc, url: str, tmp_path: Path) -> None:
    wallets = recipients(60)
    file = write(tmp_path / "payments.csv", wallets, memos=30)
    command = runner(file, payer, url)
    running = [subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True) for _ in range(2)]
    said = [process.communicate(timeout=60)[1] for process in running]
    assert sorted(process.returncode for process in running) in ([0, 1], [0, 0])
    assert all(not text or "RunFileError" in text for text in said)
    assert all_were_paid_once(payer, rpc, wallets)


def test_a_payment_that_the_price_of_gas_left_behind_is_replaced(payer: Payer, rpc: HttpRpc) -> None:
    ann = recipients(1)[0]
    rpc.call("evm_setAutomine", False)
    heard: list[Progress] = []

    def tell(progress: Progress) -> None:
        heard.append(progress)
        if progress.what == "sent":
            rpc.call("anvil_setNextBlockBaseFeePerGas", hex(50 * GWEI))
            rpc.call("anvil_mine", "0x1")
        if progress.what == "replaced":
            rpc.call("anvil_mine", "0x1")

    sent = payer.pay(ann, Wei(10**6), way=Way(HASTE, on_progress=tell))
    assert [news.what for news in heard] == ["signed", "sent", "signed", "replaced", "mined"]
    assert sent.transaction == heard[3].transaction != heard[1].transaction
    old, new = (rpc.call("eth_getTransactionByHash", "0x" + (h.transaction or b"").hex()) for h in heard[1:4:2])
    assert old is None or old["nonce"] == new["nonce"]
    assert balance(rpc, ann) == 10**6 - payer.fee(Wei(10**6))


def test_a_replacement_that_was_signed_and_not_sent_is_sent_after_the_break(
    payer: Payer, rpc: HttpRpc, url: str, tmp_path: Path
) -> None:
    wallets = recipients(6)
    file = write(tmp_path / "payments.csv", wallets, memos=2)
    rpc.call("evm_setAutomine", False)
    done = run(file, payer, url, "replaced", "0")
    assert done.returncode == -signal.SIGKILL, done.stderr
    with Run.open(file, payer, dry=True) as halted:
        assert {outcome.state for outcome in halted.report().outcomes} == {"sent"}
    rpc.call("evm_setAutomine", True)
    rpc.call("evm_mine")
    assert run(file, payer, url).returncode == 0
    assert all_were_paid_once(payer, rpc, wallets)


def test_a_dear_hour_stops_a_run_that_goes_on_later(payer: Payer, rpc: HttpRpc, tmp_path: Path) -> None:
    wallets = recipients(9)
    file = write(tmp_path / "payments.csv", wallets, memos=3)
    signer = open_key(KeyOptions(private_key=KEY), home=tmp_path)
    capped = Payer(Sender(rpc, signer, policy=FeePolicy(cap=Wei(20 * GWEI))), payer.ledger)
    rpc.call("anvil_setNextBlockBaseFeePerGas", hex(90 * GWEI))
    rpc.call("anvil_mine", "0x1")
    with Run.open(file, capped) as run, pytest.raises(FeeTooHigh, match="--gas-price allows 20 gwei"):
        run.go(Way(Patience(timeout_s=0.5, poll_s=0.1)))
    rpc.call("anvil_setNextBlockBaseFeePerGas", hex(GWEI))
    rpc.call("anvil_mine", "0x1")
    with Run.open(file, capped) as run:
        assert run.go(Way(HASTE)).complete
    assert all_were_paid_once(payer, rpc, wallets)


def test_a_reorganisation_in_the_middle_of_a_run_drops_nobody(payer: Payer, rpc: HttpRpc, tmp_path: Path) -> None:
    rpc.call("anvil_mine", "0x6")
    wallets = recipients(24)
    file = write(tmp_path / "payments.csv", wallets, memos=12)
    mined = 0
    undone = 0

    def tell(progress: Progress) -> None:
        nonlocal mined, undone
        mined += progress.what == "mined"
        undone += progress.what == "undone"
        if progress.what == "mined" and mined == 7:
            rpc.call("anvil_reorg", 5, [])

    with Run.open(file, payer) as run:
        report = run.go(Way(HASTE, on_progress=tell), window=2)
    assert report.complete
    assert undone > 0
    assert all_were_paid_once(payer, rpc, wallets)
    assert sorted(outcome.index or 0 for outcome in report.outcomes) == list(range(0, 24, 2))


def test_a_nonce_that_another_program_used_stops_the_run_with_what_was_paid(
    payer: Payer, rpc: HttpRpc, url: str, tmp_path: Path
) -> None:
    wallets = recipients(8)
    file = write(tmp_path / "payments.csv", wallets, memos=4)
    assert run(file, payer, url, "signed", "1").returncode == -signal.SIGKILL
    send(payer.sender, Call(wallets[0], b"", Wei(1)), Way(HASTE))
    for _ in range(2):
        done = run(file, payer, url)
        assert done.returncode == 1
        assert "NonceTaken: nonce 2 of 0xf39F" in done.stderr
    with Run.open(file, payer, dry=True) as halted:
        states = [outcome.state for outcome in halted.report().outcomes]
    assert states == ["paid", "sent", "open", "open"]


def test_keys_that_live_elsewhere_sign_what_was_written(payer: Payer, rpc: HttpRpc, tmp_path: Path) -> None:
    ann, bob = recipients(2)
    signer = open_key(KeyOptions(private_key=KEY), home=tmp_path)
    watching = Payer(Sender(rpc, signer.address), payer.ledger)
    calls = [watching.relay(ann, Wei(10**6)), watching.relay(bob, Wei(10**6))]
    written = write_unsigned(watching.sender, prepare_all(watching.sender, calls))
    signed = sign_all(signer, read_unsigned(written))
    for _ in range(2):
        sent = broadcast_file(rpc, signed, way=Way(HASTE))
        assert [out.receipt is not None and out.receipt.ok for out in sent] == [True, True]
    assert balance(rpc, ann) == balance(rpc, bob) == 10**6 - payer.fee(Wei(10**6))
