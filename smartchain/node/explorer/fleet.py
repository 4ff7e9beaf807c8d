"""
The front page of a node that serves several chains: a line for each of them.

What a contract says of its subject is its own claim, so a symbol never stands without the subject's address.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from smartchain.ledger.address import checksum
from smartchain.ledger.unit import Unit, raw_unit
from smartchain.node.explorer.page import Page
from smartchain.node.explorer.pages import counted_in
from smartchain.ports import View
from smartchain.types import Address

COLUMNS = ("ledger", "chain_id", "subject", "symbol", "size", "blocks", "newest", "path", "reason")


@dataclass(frozen=True, slots=True)
class Line:
    """A ledger of the list; one that nothing is known of has neither chain nor size."""

    ledger: Address
    chain_id: int | None = None
    unit: Unit | None = None
    """What it counts; None where neither its contract nor an entry has said so."""
    size: int | None = None
    blocks: int | None = None
    staged: int = 0
    """Entries that are read and not compared with the contract yet."""
    newest: int | None = None
    """Second of the newest entry."""
    verified: bool = False
    reason: str | None = None
    """Why it is not followed; None if it is."""

    @property
    def path(self) -> str | None:
        """Where its chain is; None for one that is not served."""
        return None if self.size is None else f"/{checksum(self.ledger)}/"

    @property
    def said(self) -> dict[str, Any]:
        """For programs."""
        return {
            "ledger": checksum(self.ledger),
            "chain_id": self.chain_id,
            "subject": self.unit and checksum(self.unit.subject),
            "symbol": (self.unit and self.unit.symbol) or None,
            "size": self.size,
            "blocks": self.blocks,
            "newest": self.newest,
            "path": self.path,
            "reason": self.reason,
            "verified": self.verified,
        }


def line_of(view: View, unit: Unit | None = None, reason: str | None = None) -> Line:
    """Where a chain stands."""
    info, status = view.info, view.status
    size = int(status.verified_size)
    newest = view.entry(size - 1) if size else None
    subject = counted_in(view) if unit is None else None
    return Line(
        info.address,
        info.chain_id,
        unit if subject is None else raw_unit(subject),
        size,
        status.verified_blocks,
        status.size - size,
        newest.entry.timestamp if newest else None,
        status.verified_at is not None,
        reason,
    )


def front(lines: Sequence[Line], factory: Address) -> Page:
    """All of them."""
    rows = [line.said for line in lines]
    shown = {
        "lines": lines,
        "factory": factory,
        "blocks": sum(line.blocks or 0 for line in lines),
        "newest": max((line.newest for line in lines if line.newest is not None), default=None),
    }
    return Page("chains.html", "Chains", {"chains": rows}, shown, COLUMNS, rows, live=True)


def astray(says: str) -> Page:
    """There is no chain at an address."""
    said = f"{says[:1].upper()}{says[1:]}."
    return Page("astray.html", "Nothing here", {"error": said}, {"says": said}, status=404)


def about(page: Page, factory: Address, asked: bool) -> dict[str, Any]:
    """What stands at the head of an answer; `verified` is of all chains together."""
    return {
        "factory": checksum(factory),
        "asked": asked,
        "verified": bool(page.rows) and all(row["verified"] for row in page.rows),
        "size": sum(row["size"] or 0 for row in page.rows),
    }
