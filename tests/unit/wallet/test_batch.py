"""A file of payments: every shape of it reads the same, and a wrong line is named."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smartchain.errors import BatchFileError
from smartchain.ledger.address import checksum
from smartchain.types import Address, Wei
from smartchain.wallet.batch import Row, read_rows
from smartchain.wallet.memo import parse_memo

ANN = Address(b"\xa1" * 20)
BOB = Address(b"\xb0" * 20)
A, B = checksum(ANN), checksum(BOB)


@pytest.mark.parametrize(
    ("content", "line", "hint"),
    [
        (b"", None, "no payment"),
        (b"\n\n , ,\n", None, "no payment"),
        (b"recipient,amount\n", None, "header and no payment"),
        (b"recipient,amount,note\n", 1, "column 'note' is not known"),
        (b"recipient,amount,amount\n", 1, "there twice"),
        (b"recipient,memo\n", 1, "column 'amount' is missing"),
        (b"address,amount\n", 1, "column 'address' is not known"),
        (b"recipient\n", 1, "column 'amount' is missing"),
        (f"{A},1ether\n{B}\n".encode(), 2, "amount is missing"),
        (f"{A},1ether\n,1ether\n".encode(), 2, "recipient is missing"),
        (f"{A},1ether\n\n{B},1 euro\n".encode(), 3, "'euro' is no unit"),
        (f"{A},-1\n".encode(), 1, "negative"),
        (f"{A},0\n".encode(), 1, "zero"),
        (f"{A[:-1]},1\n".encode(), 1, "not an address"),
        (f"{A.swapcase().replace('0X', '0x')},1\n".encode(), 1, "checksum"),
        (b"alice.eth,1ether\n", 1, "not an address"),
        (f"{A},1,{'x' * 33}\n".encode(), 1, "--memo-hash"),
        (f"{A},1,two, parts\n".encode(), 1, "'parts' stands in no column"),
        (f'{A},1,"open\n{B},1,"\n'.encode(), 1, "quotation mark"),
        (f'{A},1,"open\n{B},1,x\n'.encode(), 1, "not CSV"),
        (f'{A},1\n{B},1,"a"b\n'.encode(), 2, "not CSV"),
        (f"{A},1\n{B},1,\xff\n".encode("latin-1"), 2, "not UTF-8"),
        (f"{A},1\n".encode("utf-16"), None, "UTF-16"),
        (f"{A};0,1ether\n".encode(), 1, "without separators"),
        (f"{A},1,a\0b\n".encode(), 1, "NUL"),
        (b"recipient,amount,\x1b[2J\n", 1, "not known"),
    ],
)
def test_a_file_that_is_wrong_is_refused_with_its_line(content: bytes, line: int | None, hint: str) -> None:
    with pytest.raises(BatchFileError) as caught:
        read_rows(content)
    assert hint in str(caught.value)
    assert caught.value.line == line
    assert "\x1b" not in str(caught.value)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("delimiter", [",", ";"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("header", [True, False])
@pytest.mark.parametrize("last", [True, False])
def test_marks_delimiters_line_ends_and_headers_change_nothing(
    end: str, delimiter: str, mark: bytes, header: bool, last: bool
) -> None:
    lines = ["Recipient,Amount,Memo"] if header else []
    lines += [f"{A},1 ether,rent", f"{B.lower()}, 2gwei", f"{A},3,"]
    content = mark + (end.join(lines) + (end if last else "")).replace(",", delimiter).encode()
    first = 2 if header else 1
    assert read_rows(content) == [
        Row(first, ANN, Wei(10**18), parse_memo("rent")),
        Row(first + 1, BOB, Wei(2 * 10**9)),
        Row(first + 2, ANN, Wei(3)),
    ]


def test_a_header_orders_the_columns() -> None:
    assert read_rows(f"memo,amount,recipient\nrent,5,{A}\n".encode()) == [Row(2, ANN, Wei(5), parse_memo("rent"))]


def test_empty_lines_count_as_lines_and_as_nothing_else() -> None:
    rows = read_rows(f"\n\n{A},1\n\n,,\n{B},2,,\n\n".encode())
    assert [(row.line, row.amount) for row in rows] == [(3, 1), (6, 2)]


def test_a_quoted_memo_may_hold_a_delimiter() -> None:
    assert read_rows(f'{A},1,"a, ""b"""\n'.encode())[0].memo == parse_memo('a, "b"')


memos = st.text(alphabet=st.characters(codec="utf-8", exclude_categories=["Cc", "Zs", "Zl", "Zp"]), max_size=8)
rows_written = st.lists(
    st.tuples(st.binary(min_size=20, max_size=20), st.integers(1, 2**256 - 1), memos), min_size=1, max_size=20
)


@given(rows_written, st.sampled_from([",", ";"]), st.sampled_from(["\n", "\r\n"]))
def test_what_a_spreadsheet_writes_is_what_is_read(
    written: list[tuple[bytes, int, str]], delimiter: str, end: str
) -> None:
    stream = io.StringIO(newline="")
    writer = csv.writer(stream, delimiter=delimiter, lineterminator=end)
    writer.writerow(["recipient", "amount", "memo"])
    expected = []
    for line, (recipient, amount, memo) in enumerate(written, start=2):
        memo = "" if memo.startswith(("0x", "0X")) else memo
        writer.writerow([checksum(Address(recipient)), amount, memo])
        expected.append(Row(line, Address(recipient), Wei(amount), parse_memo(memo)))
    assert read_rows(stream.getvalue().encode()) == expected
