"""Killed at any moment, or out of room, a store holds whole steps, and goes on."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest

from smartchain.errors import NoStore
from smartchain.ports import LedgerStore, Step
from smartchain.store import open_store
from tests.fakes.store import ListStore
from tests.store.making import INFO, WALLETS, Story, long_story, payments

ROOT = Path(__file__).resolve().parents[2]
STEPS = 60

WRITER = f"""
import sys
from contextlib import closing
from smartchain.store import open_store
from tests.store.making import INFO, long_story
with closing(open_store(sys.argv[1], create=True)) as store:
    ledger = store.ledger(INFO)
    for step in long_story(int(sys.argv[2]), {STEPS}):
        cursor = ledger.status().cursor
        if cursor is None or step.cursor.number > cursor.number:
            ledger.take(step)
            print(step.cursor.number, flush=True)
        ledger.look_up(70)
"""

REWINDER = """
import sys
from tests.store.making import INFO, Story, host_block, payments
from smartchain.store import open_store
ledger = open_store(sys.argv[1], create=False).open()
print("begin", flush=True)
while True:
    story = Story()
    ledger.rewind(0, None)
    step = story.step(payments(1, 3000), payments(2, 2000), verified=True)
    step.blocks = step.blocks[ledger.status().blocks:]
    ledger.take(step)
    ledger.look_up(4000)
    ledger.rewind(3000, host_block(7))
"""


def start(program: str, *arguments: object) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", program, *map(str, arguments)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT)


def kill_after(process: subprocess.Popen[str], seconds: float) -> None:
    """SIGKILL, so much after the process said its first word."""
    with process:
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(seconds)
        process.send_signal(signal.SIGKILL)


def model_of(steps: list[Step]) -> ListStore:
    model = ListStore(INFO)
    for step in steps:
        model.take(step)
    return model


def assert_same(ledger: LedgerStore, model: ListStore) -> None:
    size = len(model.rows)
    assert ledger.status() == model.status()
    assert list(ledger.packed(0, size + 1)) == list(model.packed(0, size))
    assert [ledger.nodes(level, 0, size) for level in (8, 9, 10, 11)] == [
        model.nodes(level, 0, size) for level in (8, 9, 10, 11)
    ]
    assert ledger.host_blocks() == model.host_blocks()
    assert list(ledger.blocks()) == list(model.blocks())
    assert list(ledger.entries()) == list(model.entries())
    for wallet in WALLETS:
        assert list(ledger.entries(address=wallet)) == list(model.entries(address=wallet))
    for block in list(model.blocks())[::5]:
        assert ledger.block_by_hash(block.hash) == block


def test_a_writer_killed_again_and_again_leaves_whole_steps_and_goes_on(url: str) -> None:
    seed = 20_261_123
    chance = random.Random(seed)
    steps = list(long_story(seed, STEPS))
    for _ in range(8):
        kill_after(start(WRITER, url, seed), chance.uniform(0, 0.06))
        with closing(open_store(url, create=False)) as store:
            taken = store.open().status().cursor
            done = [step for step in steps if taken and step.cursor and step.cursor.number <= taken.number]
            assert_same(store.open(), model_of(done))

    with start(WRITER, url, seed) as last:
        last.communicate(timeout=60)
    assert last.returncode == 0
    with closing(open_store(url, create=False)) as store:
        assert_same(store.open(), model_of(steps))


def test_going_back_is_whole_or_not_at_all_when_killed(url: str) -> None:
    seed = 7
    chance = random.Random(seed)
    with closing(open_store(url, create=True)) as store:
        store.ledger(INFO)
    entries = [*payments(1, 3000), *payments(2, 2000)]
    for _ in range(6):
        kill_after(start(REWINDER, url), chance.uniform(0.05, 0.4))
        with closing(open_store(url, create=False)) as store:
            ledger = store.open()
            size = ledger.status().size
            assert size in (0, 3000, 5000)
            assert list(ledger.packed(0, 9999)) == [entry.pack() for entry in entries[:size]]
            assert ledger.status().verified_size == size
            for wallet in WALLETS:
                indexes = [recorded.index for recorded in ledger.entries(address=wallet)]
                assert indexes == [
                    index for index, entry in enumerate(entries[:size]) if wallet in (entry.sender, entry.recipient)
                ]


def test_a_store_killed_before_it_was_made_is_made_by_the_next(tmp_path: Path) -> None:
    path = tmp_path / "chain.db"
    program = "import sys, time; from smartchain.store import open_store; print('begin', flush=True)\n"
    program += "[open_store(sys.argv[1] + str(i), create=True) for i in range(400)]"
    for _ in range(3):
        kill_after(start(program, f"sqlite:///{path}"), random.Random(5).uniform(0.01, 0.1))

    for file in [name for name in tmp_path.iterdir() if not name.name.endswith(("-wal", "-shm", "-journal"))]:
        with closing(open_store(f"sqlite:///{file}", create=True)) as store:
            assert store.ledger(INFO).status().size == 0


HALF_MADE = """
import os, resource, signal, sys
from smartchain.store import open_store
signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), int(sys.argv[2])))
open_store(sys.argv[1], create=True)
"""


def test_whoever_reads_a_store_whose_making_was_cut_off_in_a_write_is_told_that_it_is_empty(tmp_path: Path) -> None:
    path = tmp_path / "chain.db"
    with start(HALF_MADE, f"sqlite:///{path}", 30_000) as maker:
        maker.wait(60)
    assert maker.returncode == -signal.SIGXFSZ
    assert path.with_name("chain.db-journal").stat().st_size > 0
    assert path.stat().st_size > 0

    with pytest.raises(NoStore, match="is empty; `smartchain index` makes a store of it"):
        open_store(f"sqlite:///{path}", create=False, read_only=True)

    with closing(open_store(f"sqlite:///{path}", create=True)) as store:
        assert store.ledger(INFO).status().size == 0


LIMITED = """
import resource, sys
from smartchain.errors import StoreError
from smartchain.store import open_store
from tests.store.making import Story, payments
ledger = open_store(sys.argv[1], create=False).open()
story = Story()
story.step(payments(1, 300))
resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, resource.RLIM_INFINITY))
try:
    for seed in range(100):
        ledger.take(story.step(payments(seed, 300), verified=True))
