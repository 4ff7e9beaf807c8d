"""A run file: one process, one run, one nonce for a call; and whatever a break leaves of it can be read."""

from __future__ import annotations

import json
import os
import resource
import signal
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from smartchain.errors import RunFileError
from smartchain.ledger.address import checksum
from smartchain.types import ChainId, Hash32, Wei
from smartchain.wallet.keys import KeyOptions, KeySigner, open_key
from smartchain.wallet.receipt import Log, Receipt, recorded_index
from smartchain.wallet.runfile import Header, RunFile
from smartchain.wallet.transaction import Call, Fees, Signed, Transaction, read_signed
from tests.fakes.chain import LEDGER, TRANSFER
from tests.unit.wallet.conftest import wallet

Sign = Callable[..., Signed]


@pytest.fixture
def sign(signer: KeySigner) -> Sign:
    def make(nonce: int, data: bytes = b"", most: int = 10, chain_id: int = 1, by: KeySigner = signer) -> Signed:
        call = Call(LEDGER, data, Wei(5))
        transaction = Transaction(ChainId(chain_id), nonce, call, 21_000, Fees(Wei(most), Wei(1)))
        return read_signed(by.sign(transaction))

    return make


@pytest.fixture
def header(signer: KeySigner) -> Header:
    return Header("ab", 1, "0xcd", checksum(LEDGER), checksum(signer.address), ((1,), (2, 3)))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "payments.csv.run"


def receipt_of(signed: Signed, ok: bool = True) -> Receipt:
    said = Log(wallet(66), (b"\x01" * 32,))
    recorded = Log(LEDGER, (TRANSFER, (7).to_bytes(32, "big"), bytes(12) + signed.sender, bytes(32)))
    return Receipt(signed.hash, ok, 3, Hash32(b"\x03" * 32), 44_000, Wei(9), None, (said, recorded))


def test_a_run_file_is_of_one_process_at_a_time(path: Path, header: Header) -> None:
    first = RunFile.open(path)
    with pytest.raises(RunFileError, match="is in use: another process is paying this file"):
        RunFile.open(path)
    first.begin(header)
    first.close()
    second = RunFile.open(path)
    assert second.header == header
    second.close()


def test_a_run_file_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    with pytest.raises(RunFileError, match="cannot be opened: No such file or directory"):
        RunFile.open(tmp_path / "nowhere" / "payments.csv.run")


def test_a_run_file_is_read_by_its_owner_alone(path: Path, header: Header) -> None:
    runfile = RunFile.open(path)
    runfile.begin(header)
    assert path.stat().st_mode & 0o777 == 0o600
    runfile.close()


def test_nothing_is_signed_before_the_run_is_on_the_disk(path: Path, sign: Sign) -> None:
    runfile = RunFile.open(path)
    with pytest.raises(RunFileError, match="has not begun"):
        runfile.signed(0, sign(0))
    runfile.close()
    assert not path.exists()


@pytest.mark.parametrize(
    ("changed", "hint"),
    [
        ({"payments_digest": "cd"}, "payments file was changed"),
        ({"chain_id": 2}, "it paid on chain 1, and this is chain 2"),
        ({"host_genesis": "0xee"}, "another chain of the same id"),
        ({"ledger": checksum(wallet(1))}, "it paid through the ledger 0x1E1e1E1E"),
        ({"sender": checksum(wallet(1))}, "give the same key"),
    ],
)
def test_a_run_is_gone_on_with_only_as_it_began(
    path: Path, header: Header, changed: dict[str, object], hint: str
) -> None:
    runfile = RunFile.open(path)
    runfile.begin(header)
    runfile.check(header)
    with pytest.raises(RunFileError, match=hint):
        runfile.check(replace(header, **changed))  # type: ignore[arg-type]
    runfile.close()


def test_a_host_that_no_longer_gives_its_first_block_is_taken_at_its_word(path: Path, header: Header) -> None:
    runfile = RunFile.open(path)
    runfile.begin(header)
    runfile.check(replace(header, host_genesis=""))
    runfile.close()


def test_a_call_is_never_signed_for_a_second_nonce_nor_a_nonce_for_a_second_call(
    path: Path, header: Header, sign: Sign, tmp_path: Path
) -> None:
    runfile = RunFile.open(path)
    runfile.begin(header)
    runfile.signed(0, sign(5))
    before = path.read_bytes()
    for number, signed, hint in [
        (0, sign(6), "signed a second time, with nonce 6"),
        (1, sign(5), "signed a second time, with nonce 5"),
        (0, sign(5, b"other"), "does something else"),
        (1, sign(6, chain_id=2), "for another chain"),
        (1, sign(6, by=open_key(KeyOptions(private_key="22" * 32), home=tmp_path)), "by another wallet"),
    ]:
        with pytest.raises(RunFileError, match=hint):
            runfile.signed(number, signed)
    assert path.read_bytes() == before
    runfile.signed(0, sign(5, most=20))
    assert [len(flight.versions) for flight in runfile.flights()] == [2]
    runfile.close()


def test_everything_is_read_back_in_the_order_of_nonces(path: Path, header: Header, sign: Sign) -> None:
    runfile = RunFile.open(path)
    runfile.begin(header)
    runfile.signed(1, sign(9))
    runfile.signed(0, sign(8))
    runfile.signed(0, sign(8, most=20))
    runfile.settled(0, receipt_of(sign(8, most=20)))
    runfile.settled(1, receipt_of(sign(9), ok=False))
    runfile.undone(1)
    runfile.close()
    again = RunFile.open(path)
    first, second = again.flights()
    assert (first.number, first.settled, first.versions) == (0, True, [sign(8), sign(8, most=20)])
    assert (second.number, second.nonce, second.settled, second.receipt) == (1, 9, False, None)
    receipt = receipt_of(first.newest)
    assert first.receipt == replace(receipt, logs=receipt.logs[1:])
    assert recorded_index(first.receipt, LEDGER, first.newest.sender) == 7
    again.close()


