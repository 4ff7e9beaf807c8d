"""The backends that the contract of tests runs against."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from smartchain.ports import LedgerStore, Store
from smartchain.store import open_store
from tests.fakes.postgres import HASTY, Server, serving
from tests.store.making import INFO

Opened = Callable[[], Store]
"""Opens the same database once more, as another process would."""


@pytest.fixture(scope="session")
def postgres() -> Iterator[Server]:
    """One server for all tests that do not kill it."""
    with serving(*HASTY) as server:
        yield server


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database of each kind, empty."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'chain.db'}"
    server: Server = request.getfixturevalue("postgres")
    return server.fresh()


@pytest.fixture
def opened(url: str) -> Iterator[Opened]:
    stores: list[Store] = []

    def open_again() -> Store:
        stores.append(open_store(url, create=True, busy_s=0.2))
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
