"""A store of an older version is brought up to date, with a copy beside it; all of it or nothing."""

from __future__ import annotations

import sqlite3
import threading
from contextlib import closing
from pathlib import Path

import pytest

from smartchain.errors import StoreError, StoreLocked
from smartchain.store import open_store
from smartchain.store.fsck import check
from smartchain.store.migrate import SCRIPTS, upgrade
from smartchain.store.schema import SQLITE, ddl
from smartchain.store.versions import REVISIONS, SCHEMA
from smartchain.types import Size
from tests.store.making import INFO, WALLETS, Story, host_block, payments

SCHEMAS = Path(__file__).parent / "schemas"
OLDEST = SCHEMAS / "0001.sql"


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """A store as the first version wrote it: 14 verified entries and 4 staged ones."""
    path = tmp_path / "chain.db"
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.executescript(OLDEST.read_text())
    return path


@pytest.fixture
def story() -> Story:
    """What the old store holds, from the same seeds."""
    story = Story()
    story.step(payments(1, 9), [], payments(2, 5))
    story.step(payments(3, 4))
    return story


def tables(path: Path) -> dict[str, list[tuple[object, ...]]]:
    """Every table's columns, and every index and view, as SQLite describes them."""
    with closing(sqlite3.connect(path)) as connection:
        names = connection.execute(
            "SELECT name FROM sqlite_master WHERE name NOT LIKE 'sqlite_%' ORDER BY 1"
        ).fetchall()
        return {
            name: [
                *connection.execute(f"PRAGMA table_xinfo({name})"),
                *connection.execute(f"PRAGMA index_xinfo({name})"),
                *connection.execute("SELECT wr, type FROM pragma_table_list(?)", (name,)),
            ]
            for (name,) in names
        }


def version(path: Path) -> str:
    with closing(sqlite3.connect(path)) as connection:
        return str(connection.execute("SELECT version_num FROM alembic_version").fetchone()[0])


def test_a_migration_that_fails_leaves_the_store_as_it_was(old: Path) -> None:
    with closing(sqlite3.connect(old)) as connection:
        connection.execute("CREATE TABLE posting (standing TEXT)")
    before = tables(old)

    with pytest.raises(StoreError, match=r"chain.db cannot be used: .*posting already exists"):
        open_store(f"sqlite:///{old}", create=True)

    assert tables(old) == before
    assert [file.name for file in old.parent.iterdir()] == ["chain.db"]
    assert version(old) == REVISIONS[0]


