"""The ledger by itself: what it refuses to record, how it opens, seals, keeps roots and proves."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from smartchain.host.reverts import selector
from smartchain.ledger.entry import Entry
from smartchain.ledger.hash import EMPTY_ROOT, ETHER, SEAL, keccak
from smartchain.ledger.merkle import MerkleLog
from smartchain.ledger.proof import inclusion_proof, perfect_of, root_at
from smartchain.types import ZERO_ADDRESS, Address, Hash32
from tests.contracts.evm import NO_GENESIS, NO_MEMO, Contract, Evm, raw, root_of, word

ETHER_ADDRESS = "0xEeeeeEeeeEeEeeEeEeEeeEEEeeeeEeeeeeeeEEeE"
SEAL_ADDRESS = "0x" + SEAL.hex()
ALICE = "0x" + "57" * 20
BOB = "0x" + "68" * 20
BASE = 0x7089753B1303635A2A70CCA51E1EDAE14347E5BA697C05BE3A417D6BAD06DD00
"""Where the ledger's storage begins, by the layout in Ledger.sol."""


@pytest.fixture
def mock(evm: Evm) -> Contract:
    """A ledger that records what it is told."""
    return evm.deploy("MockLedger", 4, 60, NO_GENESIS)


def fields(entry: Entry) -> tuple[Any, ...]:
    """An entry as web3 takes it."""
    return (entry.subject, entry.sender, entry.recipient, entry.value, entry.timestamp, entry.memo)


def some(count: int, subject: Address = ETHER) -> list[Entry]:
    """Entries that differ in every field but subject and timestamp."""
    return [
        Entry(subject, raw(ALICE), Address(keccak(b"%d" % i)[:20]), 10**i, 0, keccak(b"%d" % i)) for i in range(count)
    ]


def record(evm: Evm, ledger: Contract, entries: list[Entry]) -> list[Entry]:
    """Record them; they come back with the timestamp that they got."""
    evm.send(ledger.functions.record([fields(entry) for entry in entries]))
    return [replace(entry, timestamp=evm.now()) for entry in entries]


def opening(evm: Evm, count: int) -> tuple[list[Entry], tuple[int, int, list[bytes]]]:
    """So many allocations, and the genesis that brings them in."""
    entries = [Entry(ETHER, ZERO_ADDRESS, Address(bytes([i + 1]) * 20), i + 1, evm.now()) for i in range(count)]
    log = MerkleLog.of(entry.leaf for entry in entries)
    return entries, (count, evm.now(), [bytes(peak) for peak in log.peaks()])


# refusals


def test_only_seal_records_a_seal(evm: Evm, mock: Contract) -> None:
    for call in (
        mock.functions.record([fields(entry) for entry in some(1, SEAL)]),
        mock.functions.recordBatch(SEAL, raw(ALICE), [word(BOB, 1)], NO_MEMO),
        mock.functions.declare(SEAL, "Seal", "SEAL", 0),
    ):
        evm.refuses(call, "ReservedSubject(address)", SEAL_ADDRESS)


def test_an_empty_batch_is_refused(evm: Evm, mock: Contract) -> None:
    evm.refuses(mock.functions.recordBatch(ETHER, raw(ALICE), [], NO_MEMO), "EmptyBatch()")


def test_a_subject_that_was_never_declared_is_unknown(evm: Evm, mock: Contract) -> None:
    evm.refuses(mock.functions.subject(ETHER), "SubjectUnknown(address)", ETHER_ADDRESS)


def test_a_subject_never_changes(evm: Evm, mock: Contract) -> None:
    _, receipt = evm.send(mock.functions.declare(ETHER, "Ether", "ETH", 18))

    evm.refuses(mock.functions.declare(ETHER, "Other", "OTH", 6), "SubjectAlreadyDeclared(address)", ETHER_ADDRESS)

    said = mock.events.SubjectDeclared().process_receipt(receipt)[0]["args"]
    assert dict(said) == {"subject": ETHER_ADDRESS, "name": "Ether", "symbol": "ETH", "decimals": 18}
    assert mock.functions.subject(ETHER).call() == ["Ether", "ETH", 18]


