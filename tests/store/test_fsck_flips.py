"""Single bits flipped anywhere in the file of a store: what it answers stays the same, or the fault is found."""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from smartchain.errors import SmartchainError
from smartchain.store.fsck import check
from tests.store.flipping import KINDS, PAGE_BYTES, answers, bits, flipped, make

FLIPS = [60, pytest.param(4000, marks=[pytest.mark.long, pytest.mark.timeout(900)])]
SEED = int(os.environ.get("SEED", secrets.randbelow(2**32)))


@dataclass(frozen=True)
class Sound:
    """A store with nothing wrong."""

    name: str
    data: bytes
    said: list[object]


@pytest.fixture(scope="module", params=list(KINDS))
def sound(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Sound:
    name = "with-journal.db" if request.param == "several" else "chain.db"
    path = tmp_path_factory.mktemp(request.param) / name
    data = make(path, request.param)
    return Sound(name, data, answers(path))


def unlike(path: Path, sound: Sound, data: bytes) -> bool:
    """Whether a store with that file answers otherwise; one that cannot be opened answers nothing wrong."""
    path.write_bytes(data)
    try:
        return answers(path) != sound.said
    except Exception:  # noqa: BLE001  (whatever becomes of it, the fault must have been found)
        return True


def found(path: Path, data: bytes) -> bool:
    """Whether the check says what is wrong, or refuses the file with a sentence."""
    path.write_bytes(data)
    try:
        return bool(check(path).faults)
    except SmartchainError as error:
        return bool(str(error))


def test_a_sound_store_has_no_fault(sound: Sound, tmp_path: Path) -> None:
    assert not found(tmp_path / sound.name, sound.data)


@pytest.mark.parametrize("count", FLIPS)
def test_any_flipped_bit_that_changes_an_answer_is_found(sound: Sound, tmp_path: Path, count: int) -> None:
    silent = []
    for bit in bits(SEED, sound.data, count):
        data = flipped(sound.data, bit)
        with TemporaryDirectory(dir=tmp_path) as folder:
            path = Path(folder) / sound.name
            if not found(path, data) and unlike(path, sound, data):
                silent.append(bit)

    assert silent == [], f"SEED={SEED}: bits that change an answer and are not found"


def test_a_flip_in_room_that_nothing_uses_is_no_fault(sound: Sound, tmp_path: Path) -> None:
    pages = [sound.data[at : at + PAGE_BYTES] for at in range(0, len(sound.data), PAGE_BYTES)]
    empty = [number for number, page in enumerate(pages) if not any(page[8:])]

    assert empty
    for number in empty:
        assert not found(tmp_path / sound.name, flipped(sound.data, 8 * (number * PAGE_BYTES + PAGE_BYTES // 2)))
