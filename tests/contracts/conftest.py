"""Fixtures for contracts in an EVM inside this process; what they give is in `tests.contracts.evm`."""

from __future__ import annotations

import pytest

from tests.contracts.evm import Contract, Evm


@pytest.fixture
def evm() -> Evm:
    """A chain of its own for each test; it takes 20 ms."""
    return Evm()


@pytest.fixture
def ledger(evm: Evm) -> Contract:
    """A BPSC without a fee, of blocks of 100 entries, that starts empty."""
    return evm.bpsc()
