"""The snapshot's format: the protocol's genesis to the byte, and nothing else is believed."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smartchain.errors import SnapshotError
from smartchain.ledger.entry import Entry
from smartchain.ledger.hash import ETHER, SEAL
from smartchain.ledger.merkle import MerkleLog
from smartchain.ledger.snapshot import HEADER_BYTES, MOST_WALLETS, RECORD_BYTES, Header, Tally, checked
from smartchain.types import ZERO_ADDRESS, Address

AT = 1_700_000_000
BALANCES = st.dictionaries(
    st.binary(min_size=20, max_size=20).filter(any), st.integers(1, 2**240), min_size=1, max_size=70
)


def record(wallet: bytes, value: int) -> bytes:
    return wallet + value.to_bytes(32, "big")


def body(balances: dict[bytes, int]) -> bytes:
    return b"".join(record(wallet, value) for wallet, value in sorted(balances.items()))


def tally(*records: bytes) -> Tally:
    found = Tally(ETHER, AT)
    for one in records:
        found.take(one)
    return found


@given(BALANCES, st.integers(1, 200))
def test_it_is_the_log_of_the_allocations_that_the_protocol_says(balances: dict[bytes, int], cut: int) -> None:
    records = body(balances)
    honest = [Entry(ETHER, ZERO_ADDRESS, Address(wallet), value, AT) for wallet, value in sorted(balances.items())]
    log = MerkleLog.of(entry.leaf for entry in honest)

    header = tally(records).header
    read = list(checked(header, (records[at : at + cut] for at in range(0, len(records), cut))))

    assert (header.size, header.root, header.total) == (log.size, log.root(), sum(balances.values()))
    assert tally(records).peaks == log.peaks()
    assert [packed for some in read for packed in some] == [entry.pack() for entry in honest]
    assert Header.unpack(header.pack()) == header
    assert header.file_bytes == HEADER_BYTES + RECORD_BYTES * len(balances)


@given(BALANCES, st.data())
def test_no_changed_bit_is_believed(balances: dict[bytes, int], data: st.DataObject) -> None:
    records = body(balances)
    whole = tally(records).header.pack() + records
    bit = data.draw(st.integers(0, 8 * len(whole) - 1))
    wrong = bytearray(whole)
    wrong[bit // 8] ^= 1 << bit % 8

    with pytest.raises(SnapshotError):
        list(checked(Header.unpack(bytes(wrong)), [bytes(wrong[HEADER_BYTES:])]))


ONE, TWO = record(b"\1" * 20, 5), record(b"\2" * 20, 6)


@pytest.mark.parametrize(
    ("records", "says"),
    [
        ([ONE, ONE], "0x01010101.* is there twice"),
        ([TWO, ONE], "stands after a greater one"),
        ([record(bytes(20), 5)], "the zero address is no wallet"),
        ([record(b"\1" * 20, 0)], "holds nothing: leave it out"),
        ([record(b"\1" * 20, 2**256 - 1), TWO], "the values make 2.256 or more"),
    ],
)
def test_what_no_log_can_open_with_is_refused(records: list[bytes], says: str) -> None:
    with pytest.raises(SnapshotError, match=says):
        tally(*records)


def test_what_is_not_as_the_header_says_is_named() -> None:
    header = tally(ONE, TWO).header
    for wrong, pieces, says in (
        (header, [ONE], "says 2 wallets and holds 1"),
        (header, [ONE, TWO[:-1]], "cut off in the middle of a wallet"),
        (replace(header, total=12), [ONE, TWO], "the values make 11, and the file says 12"),
        (replace(header, timestamp=AT + 1), [ONE, TWO], "give the root 0x"),
    ):
        with pytest.raises(SnapshotError, match=says):
            list(checked(wrong, pieces))


def test_the_last_entries_are_not_given_out_before_all_is_proven() -> None:
    reading = checked(replace(tally(ONE, TWO).header, total=1), [ONE, TWO])

    assert len(next(reading)) == 1
    with pytest.raises(SnapshotError, match="the values make 11"):
        next(reading)


def test_a_header_that_is_none_is_refused() -> None:
    header = tally(ONE).header
    for data in (b"", header.pack()[:-1], b"wallet,value\n" + bytes(200)):
        with pytest.raises(SnapshotError, match="this is no snapshot"):
            Header.unpack(data)
    for size in (0, MOST_WALLETS + 1):
        with pytest.raises(SnapshotError, match="1 to 281474976710655 wallets"):
            Header.unpack(replace(header, size=size).pack())  # type: ignore[arg-type]
    with pytest.raises(SnapshotError, match="there is no wallet in it"):
        _ = tally().header
    for subject in (SEAL, ZERO_ADDRESS):
        with pytest.raises(SnapshotError, match="no subject"):
            Tally(subject, AT)
    with pytest.raises(SnapshotError, match="is no second"):
        Tally(ETHER, 2**64)
