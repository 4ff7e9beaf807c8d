"""
What the store asks of a database engine: a connection that takes SQL, and transactions around it.

The SQL is the same for every engine: plain, with `?` or `:name` where values go. What engines do in ways of their own
is a method here: many rows at once, rows replaced, a result too large for memory, the same question many times.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol

Values = Sequence[object] | Mapping[str, object]


class Rows(Protocol):
    """What a statement gives."""

    def fetchone(self) -> Any: ...

    def fetchall(self) -> list[Any]: ...

    def __iter__(self) -> Iterator[Any]: ...


class Connection(Protocol):
    """One transaction on a database."""

    def execute(self, sql: str, values: Any = ..., /) -> Rows: ...

    def executemany(self, sql: str, rows: Iterable[Any], /) -> object: ...

    def stream(self, sql: str, values: Values, /) -> Iterator[Any]:
        """The rows of a query, without ever holding all of them."""

    def first_of_each(self, sql: str, rows: Iterable[Values], /) -> Iterator[Any]:
        """The first row, or None, that the query gives for each of these values."""

    def insert(self, table: str, rows: Iterable[Sequence[object]], /) -> None:
        """New rows, each with every column of the table in its order."""

    def put(self, table: str, key: int, rows: Iterable[Sequence[object]], /) -> None:
        """Rows as `insert` takes them; one whose first `key` columns are there already is replaced."""

    def insert_entries(
        self, ledger: int, first: int, packed: Sequence[bytes], transactions: Sequence[bytes], /
    ) -> None:
        """New entries, each as it is packed; a memo of zeros is not stored."""

    def make_room(self, ledger: int, /) -> None:
        """What has to be there before the first row of a ledger; a second time does nothing."""


class Database(Protocol):
    """A database with the store's tables; safe to use from several threads."""

    @property
    def name(self) -> str:
        """For a person: which database it is, never with a password."""

    def writing(self, ledger: int | None = None) -> AbstractContextManager[Connection]:
        """
        A transaction that nobody else writes beside; whole or, on any error, not at all.

        With the row of a ledger, it writes of that one only, and others may be written meanwhile.
        """

    def reading(self) -> AbstractContextManager[Connection]:
        """A transaction that sees the database as it is at its first read, until its end."""

    def close(self) -> None:
        """Close every connection; a second time does nothing."""
