"""What a store says when the file is not what it should be, or is in use."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from smartchain.errors import CorruptStore, SettingsError, StoreError, StoreLocked, StoreTooNew, WrongStore
from smartchain.store import open_store
from smartchain.store.faults import as_store_error, said_of
from smartchain.types import ChainId, Index, Size
from tests.store.making import INFO, Story, host_block, payments


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "chain.db"


def url(path: Path) -> str:
    return f"sqlite:///{path}"


def make_store(path: Path) -> None:
    with closing(open_store(url(path), create=True)) as store:
        store.ledger(INFO).take(Story().step(payments(1, 300), verified=True))


@contextmanager
def raw(path: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        yield connection


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("mysql://me:secret@host/db", "mysql: is no kind of store"),
        ("chain.db", "'chain.db' names no file"),
        ("sqlite://", "'sqlite://' names no file"),
        ("sqlite:///", "'sqlite:///' names no file"),
        ("sqlite:///:memory:", "'sqlite:///:memory:' names no file"),
        ("", "'' names no file"),
    ],
)
def test_another_kind_of_address_is_refused_and_never_repeated_with_its_password(given: str, said: str) -> None:
    with pytest.raises(SettingsError) as caught:
        open_store(given, create=True)

    assert str(caught.value).startswith(said)
    assert "write sqlite:///PATH" in str(caught.value)
    assert "secret" not in str(caught.value)


def test_a_store_that_is_not_there_is_not_made_for_one_who_reads(path: Path) -> None:
    for read_only in (True, False):
        with pytest.raises(StoreError, match=r"there is no store .*chain.db; `smartchain index` makes one"):
            open_store(url(path), create=False, read_only=read_only)

    assert not path.exists()


def test_a_folder_or_a_missing_folder_is_no_place_for_a_store(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="is a folder; name a file in it"):
        open_store(url(tmp_path), create=True)
    with pytest.raises(StoreError, match=r"there is no folder .*nowhere .* make it first"):
        open_store(url(tmp_path / "nowhere" / "chain.db"), create=True)


@pytest.mark.parametrize("content", [b"recipient,amount\n" * 100, b"\0" * 4096, b"x"])
def test_a_file_that_is_no_database_is_left_as_it_is(path: Path, content: bytes) -> None:
    path.write_bytes(content)

    for create in (True, False):
        with pytest.raises(WrongStore, match=r"chain.db is no SQLite database; name another file with --db"):
            open_store(url(path), create=create)

    assert path.read_bytes() == content


def test_a_database_of_another_program_is_left_as_it_is(path: Path) -> None:
    with raw(path) as connection:
        connection.execute("CREATE TABLE ledger (id INTEGER)")
    before = path.read_bytes()

    for create in (True, False):
        with pytest.raises(WrongStore, match="is a database of another program"):
            open_store(url(path), create=create)

    assert path.read_bytes() == before


def test_an_empty_file_becomes_a_store_for_one_who_writes_only(path: Path) -> None:
    path.touch()
    with pytest.raises(StoreError, match=r"chain.db is empty"):
        open_store(url(path), create=False)

    make_store(path)

    with closing(open_store(url(path), create=False)) as store:
        assert store.open().info == INFO


def test_a_store_of_a_newer_version_is_refused_and_left_as_it_is(path: Path) -> None:
    make_store(path)
    with raw(path) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")

    with pytest.raises(StoreTooNew, match=r"newer version of smartchain \(schema 9999, .*; upgrade smartchain"):
        open_store(url(path), create=True)

    assert [file.name for file in path.parent.iterdir() if ".bak" in file.name] == []


def test_a_store_that_lost_its_version_is_no_store(path: Path) -> None:
    make_store(path)
    with raw(path) as connection:
        connection.execute("DELETE FROM alembic_version")

    with pytest.raises(WrongStore, match="does not say which version wrote it"):
        open_store(url(path), create=False)


def test_a_damaged_file_is_said_to_be_damaged(path: Path) -> None:
    make_store(path)
    content = bytearray(path.read_bytes())
    content[8192:] = b"\xa5" * (len(content) - 8192)
    path.write_bytes(content)

    with pytest.raises(CorruptStore, match=r"chain.db is damaged \(.*\); move it away and index again"):
        open_store(url(path), create=False).ledgers()


def test_a_missing_block_is_said_to_be_missing(path: Path) -> None:
    make_store(path)
    with raw(path) as connection:
        connection.execute("DELETE FROM block WHERE number = 4")

    with closing(open_store(url(path), create=False)) as store, pytest.raises(CorruptStore, match="block 4 is missing"):
        list(store.open().blocks())


def test_an_entry_without_a_host_block_is_said_to_have_none(path: Path) -> None:
    make_store(path)
    with raw(path) as connection:
        connection.execute("DELETE FROM host_block")

    with closing(open_store(url(path), create=False)) as store:
        ledger = store.open()
        with pytest.raises(CorruptStore, match="no host block is known for entry 5; the store has 300 entries"):
            ledger.host_block_of(Index(5))
        assert {recorded.host_block for recorded in ledger.entries()} == {INFO.deployed_at}


def test_a_store_in_use_is_said_to_be_locked_and_reading_goes_on(path: Path) -> None:
    make_store(path)
    story = Story()
    story.step(payments(1, 300))
    step = story.step(payments(2, 3))
    with closing(open_store(url(path), create=False, busy_s=0.1)) as store, raw(path) as other:
        ledger = store.open()
        other.execute("BEGIN IMMEDIATE")

        with pytest.raises(StoreLocked, match="in use by another process; end that one, or try again later") as caught:
            ledger.take(step)

        assert caught.value.retryable
        assert ledger.status().size == len(list(ledger.entries())) == 300
        with closing(open_store(url(path), create=False, read_only=True)) as reader:
            assert reader.open().status().size == 300
        other.execute("ROLLBACK")
        ledger.take(step)
        assert ledger.status().size == 303


def test_a_store_opened_for_reading_is_never_written(path: Path) -> None:
    make_store(path)
    with closing(open_store(url(path), create=False, read_only=True)) as store:
        ledger = store.open()
        status = ledger.status()
        with pytest.raises(StoreError, match="was opened for reading only"):
            ledger.rewind(status.size, host_block(7))
        with pytest.raises(StoreError, match="was opened for reading only"):
            ledger.verify(status.size, status.blocks, host_block(7))
        with pytest.raises(StoreError, match="was opened for reading only"):
            store.ledger(replace(INFO, chain_id=ChainId(1)))

        assert len(list(ledger.entries())) == 300


def test_a_name_with_spaces_percents_and_question_marks_is_a_name(tmp_path: Path) -> None:
    path = tmp_path / "my 100% chain? #1.db"
    make_store(path)

    assert path.exists()
    with closing(open_store(url(path), create=False, read_only=True)) as store:
        assert store.open().status().size == 300


def test_a_relative_name_is_in_the_folder_one_is_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    make_store(Path("chain.db"))

    assert (tmp_path / "chain.db").exists()


def test_many_open_a_new_store_at_once_and_one_makes_it(path: Path) -> None:
    failed: list[BaseException] = []
    gate = threading.Barrier(8)

    def open_it() -> None:
        try:
            gate.wait()
            with closing(open_store(url(path), create=True)) as store:
                store.ledger(INFO)
        except BaseException as error:  # noqa: BLE001
            failed.append(error)

    threads = [threading.Thread(target=open_it) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failed == []
    with closing(open_store(url(path), create=False)) as store:
        assert store.ledgers() == [INFO]


def test_closing_leaves_one_file(path: Path) -> None:
    make_store(path)

    assert [file.name for file in path.parent.iterdir()] == ["chain.db"]


def test_opening_a_store_costs_no_import_of_what_only_migrations_need(path: Path) -> None:
    code = f"""
