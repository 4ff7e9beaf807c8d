"""A second opinion: other nodes' heads, and what they prove."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from smartchain.errors import SourcesDisagree, StateGone, UnknownBlock, WrongChain
from smartchain.host.check import CheckedSource
from smartchain.host.source import HostLedger
from smartchain.ledger.block import BlockRule
from smartchain.ports import Chunk, LedgerInfo
from smartchain.types import ChainId, Hash32, Index, Size
from tests.fakes.ledger_host import LEDGER, FakeHost
from tests.fakes.rpc import ListRpc


def grown(seed: int = 1) -> FakeHost:
    host = FakeHost(random.Random(seed))
    for count in (3, 0, 5, 1):
        host.mine(count)
    return host


@pytest.fixture
def host() -> FakeHost:
    return grown()


def source_of(rpc: ListRpc) -> HostLedger:
    return HostLedger(rpc, LEDGER)


def test_another_root_on_another_node_is_named_with_both_nodes(host: FakeHost) -> None:
    liar = ListRpc(host, "http://liar")
    liar.forge = lambda head: replace(head, root=Hash32(b"\x66" * 32))
    source = CheckedSource(source_of(liar), [ListRpc(host, "http://honest")])

    with pytest.raises(SourcesDisagree, match=r"http://liar says 9 entries with root 0x6666.*http://honest says 9"):
        source.head(source.target())


def test_another_size_on_another_node_is_a_disagreement(host: FakeHost) -> None:
    short = ListRpc(host, "http://short")
    short.forge = lambda head: replace(head, size=Size(head.size - 1))
    source = CheckedSource(source_of(ListRpc(host)), [ListRpc(host), short])

    with pytest.raises(SourcesDisagree, match="http://short says 8 entries") as lie:
        source.head(source.target())
    assert lie.value.last_block == source.target().number


def test_one_liar_among_many_is_enough(host: FakeHost) -> None:
    liar = ListRpc(host, "http://liar")
    liar.forge = lambda head: replace(head, root=Hash32(bytes(32)))

    for others in ([liar, ListRpc(host), ListRpc(host)], [ListRpc(host), ListRpc(host), liar]):
        source = CheckedSource(source_of(ListRpc(host)), others)
        with pytest.raises(SourcesDisagree):
            source.head(source.target())


def test_a_node_of_another_chain_is_refused(host: FakeHost) -> None:
    class Elsewhere(FakeHost):
        def info(self) -> LedgerInfo:
            return replace(super().info(), chain_id=ChainId(1))

    other = Elsewhere(random.Random(1))

    with pytest.raises(WrongChain, match="chain 1"):
        CheckedSource(source_of(ListRpc(host)), [ListRpc(other)]).info()


def test_a_node_that_describes_another_ledger_is_refused(host: FakeHost) -> None:
    other = grown()
    other.rule = BlockRule(1, 0)

    with pytest.raises(SourcesDisagree, match="describe the ledger differently"):
        CheckedSource(source_of(ListRpc(host)), [ListRpc(other)]).info()


def test_a_disagreement_that_passes_is_none(host: FakeHost) -> None:
    hasty = ListRpc(host, "http://hasty")
    source = CheckedSource(source_of(ListRpc(host)), [hasty])
    source.info()
    forged = [Hash32(bytes(32))]
    hasty.forge = lambda head: replace(head, root=forged.pop()) if forged else head

    assert source.head(source.target()) == host.head(host.target())


def test_a_node_on_another_fork_is_waited_for_but_not_for_ever(host: FakeHost) -> None:
    other = grown()
    other.reorganise(2, keep=True)
    source = CheckedSource(source_of(ListRpc(host)), [ListRpc(other, "http://other")])
    target = source.target()

    for _ in range(4):
        with pytest.raises(UnknownBlock, match=r"http://other .*http://list"):
            source.head(target)
    with pytest.raises(SourcesDisagree, match=r"http://other .*http://list"):
        source.head(target)


def test_a_node_that_is_behind_is_waited_for(host: FakeHost) -> None:
    behind = grown()
    behind.cut_back(1)
    source = CheckedSource(source_of(ListRpc(host)), [ListRpc(behind)])

    with pytest.raises(UnknownBlock):
        source.head(source.target())


def test_a_node_that_has_forgotten_the_state_is_no_liar(host: FakeHost) -> None:
    forgetful = grown()
    forgetful.keeps_state = 1
    source = CheckedSource(source_of(ListRpc(host)), [ListRpc(forgetful)])
    before = source.block(source.target().number - 1)
    assert before is not None

    with pytest.raises(StateGone):
        source.head(before)


def test_all_else_is_what_the_source_says(host: FakeHost) -> None:
    plain, other = source_of(ListRpc(host)), ListRpc(host)
    source = CheckedSource(plain, [other])
    target = source.target()

    assert source.name == "http://list"
    assert source.info() == plain.info()
    assert source.head(target) == host.head(target)
    assert source.peaks(target) == host.peaks(target)
    assert source.block(1) == host.block(1)
    chunks = list(source.chunks(0, target.number, Index(0)))
    assert [packed for chunk in chunks for packed in chunk.packed] == host.entries()
    assert isinstance(chunks[0], Chunk)
    assert source.proven is False


def test_a_head_is_asked_of_the_others_once_for_a_block(host: FakeHost) -> None:
    other = ListRpc(host)
    source = CheckedSource(source_of(ListRpc(host)), [other])
    target = source.target()

    first = source.head(target)
    asked = len(other.asked)

    assert source.head(target) == first
    assert len(other.asked) == asked


def test_a_checkpoint_counts_where_all_nodes_have_it() -> None:
    hosts = [grown(), grown()]
    sizes = [host.keep() for host in hosts]
    assert sizes[0] == sizes[1]
    one, two = hosts
    source = CheckedSource(source_of(ListRpc(one)), [ListRpc(two, "http://other")])
    target = source.target()

    assert source.checkpoint(Size(sizes[0]), target) == one.head(target).root

    two.forged_checkpoint = Hash32(b"\x01" * 32)
    with pytest.raises(SourcesDisagree, match="http://other"):
        source.checkpoint(Size(sizes[0]), target)
    two.blocks[-1].kept.clear()
    assert source.checkpoint(Size(sizes[0]), target) is None
