"""Ledgers on whatever network ape is told: the EVM in its process, or anvil."""

from collections.abc import Callable
from typing import Any

import pytest
from ape import project
from ape.api import AccountAPI
from ape.contracts import ContractInstance

ZERO = "0x" + 40 * "0"
NO_GENESIS: tuple[int, int, list[bytes]] = (0, 0, [])


@pytest.fixture
def owner(accounts: Any) -> AccountAPI:
    return accounts[0]


@pytest.fixture
def alice(accounts: Any) -> AccountAPI:
    return accounts[1]


@pytest.fixture
def bob(accounts: Any) -> AccountAPI:
    return accounts[2]


@pytest.fixture
def treasury(accounts: Any) -> AccountAPI:
    return accounts[3]


@pytest.fixture
def deploy(owner: AccountAPI) -> Callable[..., ContractInstance]:
    """Make a ledger: deploy(max_entries, interval, fee_ppm, treasury)."""

    def make(max_entries: int = 100, interval: int = 0, fee_ppm: int = 0, treasury: Any = ZERO) -> ContractInstance:
        return owner.deploy(project.BPSC, max_entries, interval, fee_ppm, treasury, NO_GENESIS)

    return make


@pytest.fixture
def ledger(deploy: Callable[..., ContractInstance]) -> ContractInstance:
    return deploy()
