"""
What one step of the indexer came to, each with the figures that a log line wants.
"""

from __future__ import annotations

from dataclasses import dataclass

from smartchain.types import Hash32, Size


@dataclass(frozen=True, slots=True)
class Advanced:
    """Logs were read up to and with a host block and, if `verified`, the root there is the contract's."""

    host_block: int
    entries: int
    """How many are new in this step."""
    size: Size
    blocks: int
    root: Hash32
    verified: bool


@dataclass(frozen=True, slots=True)
class Rewound:
    """The host replaced blocks: everything past `host_block` was dropped and will be read again."""

    host_block: int | None
    """The newest block that is still canonical; None where nothing that was read is."""
    depth: int
    """Host blocks from there to where the store had read."""
    dropped: int
    """Entries that are no longer in the store."""


@dataclass(frozen=True, slots=True)
class Reread:
    """What was read does not fit the contract; it was dropped and is read once more."""

    first_block: int
    last_block: int
    reason: str


@dataclass(frozen=True, slots=True)
class Waited:
    """Nothing to read."""

    reason: str
    caught_up: bool


Outcome = Advanced | Rewound | Reread | Waited
