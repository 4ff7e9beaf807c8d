"""Whatever is done to a store in whatever order, it says what plain lists say."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from smartchain.indexer.growth import Growth
from smartchain.ledger.hash import keccak
from smartchain.ports import Chunk, HostBlock, LedgerStore, Step, Store
from smartchain.store import lookups, open_store
from smartchain.types import Address, Index, Size
from tests.fakes.store import ListStore
from tests.store.making import INFO, WALLETS, host_block, payment

MODEL_INFO = replace(INFO, fee_ppm=0)
SIZES = st.lists(st.integers(0, 90), min_size=1, max_size=4)
PARTIES = st.lists(st.tuples(st.sampled_from(WALLETS), st.sampled_from(WALLETS)), min_size=1, max_size=9)


class StoreAndLists(RuleBasedStateMachine):
    """The store beside the fake that the indexer's tests stand on."""

    open_store: Callable[[Path], Store]

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.fork = 0
        self.made = 0

    @initialize()
    def begin(self) -> None:
        self.model = ListStore(MODEL_INFO)
        self._open()

    def _open(self) -> None:
        self.store = type(self).open_store(self.folder)
        self.ledger: LedgerStore = self.store.ledger(MODEL_INFO)

    def teardown(self) -> None:
        self.store.close()
        shutil.rmtree(self.folder)

    def _step(self, sizes: list[int], parties: list[tuple[Address, Address]], verified: bool, after: int) -> Step:
        """The next step, grown from what the lists hold as the indexer grows it."""
        cursor = self.model.cursor
        number = cursor.number + 1 if cursor else MODEL_INFO.deployed_at
        chunk = Chunk(number, number + after + len(sizes) - 1, Index(len(self.model.rows)))
        for at, size in enumerate(sizes, number + after):
            for _ in range(size):
                self.made += 1
                sender, recipient = parties[self.made % len(parties)]
                chunk.packed.append(payment(sender, recipient, self.made).pack())
                chunk.host_blocks.append(at)
                chunk.transactions.append(keccak(b"%d" % self.made))
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

    @rule(where=st.floats(0, 1))
    def rewind(self, where: float) -> None:
        known = self.model.host_blocks()
        number = round(where * len(known))
        block: HostBlock | None = None
        if number:
            block = replace(host_block(known[number - 1][0]), hash=known[number - 1][1])
        size = self.model.size_at(block.number) if block else Size(0)
        self.ledger.rewind(size, block)
        self.model.rewind(size, block)
        self.fork += 1

    @rule()
    def close_and_open(self) -> None:
        self.store.close()
        self._open()

    @rule(most=st.integers(1, 100))
    def bring_lookups_up_in_part(self, most: int) -> None:
        """As if killed between two portions of a long backfill."""
        database = self.store._database  # type: ignore[attr-defined]
        with database.writing() as connection:
            lookups.bring_up(connection, 1, most)

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
        for wallet in WALLETS:
            assert list(ledger.entries(address=wallet)) == list(model.entries(address=wallet))
            assert ledger.balance(wallet) == model.balance(wallet)

    @invariant()
    def single_answers_are_the_same(self) -> None:
        ledger, model = self.ledger, self.model
        for block in model.chain:
            assert ledger.block_by_hash(block.hash) == model.block_by_hash(block.hash)
            assert ledger.block_below(block.size) == model.block_below(block.size)
        for number in range(MODEL_INFO.deployed_at, MODEL_INFO.deployed_at + 20):
            assert ledger.size_at(number) == model.size_at(number)
        for index in range(0, len(model.rows), 37):
            assert ledger.host_block_of(Index(index)) == model.host_block_of(Index(index))


class SqliteAndLists(StoreAndLists):
    @staticmethod
    def open_store(folder: Path) -> Store:
        return open_store(f"sqlite:///{folder / 'chain.db'}", create=True)


TestSqliteAndLists = SqliteAndLists.TestCase
TestSqliteAndLists.settings = settings(max_examples=40, stateful_step_count=15, deadline=None)
