"""A run: nothing before all is sound, nobody twice whatever breaks, and everybody in the end."""

from __future__ import annotations

import random
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smartchain.errors import (
    BatchFileError,
    FeeTooHigh,
    HostUnavailable,
    LimitExceeded,
    NonceTaken,
    NotConfirmed,
    NotEnoughFunds,
    Refused,
    RunFileError,
    SettingsError,
)
from smartchain.ledger.address import checksum
from smartchain.ledger.hash import keccak
from smartchain.types import Wei
from smartchain.wallet.fees import FeePolicy
from smartchain.wallet.flight import Patience, Progress
from smartchain.wallet.keys import KeyOptions, open_key
from smartchain.wallet.pay import Payer, Way
from smartchain.wallet.report import Report
from smartchain.wallet.run import Run, run_path
from smartchain.wallet.sender import Sender
from smartchain.wallet.transaction import read_signed
from tests.fakes.chain import GWEI, LEDGER, FakeChain, FakeClock
from tests.unit.wallet.conftest import ETHER, KEY, PayerOf, payments, wallet


class Killed(BaseException):
    """The process ends here."""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Twelve payments with four memos: four transactions."""
    path = tmp_path / "payments.csv"
    path.write_text(payments(12, memos=4))
    return path


def pay(file: Path, payer: Payer, way: Way, window: int = 8) -> Report:
    with Run.open(file, payer) as run:
        run.attempt()
        return run.go(way, window)


def everybody_was_paid_once(chain: FakeChain, count: int = 12) -> bool:
    return all(chain.balances.get(wallet(1000 + n), 0) == 1000 + n for n in range(count))


# refused before anything is sent


def test_a_line_that_is_wrong_stops_the_file_before_a_run_file_is_made(file: Path, payer: Payer) -> None:
    file.write_text(file.read_text() + f"{checksum(wallet(5))},0.5,\n")
    with pytest.raises(BatchFileError, match="line 14:"):
        Run.open(file, payer)
    assert not run_path(file).exists()


def test_a_file_that_is_not_there_is_named(tmp_path: Path, payer: Payer) -> None:
    with pytest.raises(BatchFileError, match=r"nothing\.csv cannot be read: No such file"):
        Run.open(tmp_path / "nothing.csv", payer)


def test_a_total_above_the_most_allowed_stops_the_file(file: Path, payer: Payer) -> None:
    with pytest.raises(LimitExceeded):
        Run.open(file, payer, max_total=Wei(1))


def test_a_recipient_that_refuses_is_named_with_its_line(file: Path, payer: Payer, chain: FakeChain) -> None:
    chain.refusing.add(wallet(1009))
    with Run.open(file, payer) as run, pytest.raises(Refused, match=r"^line 11: 0x.*3F1 does not take its") as caught:
        run.attempt()
    assert caught.value.error == "PaymentRefused"
    assert chain.sent == []
    assert not run_path(file).exists()


def test_more_than_the_wallet_has_is_found_for_the_whole_file(file: Path, payer: Payer, chain: FakeChain) -> None:
    file.write_text("".join(f"{checksum(wallet(1000 + n))},40ether,{n}\n" for n in range(3)))
    with Run.open(file, payer) as run, pytest.raises(NotEnoughFunds, match="has 100 ether, and 120"):
        run.attempt()
    assert chain.sent == []


def test_a_dry_run_tries_everything_and_leaves_nothing_behind(file: Path, payer: Payer, chain: FakeChain) -> None:
    heard: list[Progress] = []
    with Run.open(file, payer, dry=True) as run:
        trial = run.attempt(heard.append)
        assert (trial.payments, len(trial.open), trial.total) == (12, 4, sum(range(1000, 1012)))
        assert trial.gas == 4 * 34_000 + 12 * 10_600 - 12 * 100
        assert trial.left == 100 * ETHER - trial.total - trial.gas * 2 * GWEI
        assert [news.number for news in heard] == [0, 1, 2, 3]
        with pytest.raises(RunFileError, match="a dry run sends nothing"):
            run.go()
    assert not run_path(file).exists()
    assert chain.sent == []


def test_a_run_that_nobody_agrees_to_leaves_no_run_file(file: Path, payer: Payer) -> None:
    with Run.open(file, payer) as run:
        run.attempt()
        assert run_path(file).exists()
    assert not run_path(file).exists()


def test_two_processes_do_not_pay_one_file(file: Path, payer: Payer, tmp_path: Path) -> None:
    link = tmp_path / "again.csv"
    link.symlink_to(file)
    with Run.open(file, payer), pytest.raises(RunFileError, match="is in use"):
        Run.open(link, payer)


def test_a_file_is_waited_for(file: Path, payer: Payer) -> None:
    with Run.open(file, payer) as run, pytest.raises(SettingsError, match="leave --async"):
        run.go(Way(patience=Patience(confirmations=0)))


# paid


def test_everybody_is_paid_once_and_the_report_says_where(
    file: Path, payer: Payer, chain: FakeChain, clock: FakeClock
) -> None:
    report = pay(file, payer, Way(clock=clock))
    assert report.complete
    assert everybody_was_paid_once(chain)
    assert [outcome.index for outcome in report.outcomes] == [0, 3, 6, 9]
    assert report.paid == sum(range(1000, 1012))
    assert report.gas_used == 4 * 34_000 + 12 * 10_600
    assert report.gas_wei == report.gas_used * 2 * GWEI


def test_a_run_that_is_done_pays_nobody_again(file: Path, payer: Payer, chain: FakeChain, clock: FakeClock) -> None:
    first = pay(file, payer, Way(clock=clock))
    with Run.open(file, payer) as run:
        assert run.begun
        assert run.attempt().open == ()
        assert run.go(Way(clock=clock)) == first
    assert everybody_was_paid_once(chain)
    assert len(chain.sent) == 4


def test_no_more_transactions_wait_than_the_window_holds(file: Path, payer: Payer, chain: FakeChain) -> None:
    most = 0

    def mine() -> None:
        nonlocal most
        most = max(most, len(chain.pool))
        chain.mine()

    pay(file, payer, Way(clock=FakeClock(12, mine)), window=3)
    assert most == 3
    assert everybody_was_paid_once(chain)


def test_what_does_not_fit_a_block_is_divided(file: Path, payer: Payer, chain: FakeChain, clock: FakeClock) -> None:
    chain.gas_limit = 60_000
    report = pay(file, payer, Way(clock=clock))
    assert [len(outcome.planned.rows) for outcome in report.outcomes] == [1, 2] * 4
    assert everybody_was_paid_once(chain)


def test_a_single_payment_that_does_not_fit_a_block_is_named(file: Path, payer: Payer, chain: FakeChain) -> None:
    chain.gas_limit = 40_000
    with Run.open(file, payer) as run, pytest.raises(Refused, match=r"^line 2: it takes more gas"):
        run.attempt()


def test_the_first_nonce_may_be_chosen_once(file: Path, payer: Payer, chain: FakeChain, clock: FakeClock) -> None:
    way = Way(clock=clock, nonce=0)
    pay(file, payer, way)
    assert sorted(read_signed(raw).nonce for raw in chain.sent) == [0, 1, 2, 3]
    with Run.open(file, payer) as run, pytest.raises(SettingsError, match="for the beginning of a run"):
        run.go(way)


def test_a_dear_hour_stops_a_run_that_goes_on_later(file: Path, payer_of: PayerOf, chain: FakeChain) -> None:
    payer = payer_of(FeePolicy(cap=Wei(4 * GWEI)))

    def dear() -> None:
        chain.mine()
        chain.base_fee = 40 * GWEI

    with pytest.raises(FeeTooHigh):
        pay(file, payer, Way(clock=FakeClock(12, dear)), window=2)
    chain.base_fee = GWEI
    assert not everybody_was_paid_once(chain)
    assert pay(file, payer, Way(clock=FakeClock(12, chain.mine)), window=2).complete
    assert everybody_was_paid_once(chain)


def test_a_recipient_that_turns_stops_the_run_with_its_line_and_what_was_paid_stays(
    file: Path, payer: Payer, chain: FakeChain
) -> None:
    def turn() -> None:
        chain.mine()
        chain.refusing.add(wallet(1007))

    with Run.open(file, payer) as run:
        run.attempt()
        with pytest.raises(Refused, match=r"^line 9: "):
            run.go(Way(clock=FakeClock(12, turn)), window=2)
        assert [outcome.state for outcome in run.report().outcomes] == ["paid", "paid", "paid", "open"]
    chain.refusing.clear()
    assert pay(file, payer, Way(clock=FakeClock(12, chain.mine))).complete
    assert everybody_was_paid_once(chain)


def test_a_transaction_that_reverts_pays_nobody_and_is_not_signed_again(
    file: Path, payer: Payer, chain: FakeChain
) -> None:
    def turn() -> None:
        chain.refusing.add(wallet(1001))
        chain.mine()
        chain.refusing.clear()

    report = pay(file, payer, Way(clock=FakeClock(12, turn)))
    assert [outcome.state for outcome in report.outcomes] == ["paid", "reverted", "paid", "paid"]
    assert not report.complete
    assert [outcome.planned.lines for outcome in report.of("reverted")] == ["lines 3 to 11"]
    again = pay(file, payer, Way(clock=FakeClock(12, chain.mine)))
    assert again == report
    assert wallet(1001) not in chain.balances
    assert len(chain.sent) == 4


# a run that is not the same


def begin(file: Path, payer: Payer, chain: FakeChain) -> None:
    """Sign a transaction or two and come no further."""

    def kill(method: str) -> None:
        if len(chain.sent) == 2:
            raise Killed

    chain.after = kill
    with pytest.raises(Killed):
        pay(file, payer, Way(clock=FakeClock()))
    chain.after = lambda method: None


def test_a_payments_file_that_was_changed_is_refused(file: Path, payer: Payer, chain: FakeChain) -> None:
    begin(file, payer, chain)
    file.write_text(file.read_text().replace("1005,", "1006,"))
    with pytest.raises(RunFileError, match="the payments file was changed since"):
        Run.open(file, payer)


def test_a_run_of_another_wallet_is_refused(file: Path, payer: Payer, chain: FakeChain, tmp_path: Path) -> None:
    begin(file, payer, chain)
    other = open_key(KeyOptions(private_key="22" * 32), home=tmp_path)
    with pytest.raises(RunFileError, match=r"it paid from 0x.* give the same key"):
        Run.open(file, Payer(Sender(chain, other), LEDGER))


def test_a_run_on_another_chain_of_the_same_id_is_refused(file: Path, payer: Payer, chain: FakeChain) -> None:
    begin(file, payer, chain)
    chain.blocks[0].hash = keccak(b"another")
    with pytest.raises(RunFileError, match="another chain of the same id"):
        Run.open(file, payer)


def test_a_nonce_that_another_used_stops_the_run_and_stops_it_again(file: Path, payer: Payer, chain: FakeChain) -> None:
    begin(file, payer, chain)
    chain.pool.clear()
    chain.use_nonce(payer.sender.address)
    for _ in range(2):
        with pytest.raises(NonceTaken, match="nonce 0 of 0x"):
            pay(file, payer, Way(clock=FakeClock(12, chain.mine)))
    with Run.open(file, payer, dry=True) as halted:
        said = halted.report().stopped(0)
    assert "this run goes no further" in said
    assert "goes on" not in said
    assert "does not pay line" in said
    assert "are on their way and may still be paid" in said
    signed = [read_signed(raw) for raw in chain.sent]
    assert {one.nonce for one in signed} == {0, 1}
    assert chain.balances.get(wallet(1000), 0) == 0


def test_what_was_signed_is_broadcast_again_byte_for_byte(file: Path, payer: Payer, chain: FakeChain) -> None:
    begin(file, payer, chain)
    before = list(chain.sent)
    chain.pool.clear()
    assert pay(file, payer, Way(clock=FakeClock(12, chain.mine))).complete
    assert chain.sent[2:4] == before
    assert everybody_was_paid_once(chain)


def test_a_run_that_is_not_mined_in_time_goes_on(file: Path, payer: Payer, chain: FakeChain) -> None:
    with pytest.raises(NotConfirmed, match="the same command goes on from here, and pays nobody twice"):
        pay(file, payer, Way(clock=FakeClock()))
    with Run.open(file, payer) as run:
        assert {outcome.state for outcome in run.report().outcomes} == {"sent"}
    assert pay(file, payer, Way(clock=FakeClock(12, chain.mine))).complete
    assert everybody_was_paid_once(chain)


def test_a_report_names_the_blocks_that_a_reorganisation_moved_payments_to(
    file: Path, payer: Payer, chain: FakeChain
) -> None:
    def move() -> None:
        chain.mine()
        if chain.blocks[-1].included:
            chain.reorganise(2, keep=True)
            chain.mine()

    chain.mine()
    report = pay(file, payer, Way(clock=FakeClock(12, move)), window=1)
    assert report.complete
    for outcome in report.outcomes:
        assert outcome.block_number is not None
        assert outcome.transaction in chain.blocks[outcome.block_number].receipts
    assert everybody_was_paid_once(chain)


def test_receipts_that_the_host_forgot_are_no_reason_to_pay_again(
    file: Path, payer: Payer, chain: FakeChain, clock: FakeClock
) -> None:
    first = pay(file, payer, Way(clock=clock))
    for block in chain.blocks:
        block.receipts.clear()
    assert pay(file, payer, Way(clock=clock)) == first
    assert len(chain.sent) == 4


def test_payments_that_a_reorganisation_gave_to_another_stop_the_run(
    file: Path, payer: Payer, chain: FakeChain, clock: FakeClock
) -> None:
    chain.mine()
    pay(file, payer, Way(clock=clock))
    chain.reorganise(len(chain.blocks) - 1, keep=False)
    for _ in range(4):
        chain.use_nonce(payer.sender.address)
    with pytest.raises(NonceTaken, match="nonce 0 of"):
        pay(file, payer, Way(clock=clock))
    assert len(chain.sent) == 4


# killed anywhere


@pytest.mark.parametrize("automine", [True, False])
@pytest.mark.parametrize("ahead", [True, False])
def test_killed_at_any_call_of_the_host_a_run_goes_on_and_pays_everybody_once(
    file: Path, payer: Payer, chain: FakeChain, automine: bool, ahead: bool
) -> None:
    """Each call in turn: dying before it, or when it has had its effect; then dying once more later on."""
    chain.automine = automine
    chain.mine()
    start = chain.state.copy()
    at, killed = 0, True
    while killed:
        at += 1
        run_path(file).unlink(missing_ok=True)
        chain.pool.clear()
        del chain.blocks[2:]
        chain.blocks[1].state = start.copy()
        killed = killed_once(file, payer, chain, at, ahead)
        killed_once(file, payer, chain, at * 2, ahead)
        report = pay(file, payer, Way(clock=FakeClock(0.05, chain.mine)), window=2)
        assert report.complete
        assert everybody_was_paid_once(chain)
    assert at > 30


def killed_once(file: Path, payer: Payer, chain: FakeChain, at: int, ahead: bool) -> bool:
    """Go on with the run and die at that call of the host; whether it came so far."""
    countdown = at

    def count(method: str) -> None:
        nonlocal countdown
        countdown -= 1
        if countdown == 0:
            raise Killed

    def nothing(method: str) -> None: ...

    chain.before, chain.after = (count, nothing) if ahead else (nothing, count)
    try:
        pay(file, payer, Way(clock=FakeClock(0.05, chain.mine)), window=2)
    except Killed:
        return True
    finally:
        chain.before = chain.after = nothing
    return False


class Weather:
    """Whatever can happen to a run, by chance, between two looks and at any call."""

    def __init__(self, chain: FakeChain, chance: random.Random) -> None:
        self.chain = chain
        self.chance = chance
        self.calm = False
        self.killing = 0.0

    def strike(self, method: str) -> None:
        if self.calm:
            return
        if self.chance.random() < self.killing:
            raise Killed
        if self.chance.random() < 0.03:
            raise HostUnavailable("a cut-off answer")

    def pass_by(self) -> None:
        chain, chance = self.chain, self.chance
        if self.calm:
            chain.base_fee = GWEI
            chain.mine()
            return
        happen: list[Callable[[], None]] = [
            chain.mine,
            chain.mine,
            chain.mine,
            chain.pool.clear,
            lambda: setattr(chain, "base_fee", chance.choice([GWEI // 2, GWEI, 3 * GWEI, 9 * GWEI])),
            lambda: chain.reorganise(chance.randint(1, 3), keep=chance.random() < 0.5),
            lambda: setattr(chain, "hides_pending", chance.random() < 0.3),
        ]
        while len(chain.blocks) < 5:
            chain.mine()
        chance.choice(happen)()


@settings(max_examples=60)
@given(seed=st.integers(0, 2**32 - 1))
def test_in_any_weather_nobody_is_paid_twice_and_in_the_end_everybody_is_paid(
    seed: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("run")
    file = folder / "payments.csv"
    file.write_text(payments(12, memos=5))
    signer = open_key(KeyOptions(private_key=KEY), home=folder)
    chain = FakeChain()
    chain.endow(signer.address, 100 * ETHER)
    chain.mine()
    weather = Weather(chain, random.Random(seed))
    payer = Payer(Sender(chain, signer), LEDGER)
    chain.before = chain.after = weather.strike
    weather.killing = 0.01
    for _ in range(12):
        with suppress(Killed, NotConfirmed, HostUnavailable, NotEnoughFunds):
            pay(file, payer, Way(clock=FakeClock(5, weather.pass_by)), window=weather.chance.randint(1, 4))
        assert all(chain.balances.get(wallet(1000 + n), 0) in (0, 1000 + n) for n in range(12))
    weather.calm = True
    chain.hides_pending = False
    report = pay(file, payer, Way(clock=FakeClock(12, weather.pass_by)))
    assert report.complete
    assert everybody_was_paid_once(chain)
    calls: dict[int, set[bytes]] = {}
    for raw in chain.sent:
        calls.setdefault(read_signed(raw).nonce, set()).add(read_signed(raw).transaction.call.data)
    assert all(len(data) == 1 for data in calls.values())
