"""The same damage to the same rows of a store in PostgreSQL: found, and mended, by the code that mends a file."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import psycopg
import pytest

from smartchain.errors import CorruptStore, HostUnavailable, NoStore
from smartchain.store import open_store
from smartchain.store.offline import check, repair
from smartchain.types import Address
from tests.fakes.postgres import Server
from tests.store.flipping import FEE, KINDS, make
from tests.store.sound import Sound

ZEROS = "decode(repeat('00', 32), 'hex')"
DAMAGE = [
    (f"UPDATE entry SET tx_hash = {ZEROS} WHERE position BETWEEN 3 AND 9", "host transactions"),
    ("UPDATE entry SET packed = decode(repeat('00', 100), 'hex') WHERE position = 30", "blocks"),
    ("DELETE FROM entry WHERE position BETWEEN 100 AND 220", "entries"),
    (f"UPDATE host_block SET hash = {ZEROS}", "host blocks"),
    ("UPDATE checksum SET checksum = 77 WHERE kind = 0", "host transactions"),
    ("DELETE FROM block WHERE number = 3", "blocks"),
    (f"UPDATE subtree SET root = {ZEROS}", "blocks"),
    ("DELETE FROM mark", "mark"),
    ("DELETE FROM posting", "posting"),
    ("UPDATE name SET position = position + 1000", "name"),
    (f"UPDATE ledger SET cursor_hash = {ZEROS}, verified_size = 1", "ledger"),
]


def nobody(*_: object) -> Sound:
    raise HostUnavailable("no host is there")


def rows(url: str) -> list[object]:
    with psycopg.connect(url) as connection:
        tables = ("ledger", "entry", "block", "subtree", "host_block", "mark", "posting", "name", "checksum")
        return [connection.execute(f"SELECT * FROM {table} ORDER BY 1, 2, 3".encode()).fetchall() for table in tables]


def filled(url: str) -> None:
    with closing(open_store(url, create=True)) as store:
        KINDS["plain"](store)


@pytest.mark.parametrize(("statement", "area"), DAMAGE)
def test_damage_is_found_and_mended(postgres: Server, tmp_path: Path, statement: str, area: str) -> None:
    make(tmp_path / "twin.db", "plain")
    host, url = Sound(tmp_path / "twin.db"), postgres.fresh()
    filled(url)
    sound = rows(url)
    assert check(url).faults == []
    with psycopg.connect(url) as connection:
        connection.execute(statement.encode())

    assert area in [fault.area for fault in check(url).faults]
    done = repair(url, lambda *_: host)

    assert done.copy is None
    assert done.mended
    assert check(url).faults == []
    assert rows(url) == sound


def test_what_cannot_be_mended_changes_nothing(postgres: Server) -> None:
    url = postgres.fresh()
    filled(url)
    with psycopg.connect(url) as connection:
        connection.execute(f"UPDATE entry SET tx_hash = {ZEROS}".encode())
        connection.execute(b"DELETE FROM mark")
    before = rows(url)

    with pytest.raises(HostUnavailable, match="the store cannot mend entries 0 to 255 of"):
        repair(url, nobody)
    assert rows(url) == before

    with psycopg.connect(url) as connection:
        connection.execute(b"DELETE FROM ledger")
    with pytest.raises(CorruptStore, match="has lost what it knew of it; say with --ledger which one it is"):
        repair(url, nobody)


def test_an_empty_database_is_no_store_to_check(postgres: Server) -> None:
    with pytest.raises(NoStore, match="`smartchain index` makes a store of it"):
        check(postgres.fresh(), Address(FEE.address))
