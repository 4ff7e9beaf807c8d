"""What the tests of the command line share: a chain a file, and a folder with a ledger a test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from smartchain.ledger.address import checksum
from tests.conftest import Toolchain
from tests.e2e.typed import Shell, shell_for
from tests.fakes.anvil import OnAnvil, on_anvil


@pytest.fixture(scope="module")
def chain(toolchain: Toolchain) -> Iterator[OnAnvil]:
    with on_anvil(executable=toolchain.anvil) as chain:
        yield chain


@pytest.fixture
def shell(chain: OnAnvil, tmp_path: Path) -> Shell:
    """A folder with a ledger of its own: a block closes at 3 entries."""
    shell = shell_for(tmp_path, chain)
    shell.environment["SMARTCHAIN_LEDGER"] = checksum(chain.deploy((3, 0)))
    return shell
