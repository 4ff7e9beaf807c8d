"""A store mended: by itself where one bit was flipped, by the host where more is lost, else left as it was."""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import time
from contextlib import closing, suppress
from pathlib import Path
from zlib import crc32

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smartchain.errors import CorruptStore, HostUnavailable, SmartchainError
from smartchain.ports import EntrySource, LedgerInfo
from smartchain.store import checksums, correct, open_store
from smartchain.store.fsck import check
from smartchain.store.repair import repair
from smartchain.types import Address
from tests.store.flipping import KINDS, OTHERS, PAGE_BYTES, answers, bits, flipped, make
from tests.store.sound import Sound

ODD = [
    "UPDATE entry SET tx_hash = zeroblob(32) WHERE position BETWEEN 3 AND 9",
    "UPDATE entry SET packed = zeroblob(132) WHERE position BETWEEN 3 AND 9",
    "UPDATE entry SET packed = zeroblob(100) WHERE position = 300",
    "UPDATE entry SET packed = x'00', tx_hash = 'text' WHERE position = 30",
    "DELETE FROM entry WHERE position BETWEEN 100 AND 220",
    "DELETE FROM entry",
    "UPDATE host_block SET hash = zeroblob(32)",
    "UPDATE host_block SET size = size + 10 WHERE number = 10",
    "UPDATE OR IGNORE host_block SET number = 2000 WHERE number = 10",
    "UPDATE checksum SET checksum = 77 WHERE kind = 0",
    "UPDATE checksum SET checksum = 77 WHERE kind = 2",
    "DELETE FROM block WHERE number = 3",
    "UPDATE block SET root = zeroblob(32) WHERE number = 3",
    "UPDATE subtree SET root = zeroblob(32)",
    "DELETE FROM mark",
    "DELETE FROM posting",
    "UPDATE name SET position = position + 1000",
    "INSERT INTO entry VALUES (9, 9, zeroblob(100), zeroblob(32))",
]
ROW = [
    "UPDATE ledger SET cursor_hash = zeroblob(32), verified_size = 1",
    "UPDATE ledger SET cursor_number = 900, cursor_timestamp = 1",
    "UPDATE ledger SET address = zeroblob(20), fee_ppm = 9, max_entries = 8",
    "UPDATE ledger SET size = 'text', blocks = 'text'",
    "UPDATE ledger SET safe_number = 5, safe_hash = zeroblob(32), finalized_hash = x'00'",
]


def nobody(_ledger: Address, _info: LedgerInfo | None) -> EntrySource:
    raise HostUnavailable("no host is there")


def change(path: Path, statement: str) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(statement)
        connection.commit()


def dump(path: Path) -> list[str]:
    with closing(sqlite3.connect(path)) as connection:
        return list(connection.iterdump())


@pytest.mark.parametrize("statement", ODD)
def test_whatever_is_lost_of_a_ledger_comes_back_with_the_hosts_help(tmp_path: Path, statement: str) -> None:
    path = tmp_path / "chain.db"
    make(path, "plain")
    sound, host = answers(path), Sound(path)
    change(path, statement)
    broken = dump(path)
    assert check(path).faults

    done = repair(path, lambda *_: host)

    assert check(path).faults == []
    assert answers(path) == sound
    assert done.mended
    assert done.copy is not None
    assert dump(done.copy) == broken


def test_no_more_is_fetched_than_is_broken(tmp_path: Path) -> None:
    path = tmp_path / "chain.db"
    make(path, "plain")
    host = Sound(path)
    change(path, "UPDATE entry SET packed = zeroblob(100) WHERE position = 300")

    repair(path, lambda *_: host)

    assert 49 <= host.asked < 90


@pytest.mark.parametrize("statement", ROW)
def test_what_a_ledgers_row_was_is_found_by_its_checksum_in_what_other_rows_and_the_host_say(
    tmp_path: Path, statement: str
) -> None:
    path = tmp_path / "chain.db"
    make(path, "plain")
    sound, host = answers(path), Sound(path)
    change(path, statement)

    done = repair(path, lambda *_: host, host.info().address)

    assert done.mended == ["what is stored about the ledger"]
    assert check(path).faults == []
    assert answers(path) == sound


