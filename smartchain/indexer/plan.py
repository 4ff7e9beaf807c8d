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
    if status.verified_at != cursor or status.verified_size != status.size:
        return Advance(cursor.number + 1, cursor)
    return Wait(f"up to date with host block {target.number}", caught_up=True)


Known = Callable[[int, int], Sequence[tuple[int, Hash32]]]
"""Number and hash of the newest known host blocks below a number, at most so many of them, ascending."""

NEAR = 256
"""Host blocks that are looked at one by one: no deeper reorganisation is an everyday one."""


def fork_of(
    known: Known, is_canonical: Callable[[int, Hash32], bool], first: int, newest: int
) -> tuple[int, Hash32] | None:
    """
    The newest known host block up to `newest` before anything that is no longer canonical; None if there is none.

    Nothing known is older than `first`. Looks back in steps that double, halves what is left, and goes on one by one:
    a reorganisation of depth d costs some 4·log(d) looks, and at most `NEAR` more. Going one by one matters: where two
    forks were read in turns, a canonical block may stand after one that is not.
    """
    fork, after, high = _gallop(known, is_canonical, first, newest)
    while high - after > NEAR:
        middle = (after + high) // 2
        found = known(middle + 1, 1)
        if not found or found[-1][0] <= after or is_canonical(*found[-1]):
            after, fork = middle, found[-1] if found else None
        else:
            high = found[-1][0]
    for one in known(high, NEAR):
        if one[0] > after:
            if not is_canonical(*one):
                break
            fork = one
    return fork


def _gallop(
    known: Known, is_canonical: Callable[[int, Hash32], bool], first: int, newest: int
) -> tuple[tuple[int, Hash32] | None, int, int]:
    """
    A canonical host block, and the numbers between which the fork is: after the first, before the second.

    Nothing known stands between that block and the first number; there is no such block where nothing is canonical.
    """
    high, step = newest + 1, 1
    while high > first:
        found = known(max(high - step + 1, first + 1), 1)
        if not found:
            break
        if is_canonical(*found[-1]):
            return found[-1], found[-1][0], high
        high, step = found[-1][0], step * 2
    return None, first - 1, high