except StoreError as error:
    print(type(error).__name__, error)
    print(ledger.status().size, len(list(ledger.entries())))
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    stopped = ledger.status().size
    again = Story()
    again.step(payments(1, 300))
    seeds = iter(range(100))
    while again.size < stopped:
        again.step(payments(next(seeds), 300))
    ledger.take(again.step(payments(next(seeds), 300), verified=True))
    print(ledger.status().size - stopped)
"""


def test_a_disk_that_fails_costs_the_step_alone_and_is_said(tmp_path: Path) -> None:
    path = tmp_path / "chain.db"
    with closing(open_store(f"sqlite:///{path}", create=True)) as store:
        store.ledger(INFO).take(Story().step(payments(1, 300), verified=True))

    done = start(LIMITED, f"sqlite:///{path}")
    said, kept, went_on = done.communicate(timeout=60)[0].splitlines()

    assert done.returncode == 0
    assert said.startswith(f"StoreError the disk failed under {path}")
    size, served = map(int, kept.split())
    assert size == served
    assert 300 <= size < 30_000
    assert size % 300 == 0
    assert went_on == "300"


def test_the_lookups_that_trail_change_no_answer(url: str) -> None:
    steps = list(long_story(3, 9))
    with closing(open_store(url, create=True)) as store:
        ledger = store.ledger(INFO)
        for step in steps:
            step.verified = False
            ledger.take(step)
        assert ledger.look_up(1000) is False  # nothing is verified yet
        status, at = ledger.status(), steps[-1].cursor
        model = model_of(steps)
        model.verify(status.size, status.blocks, at)
        ledger.verify(status.size, status.blocks, at)

        more, portions = True, 0
        while more:
            assert_same(ledger, model)
            more, portions = ledger.look_up(500), portions + 1

        assert_same(ledger, model)
        assert portions == -(-status.size // 500)