def test_a_lost_row_is_made_anew_of_a_ledger_that_is_named_and_nothing_of_it_is_verified(tmp_path: Path) -> None:
    path = tmp_path / "chain.db"
    make(path, "plain")
    host = Sound(path)
    change(path, "DELETE FROM ledger")
    before = path.read_bytes()

    with pytest.raises(CorruptStore, match="has lost what it knew of it; say with --ledger which one it is"):
        repair(path, lambda *_: host)
    assert path.read_bytes() == before
    repair(path, lambda *_: host, host.info().address)

    assert check(path).faults == []
    with closing(open_store(f"sqlite:///{path}", create=False)) as store:
        status = store.open().status()
    assert (status.size, status.verified_size) == (305, 0)


def test_of_a_journal_nothing_but_a_copy_tells_what_was_lost(tmp_path: Path) -> None:
    path = tmp_path / "with-journal.db"
    make(path, "several")
    change(path, "UPDATE entry SET packed = zeroblob(100), tx_hash = zeroblob(32) WHERE ledger = 3 AND position < 9")
    before = path.read_bytes()

    with pytest.raises(CorruptStore, match="of a journal, which no host has: take the file from a copy"):
        repair(path, nobody)

    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == ["with-journal.db"]


def test_of_several_ledgers_one_is_mended_where_it_is_named(tmp_path: Path) -> None:
    path = tmp_path / "with-journal.db"
    make(path, "several")
    host = Sound(path)
    change(path, "UPDATE entry SET packed = zeroblob(100) WHERE ledger < 3 AND position = 1")

    repair(path, lambda *_: host, OTHERS[0].address)

    assert check(path, OTHERS[0].address).faults == []
    assert {fault.ledger for fault in check(path).faults} == {2}


def rows(path: Path) -> dict[str, list[tuple[object, ...]]]:
    tables = ("entry", "block", "subtree", "host_block")
    with closing(sqlite3.connect(path)) as connection:
        return {table: connection.execute(f"SELECT * FROM {table} ORDER BY 1, 2, 3").fetchall() for table in tables}


def assert_no_less(
    found: dict[str, list[tuple[object, ...]]], sound: dict[str, list[tuple[object, ...]]], which: str
) -> None:
    """All that follows from the logs is there; of host blocks without entries some may be forgotten."""
    ends = {size: row for row in reversed(sound["host_block"]) if (size := row[3])}
    assert {table: of for table, of in found.items() if table != "host_block"} == {
        table: of for table, of in sound.items() if table != "host_block"
    }, which
    assert set(ends.values()) <= set(found["host_block"]) <= set(sound["host_block"]), which