def test_a_store_in_use_by_an_older_version_is_not_migrated_under_it(old: Path) -> None:
    with closing(sqlite3.connect(old, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")

        with pytest.raises(StoreLocked):
            open_store(f"sqlite:///{old}", create=False, busy_s=0.1)

    assert version(old) == REVISIONS[0]
    assert not old.with_name("chain.db.bak").exists()


@pytest.mark.parametrize("read_only", [True, False])
def test_an_older_store_goes_on_and_its_copy_is_what_it_was(old: Path, story: Story, read_only: bool) -> None:
    with closing(open_store(f"sqlite:///{old}", create=False, read_only=read_only)) as store:
        ledger = store.open()

        assert ledger.info == INFO
        assert [recorded.entry for recorded in ledger.entries()] == story.entries[:14]
        assert list(ledger.packed(0, 99)) == [entry.pack() for entry in story.entries]
        for wallet in WALLETS:
            found = [recorded.index for recorded in ledger.entries(address=wallet)]
            parties = [(entry.sender, entry.recipient) for entry in story.entries[:14]]
            assert found == [index for index, pair in enumerate(parties) if wallet in pair]
        assert ledger.block_by_hash(story.blocks[3].hash) == story.blocks[3]

    assert version(old) == REVISIONS[-1]
    copy = old.with_name("chain.db.bak")
    assert version(copy) == REVISIONS[0]
    with closing(sqlite3.connect(copy)) as connection:
        assert connection.execute("SELECT count(*), sum(length(packed)) FROM entry").fetchone()[0] == 18


def test_the_lookups_are_made_anew_by_the_migration(old: Path, story: Story) -> None:
    with closing(open_store(f"sqlite:///{old}", create=False)) as store:
        store.open().take(story.step(payments(4, 10), verified=True))
        found = list(store.open().entries(address=WALLETS[0]))
    parties = [(entry.sender, entry.recipient) for entry in story.entries]

    assert [recorded.index for recorded in found] == [i for i, pair in enumerate(parties) if WALLETS[0] in pair]


def test_a_search_goes_on_in_the_state_of_the_store_that_it_began_in(old: Path) -> None:
    with closing(open_store(f"sqlite:///{old}", create=False)) as store:
        ledger = store.open()
        expected = list(ledger.entries(address=WALLETS[0]))
        reading = ledger.entries(address=WALLETS[0])
        first = next(reading)

        ledger.rewind(Size(0), None)

        assert [first, *reading] == expected
        assert len(expected) > 3


def test_a_copy_from_before_is_never_overwritten(old: Path) -> None:
    precious = old.with_name("chain.db.bak")
    precious.write_text("precious")
    (old.parent / "chain.db.bak.1").write_text("precious too")

    open_store(f"sqlite:///{old}", create=False).close()

    assert precious.read_text() == "precious"
    assert (old.parent / "chain.db.bak.1").read_text() == "precious too"
    assert version(old.parent / "chain.db.bak.2") == REVISIONS[0]


def test_of_many_who_open_an_older_store_at_once_one_migrates_it(old: Path) -> None:
    failed: list[BaseException] = []

    def open_it() -> None:
        try:
            open_store(f"sqlite:///{old}", create=False).close()
        except BaseException as error:  # noqa: BLE001
            failed.append(error)

    threads = [threading.Thread(target=open_it) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failed == []
    assert version(old) == REVISIONS[-1]
    assert [file.name for file in old.parent.iterdir() if ".bak" in file.name] == ["chain.db.bak"]


def test_a_store_that_is_up_to_date_is_not_copied(old: Path) -> None:
    open_store(f"sqlite:///{old}", create=False).close()
    open_store(f"sqlite:///{old}", create=True).close()

    assert sorted(file.name for file in old.parent.iterdir()) == ["chain.db", "chain.db.bak"]


def test_the_schema_file_is_the_tables_compiled() -> None:
    assert SCHEMA.read_text() == ddl(SQLITE), "run `python -m smartchain.store.schema > smartchain/store/schema.sql`"


def test_the_migrations_lead_to_what_a_new_store_is(tmp_path: Path) -> None:
    migrated, new = tmp_path / "migrated.db", tmp_path / "new.db"
    with closing(sqlite3.connect(migrated, isolation_level=None)) as connection:
        connection.execute("BEGIN")
        upgrade(connection)
        connection.execute("COMMIT")
    open_store(f"sqlite:///{new}", create=True).close()

    assert tables(migrated) == tables(new)
    assert version(migrated) == version(new) == REVISIONS[-1]


@pytest.mark.parametrize("name", [file.stem for file in sorted(SCHEMAS.glob("*.sql"))])
def test_every_older_store_opens_and_is_sound(tmp_path: Path, story: Story, name: str) -> None:
    path = tmp_path / "chain.db"
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.executescript((SCHEMAS / f"{name}.sql").read_text())

    with closing(open_store(f"sqlite:///{path}", create=False)) as store:
        assert [one.entry for one in store.open().entries()] == story.entries[:14]
        store.open().take(story.step(payments(4, 300), verified=True))
        store.open().rewind(Size(18), host_block(10))

    assert version(path) == REVISIONS[-1]
    assert check(path).faults == []


def test_the_notes_of_an_older_store_are_there(tmp_path: Path) -> None:
    path = tmp_path / "chain.db"
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.executescript((SCHEMAS / "0003.sql").read_text())

    with closing(open_store(f"sqlite:///{path}", create=False)) as store:
        journal = store.journal()
        journal.add(b"a third", 1_700_000_004)
        assert [note for _, note in journal.notes()] == [b"a note", b"another", None, b"a third"]


def test_the_oldest_fixture_is_what_the_first_migration_makes(old: Path, tmp_path: Path) -> None:
    first = tmp_path / "first.db"
    with closing(sqlite3.connect(first, isolation_level=None)) as connection:
        connection.execute("BEGIN")
        upgrade(connection, REVISIONS[0])
        connection.execute("COMMIT")

    assert tables(old) == tables(first)


def test_every_revision_has_its_script_and_no_other() -> None:
    scripts = sorted(file.name for file in (SCRIPTS / "versions").glob("v*.py"))

    assert [name[1:5] for name in scripts] == list(REVISIONS)
