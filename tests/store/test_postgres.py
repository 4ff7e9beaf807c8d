"""What a store in PostgreSQL says when the server, the database or the URL is not what it should be."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from typing import Any

import psycopg
import pytest

from smartchain.errors import (
    CorruptStore,
    NoStore,
    SettingsError,
    StoreError,
    StoreLocked,
    StoreMoved,
    StoreTooNew,
    StoreUnavailable,
    WrongStore,
)
from smartchain.store import open_store
from smartchain.store.migrate import run_scripts
from smartchain.store.postgres.faults import as_store_error
from smartchain.store.postgres.versions import SCHEMA
from smartchain.store.schema import POSTGRESQL, ddl, metadata
from smartchain.store.versions import REVISIONS
from smartchain.types import Address
from tests.fakes.postgres import Server
from tests.store.making import INFO, WALLETS, Story, host_block, payments

OTHER = replace(INFO, address=Address(b"\x2e" * 20))


@pytest.fixture
def url(postgres: Server) -> str:
    return postgres.fresh()


@contextmanager
def raw(url: str) -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(url, autocommit=True) as connection:
        yield connection


def make_store(url: str) -> None:
    with closing(open_store(url, create=True)) as store:
        store.ledger(INFO).take(Story().step(payments(1, 300), verified=True))


# the URL


def test_a_url_that_cannot_be_read_is_refused_without_its_password() -> None:
    with pytest.raises(SettingsError, match="no PostgreSQL URL; write postgresql://USER@HOST:PORT/DATABASE") as caught:
        open_store("postgresql://me:se%cret@host/db", create=True)

    assert "cret" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_a_password_is_in_no_message(postgres: Server) -> None:
    there = f"127.0.0.1:{postgres.port}"
    for url in (f"postgresql://me:secret@{there}/db", "postgresql://me:secret@127.0.0.1:1/db"):
        with pytest.raises(StoreError) as caught:
            open_store(url, create=True)
        assert "secret" not in f"{caught.value}{caught.value.__cause__}"


def test_a_server_that_is_not_there_is_worth_waiting_for() -> None:
    with pytest.raises(StoreUnavailable, match=r"PostgreSQL database db at 127\.0\.0\.1:1 cannot be reached") as caught:
        open_store("postgres://me@127.0.0.1:1/db", create=True)

    assert caught.value.retryable


def test_a_user_or_a_database_that_is_not_there_is_no_matter_of_waiting(postgres: Server) -> None:
    for url, said in (
        (postgres.url(user="nobody_of_ours"), 'does not know this user .role "nobody_of_ours" does not exist'),
        (
            postgres.url().replace("/postgres?", "/absent?"),
            "database absent at .* does not exist; make it with createdb",
        ),
    ):
        with pytest.raises(StoreError, match=said) as caught:
            open_store(url, create=True)
        assert not caught.value.retryable


def test_without_psycopg_the_extra_is_named() -> None:
    code = """
import sys
sys.modules["psycopg"] = None
from smartchain.store import open_store
open_store("postgresql://host/db", create=True)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)

    assert "needs psycopg, which is not here: pip install 'smartchain[postgres]'" in done.stderr


# what is in the database


def test_a_database_without_tables_becomes_a_store_for_one_who_writes_only(url: str) -> None:
    with pytest.raises(NoStore, match="is empty; `smartchain index` makes a store of it"):
        open_store(url, create=False)

    make_store(url)

    with closing(open_store(url, create=False, read_only=True)) as store:
        assert store.open().info == INFO
        with pytest.raises(StoreError, match="was opened for reading only"):
            store.ledger(OTHER)


def test_a_database_of_another_program_is_left_as_it_is(url: str) -> None:
    with raw(url) as connection:
        connection.execute("CREATE TABLE ledger (id INTEGER); CREATE TABLE alembic_version (version_num TEXT)")

    for create in (True, False):
        with pytest.raises(WrongStore, match=r"is a database of another program; .*options=-csearch_path%3DSCHEMA"):
            open_store(url, create=create)

    with raw(url) as connection:
        assert connection.execute("SELECT count(*) FROM pg_tables WHERE schemaname = current_schema()").fetchone() == (
            2,
        )


def test_a_schema_that_is_not_there_is_said_to_be_missing(postgres: Server) -> None:
    with pytest.raises(WrongStore, match="has no schema to keep tables in; CREATE SCHEMA"):
        open_store(postgres.url("absent"), create=True)


def test_a_store_of_a_newer_version_is_refused(url: str) -> None:
    make_store(url)
    with raw(url) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")

    with pytest.raises(StoreTooNew, match=r"newer version of smartchain \(schema 9999, .*; upgrade smartchain"):
        open_store(url, create=True)