@pytest.mark.parametrize("count", [6, pytest.param(600, marks=[pytest.mark.long, pytest.mark.timeout(900)])])
def test_a_file_with_a_page_of_rubbish_is_written_anew_or_left_as_it_was(tmp_path: Path, count: int) -> None:
    name = "chain.db"
    data, seed, mended = make(tmp_path / name, "plain"), random.randrange(2**32), 0
    sound, host, chance = rows(tmp_path / name), Sound(tmp_path / name), random.Random(seed)
    for number in range(count):
        path = tmp_path / str(number) / name
        path.parent.mkdir()
        at = PAGE_BYTES * chance.randrange(1, len(data) // PAGE_BYTES)
        rubbish = chance.choice([bytes(PAGE_BYTES), chance.randbytes(PAGE_BYTES)])
        path.write_bytes(damaged := data[:at] + rubbish + data[at + PAGE_BYTES :])
        try:
            if not check(path).faults:
                continue
            repair(path, lambda *_: host)
        except SmartchainError:
            assert path.read_bytes() == damaged, f"seed {seed}, page {at // PAGE_BYTES}"
            continue
        mended += 1
        assert check(path).faults == [], f"seed {seed}, page {at // PAGE_BYTES}"
        assert_no_less(rows(path), sound, f"seed {seed}, page {at // PAGE_BYTES}")

    assert mended


@pytest.mark.parametrize("damage", [ODD[1], "a page"])
@pytest.mark.parametrize("count", [6, pytest.param(300, marks=[pytest.mark.long, pytest.mark.timeout(900)])])
def test_killed_at_any_moment_it_begins_anew_and_nothing_is_lost(tmp_path: Path, damage: str, count: int) -> None:
    path = tmp_path / "chain.db"
    data = make(path, "plain")
    sound, host = answers(path), Sound(path)
    if damage == "a page":
        at = PAGE_BYTES * 40
        path.write_bytes(data[:at] + bytes(PAGE_BYTES) + data[at + PAGE_BYTES :])
    else:
        change(path, damage)
    assert check(path).faults

    for _ in range(count):
        worker = os.fork()
        if not worker:
            with suppress(SmartchainError):
                repair(path, lambda *_: host)
            os._exit(0)
        time.sleep(random.uniform(0, 0.2))
        os.kill(worker, signal.SIGKILL)
        os.waitpid(worker, 0)
        if not check(path).faults:
            break
    if check(path).faults:
        repair(path, lambda *_: host)

    assert check(path).faults == []
    assert answers(path) == sound
    assert not list(tmp_path.glob("*.mending*"))


def test_a_host_that_tells_of_other_entries_is_not_believed(tmp_path: Path) -> None:
    path, other = tmp_path / "chain.db", tmp_path / "other.db"
    make(path, "plain")
    make(other, "plain")
    for file, value in ((path, "00"), (other, "11")):
        change(
            file, f"UPDATE entry SET packed = CAST(zeroblob(99) || x'{value}' AS BLOB) WHERE position BETWEEN 3 AND 9"
        )
    before = path.read_bytes()

    with pytest.raises(CorruptStore, match="entries 0 to 255 that the host gives are not those that the store was"):
        repair(path, lambda *_: Sound(other))

    assert path.read_bytes() == before


def test_a_host_that_is_away_leaves_the_store_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "chain.db"
    make(path, "plain")
    change(path, ODD[0])
    before = path.read_bytes()

    with pytest.raises(HostUnavailable):
        repair(path, nobody)

    assert path.read_bytes() == before


@pytest.mark.parametrize("kind", list(KINDS))
@pytest.mark.parametrize("count", [8, pytest.param(1500, marks=[pytest.mark.long, pytest.mark.timeout(900)])])
def test_a_single_flipped_bit_is_mended_without_a_host_or_nothing_is_changed(
    tmp_path: Path, kind: str, count: int
) -> None:
    name = "with-journal.db" if kind == "several" else "chain.db"
    data, seed, mended = make(tmp_path / name, kind), count if count < 10 else random.randrange(2**32), 0
    sound = answers(tmp_path / name)
    for bit in bits(seed, data, count):
        path = tmp_path / str(bit) / name
        path.parent.mkdir()
        path.write_bytes(flipped(data, bit))
        try:
            if not check(path).faults:
                continue
            repair(path, nobody)
        except SmartchainError:
            assert path.read_bytes() == flipped(data, bit), f"seed {seed}, bit {bit}"
            assert {file.name for file in path.parent.iterdir()} <= {name, f"{name}-wal", f"{name}-shm"}
            continue
        mended += 1
        assert check(path).faults == [], f"seed {seed}, bit {bit}"
        assert answers(path) == sound, f"seed {seed}, bit {bit}"

    assert mended


@given(st.binary(min_size=1, max_size=600), st.data())
def test_a_checksum_says_which_bit_was_flipped(data: bytes, some: st.DataObject) -> None:
    wrong = correct.flipped(data, some.draw(st.integers(0, 8 * len(data) - 1)))

    assert correct.by_checksum(wrong, crc32(data) ^ crc32(wrong)) == data


@given(st.lists(st.none() | st.integers(-(2**63), 2**63 - 1) | st.binary(max_size=40), max_size=8))
def test_a_row_is_read_back_from_what_its_checksum_is_of(row: list[object]) -> None:
    while row and row[-1] is None:
        row.pop()

    assert correct.row_of(checksums.told_of(row)) == row
