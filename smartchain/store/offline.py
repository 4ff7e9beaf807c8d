"""
Check and mend a store by its URL, whichever engine it is in, without opening it as one that is sound.
"""

from __future__ import annotations

from smartchain.store import fsck, is_postgres, path_of, postgres_there
from smartchain.store import repair as mending
from smartchain.store.fetched import SourceOf
from smartchain.store.fsck import Checked
from smartchain.store.repair import Repaired
from smartchain.types import Address


def check(url: str, ledger: Address | None = None) -> Checked:
    """Raises `SettingsError` for another kind of URL, and as `fsck.check` does."""
    if not is_postgres(url):
        return fsck.check(path_of(url), ledger)
    with postgres_there():
        from smartchain.store.postgres import fsck as of_rows
    return of_rows.check(url, ledger)


def repair(url: str, source_of: SourceOf, ledger: Address | None = None) -> Repaired:
    """Raises `SettingsError` for another kind of URL, and as `repair.repair` does."""
    if not is_postgres(url):
        return mending.repair(path_of(url), source_of, ledger)
    with postgres_there():
        from smartchain.store.postgres import fsck as of_rows
    return of_rows.repair(url, source_of, ledger)
