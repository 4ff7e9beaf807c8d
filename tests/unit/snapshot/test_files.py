"""Snapshots from tables: the same bytes in any order, and a sentence with the line for whatever is wrong."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from smartchain.errors import SnapshotError
from smartchain.ledger.address import checksum
from smartchain.ledger.hash import ETHER, leaf_hash
from smartchain.ledger.merkle import MerkleLog
from smartchain.snapshot.files import Snapshot, write, write_table
from smartchain.snapshot.sorting import records
from smartchain.snapshot.table import read_table
from smartchain.types import Address

AT = 1_700_000_000
A, B = "0x" + "0a" * 20, "0x" + "0b" * 20


def wallets(count: int, seed: int = 1) -> list[tuple[bytes, int, int]]:
    chance = random.Random(seed)
    return [(chance.randbytes(20), chance.randrange(1, 10**24), line) for line in range(2, count + 2)]


def table(path: Path, rows: list[tuple[bytes, int, int]]) -> Path:
    lines = [f"{checksum(Address(wallet))},{value}" for wallet, value, _ in rows]
    path.write_text("wallet,value\n" + "\n".join(lines) + "\n")
    return path


@pytest.mark.parametrize("at_once", [1, 7, 100, 1000])
def test_pieces_that_are_merged_are_what_sorting_all_gives(at_once: int) -> None:
    rows = wallets(100)

    assert list(records(rows, at_once)) == sorted(wallet + value.to_bytes(32, "big") for wallet, value, _ in rows)


def test_the_same_balances_in_any_order_give_the_same_file_and_its_root(tmp_path: Path) -> None:
    rows = wallets(10_000)
    shuffled = random.Random(2).sample(rows, len(rows))
    one = write_table(tmp_path / "one", table(tmp_path / "one.csv", rows), ETHER, AT)
    other = write_table(tmp_path / "other", table(tmp_path / "other.csv", shuffled), ETHER, AT)

    assert one == other == Snapshot(tmp_path / "one").header
    assert (tmp_path / "one").read_bytes() == (tmp_path / "other").read_bytes()
    packed = [entry for some in Snapshot(tmp_path / "one").entries() for entry in some]
    log = MerkleLog.of(map(leaf_hash, packed))
    assert (log.root(), log.peaks()) == (one.root, Snapshot(tmp_path / "one").verify())
    assert sorted(path.name for path in tmp_path.iterdir()) == ["one", "one.csv", "other", "other.csv"]


def test_wallets_that_hold_nothing_are_left_out_wherever_they_stand() -> None:
    rows = [(bytes([number]) * 20, number % 2, number) for number in range(1, 10)]

    assert len(list(records(rows, 1))) == len(list(records(rows))) == 5


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "the table is empty: the first line is wallet,value"),
        ("\n\n", "the table is empty"),
        (f"{A},5\n", "line 1: .* is no header"),
        ("wallet,value,memo\n", "line 1: 'wallet,value,memo' is no header"),
        ("wallet,value\n", "there is no wallet in it"),
        (f"wallet,value\n{A},0\n", "there is no wallet in it"),
        (f"wallet,value\n{A},5\n\n{B},6\n{A},7\n", f"line 5: wallet {A} is in line 2 already"),
        (f"wallet,value\n{A},-5\n", "line 2: '-5' is no balance: a balance is never below zero"),
        (f"wallet,value\n{A},1.5\n", "line 2: '1.5' is no balance: write a whole number of the smallest unit"),
        (f"wallet,value\n{A},1e18\n", "line 2: '1e18' is no balance"),
        (f"wallet,value\n{A},٣\n", "line 2: .* is no balance"),
        (f"wallet,value\n{A},{2**256}\n", "line 2: .* is 2.256 or more, which no balance is"),
        (f"wallet,value\n{A},{'9' * 100_000}\n", "line 2: '9{40}...' is 2.256 or more"),
        (f"wallet,value\n{A},{2**256 - 1}\n{B},1\n", "the values make 2.256 or more"),
        (f"wallet,value\n{A}\n", "line 2: this line has 1 columns"),
        (f"wallet,value\n{A},5,6\n", "line 2: this line has 3 columns"),
        ("wallet,value\n0x12,5\n", "line 2: '0x12' is not an address"),
        ("wallet,value\n0x52908400098527886E0F7030069857D2E4169ee7,5\n", "line 2: .* has a wrong checksum"),
        ("wallet,value\n0x" + "00" * 20 + ",5\n", "the zero address is no wallet"),
        (f'wallet,value\n"{A},5\n', "this is not CSV"),
    ],
)
def test_a_table_that_cannot_be_used_is_refused_with_its_line_and_nothing_is_written(
    tmp_path: Path, text: str, says: str
) -> None:
    (tmp_path / "wallets.csv").write_text(text)
    (tmp_path / "there").write_bytes(b"before")

    with pytest.raises(SnapshotError, match=says):
        write_table(tmp_path / "there", tmp_path / "wallets.csv", ETHER, AT)

    assert (tmp_path / "there").read_bytes() == b"before"
    assert len(list(tmp_path.iterdir())) == 2


def test_bytes_that_are_no_text_are_said_to_be_so(tmp_path: Path) -> None:
    (tmp_path / "wallets.csv").write_bytes(b"wallet,value\n" + A.encode() + b",5\n\xff\xfe\n")

    with pytest.raises(SnapshotError, match=r"^a byte 0xff in it is not UTF-8: save the table"):
        write_table(tmp_path / "to", tmp_path / "wallets.csv", ETHER, AT)


def test_a_spreadsheets_byte_order_mark_and_line_ends_are_read() -> None:
    assert list(read_table(["Wallet , VALUE\r\n", f" {A} , 5 \r\n"])) == [(bytes([10]) * 20, 5, 2)]


def test_a_file_that_is_cut_off_or_longer_or_altered_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "snapshot"
    write(path, wallets(300), ETHER, AT)
    whole = path.read_bytes()

    for data, says in (
        (whole[:-1], "is cut off: 300 wallets take 15708 bytes, and it has 15707"),
        (whole + b"\0", "is longer than that"),
        (whole[:50], "this is no snapshot"),
    ):
        path.write_bytes(data)
        with pytest.raises(SnapshotError, match=says):
            Snapshot(path)
    path.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    with pytest.raises(SnapshotError, match="it was altered"):
        Snapshot(path).verify()


def test_places_that_cannot_be_read_or_written_are_named(tmp_path: Path) -> None:
    with pytest.raises(SnapshotError, match="nowhere cannot be read: No such file"):
        Snapshot(tmp_path / "nowhere")
    with pytest.raises(SnapshotError, match=r"wallets\.csv cannot be read"):
        write_table(tmp_path / "to", tmp_path / "wallets.csv", ETHER, AT)
    with pytest.raises(SnapshotError, match="cannot be written: No such file"):
        write(tmp_path / "no" / "folder", wallets(1), ETHER, AT)