def test_many_open_a_new_store_at_once_and_one_makes_it(url: str) -> None:
    failed: list[BaseException] = []
    gate = threading.Barrier(6)

    def open_it() -> None:
        try:
            gate.wait()
            with closing(open_store(url, create=True)) as store:
                store.ledger(INFO)
        except BaseException as error:  # noqa: BLE001
            failed.append(error)

    threads = [threading.Thread(target=open_it) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failed == []
    with closing(open_store(url, create=False)) as store:
        assert store.ledgers() == [INFO]


# more than one at a time


def test_a_ledger_in_use_is_said_to_be_locked_and_reading_and_other_ledgers_go_on(url: str) -> None:
    story = Story()
    with closing(open_store(url, create=True, busy_s=0.1)) as store, raw(url) as other:
        ledger, second = store.ledger(INFO), store.ledger(OTHER)
        ledger.take(story.step(payments(1, 300), verified=True))
        step = story.step(payments(2, 3))
        with other.transaction():
            other.execute("SELECT 1 FROM ledger WHERE id = 1 FOR UPDATE")

            with pytest.raises(StoreLocked, match="in use by another process; end that one, or try again later"):
                ledger.take(step)
            assert ledger.status().size == len(list(ledger.entries())) == 300
            second.take(Story(OTHER).step(payments(3, 5)))

        ledger.take(step)
        assert (ledger.status().size, second.status().size) == (303, 5)


def test_of_two_who_write_one_ledger_the_later_is_told_that_the_store_moved(url: str) -> None:
    one, two = Story(), Story()
    with closing(open_store(url, create=True)) as here, closing(open_store(url, create=True)) as there:
        here.ledger(INFO).take(one.step(payments(1, 300)))
        two.step(payments(1, 300))
        results: list[object] = []

        def take(store: Any, story: Story) -> None:
            try:
                results.append(store.open().take(story.step(payments(2, 50))))
            except StoreMoved as moved:
                results.append(moved)

        threads = [threading.Thread(target=take, args=pair) for pair in ((here, one), (there, two))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert sorted(type(result).__name__ for result in results) == ["NoneType", "StoreMoved"]
        assert list(here.open().packed(0, 999)) == [entry.pack() for entry in one.entries]


def test_connections_that_the_server_ended_are_made_anew_without_a_word(url: str) -> None:
    with closing(open_store(url, create=True)) as store, raw(url) as other:
        ledger, story = store.ledger(INFO), Story()
        ledger.take(story.step(payments(1, 10)))
        other.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'smartchain' "
            "AND pid <> pg_backend_pid()"
        )
        ledger.take(story.step(payments(2, 10)))

        assert ledger.status().size == 20


def test_a_connection_that_breaks_in_use_is_worth_another_try(url: str) -> None:
    with closing(open_store(url, create=True)) as store, raw(url) as other:
        ledger = store.ledger(INFO)
        ledger.take(Story().step(payments(1, 3000), verified=True))
        reading = ledger.packed(0, 3000)
        next(reading)
        other.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'smartchain'")

        with pytest.raises(StoreUnavailable, match="cannot be reached") as caught:
            list(reading)

        assert caught.value.retryable
        assert ledger.status().size == 3000


# one schema


def tables(url: str) -> set[tuple[object, ...]]:
    """Every column, every key and index, and how each table is parted, but for what belongs to a single ledger."""
    with raw(url) as connection:
        columns = connection.execute(
            "SELECT table_name, row_number() OVER (PARTITION BY table_name ORDER BY ordinal_position), "
            "column_name, data_type, is_nullable, column_default "
            "FROM information_schema.columns WHERE table_schema = current_schema() AND table_name !~ '_[0-9]+$'"
        ).fetchall()
        rest = connection.execute(
            r"SELECT relname, relkind, pg_get_partkeydef(oid), regexp_replace(pg_get_indexdef(oid), '\w+_\d+', '') "
            "FROM pg_class WHERE relnamespace = current_schema()::regnamespace "
            "AND relkind IN ('r', 'p', 'i', 'I', 'v') AND relname !~ '_[0-9]+(_|$)'"
        ).fetchall()
        return {*columns, *rest}


def upgrade(url: str, revision: str) -> None:
    import sqlalchemy as sa

    engine = sa.create_engine("postgresql+psycopg://", creator=lambda: psycopg.connect(url), poolclass=sa.pool.NullPool)
    with engine.begin() as connection:
        run_scripts(connection, revision)


def test_the_schema_file_is_the_tables_compiled() -> None:
    said = "run `python -m smartchain.store.schema postgresql > smartchain/store/postgres/schema.sql`"
    assert SCHEMA.read_text() == ddl(POSTGRESQL), said


def test_the_migrations_lead_to_what_a_new_store_is(postgres: Server) -> None:
    migrated, new = postgres.fresh(), postgres.fresh()
    upgrade(migrated, REVISIONS[-1])
    open_store(new, create=True).close()

    assert tables(migrated) == tables(new)


def test_both_engines_have_the_same_columns_and_every_row_of_a_ledger_is_keyed_by_it(url: str) -> None:
    make_store(url)
    with raw(url) as connection:
        for table in metadata.sorted_tables:
            found = connection.execute(f"SELECT * FROM {table.name} LIMIT 0").description or []
            assert [column.name for column in found] == [column.name for column in table.columns]
            if "ledger" in table.columns:
                assert next(iter(table.primary_key.columns)).name == "ledger"
                parts = connection.execute(
                    "SELECT count(*) FROM pg_inherits WHERE inhparent = %s::regclass", (table.name,)
                )
                assert parts.fetchone() == (1,)


@pytest.mark.parametrize("read_only", [True, False])
def test_an_older_store_is_brought_up_to_date(url: str, read_only: bool) -> None:
    make_store(url)
    older = url.replace("store_", "older_")
    with raw(url) as connection:
        connection.execute("CREATE SCHEMA " + older.rpartition("%3D")[2])
    upgrade(older, "0003")
    with raw(url) as connection:
        here, there = (one.rpartition("%3D")[2] for one in (url, older))
        for table in ("entry", "block", "host_block", "subtree"):
            connection.execute(f"CREATE TABLE {there}.{table}_1 PARTITION OF {there}.{table} FOR VALUES IN (1)")
        for table in ("ledger", "entry", "block", "host_block", "subtree"):
            found = connection.execute(f"SELECT * FROM {there}.{table} LIMIT 0").description or []
            named = ", ".join(column.name for column in found)
            connection.execute(f"INSERT INTO {there}.{table} ({named}) SELECT {named} FROM {here}.{table}")

    with (
        closing(open_store(older, create=False, read_only=read_only)) as store,
        closing(open_store(url, create=False)) as new,
    ):
        assert list(store.open().entries()) == list(new.open().entries())
        for wallet in WALLETS:
            assert list(store.open().entries(address=wallet)) == list(new.open().entries(address=wallet))
    assert tables(older) == tables(url)


# what the server says


@pytest.mark.parametrize(
    ("error", "kind", "said"),
    [
        (psycopg.errors.DiskFull("x"), StoreError, "no room is left on the server's disk"),
        (psycopg.errors.ReadOnlySqlTransaction("x"), StoreError, "takes no writes: a standby"),
        (psycopg.errors.InsufficientPrivilege("x"), StoreError, "does not let this user do that"),
        (psycopg.errors.DeadlockDetected("x"), StoreLocked, "in use by another process"),
        (psycopg.errors.AdminShutdown("x"), StoreUnavailable, "cannot be reached"),
        (psycopg.errors.TooManyConnections("x"), StoreUnavailable, "cannot be reached"),
        (psycopg.errors.DataCorrupted("x"), CorruptStore, "is damaged"),
        (psycopg.errors.UndefinedColumn("x"), StoreError, "cannot be used: x"),
        (psycopg.ProgrammingError("odd"), StoreError, "cannot be used: odd"),
        (
            psycopg.OperationalError('FATAL:  password authentication failed for user "me"'),
            StoreError,
            "refuses this user",
        ),
        (psycopg.OperationalError("FATAL:  the database system is starting up"), StoreUnavailable, "starting up"),
        (psycopg.OperationalError("server closed the connection unexpectedly"), StoreUnavailable, "closed the conn"),
    ],
)
def test_each_fault_of_the_server_is_a_sentence(error: psycopg.Error, kind: type[StoreError], said: str) -> None:
    found = as_store_error("the database", error)

    assert type(found) is kind
    assert str(found).startswith("the database ") or "for the database" in str(found)
    assert said in str(found)


def test_a_chunk_of_many_entries_goes_in_and_out_whole(url: str) -> None:
    story = Story()
    step = story.step(*[payments(number, 400) for number in range(100)], verified=True)
    with closing(open_store(url, create=True)) as store:
        ledger = store.ledger(INFO)
        ledger.take(step)

        assert list(ledger.packed(0, 40_000)) == step.chunk.packed
        assert [one.transaction for one in ledger.entries(39_000)] == step.chunk.transactions[39_000:]
        assert ledger.status().verified_at == host_block(story.at)
        assert ledger.look_up(40_000) is False
