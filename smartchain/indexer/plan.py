"""
What to do next, decided from what was seen; nothing here reads or writes.

There are three answers: read on, go back to the fork, or wait. Everything that can happen to the host chain
between two looks at it comes down to one of them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from smartchain.ports import HostBlock, Status
from smartchain.types import Hash32


@dataclass(frozen=True, slots=True)
class Advance:
    """Read the logs of these host blocks, then compare the root at `target`."""

    first_block: int
    """Past `target.number` where everything is read and only the root waits to be compared."""
    target: HostBlock


@dataclass(frozen=True, slots=True)
class Rewind:
    """The host replaced blocks that were read: find the fork below `below` and drop what stands past it."""

    below: int


@dataclass(frozen=True, slots=True)
class Wait:
    """Nothing to do for now; `caught_up` where nothing is left to do either."""

    reason: str
    caught_up: bool = False


Plan = Advance | Rewind | Wait


def plan(
    status: Status, deployed_at: int, target: HostBlock, at_cursor: Hash32 | None, newest_known: bool | None
) -> Plan:
    """
    The next step for a store that stands at `status` when the host's newest block to read is `target`.

    `at_cursor` is the host's hash at the cursor's number, None if the host has no such block. In that case
    `newest_known` says whether the newest block that both know is still canonical (None if there is none):
    if it is, the host is a replica that is behind or a chain that was cut back, and either will grow again.
    """
    cursor = status.cursor
    if cursor is None:
        if target.number < deployed_at:
            return Wait(f"the host is at block {target.number}, before the ledger's first, {deployed_at}")
        return Advance(deployed_at, target)
    if at_cursor is None:
        if newest_known is False:
            return Rewind(cursor.number)
        return Wait(f"the host is at block {target.number}, behind block {cursor.number} that was read before")
    if at_cursor != cursor.hash:
        return Rewind(cursor.number)
    if target.number > cursor.number:
        return Advance(cursor.number + 1, target)
    if status.verified_at is None or status.verified_size != status.size:
        return Advance(cursor.number + 1, cursor)
    return Wait(f"up to date with host block {target.number}", caught_up=True)


def fork_of(
    known: Sequence[tuple[int, Hash32]], is_canonical: Callable[[int, Hash32], bool]
) -> tuple[int, Hash32] | None:
    """
    The newest known host block before anything that is no longer canonical; None if the first one is not.

    `known` ascends by number. Looks back in steps that double, then forward one by one, so a reorganisation of
    depth d costs some 2·d looks however long the list is. Going forward one by one matters: where two forks
    were read in turns, a canonical block may stand after one that is not.
    """
    at, step = len(known), 1
    while at > 0:
        at, step = max(0, at - step), step * 2
        if is_canonical(*known[at]):
            break
    else:
        return None
    while at + 1 < len(known) and is_canonical(*known[at + 1]):
        at += 1
    return known[at]
