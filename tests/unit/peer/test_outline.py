"""What a trusted head says of every part of a log."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smartchain.errors import ProofError
from smartchain.ledger.hash import EMPTY_ROOT, keccak
from smartchain.ledger.merkle import MerkleLog
from smartchain.ledger.proof import peaks_at, perfect_of, root_at
from smartchain.peer.outline import PART, PART_LEVEL, Outline
from smartchain.types import Hash32

LEAVES = [keccak(n.to_bytes(4, "big")) for n in range(5 * PART + 77)]
NODES: dict[tuple[int, int], Hash32] = {}


def perfect(level: int, position: int) -> Hash32:
    if (level, position) not in NODES:
        NODES[level, position] = (
            MerkleLog.of(LEAVES[position << level : (position + 1) << level]).root()
            if level <= PART_LEVEL
            else perfect_of([perfect(PART_LEVEL, at) for at in range(5)])(level - PART_LEVEL, position)
        )
    return NODES[level, position]


def outline(size: int) -> Outline:
    return Outline(size, root_at(perfect, size), peaks_at(perfect, size))


def learned(size: int) -> Outline:
    found = outline(size)
    for peak in found.unknown(0, size):
        found.learn(peak, [perfect(PART_LEVEL, at) for at in range(peak.start // PART, peak.stop // PART)])
    return found


@settings(deadline=None)
@given(st.integers(0, len(LEAVES)), st.data())
def test_parts_cover_the_entries_asked_for_and_have_their_own_roots(size: int, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, size))
    parts = list(learned(size).parts(start, size))

    assert all(part.root == MerkleLog.of(LEAVES[part.start : part.stop]).root() for part in parts)
    assert all(one.stop == other.start for one, other in itertools.pairwise(parts))
    if start < size:
        assert parts[0].start <= start < parts[0].stop
        assert parts[-1].stop == size
        assert all(part.stop - part.start <= PART for part in parts)


@given(st.integers(0, len(LEAVES)))
def test_nothing_is_unknown_but_the_parts_of_large_peaks(size: int) -> None:
    found = outline(size)

    assert all(peak.level > PART_LEVEL for peak in found.unknown(0, size))
    assert learned(size).unknown(0, size) == []
    assert found.unknown(0, 0) == []


@given(st.integers(0, len(LEAVES)), st.integers(0, len(LEAVES)))
def test_a_peer_that_is_behind_reaches_to_the_end_of_a_peak_or_of_a_known_part(size: int, behind: int) -> None:
    reach = outline(size).reach(behind)
    known = learned(size).reach(behind)

    assert reach <= known <= min(size, behind)
    assert reach == 0 or reach in {peak.stop for peak in outline(size).peaks}
    assert known == size or min(size, behind) - known < PART, "with its parts known, all but the last of a peak"


@given(st.integers(1, len(LEAVES)), st.data())
def test_peaks_that_do_not_give_the_root_are_refused(size: int, data: st.DataObject) -> None:
    peaks = peaks_at(perfect, size)
    at = data.draw(st.integers(0, len(peaks) - 1))
    with pytest.raises(ProofError):
        Outline(size, root_at(perfect, size), [*peaks[:at], keccak(b"other"), *peaks[at + 1 :]])
    with pytest.raises(ProofError):
        Outline(size, root_at(perfect, size), peaks[1:])


def test_an_empty_log_has_no_parts() -> None:
    assert list(Outline(0, EMPTY_ROOT, []).parts(0, 0)) == []


def test_parts_that_do_not_give_their_peak_are_refused() -> None:
    found = outline(5 * PART)
    peak = found.unknown(0, 5 * PART)[0]
    parts = [perfect(PART_LEVEL, at) for at in range(4)]

    with pytest.raises(ProofError, match="do not give the trusted root"):
        found.learn(peak, [parts[1], parts[0], *parts[2:]])
    with pytest.raises(ProofError, match="other than 3 parts"):
        found.learn(peak, parts[1:])
    with pytest.raises(ProofError, match="not known yet"):
        list(found.parts(0, PART))
    assert next(found.parts(4 * PART, 5 * PART)).root == perfect(PART_LEVEL, 4)
