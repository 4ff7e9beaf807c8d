"""The chain that most of these tests ask."""

from __future__ import annotations

import pytest

from tests.fakes.store import ListStore
from tests.unit.node_rpc.asking import ENTRIES, Asker, store_of


@pytest.fixture
def store() -> ListStore:
    return store_of(ENTRIES)


@pytest.fixture
def chain(store: ListStore) -> Asker:
    return Asker(store)