def test_every_line_is_on_the_disk_before_anything_comes_of_it(path: Path, header: Header, sign: Sign) -> None:
    on_disk: list[bytes] = []
    runfile = RunFile.open(path, sync=lambda descriptor: on_disk.append(os.pread(descriptor, 1 << 20, 0)))
    deeds: list[Callable[[], None]] = [
        lambda: runfile.begin(header),
        lambda: runfile.signed(0, sign(5)),
        lambda: runfile.settled(0, receipt_of(sign(5))),
        lambda: runfile.undone(0),
    ]
    for done, deed in enumerate(deeds, start=1):
        deed()
        assert on_disk[-1] == path.read_bytes()
        assert len(on_disk) == on_disk[-1].count(b"\n") == done
    runfile.close()


def test_a_disk_that_fails_to_keep_a_line_has_nothing_broadcast(path: Path, header: Header, sign: Sign) -> None:
    syncs = 0

    def fail(descriptor: int) -> None:
        nonlocal syncs
        syncs += 1
        if syncs == 2:
            raise OSError(5, "Input/output error")

    runfile = RunFile.open(path, sync=fail)
    runfile.begin(header)
    with pytest.raises(RunFileError, match=r"Input/output error.*what it does not hold was not sent"):
        runfile.signed(0, sign(5))
    assert runfile.flights() == []
    runfile.close()


def test_a_line_that_a_break_cut_off_counts_for_nothing(path: Path, header: Header, sign: Sign) -> None:
    runfile = RunFile.open(path)
    runfile.begin(header)
    runfile.signed(0, sign(5))
    whole = path.read_bytes()
    runfile.signed(1, sign(6))
    longer = path.read_bytes()
    runfile.close()
    for size in range(len(whole), len(longer)):
        path.write_bytes(longer[:size])
        again = RunFile.open(path)
        assert [flight.number for flight in again.flights()] == [0]
        again.signed(1, sign(6))
        again.close()
        assert path.read_bytes() == longer


def test_zeros_that_a_break_left_at_the_end_count_for_nothing(path: Path, header: Header, sign: Sign) -> None:
    runfile = RunFile.open(path)
    runfile.begin(header)
    runfile.signed(0, sign(5))
    runfile.close()
    path.write_bytes(path.read_bytes() + bytes(4096))
    again = RunFile.open(path)
    assert len(again.flights()) == 1
    again.close()


def test_a_beginning_that_a_break_cut_off_is_no_beginning(path: Path, header: Header) -> None:
    path.write_bytes(b'{"run":1,"payments_di')
    runfile = RunFile.open(path)
    assert runfile.header is None
    runfile.begin(header)
    runfile.close()
    assert json.loads(path.read_text())["ledger"] == checksum(LEDGER)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda lines: [b"nonsense\n", *lines],
        lambda lines: [*lines[:1], b"{}\n", *lines[1:]],
        lambda lines: lines[1:],
        lambda lines: [*lines, lines[0]],
        lambda lines: [lines[0].replace(b'"run":1', b'"run":2'), *lines[1:]],
        lambda lines: [lines[0].replace(b'"sender":', b'"from":'), *lines[1:]],
        lambda lines: [lines[0], lines[1].replace(b'"raw":"0x02', b'"raw":"0x03'), *lines[2:]],
        lambda lines: [lines[0], lines[1].replace(b'"hash":"0x', b'"hash":"0x00'), *lines[2:]],
        lambda lines: [lines[0], lines[1].replace(b'"signed":0', b'"signed":"x"'), *lines[2:]],
        lambda lines: [lines[0], lines[2]],
        lambda lines: [lines[0], b"[1]\n"],
    ],
)
def test_a_run_file_that_was_damaged_is_refused_and_left_as_it_is(
    path: Path, header: Header, sign: Sign, spoil: Callable[[list[bytes]], list[bytes]]
) -> None:
    runfile = RunFile.open(path)
    runfile.begin(header)
    runfile.signed(0, sign(5))
    runfile.settled(0, receipt_of(sign(5)))
    runfile.close()
    spoiled = b"".join(spoil(path.read_bytes().splitlines(keepends=True)))
    path.write_bytes(spoiled)
    with pytest.raises(RunFileError, match=r"damaged in line \d+ .* nothing was sent"):
        RunFile.open(path)
    assert path.read_bytes() == spoiled


def test_a_full_disk_says_that_nothing_was_sent_and_leaves_whole_lines(path: Path, header: Header, sign: Sign) -> None:
    runfile = RunFile.open(path)
    runfile.begin(header)
    size = path.stat().st_size
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (size + 20, limits[1]))
        with pytest.raises(RunFileError, match="what it does not hold was not sent"):
            runfile.signed(0, sign(5))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, handler)
    assert path.stat().st_size == size
    runfile.signed(0, sign(5))
    runfile.close()
    assert len(path.read_bytes().splitlines()) == 2


def test_a_file_that_was_taken_away_while_it_was_opened_is_not_used(path: Path, header: Header) -> None:
    runfile = RunFile.open(path)
    runfile.begin(header)
    os.rename(path, path.with_name("kept"))  # noqa: PTH104
    other = RunFile.open(path)
    assert other.header is None
    other.close()
    runfile.close()
    assert path.with_name("kept").exists()
