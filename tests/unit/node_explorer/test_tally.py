"""What happened over time: nothing is lost where columns are put together, and a plot stays small."""

from hypothesis import given
from hypothesis import strategies as st

from smartchain.ledger.entry import Entry
from smartchain.ledger.hash import ETHER, SEAL
from smartchain.node.explorer.tally import MOST_COLUMNS, Tally
from smartchain.types import ZERO_ADDRESS, Address

ANNA, BEN, TOKEN = (Address(bytes([number]) * 20) for number in (1, 2, 3))


def payment(timestamp: int, value: int = 1, sender: Address = ANNA, subject: Address = ETHER) -> bytes:
    return Entry(subject, sender, BEN, value, timestamp).pack()


entries = st.lists(
    st.builds(
        payment,
        st.integers(0, 2**40),
        st.integers(0, 2**256 - 1),
        st.sampled_from([ANNA, ZERO_ADDRESS]),
        st.sampled_from([ETHER, TOKEN]),
    ),
    max_size=60,
).map(lambda made: sorted(made, key=lambda packed: packed[92:100]))


@given(entries)
def test_every_entry_is_counted_once_however_far_apart_they_are(packed: list[bytes]) -> None:
    tally = Tally()
    tally.count(packed)
    rows = list(tally.rows())
    moved = [Entry.unpack(one) for one in packed if one[20:40] != ZERO_ADDRESS]

    assert tally.size == sum(column.entries for _, column in rows) == len(packed)
    assert sum(column.transfers for _, column in rows) == len(moved)
    assert sum(column.value_wei for _, column in rows) == sum(one.value for one in moved if one.subject == ETHER)
    assert len(rows) <= MOST_COLUMNS


@given(entries, st.integers(0, 60))
def test_counting_in_two_parts_is_counting_at_once(packed: list[bytes], cut: int) -> None:
    whole, parts = Tally(), Tally()
    whole.count(packed)
    parts.count(packed[:cut])
    parts.count(packed[cut:])

    assert parts == whole


@given(entries)
def test_each_entry_stands_in_the_column_of_its_time(packed: list[bytes]) -> None:
    tally = Tally()
    tally.count(packed)
    starts = [time for time, column in tally.rows() for _ in range(column.entries)]

    for one, start in zip(packed, starts, strict=True):
        assert start <= Entry.unpack(one).timestamp < start + tally.width_s


def test_a_copy_does_not_grow_with_its_original() -> None:
    tally = Tally()
    tally.count([payment(10)])
    copy = tally.copy()
    tally.count([payment(10), payment(11)])

    assert [column.entries for _, column in copy.rows()] == [1]
    assert tally.size == 3


def test_seals_are_entries_and_no_transfers() -> None:
    tally = Tally()
    tally.count([Entry(SEAL, ANNA, ZERO_ADDRESS, 0, 10).pack()])

    ((_, column),) = tally.rows()
    assert (column.entries, column.transfers, column.value_wei) == (1, 0, 0)


def test_seconds_in_which_nothing_happened_are_columns_too() -> None:
    tally = Tally()
    tally.count([payment(10), payment(13)])

    assert [(time, column.entries) for time, column in tally.rows()] == [(10, 1), (11, 0), (12, 0), (13, 1)]


def test_two_hours_of_payments_are_shown_by_the_minute() -> None:
    tally = Tally()
    tally.count(payment(second) for second in range(7_200))

    assert tally.width_s == 60
    assert [column.entries for _, column in tally.rows()] == [60] * 120
