"""A fork, kept: what the file proves by itself, what it does not, and what the contract adds."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smartchain.errors import InputError, PeerUnusable, ProofError
from smartchain.peer import evidence
from smartchain.peer.evidence import Fork, judge
from smartchain.peer.lookout import MOST_FILES, Lookout
from smartchain.ports import Head, PeerHead, PeerSource
from smartchain.types import Size
from tests.fakes.peers import FalseProof, Honest
from tests.unit.peer.test_election import MOST, STORES

COMMON = 4
ONE, OTHER = Honest(STORES[0, 9], "http://one"), Honest(STORES[1, 11], "http://other")


def collected() -> bytes:
    heads = evidence.part(ONE, OTHER)
    assert heads is not None
    return evidence.to_json(evidence.collect(ONE, OTHER, heads, 1_700_000_000))


FILE = collected()


@settings(deadline=None)
@given(st.integers(0, 2), st.integers(0, MOST), st.integers(0, 2), st.integers(0, MOST))
def test_two_logs_part_unless_one_begins_with_the_other(one: int, size: int, other: int, length: int) -> None:
    first, second = STORES[one, size], STORES[other, length]
    rows = [[row[0] for row in store.rows] for store in (first, second)]
    shorter = min(size, length)
    parted = rows[0][:shorter] != rows[1][:shorter]

    heads = evidence.part(Honest(first), Honest(second))

    assert (heads is not None) == parted
    if heads is not None:
        assert (heads[0].size, heads[1].size) == (size, length)
        fork = evidence.read(evidence.to_json(evidence.collect(Honest(first), Honest(second), heads, 5)))
        assert fork.index == COMMON
        assert [side.entry.pack() for side in fork.sides] == [row[COMMON] for row in rows]


def test_a_file_proves_by_itself_where_two_logs_part() -> None:
    fork = evidence.read(FILE)

    assert fork.index == COMMON
    assert [side.head.size for side in fork.sides] == [9, 11]
    assert str(fork).startswith("http://one and http://other have two chains of ledger 0x1E1e")
    assert len(FILE) < 8_000


@settings(deadline=None, max_examples=150)
@given(st.integers(0, len(FILE) - 1), st.integers(1, 255))
def test_a_changed_byte_is_refused_or_changes_nothing_that_is_proven(at: int, flip: int) -> None:
    changed = bytearray(FILE)
    changed[at] ^= flip
    try:
        fork = evidence.read(bytes(changed))
    except (InputError, ProofError):
        return
    honest = evidence.read(FILE)
    assert [side.head for side in fork.sides] == [side.head for side in honest.sides]
    assert [side.entry for side in fork.sides] == [side.entry for side in honest.sides]
    assert fork.index == honest.index


@pytest.mark.parametrize("text", [b"", b"{}", b"[" * 10_000, b"\xff", b'{"kind":"smartchain.fork"}'])
def test_what_is_no_evidence_is_refused_with_a_sentence(text: bytes) -> None:
    with pytest.raises(InputError, match="this is no evidence of a fork"):
        evidence.read(text)


def test_two_sides_that_say_the_same_show_no_fork() -> None:
    said = json.loads(FILE)
    said["statements"][1] = said["statements"][0]

    with pytest.raises(ProofError, match="this shows no fork"):
        evidence.read(json.dumps(said).encode())


def test_another_format_is_not_read_as_this_one() -> None:
    said = json.loads(FILE) | {"format": 2}

    with pytest.raises(InputError, match="a format that is not known"):
        evidence.read(json.dumps(said).encode())


def nothing_kept(size: Size) -> None:
    return None


def test_the_contract_says_whose_log_is_its_own() -> None:
    fork = evidence.read(FILE)
    head = ONE.head()

    assert judge(fork, Head(head.size, head.root), nothing_kept) is fork.sides[0]
    checkpoints = {Size(11): OTHER.head().root}
    assert judge(fork, Head(Size(40), head.root), checkpoints.get) is fork.sides[1]
    assert judge(fork, Head(Size(3), head.root), nothing_kept) is None, "the contract is not that far"


def test_of_a_contract_that_grew_any_node_may_prove_it_and_none_is_trusted() -> None:
    fork, grown = evidence.read(FILE), Honest(STORES[0, 12], "http://grown")
    contract = Head(Size(12), grown.head().root)

    assert judge(fork, contract, nothing_kept) is None
    assert judge(fork, contract, nothing_kept, grown) is fork.sides[0]
    assert judge(fork, contract, nothing_kept, FalseProof(STORES[0, 12])) is None
    assert judge(fork, contract, nothing_kept, Honest(STORES[1, 12])) is None
    grown.away = True
    assert judge(fork, contract, nothing_kept, grown) is None


def test_a_peer_whose_answers_do_not_fit_each_other_is_no_fork() -> None:
    with pytest.raises(PeerUnusable, match="cannot prove that its log of 11 entries began as it says"):
        evidence.part(Honest(STORES[0, 9]), FalseProof(STORES[0, 11], "http://false"))


def test_a_fork_is_kept_once_and_told_once(tmp_path: Path) -> None:
    found: list[tuple[Fork, Path]] = []
    lookout = Lookout(STORES[0, 9], tmp_path / "forks", lambda fork, path: found.append((fork, path)), lambda: 7.0)
    heads: dict[PeerSource, PeerHead] = {OTHER: OTHER.head()}

    lookout(heads)
    lookout(heads)

    assert len(found) == 1
    assert [path.name for path in (tmp_path / "forks").iterdir()] == [found[0][1].name]
    assert evidence.read(found[0][1].read_bytes()) == found[0][0]


def test_a_node_without_a_chain_compares_its_peers_with_one_another(tmp_path: Path) -> None:
    peers = [Honest(STORES[fork, 9], f"http://{fork}{n}") for fork in range(3) for n in range(2)]

    Lookout(STORES[0, 0], tmp_path)({peer: peer.head() for peer in peers})

    assert len(list(tmp_path.glob("fork-4-*.json"))) == 3, "one for each pair of the three histories"


def test_who_forges_without_end_fills_no_disk(tmp_path: Path) -> None:
    for n in range(MOST_FILES):
        (tmp_path / f"fork-{n}-x.json").write_text("")

    Lookout(STORES[0, 9], tmp_path)({OTHER: OTHER.head()})

    assert len(list(tmp_path.iterdir())) == MOST_FILES


def test_a_node_that_is_behind_is_no_fork(tmp_path: Path) -> None:
    behind = Honest(STORES[0, 5])

    Lookout(STORES[0, 9], tmp_path)({behind: behind.head()})

    assert list(tmp_path.iterdir()) == []
