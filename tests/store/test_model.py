"""Whatever is done to a store in whatever order, it says what plain lists say."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from smartchain.errors import ProofError
from smartchain.indexer.growth import Growth
from smartchain.indexer.opening import open_with
from smartchain.ledger.entry import Entry
from smartchain.ledger.hash import ETHER, SEAL, anchor_of, keccak, leaf_hash, subject_id, transaction_hash
from smartchain.ledger.merkle import MerkleLog
from smartchain.ports import Chunk, EntryQuery, Genesis, HostBlock, LedgerStore, Step, Store
from smartchain.store import open_store
from smartchain.types import ZERO_ADDRESS, Address, Hash32, Index, Size
from tests.fakes.postgres import Server
from tests.fakes.store import ListStore
from tests.store.making import INFO, WALLETS, host_block, payment

MODEL_INFO = replace(INFO, fee_ppm=70_000)
MEMOS = [b"", b"", b"rent", b"a longer word of thanks"]
SUBJECTS = [ETHER, ETHER, ETHER, SEAL, subject_id("likes")]
SIZES = st.lists(st.integers(0, 90), min_size=1, max_size=4)
ANYBODY = [*WALLETS, MODEL_INFO.address, ZERO_ADDRESS]
PARTIES = st.lists(st.tuples(st.sampled_from(ANYBODY), st.sampled_from(ANYBODY)), min_size=1, max_size=9)
VALUES = [0, 1, 2**256 - 1]
OPENING = [payment(ZERO_ADDRESS, WALLETS[n % 6], n % 5 * 10**18, subject=SUBJECTS[n % 5]) for n in range(259)]
PLACES = st.none() | st.integers(0, 40) | st.integers(200, 700) | st.sampled_from([2**40, 2**63 - 1, 2**63, 10**19])
FROM = PLACES.map(lambda place: place or 0)
QUESTIONS = st.builds(
    EntryQuery,
    address=st.none() | st.sampled_from(ANYBODY),
    subject=st.none() | st.sampled_from(SUBJECTS),
    memo=st.none() | st.sampled_from([Hash32(memo.ljust(32, b"\0")) for memo in MEMOS]),
    since=st.none() | st.integers(1_700_000_090, 1_700_000_130),
    until=st.none() | st.integers(1_700_000_090, 1_700_000_130),
    start=FROM,
    stop=PLACES,
    descending=st.booleans(),
)
QUERIES = [
    EntryQuery(),
    EntryQuery(descending=True),
    EntryQuery(address=WALLETS[0], descending=True),
    EntryQuery(address=WALLETS[1], subject=ETHER),
    EntryQuery(memo=Hash32(MEMOS[2].ljust(32, b"\0"))),
    EntryQuery(memo=Hash32(MEMOS[3].ljust(32, b"\0")), descending=True, address=WALLETS[1]),
    EntryQuery(memo=Hash32(bytes(32)), address=WALLETS[2]),
    EntryQuery(since=1_700_000_110, until=1_700_000_114),
    EntryQuery(subject=SUBJECTS[4], until=1_700_000_112, descending=True),
]


class StoreAndLists(RuleBasedStateMachine):
    """The store beside the fake that the indexer's tests stand on."""

    open_store: Callable[[Path], Store]
    info = MODEL_INFO
    opening: Sequence[Entry] = ()

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.fork = 0
        self.made = 0

    @initialize()
    def begin(self) -> None:
        self.model = ListStore(self.info)
        self._open()
        if self.opening:
            for store in (self.ledger, self.model):
                open_with(store, [[entry.pack() for entry in self.opening]])

    def _open(self) -> None:
        self.store = type(self).open_store(self.folder)
        self.ledger: LedgerStore = self.store.ledger(self.info)

    def teardown(self) -> None:
        self.store.close()
        shutil.rmtree(self.folder)

    def _step(self, sizes: list[int], parties: list[tuple[Address, Address]], verified: bool, after: int) -> Step:
        """The next step, grown from what the lists hold as the indexer grows it."""
        cursor = self.model.cursor
        number = cursor.number + 1 if cursor else self.info.deployed_at
        chunk = Chunk(number, number + after + len(sizes) - 1, Index(len(self.model.rows)))
        for at, size in enumerate(sizes, number + after):
            for _ in range(size):
                self.made += 1
                sender, recipient = parties[self.made % len(parties)]
                memo, subject = MEMOS[self.made % 4], SUBJECTS[self.made % 11 % 5]
                value = VALUES[self.made % 3] if self.made % 5 == 0 else self.made * 10**9
                entry = payment(sender, recipient, value, memo, subject)
                chunk.packed.append(replace(entry, timestamp=entry.timestamp + at).pack())
                chunk.host_blocks.append(at)
                chunk.transactions.append(keccak(b"%d" % (self.made // 3)))
                chunk.hashes[at] = host_block(at, self.fork).hash
        step = Growth(self.model).step(chunk, host_block(chunk.last_block, self.fork))
        step.verified = verified
        return step

    @rule(sizes=SIZES, parties=PARTIES, verified=st.booleans(), after=st.integers(0, 3))
    def take(self, sizes: list[int], parties: list[tuple[Address, Address]], verified: bool, after: int) -> None:
        step = self._step(sizes, parties, verified, after)
        self.ledger.take(step)
        self.model.take(step)

    @precondition(lambda self: self.model.cursor)
    @rule()
    def verify(self) -> None:
        status, at = self.model.status(), self.model.cursor
        assert at is not None
        self.ledger.verify(status.size, status.blocks, at)
        self.model.verify(status.size, status.blocks, at)

    @precondition(lambda self: self.model.verified_blocks < len(self.model.chain))
    @rule(more=st.floats(0, 1), agreed=st.booleans())
    def verify_a_part(self, more: float, agreed: bool) -> None:
        status, at = self.model.status(), self.model.cursor
        blocks = status.verified_blocks + 1 + round(more * (status.blocks - status.verified_blocks - 1))
        size = self.model.chain[blocks - 1].size
        if size < status.verified_size:
            return
        blocks = sum(block.size <= size for block in self.model.chain)
        self.ledger.verify(size, blocks, None if agreed else at)
        self.model.verify(size, blocks, None if agreed else at)

    @rule(most=st.integers(1, 60))
    def look_up_some(self, most: int) -> None:
        self.ledger.look_up(most)

    @rule(where=st.floats(0, 1))
    def rewind(self, where: float) -> None:
        known = self.model.host_blocks()
        number = round(where * len(known))
        block: HostBlock | None = None
        if number:
            block = replace(host_block(known[number - 1][0]), hash=known[number - 1][1])
        size = self.model.size_at(block.number) if block else Size(len(self.opening))
        self.ledger.rewind(size, block)
        self.model.rewind(size, block)
        self.fork += 1

    @rule()
    def close_and_open(self) -> None:
        self.store.close()
        self._open()

    @rule(question=QUESTIONS)
    def ask(self, question: EntryQuery) -> None:
        with self.ledger.view() as view, self.model.view() as model:
            assert list(view.entries(question)) == list(model.entries(question))

    @rule(start=FROM, stop=FROM, level=st.integers(0, 9))
    def ask_for_a_range(self, start: int, stop: int, level: int) -> None:
        with self.ledger.view() as view, self.model.view() as model:
            assert list(view.packed(start, stop)) == list(model.packed(start, stop))
            assert view.hints(start, stop) == model.hints(start, stop)
            assert list(view.blocks(start, stop)) == list(model.blocks(start, stop))
            for number in (-1, start, stop):
                assert view.block(number) == model.block(number)
                assert view.entry(number) == model.entry(number)
                assert view.block_of(number) == model.block_of(number)
            said = [_said(lambda one=one: one.perfect(level, start % 8)) for one in (view, model)]  # type: ignore[misc]
            assert said[0] == said[1]

    @invariant()
    def both_say_the_same(self) -> None:
        ledger, model = self.ledger, self.model
        size = len(model.rows)
        assert ledger.status() == model.status()
        assert list(ledger.packed(0, size + 1)) == list(model.packed(0, size))
        for level in range(8, 12):
            assert ledger.nodes(level, 0, size) == model.nodes(level, 0, size)
        assert ledger.host_blocks() == model.host_blocks()
        assert list(ledger.blocks()) == list(model.blocks())
        assert list(ledger.entries()) == list(model.entries())
        for wallet in ANYBODY:
            assert list(ledger.entries(address=wallet)) == list(model.entries(address=wallet))
            assert ledger.balance(wallet) == model.balance(wallet)

    @invariant()
    def single_answers_are_the_same(self) -> None:
        ledger, model = self.ledger, self.model
        for block in model.chain:
            assert ledger.block_by_hash(block.hash) == model.block_by_hash(block.hash)
            assert ledger.block_below(block.size) == model.block_below(block.size)
        for number in range(self.info.deployed_at, self.info.deployed_at + 20):
            assert ledger.size_at(number) == model.size_at(number)
        for index in range(0, len(model.rows), 37):
            assert ledger.host_block_of(Index(index)) == model.host_block_of(Index(index))

    @invariant()
    def views_say_the_same(self) -> None:
        verified = self.model.status().verified_size
        some = sorted({0, verified // 3, verified // 2, max(0, verified - 1), verified})
        with self.ledger.view() as view, self.model.view() as model:
            assert view.status == model.status
            for query in QUERIES:
                query = replace(query, start=verified // 4, stop=verified - verified // 5)
                assert list(view.entries(query)) == list(model.entries(query))
            for size in some:
                assert view.root(size) == model.root(size)
                assert view.entry(size) == model.entry(size)
                assert view.block_of(size) == model.block_of(size)
                for wallet in [*WALLETS[:2], *ANYBODY[-2:]]:
                    assert view.account(wallet, ETHER, size) == model.account(wallet, ETHER, size)
                    assert view.account(wallet, SUBJECTS[4], size) == model.account(wallet, SUBJECTS[4], size)
                    assert view.count_sent(wallet, size) == model.count_sent(wallet, size)
            for block in model.blocks():
                assert view.block(block.number) == block

    @invariant()
    def names_find_what_has_them(self) -> None:
        with self.ledger.view() as view, self.model.view() as model:
            anchor = anchor_of(self.info.chain_id, self.info.address)
            for recorded in list(model.entries())[::41]:
                name = transaction_hash(anchor, recorded.index, leaf_hash(recorded.entry.pack()))
                assert view.named(name) == [recorded.index]
                assert view.named(recorded.transaction) == model.named(recorded.transaction)
            assert view.named(keccak(b"nothing")) == []

    @invariant()
    def histories_end_with_the_balance_of_today(self) -> None:
        with self.ledger.view() as view, self.model.view() as model:
            for wallet in WALLETS[:2]:
                assert view.subjects(wallet) == model.subjects(wallet)
                points = view.balances(wallet, ETHER, 7)
                assert len(points) <= 7
                assert [view.account(wallet, ETHER, point.index + 1).balance for point in points] == [
                    point.balance for point in points
                ]
                if model.account(wallet).count:
                    assert points[-1].balance == model.account(wallet).balance


def _said(ask: Callable[[], object]) -> object:
    """The answer, or that there is none."""
    try:
        return ask()
    except ProofError:
        return ProofError


class SqliteAndLists(StoreAndLists):
    @staticmethod
    def open_store(folder: Path) -> Store:
        return open_store(f"sqlite:///{folder / 'chain.db'}", create=True)


TestSqliteAndLists = SqliteAndLists.TestCase
TestSqliteAndLists.settings = settings(max_examples=25, stateful_step_count=15, deadline=None)


class SqliteWithGenesis(SqliteAndLists):
    """The log opens with allocations, of which no fee is taken and which no rewind drops."""

    opening = OPENING
    info = replace(
        MODEL_INFO,
        genesis=Genesis(
            Size(len(OPENING)), MerkleLog.of(entry.leaf for entry in OPENING).root(), MODEL_INFO.genesis.timestamp
        ),
    )


TestSqliteWithGenesis = SqliteWithGenesis.TestCase
TestSqliteWithGenesis.settings = settings(max_examples=3, stateful_step_count=10, deadline=None)


def test_a_database_of_a_server_says_what_the_lists_say(postgres: Server) -> None:
    urls: dict[Path, str] = {}

    class PostgresWithGenesis(SqliteWithGenesis):
        @staticmethod
        def open_store(folder: Path) -> Store:
            if folder not in urls:
                urls[folder] = postgres.fresh()
            return open_store(urls[folder], create=True)

    run_state_machine_as_test(
        PostgresWithGenesis, settings=settings(max_examples=4, stateful_step_count=6, deadline=None)
    )
