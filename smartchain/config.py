"""
What the program was told about the host chain, as frozen values: built once by `cli/` and handed down.

Nothing secret shows in a `repr`: a URL may hold a key, and a header as a rule does.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from smartchain.types import ChainId, Wei

DEFAULT_RPC_URL = "http://127.0.0.1:8545"
DEFAULT_DB = "sqlite:///smartchain.db"

DEFAULT_BIND = "127.0.0.1:5000"

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
    more_rpc_urls: tuple[str, ...] = field(default=(), repr=False)
    """Other nodes of the same chain, to go on with where the first fails or lies."""


@dataclass(frozen=True, slots=True)
class IndexSettings:
    """How to follow a ledger."""

    follow: bool = False
    confirmations: int = 0
    finality: Finality | None = None
    poll_s: float | None = None
    """Seconds between two looks; None for 2, and 0.2 on a development chain."""
    stall_s: float = 120.0
    """Seconds without progress, where the contract has more than is verified, after which that is an alarm."""
    from_block: int | None = None
    """Where the logs begin; None to find the deployment."""

    def poll_on(self, chain_id: ChainId) -> float:
        """Seconds between two looks at that chain."""
        if self.poll_s is not None:
            return self.poll_s
        return 0.2 if chain_id == DEV_CHAIN else 2.0


@dataclass(frozen=True, slots=True)
class NodeSettings:
    """How a node serves."""

    host: str = "127.0.0.1"
    """The address it listens on."""
    port: int = 5000
    """0 for any that is free."""
    names: tuple[str, ...] = ()
    """Other names by which it is reached, as `Host` says them: behind a proxy, for one."""
    cors: tuple[str, ...] = ()
    """Origins whose pages may read it; `*` for all."""
    legacy_api: bool | None = None
    """Whether the historical routes are served; None: where only this machine can reach them."""
    legacy_limit: Wei | None = None
    """What they may spend in all; None for what is safe on the chain."""
    rate: int = 1000
    """Requests a second from one client; 0 for no limit."""
    max_lag: int = 1000
    """Entries read and not yet verified with which a node is still ready."""
    connections: int = 2000
    """Open at once."""
    most_body_bytes: int = 2**20
