"""The journal in the store: what goes in together, what is kept apart, and what comes out."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from smartchain.errors import CorruptStore, InputError, StoreError, WrongStore
from smartchain.ledger.journal import CHAIN, NOTE, RULE, check_chain, faults, first_block
from smartchain.ledger.merkle import MerkleLog
from smartchain.ledger.proof import inclusion_proof, verify_inclusion
from smartchain.ledger.receipt import verify
from smartchain.ports import EntryQuery, Journal, Store
from smartchain.store import open_store
from smartchain.store.receipts import receipt_of
from smartchain.types import ZERO_HASH
from tests.store.making import INFO

NOW = 1_700_000_000


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "node.db"


@pytest.fixture
def store(path: Path) -> Iterator[Store]:
    with closing(open_store(f"sqlite:///{path}", create=True)) as store:
        yield store


@pytest.fixture
def journal(store: Store) -> Journal:
    return store.journal(NOW)


def test_no_journal_is_begun_by_asking_for_one(store: Store) -> None:
    with pytest.raises(StoreError, match="journal add"):
        store.journal()


def test_a_refused_note_leaves_nothing_behind(journal: Journal) -> None:
    with pytest.raises(InputError):
        journal.add(b"", NOW)

    assert journal.status().size == 0


def test_a_journal_is_no_ledger_that_a_command_could_choose(store: Store, journal: Journal) -> None:
    journal.add(b"mine", NOW)

    assert store.ledgers() == []
    with pytest.raises(WrongStore, match="no ledger yet"):
        store.open(journal.info.address)
    ledger = store.ledger(INFO)
    assert store.ledgers() == [INFO]
    assert store.open().info == ledger.info


def test_it_begins_with_the_block_of_no_entries_and_is_the_same_when_opened_again(path: Path, journal: Journal) -> None:
    with closing(open_store(f"sqlite:///{path}", create=False)) as again:
        same = again.journal(NOW + 5)

        assert same.info == journal.info
        assert (same.info.chain_id, same.info.rule) == (CHAIN, RULE)
        assert list(same.blocks()) == [first_block(journal.info.address, NOW)]


def test_two_files_have_two_journals(tmp_path: Path) -> None:
    addresses = set()
    for name in ("a.db", "b.db"):
        with closing(open_store(f"sqlite:///{tmp_path / name}", create=True)) as store:
            addresses.add(store.journal(NOW).info.address)

    assert len(addresses) == 2


def test_notes_wait_for_a_seal_and_then_stand_in_a_block(journal: Journal) -> None:
    first, second = journal.add(b"one", NOW + 1), journal.add(b"two", NOW + 2)
    with journal.view() as view:
        assert (view.status.verified_size, view.block_of(second.index)) == (2, None)

    block = journal.seal(NOW + 3)

    assert (block.number, block.size, block.timestamp) == (1, 3, NOW + 3)
    assert (first.index, second.index, first.entry.subject) == (0, 1, NOTE)
    with journal.view() as view:
        assert view.block_of(0) == view.block_of(1) == view.block(1) == block
        assert view.root() == block.root
    assert journal.note(1) == (second, b"two")
    assert journal.note(3) is None
    sealed = journal.note(2)
    assert sealed is not None
    assert (sealed[0].entry.is_seal, sealed[1]) == (True, None)


def test_a_clock_that_goes_back_does_not_take_the_journal_with_it(journal: Journal) -> None:
    journal.add(b"one", NOW + 10)
    late = journal.add(b"two", NOW - 10)

    assert late.entry.timestamp == NOW + 10
    assert journal.seal(NOW).timestamp == NOW + 10


def test_several_hundred_notes_are_proven_like_a_ledgers_entries(journal: Journal) -> None:
    for number in range(600):
        journal.add(b"note %d" % number, NOW + number)
        if number % 250 == 249:
            journal.seal(NOW + number)

    kept = list(journal.notes())
    packed = [recorded.entry.pack() for recorded, _ in kept]
    log = check_chain(journal.info.address, NOW, packed, journal.blocks())
    assert list(faults(journal.info.address, [(recorded.entry, content) for recorded, content in kept])) == []
    assert log.root() == MerkleLog.of(recorded.entry.leaf for recorded, _ in kept).root()
    with journal.view() as view:
        assert (view.status.verified_size, view.root()) == (602, log.root())
        proof = inclusion_proof(view.perfect, 300, 602)
        assert verify_inclusion(kept[300][0].entry.leaf, 300, 602, proof, log.root())
        memo = kept[300][0].entry.memo
        assert [found.index for found in view.entries(EntryQuery(memo=memo))] == [300]


def test_a_note_has_a_receipt_that_shows_nothing_of_it(journal: Journal) -> None:
    journal.add(b"a secret", NOW)
    journal.seal(NOW)

    with journal.view() as view:
        receipt = receipt_of(view, 0)
        proven = verify(receipt, root=view.root())

    assert (receipt.chain_id, receipt.host, receipt.anchor) == (0, None, None)
    assert proven.against == "root"
    assert b"secret" not in receipt.to_json()


def test_a_text_changed_in_the_file_is_named(path: Path, journal: Journal) -> None:
    for text in (b"one", b"two", b"three"):
        journal.add(text, NOW)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE note SET content = 'TWO' WHERE position = 1")
        connection.execute("DELETE FROM note WHERE position = 2")

    found = faults(journal.info.address, [(recorded.entry, content) for recorded, content in journal.notes()])

    assert list(found) == [(1, "holds another text than was written"), (2, "has lost its text")]


def test_an_entry_that_is_gone_from_the_file_is_missed(path: Path, journal: Journal) -> None:
    for text in (b"one", b"two", b"three"):
        journal.add(text, NOW)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("DELETE FROM entry WHERE position = 1")

    with pytest.raises(CorruptStore, match="entry 1 of the journal is missing"):
        list(journal.notes())
    assert journal.note(1) is None


def test_two_writers_take_turns(path: Path, journal: Journal) -> None:
    with closing(open_store(f"sqlite:///{path}", create=False)) as other:
        second = other.journal()
        for number in range(10):
            (journal if number % 2 else second).add(b"%d" % number, NOW)

        assert [content for _, content in second.notes()] == [b"%d" % number for number in range(10)]
    assert all(recorded.transaction == ZERO_HASH for recorded, _ in journal.notes(8))
