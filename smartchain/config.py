"""
What the program was told about the host chain, as frozen values: built once by `cli/` and handed down.

Nothing secret shows in a `repr`: a URL may hold a key, and a header as a rule does.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from smartchain.types import ChainId

DEFAULT_RPC_URL = "http://127.0.0.1:8545"
DEFAULT_DB = "sqlite:///smartchain.db"

DEV_CHAIN = ChainId(31337)
"""The chain of anvil, and so of `smartchain devnet`."""

DEV_MNEMONIC = "test test test test test test test test test test test junk"
"""anvil's own, known to everybody: for chains that hold nothing of value."""

Finality = Literal["safe", "finalized"]


@dataclass(frozen=True, slots=True)
class HostSettings:
    """How to reach the host chain."""

    rpc_url: str = field(default=DEFAULT_RPC_URL, repr=False)
    headers: tuple[str, ...] = field(default=(), repr=False)
    """`Name: value` lines, sent to every node."""
    ca_file: Path | None = None
    check_rpc_urls: tuple[str, ...] = field(default=(), repr=False)
    """Other nodes that must say the same head of the same block."""
    chain_id: ChainId | None = None
    """The chain that it has to be; None for whichever answers."""


@dataclass(frozen=True, slots=True)
class IndexSettings:
    """How to follow a ledger."""

    follow: bool = False
    confirmations: int = 0
    finality: Finality | None = None
    poll_s: float | None = None
    """Seconds between two looks; None for 2, and 0.2 on a development chain."""
    from_block: int | None = None
    """Where the logs begin; None to find the deployment."""

    def poll_on(self, chain_id: ChainId) -> float:
        """Seconds between two looks at that chain."""
        if self.poll_s is not None:
            return self.poll_s
        return 0.2 if chain_id == DEV_CHAIN else 2.0
