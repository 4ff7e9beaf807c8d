"""Keccak comes from one of two libraries, and nobody can tell which."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import sha3
import tiny_keccak
from hypothesis import given
from hypothesis import strategies as st

from smartchain.ledger.hash import keccak

EMPTY = "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470"
ABC = "4e03657aea45a94fc7d47ba826c8d667c0d1e6e33a64a036ec44f58fa12d6c45"

LIBRARIES: dict[str, Callable[[bytes], bytes]] = {
    "tiny_keccak": tiny_keccak.keccak256,
    "sha3": lambda message: bytes(sha3.keccak_256(message).digest()),
    "smartchain": keccak,
}

WITHOUT_TINY = """
import sys
sys.modules["tiny_keccak"] = None
from smartchain.ledger.hash import keccak, leaf_hashes, node_hashes
assert "sha3" in sys.modules
print(keccak(b"abc").hex(), leaf_hashes([bytes(132)])[0].hex(), node_hashes([bytes(32)] * 2)[0].hex())
"""


@pytest.mark.parametrize("library", LIBRARIES)
def test_known_messages_have_their_known_hashes(library: str) -> None:
    hashed = LIBRARIES[library]

    assert [hashed(b"").hex(), hashed(b"abc").hex()] == [EMPTY, ABC]


@given(st.binary(max_size=600))
def test_the_libraries_agree_on_every_message(message: bytes) -> None:
    assert len({hashed(message) for hashed in LIBRARIES.values()}) == 1


@pytest.mark.parametrize("length", [0, 1, 64, 65, 132, 133, 134, 135, 136, 137, 271, 272, 273, 10_000])
def test_the_libraries_agree_around_the_ends_of_a_block(length: int) -> None:
    assert len({hashed(b"\xa5" * length) for hashed in LIBRARIES.values()}) == 1


def test_without_the_faster_library_everything_is_hashed_by_the_other() -> None:
    root = str(Path(__file__).resolve().parents[3])
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_TINY], capture_output=True, text=True, env={**os.environ, "PYTHONPATH": root}
    )
    assert done.returncode == 0, done.stderr

    from smartchain.ledger.hash import leaf_hashes, node_hashes

    assert done.stdout.split() == [ABC, leaf_hashes([bytes(132)])[0].hex(), node_hashes([bytes(32)] * 2)[0].hex()]