@pytest.mark.parametrize(("size", "peaks"), [(0, 1), (1, 0), (1, 2), (2, 2), (3, 1), (2**48 - 1, 47)])
def test_a_genesis_needs_a_peak_for_each_bit_of_its_size(evm: Evm, size: int, peaks: int) -> None:
    made = evm.creation("MockLedger", 0, 0, (size, 0, [b"\1" * 32] * peaks))

    evm.refuses(made, "WrongGenesis(uint64,uint256)", size, peaks)


def test_a_genesis_peak_is_never_zero(evm: Evm) -> None:
    made = evm.creation("MockLedger", 0, 0, (7, 0, [b"\1" * 32, bytes(32), b"\1" * 32]))

    evm.refuses(made, "EmptyGenesisPeak(uint256)", 1)


def test_a_genesis_holds_fewer_than_2_to_the_48_entries(evm: Evm) -> None:
    made = evm.creation("MockLedger", 0, 0, (2**48, 0, [b"\1" * 32]))

    evm.refuses(made, "GenesisTooLarge(uint64,uint64)", 2**48, 2**48 - 1)
    evm.deploy("MockLedger", 0, 0, (2**48 - 1, 0, [b"\1" * 32] * 48))


def test_a_genesis_from_the_future_is_refused(evm: Evm) -> None:
    later = evm.now() + 1_000_000
    made = evm.creation("MockLedger", 0, 0, (1, later, [b"\1" * 32]))

    answer = evm.refusal(made)

    assert answer[:36] == selector("GenesisInFuture(uint64,uint64)") + later.to_bytes(32, "big")
    assert evm.now() <= int.from_bytes(answer[36:], "big") < later


def test_a_genesis_of_nothing_has_no_timestamp(evm: Evm) -> None:
    evm.refuses(evm.creation("MockLedger", 0, 0, (0, 5, [])), "GenesisWithoutEntries(uint64)", 5)


# what it does


def test_an_empty_ledger_has_the_root_of_nothing(evm: Evm, mock: Contract) -> None:
    assert mock.functions.head().call() == [0, EMPTY_ROOT]
    assert mock.functions.peaks().call() == []
    assert mock.functions.genesis().call() == [0, EMPTY_ROOT, evm.now()]
    assert mock.functions.blockRule().call() == [4, 60]


def test_what_is_recorded_is_under_the_root(evm: Evm, mock: Contract) -> None:
    for count in range(1, 9):
        record(evm, mock, some(count))
        entries = evm.entries(mock)
        log = MerkleLog.of(entry.leaf for entry in entries)
        assert mock.functions.head().call() == [len(entries), log.root()]
        assert mock.functions.peaks().call() == log.peaks()


def test_a_batch_returns_its_first_index_and_its_sum(evm: Evm, mock: Contract) -> None:
    record(evm, mock, some(3))

    returned, _ = evm.send(mock.functions.recordBatch(ETHER, raw(ALICE), [word(BOB, 2**96 - 1)] * 3, b"m" * 32))

    assert returned == [3, 3 * (2**96 - 1)]
    expected = Entry(ETHER, raw(ALICE), raw(BOB), 2**96 - 1, evm.now(), Hash32(b"m" * 32))
    assert evm.entries(mock)[3:] == [expected] * 3


def test_a_seal_is_an_entry_of_whoever_asked_for_it(evm: Evm, mock: Contract) -> None:
    index, _ = evm.send(mock.functions.seal(), sender=4)

    assert index == 0
    assert evm.entries(mock) == [Entry(SEAL, raw(evm.accounts[4]), ZERO_ADDRESS, 0, evm.now())]
    assert mock.functions.root().call() == root_of(evm.entries(mock))