import sys
from smartchain.store import open_store
open_store({url(path)!r}, create=True).close()
assert not {{"sqlalchemy", "alembic"}} & sys.modules.keys()
"""
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def _busy(path: Path) -> None:
    with raw(path) as one, closing(sqlite3.connect(path, timeout=0)) as two:
        one.execute("BEGIN IMMEDIATE")
        two.execute("BEGIN IMMEDIATE")


def _full(path: Path) -> None:
    with raw(path) as connection:
        connection.execute("PRAGMA max_page_count = 1")
        connection.execute("CREATE TABLE big AS SELECT zeroblob(100000)")


def _read_only(path: Path) -> None:
    with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as connection:
        connection.execute("DELETE FROM entry")


def _cannot_open(path: Path) -> None:
    sqlite3.connect(f"{path.parent.as_uri()}/nowhere/chain.db?mode=rw", uri=True)


def _other(path: Path) -> None:
    with raw(path) as connection:
        connection.execute("SELECT absent FROM entry")


@pytest.mark.parametrize(
    ("cause", "kind", "said"),
    [
        (_busy, StoreLocked, "in use by another process"),
        (_full, StoreError, "no room is left on the disk for"),
        (_read_only, StoreError, "cannot be written; see to its permissions"),
        (_cannot_open, StoreError, "cannot be opened; see to its permissions"),
        (_other, StoreError, "cannot be used: no such column: absent"),
    ],
)
def test_each_fault_of_the_engine_is_a_sentence(
    path: Path, cause: Callable[[Path], None], kind: type[StoreError], said: str
) -> None:
    make_store(path)

    with pytest.raises(StoreError, match=said) as caught, said_of(path):
        cause(path)

    assert type(caught.value) is kind
    assert isinstance(caught.value.__cause__, sqlite3.Error)


def test_a_fault_without_a_code_is_still_a_sentence(path: Path) -> None:
    assert str(as_store_error(path, sqlite3.ProgrammingError("odd"))) == f"{path} cannot be used: odd"


@pytest.mark.parametrize("replaced", [False, True])
def test_a_file_that_is_gone_while_it_is_in_use_is_noticed_at_the_next_question_and_at_the_next_step(
    path: Path, replaced: bool
) -> None:
    make_store(path)
    with closing(open_store(url(path), create=True)) as store:
        ledger = store.ledger(INFO)
        with ledger.view() as before:
            path.rename(path.with_suffix(".away"))
            if replaced:
                make_store(path)
            assert len(list(before.packed(0, 300))) == 300

        with pytest.raises(StoreError, match="was removed or replaced while it was in use"):
            ledger.status()
        with pytest.raises(StoreError, match="was removed or replaced while it was in use"):
            ledger.rewind(Size(0), None)
