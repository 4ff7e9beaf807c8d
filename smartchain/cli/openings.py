"""
The opening entries of a ledger, out of the file that `--snapshot` names.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from smartchain.indexer import opening

if TYPE_CHECKING:
    from smartchain.cli.following import Watch
    from smartchain.ports import LedgerInfo, LedgerStore
    from smartchain.snapshot.files import Snapshot


def _read(_context: click.Context, _parameter: click.Parameter, paths: Sequence[Path]) -> list[Snapshot]:
    """Raises `SnapshotError` for what is no snapshot, before anybody is asked anything."""
    from smartchain.snapshot.files import Snapshot

    return [Snapshot(path) for path in paths]


snapshots = click.option(
    "--snapshot",
    "snapshots",
    type=click.Path(dir_okay=False, path_type=Path),
    multiple=True,
    callback=_read,
    metavar="FILE",
    help="What the ledger opened with, where it opened with balances. May be given for each of several.",
)


def expected(files: Sequence[Snapshot], info: LedgerInfo) -> Sequence[Snapshot]:
    """The same files. Raises `SnapshotError` where none of them is what this one ledger opened with."""
    if files and _of(files, info) is None:
        opening.expect(files[0].header, info)
    return files


def bring_in(files: Sequence[Snapshot], store: LedgerStore, watch: Watch) -> None:
    """
    Have the store begin with what the ledger opened with, if one of the files is that and the store does not have it.

    It goes on where an earlier run ended. Raises `SnapshotError` for a file that is not what it says it is.
    """
    file = _of(files, store.info)
    if file is None or not opening.lacks(store):
        return
    watch.log.info("opening", wallets=file.header.size, file=str(file.path))
    opening.open_with(store, file.entries(), watch.progress, watch.stop.is_set)


def _of(files: Sequence[Snapshot], info: LedgerInfo) -> Snapshot | None:
    genesis = info.genesis
    return next((file for file in files if (file.header.size, file.header.root) == (genesis.size, genesis.root)), None)
