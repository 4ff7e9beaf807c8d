"""The backends that the contract of tests runs against."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from smartchain.ports import LedgerStore, Store
from smartchain.store import open_store
from tests.store.making import INFO

Opened = Callable[[], Store]
"""Opens the same database once more, as another process would."""


@pytest.fixture(params=["sqlite"])
def opened(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Opened]:
    urls = {"sqlite": f"sqlite:///{tmp_path / 'chain.db'}"}
    stores: list[Store] = []

    def open_again() -> Store:
        stores.append(open_store(urls[request.param], create=True, busy_s=0.2))
        return stores[-1]

    yield open_again
    for store in stores:
        store.close()


@pytest.fixture
def store(opened: Opened) -> Store:
    return opened()


@pytest.fixture
def ledger(store: Store) -> LedgerStore:
    return store.ledger(INFO)