@pytest.mark.parametrize("count", [1, 2, 3, 7, 8, 21])
def test_a_ledger_goes_on_from_its_genesis(evm: Evm, count: int) -> None:
    allocations, genesis = opening(evm, count)
    ledger = evm.deploy("MockLedger", 0, 0, genesis)
    assert ledger.functions.genesis().call() == [count, root_of(allocations), genesis[1]]
    index, receipt = evm.send(ledger.functions.seal())
    seal = Entry(SEAL, raw(evm.accounts[0]), ZERO_ADDRESS, 0, evm.now())
    assert index == count
    assert ledger.functions.head().call() == [count + 1, root_of([*allocations, seal])]
    assert len(receipt["logs"]) == 1


def test_a_checkpoint_keeps_the_root_for_ever(evm: Evm, mock: Contract) -> None:
    record(evm, mock, some(5))
    root = mock.functions.root().call()

    kept, receipt = evm.send(mock.functions.checkpoint(), sender=3)

    assert kept == [5, root]
    said = mock.events.CheckpointKept().process_receipt(receipt)[0]["args"]
    assert dict(said) == {"size": 5, "root": root}
    record(evm, mock, some(1))
    assert mock.functions.checkpointAt(5).call() == root
    assert mock.functions.checkpointAt(6).call() == bytes(32)


def test_an_entry_is_verified_against_the_genesis_a_checkpoint_and_today(evm: Evm) -> None:
    allocations, genesis = opening(evm, 5)
    ledger = evm.deploy("MockLedger", 0, 0, genesis)
    record(evm, ledger, some(4))
    evm.send(ledger.functions.checkpoint())
    record(evm, ledger, some(3))
    entries = allocations + evm.entries(ledger, len(allocations))
    perfect = perfect_of([entry.leaf for entry in entries])

    for size in range(len(entries) + 2):
        for index in range(len(entries)):
            inside = index < size <= len(entries)
            proof = inclusion_proof(perfect, index, size) if inside else []
            verified = ledger.functions.verifyEntry(fields(entries[index]), index, size, proof).call()
            assert verified == (inside and size in {5, 9, 12})
    assert ledger.functions.root().call() == root_at(perfect, len(entries))


def test_nothing_that_is_shown_makes_verification_revert(evm: Evm, mock: Contract) -> None:
    entries = record(evm, mock, some(5))
    proof = inclusion_proof(perfect_of([entry.leaf for entry in entries]), 2, 5)
    verify = mock.functions.verifyEntry

    assert verify(fields(entries[2]), 2, 5, proof).call()
    for index, size, shown in (
        (2, 5, proof[:-1]),
        (2, 5, [*proof, proof[0]]),
        (2, 5, []),
        (2, 5, [bytes(32)] * 300),
        (3, 5, proof),
        (5, 5, proof),
        (2**64 - 1, 5, proof),
        (2, 4, proof),
        (2, 2**64 - 1, proof),
        (0, 0, []),
    ):
        assert not verify(fields(entries[2]), index, size, shown).call()
    for other in (entries[1], Entry(ETHER, ZERO_ADDRESS, ZERO_ADDRESS, 0, 0)):
        assert not verify(fields(other), 2, 5, proof).call()


def test_size_and_peaks_stand_where_the_layout_says(evm: Evm, mock: Contract) -> None:
    namespace = int.from_bytes(keccak(b"smartchain.ledger"), "big") - 1
    assert int.from_bytes(keccak(namespace.to_bytes(32, "big")), "big") & ~0xFF == BASE
    for _ in range(11):
        record(evm, mock, some(1))
    peaks = [int.from_bytes(peak, "big") for peak in mock.functions.peaks().call()]

    assert evm.slot(mock, BASE) == 11
    assert [evm.slot(mock, BASE + 1 + level) for level in (0, 1, 3)] == peaks
    assert evm.slot(mock, BASE + 1 + 4) == 0
