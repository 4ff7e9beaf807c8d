"""A store checked against its own hashes: single bits flipped in it, and what may stay as it is."""

from __future__ import annotations

import random
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner

from smartchain.cli.fsck import fsck
from smartchain.errors import StoreError
from smartchain.ports import HostBlock
from smartchain.store import open_store
from smartchain.store.fsck import check
from tests.store.making import INFO, long_story

BLOBS = [
    ("entry", "packed", "entries blocks name posting mark"),
    ("block", "hash", "blocks"),
    ("block", "root", "blocks"),
    ("subtree", "root", "blocks"),
    ("mark", "marks", "mark"),
    ("posting", "refs", "posting"),
    ("posting", "totals", "posting"),
    ("name", "hash", "name"),
]
NUMBERS = [("block", "size"), ("block", "timestamp"), ("posting", "entries"), ("posting", "sent"), ("name", "position")]


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("sound") / "chain.db"
    with closing(open_store(f"sqlite:///{path}", create=True)) as store:
        ledger = store.ledger(INFO)
        for step in long_story(3, 8):
            ledger.take(step)
        while ledger.look_up(1000):
            pass
        store.journal(1_700_000_000).add(b"a note", 1_700_000_001)
    return path.read_bytes()


@pytest.fixture
def path(sound: bytes, tmp_path: Path) -> Path:
    path = tmp_path / "chain.db"
    path.write_bytes(sound)
    return path


def change(path: Path, table: str, column: str, seed: int) -> None:
    """Flip one bit of a blob, or the lowest bit of a number, in a row that the seed chooses."""
    chance = random.Random(seed)
    with closing(sqlite3.connect(path)) as connection:
        rows = connection.execute(f"SELECT * FROM {table} WHERE ledger = 1").fetchall()
        columns = [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]
        row = chance.choice(rows)
        old = row[columns.index(column)]
        where = " AND ".join(f"{name} = ?" for name in columns)
        new = flipped(old, chance.randrange(8 * len(old))) if isinstance(old, bytes) else old ^ 1
        connection.execute(f"UPDATE OR REPLACE {table} SET {column} = ? WHERE {where}", (new, *row))
        connection.commit()


def flipped(data: bytes, bit: int) -> bytes:
    return data[: bit // 8] + bytes((data[bit // 8] ^ 1 << bit % 8,)) + data[bit // 8 + 1 :]


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize(("table", "column", "areas"), BLOBS)
def test_a_flipped_bit_is_found_and_named(path: Path, table: str, column: str, areas: str, seed: int) -> None:
    change(path, table, column, seed)

    found = check(path).faults

    assert found
    assert {fault.area for fault in found} <= set(areas.split())


@pytest.mark.parametrize(("table", "column"), NUMBERS)
def test_a_number_that_is_off_by_one_bit_is_found(path: Path, table: str, column: str) -> None:
    change(path, table, column, 1)

    assert check(path).faults


def test_a_lost_note_is_found(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("DELETE FROM note")
        connection.commit()

    assert [fault.says for fault in check(path).faults] == ["entry 0 of the journal has lost its text"]


def test_a_damaged_page_is_said_in_a_sentence(path: Path, sound: bytes) -> None:
    path.write_bytes(sound[: 8192 * 3] + bytes(8192) + sound[8192 * 4 :])

    done = CliRunner().invoke(fsck, ["--db", f"sqlite:///{path}"])

    assert done.exit_code == 1
    assert done.output.startswith("file: the file itself is damaged: ")


def test_a_store_that_is_not_there_is_not_sound(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="there is no store"):
        check(tmp_path / "none.db")


def test_a_sound_store_says_so_and_is_left_as_it_was(path: Path, sound: bytes) -> None:
    done = CliRunner().invoke(fsck, ["--db", f"sqlite:///{path}"])

    assert (done.exit_code, done.output.split(":")[0]) == (0, "sound")
    assert path.read_bytes() == sound


def test_staged_entries_and_a_rewind_leave_a_sound_store(path: Path) -> None:
    with closing(open_store(f"sqlite:///{path}", create=False)) as store:
        ledger = store.open()
        number, host_hash = ledger.host_blocks()[3]
        size = ledger.size_at(number)
        ledger.rewind(size, HostBlock(number, host_hash, 1_700_000_000))

    assert check(path).faults == []
