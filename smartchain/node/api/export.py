"""
`/api/v1/export`: the entries of a range in one download, as NDJSON, CSV or Parquet.

What is downloaded is one log: should a reorganisation replace some of it meanwhile, the download breaks off instead
of going on with another one.
"""

from __future__ import annotations

import csv
import io
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Annotated, Any, Literal

from fastapi import FastAPI, Query
from starlette.responses import Response

from smartchain.errors import StoreMoved
from smartchain.node.api.answers import NotHere, NotThere, TooBusy
from smartchain.node.api.asked import Number
from smartchain.node.download import Download
from smartchain.node.services import Services
from smartchain.node.shapes import EntryShape, encode, entry_shape, hexed
from smartchain.ports import EntryQuery, LedgerStore
from smartchain.types import Hash32

Format = Literal["ndjson", "csv", "parquet"]
Rows = list[EntryShape]
Pieces = Iterator[bytes]

PIECE = 2_000
"""Entries that are read in one go."""

GROUP = 50_000
"""Entries in a row group of a Parquet file."""

MOST_AT_ONCE = 8
COLUMNS = EntryShape.__struct_fields__
NUMBERS = frozenset({"index", "timestamp", "host_block"})
MEDIA: dict[Format, str] = {
    "ndjson": "application/x-ndjson",
    "csv": "text/csv; charset=utf-8; header=present",
    "parquet": "application/vnd.apache.parquet",
}

_FROM = Annotated[Number, Query(alias="from", description="The first entry's index.")]
_STOP = Annotated[Number | None, Query(alias="until_index", description="Only entries below this index.")]
_FORMAT = Annotated[Format, Query(alias="format", description="Parquet takes pyarrow on the node.")]


def add(api: FastAPI, services: Services) -> None:
    room = threading.BoundedSemaphore(MOST_AT_ONCE)

    @api.get("/export", tags=["entries"], summary="The entries of a range in one download")
    def export(form: _FORMAT = "ndjson", first: _FROM = 0, until_index: _STOP = None) -> Response:
        if form == "parquet":
            _expect_pyarrow()
        source = EntryRange(services.store, first, until_index)
        if not room.acquire(blocking=False):
            raise TooBusy(f"{MOST_AT_ONCE} exports are under way: try again later")
        return Download(WRITERS[form](source), room.release, MEDIA[form], source.headers(form))


class EntryRange:
    """The entries to write, of the log as it was when they were asked for."""

    def __init__(self, store: LedgerStore, start: int, stop: int | None) -> None:
        with store.view() as view:
            size = view.status.verified_size
            if start > size:
                raise NotThere(f"the log has {size} entries: there is none at {start}")
            self.start, self.stop = start, max(start, size if stop is None else min(stop, size))
            self.root: Hash32 = view.root(self.stop)
            self.verified = view.status.verified_at is not None
        self._store = store

    def headers(self, form: Format) -> dict[str, str]:
        return {
            "Content-Disposition": f'attachment; filename="entries-{self.start}-{self.stop}.{form}"',
            "Smartchain-Verified": str(self.verified).lower(),
            "Smartchain-Size": str(self.stop),
            "Smartchain-Root": hexed(self.root),
        }

    def pieces(self) -> Iterator[Rows]:
        """Raises `StoreMoved` where the log is another one by now."""
        for start in range(self.start, self.stop, PIECE):
            with self._store.view() as view:
                if view.status.verified_size < self.stop or view.root(self.stop) != self.root:
                    raise StoreMoved("entries were replaced while they were exported")
                query = EntryQuery(start=start, stop=min(start + PIECE, self.stop))
                rows = [entry_shape(recorded) for recorded in view.entries(query)]
            yield rows


def _expect_pyarrow() -> None:
    """Raises `NotHere` where it is not installed, or not fit for what is."""
    try:
        import pyarrow.parquet  # noqa: F401
    except ImportError:
        raise NotHere(
            "this node writes no Parquet: install smartchain[parquet] on it, or ask for format=ndjson"
        ) from None


def _ndjson(source: EntryRange) -> Pieces:
    closing_ = b',"verified":%s}\n' % encode(source.verified)
    for rows in source.pieces():
        yield b"".join(encode(row)[:-1] + closing_ for row in rows)


def _csv(source: EntryRange) -> Pieces:
    verified = encode(source.verified).decode()
    yield (",".join((*COLUMNS, "verified")) + "\r\n").encode()
    for rows in source.pieces():
        out = io.StringIO()
        csv.writer(out).writerows([*(getattr(row, name) for name in COLUMNS), verified] for row in rows)
        yield out.getvalue().encode()


def _parquet(source: EntryRange) -> Pieces:
    import pyarrow as pa
    from pyarrow import parquet

    kinds: dict[str, Any] = {name: pa.uint64() if name in NUMBERS else pa.string() for name in COLUMNS}
    about = {"smartchain.size": str(source.stop), "smartchain.root": hexed(source.root)}
    schema = pa.schema([*kinds.items(), ("verified", pa.bool_())], metadata=about)
    sink = _Sink()
    with closing(parquet.ParquetWriter(pa.PythonFile(sink, mode="w"), schema, compression="zstd")) as writer:
        for rows in _grouped(source.pieces()):
            columns: list[Any] = [[getattr(row, name) for row in rows] for name in COLUMNS]
            writer.write_table(pa.table([*columns, [source.verified] * len(rows)], schema=schema))
            yield sink.taken()
    yield sink.taken()


def _grouped(pieces: Iterator[Rows]) -> Iterator[Rows]:
    group: Rows = []
    for rows in pieces:
        group += rows
        if len(group) >= GROUP:
            yield group
            group = []
    if group:
        yield group


class _Sink(io.RawIOBase):
    """A file that is handed on as it is written."""

    def __init__(self) -> None:
        super().__init__()
        self._pieces: list[bytes] = []
        self._written = 0

    def writable(self) -> bool:
        return True

    def write(self, piece: Any) -> int:
        self._pieces.append(bytes(piece))
        self._written += len(self._pieces[-1])
        return len(self._pieces[-1])

    def tell(self) -> int:
        return self._written

    def taken(self) -> bytes:
        """What was written since the last time."""
        pieces, self._pieces = self._pieces, []
        return b"".join(pieces)


WRITERS: dict[Format, Callable[[EntryRange], Pieces]] = {"ndjson": _ndjson, "csv": _csv, "parquet": _parquet}
