"""The checksums of what no hash commits to: kept up by every write, and never made right by going on from a fault."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smartchain.errors import CorruptStore
from smartchain.ports import HostBlock, Step
from smartchain.store import checksums, open_store
from smartchain.store.database import connect
from smartchain.types import Size
from tests.store.making import INFO, Story, host_block, long_story, payments

_SUMS = "SELECT * FROM checksum ORDER BY ledger, kind, part"
_HOST_BLOCKS = "SELECT * FROM host_block ORDER BY ledger, number"
CHANGES = [
    "UPDATE ledger SET deployed_at = deployed_at + 1",
    "UPDATE ledger SET cursor_number = NULL",
    "UPDATE ledger SET verified_hash = CAST(zeroblob(32) AS TEXT)",
    "DELETE FROM checksum",
]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "chain.db"


def change(path: Path, statement: str) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(statement)
        connection.commit()


def stored(path: Path) -> list[list[tuple[int, ...]]]:
    with closing(sqlite3.connect(path)) as connection:
        return [connection.execute(query).fetchall() for query in (_SUMS, _HOST_BLOCKS)]


def summed_anew(path: Path) -> list[list[tuple[int, ...]]]:
    with closing(connect(path, "rw")) as connection:
        connection.execute("BEGIN")
        connection.execute("DELETE FROM checksum")
        connection.execute("UPDATE host_block SET checksum = 0")
        for (key,) in connection.execute("SELECT id FROM ledger").fetchall():
            checksums.fill(connection, key)
        anew = [connection.execute(query).fetchall() for query in (_SUMS, _HOST_BLOCKS)]
        connection.execute("ROLLBACK")
        return anew


@pytest.mark.parametrize("statement", CHANGES)
def test_nothing_is_written_on_top_of_what_does_not_fit(path: Path, statement: str) -> None:
    story = Story()
    with closing(open_store(f"sqlite:///{path}", create=True)) as store:
        ledger = store.ledger(INFO)
        ledger.take(story.step(payments(1, 5), verified=True))
        change(path, statement)
        writes: list[Callable[[], object]] = [
            lambda: ledger.take(story.step(payments(2, 3))),
            lambda: ledger.verify(Size(5), 2, host_block(7)),
            lambda: ledger.rewind(Size(2), None),
            lambda: ledger.look_up(10),
        ]
        for write in writes:
            with pytest.raises(CorruptStore, match="does not fit its checksum; `smartchain fsck` says more"):
                write()


@pytest.mark.parametrize("size", [1, 255, 256, 257, 300, 511, 512, 600])
def test_a_hint_that_was_wrong_stays_wrong_through_a_rewind(path: Path, size: int) -> None:
    story = Story()
    with closing(open_store(f"sqlite:///{path}", create=True)) as store:
        ledger = store.ledger(INFO)
        for seed in range(6):
            ledger.take(story.step(payments(seed, 100)))
        change(path, "UPDATE entry SET tx_hash = zeroblob(32) WHERE position = 0")
        ledger.rewind(Size(size), host_block(7))

    for one, other in zip(stored(path)[0], summed_anew(path)[0], strict=True):
        assert (one == other) == (one[1:3] != (checksums.TRANSACTIONS, 0))


@pytest.mark.parametrize(
    ("wrong", "size", "known"),
    [(0, 1, False), (5, 5, False), (5, 300, True), (599, 550, False), (510, 515, True), (300, 400, False)],
)
def test_an_entry_at_the_end_that_was_wrong_stays_wrong_through_a_rewind(
    path: Path, wrong: int, size: int, known: bool
) -> None:
    story = Story()
    with closing(open_store(f"sqlite:///{path}", create=True)) as store:
        ledger = store.ledger(INFO)
        for seed in range(6):
            ledger.take(story.step(payments(seed, 100)))
        change(path, f"UPDATE entry SET packed = zeroblob(100) WHERE position = {wrong}")
        ledger.rewind(Size(size), host_block(12))

    kept, right = (
        next(row for row in rows[0] if row[1] == checksums.TAIL) for rows in (stored(path), summed_anew(path))
    )
    assert (kept == right) == known


def test_a_host_block_that_was_wrong_stays_wrong_through_a_rewind(path: Path) -> None:
    story = Story()
    with closing(open_store(f"sqlite:///{path}", create=True)) as store:
        ledger = store.ledger(INFO)
        ledger.take(story.step(payments(1, 5), payments(2, 5)))
        change(path, "UPDATE host_block SET hash = zeroblob(32) WHERE number = 8")
        ledger.rewind(Size(7), host_block(8))

    kept, right = (rows[1] for rows in (stored(path), summed_anew(path)))
    assert [one == other for one, other in zip(kept, right, strict=True)] == [True, False]


@pytest.mark.parametrize("seed", range(4))
def test_whatever_is_written_the_checksums_are_those_of_the_rows(path: Path, seed: int) -> None:
    chance = random.Random(seed)
    with closing(open_store(f"sqlite:///{path}", create=True)) as store:
        ledger, journal = store.ledger(INFO), store.journal(1_700_000_000)
        steps: list[Step] = list(long_story(seed, 9))
        for number, step in enumerate(steps):
            ledger.take(step)
            journal.add(b"a note", 1_700_000_000 + number)
            ledger.look_up(chance.randrange(1, 500))
        journal.seal(1_700_000_100)
        assert stored(path) == summed_anew(path)

        size = Size(chance.randrange(ledger.status().size))
        ledger.rewind(size, HostBlock(ledger.host_block_of(size), b"\0" * 32, 0))  # type: ignore[arg-type]
        assert stored(path) == summed_anew(path)


_VALUES = st.none() | st.integers(-(2**63), 2**63 - 1) | st.binary(max_size=40) | st.text(max_size=9)


@given(st.lists(_VALUES, max_size=8), st.integers(0, 4))
def test_columns_that_hold_nothing_yet_change_no_checksum(row: list[object], more: int) -> None:
    assert checksums.of_row(row) == checksums.of_row([*row, *[None] * more])


@given(st.lists(_VALUES, max_size=8), st.lists(_VALUES, max_size=8))
def test_rows_that_differ_have_checksums_that_differ(one: list[object], other: list[object]) -> None:
    while one and one[-1] is None:
        one.pop()
    while other and other[-1] is None:
        other.pop()

    assert (checksums.of_row(one) == checksums.of_row(other)) == (one == other)
