"""Steps that wait are written together, and the store cannot tell."""

from __future__ import annotations

import threading
from pathlib import Path

from smartchain.indexer.writer import TOGETHER, Writer, joined
from smartchain.ports import Step
from smartchain.store import open_store
from tests.store.making import INFO, Story, everything, long_story, payments


def test_joined_steps_leave_a_store_as_the_single_ones_do(tmp_path: Path) -> None:
    one, two = (open_store(f"sqlite:///{tmp_path / name}.db", create=True).ledger(INFO) for name in ("one", "two"))
    for step in long_story(7, 12):
        one.take(step)

    two.take(joined(list(long_story(7, 12))))

    assert everything(two) == everything(one)


def test_what_waits_while_the_store_writes_is_written_as_one() -> None:
    story, taken = Story(), list[Step]()
    busy, go_on = threading.Event(), threading.Event()

    def take(step: Step) -> None:
        taken.append(step)
        busy.set()
        go_on.wait(10)

    steps = [story.step(payments(number, 10)) for number in range(6)]
    with Writer(take) as writer:
        writer.put(steps[0])
        busy.wait(10)
        for step in steps[1:]:
            writer.put(step)
        go_on.set()
        writer.flush()

    assert [len(step.chunk.packed) for step in taken] == [10, 50]
    assert taken[1].cursor == steps[-1].cursor
    assert taken[1].chunk.packed == [entry.pack() for entry in story.entries[10:]]
    assert [block.number for block in taken[1].blocks] == [block.number for step in steps[1:] for block in step.blocks]


def test_large_steps_are_written_one_by_one() -> None:
    story, taken = Story(), list[int]()
    block = payments(1, TOGETHER)
    with Writer(lambda step: taken.append(len(step.chunk.packed))) as writer:
        for _ in range(3):
            writer.put(story.step(block))

    assert taken == [TOGETHER] * 3
