"""
How amounts of a subject are written, asked of the contracts themselves: by call, never from an event.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from smartchain.errors import NotALedger, RpcRefused, SmartchainError, UnitUnknown
from smartchain.host.contracts import decode_subject, subject_data
from smartchain.host.reverts import selector
from smartchain.host.words import small, words
from smartchain.ledger.address import checksum
from smartchain.ledger.hash import SEAL
from smartchain.ledger.unit import ETHER_UNIT, Unit, raw_unit
from smartchain.ports import Rpc
from smartchain.types import Address

DECIMALS_DATA = selector("decimals()")

WAIT_S = 0.5
"""How long whoever shows an amount waits for its unit; after that it is raw, and written better the next time."""

AGAIN_S = 60.0
"""How long a subject that could not be asked for is left alone."""

MOST_SUBJECTS = 1_000
"""Subjects of one ledger that are asked for: anybody's ledger may name a new one in each entry."""


class Units:
    """
    How amounts of a ledger's subjects are written, for a server: nobody waits long for a host, and none is asked twice.

    `reach` connects to the host, when something has to be asked.
    """

    def __init__(self, reach: Callable[[], Rpc], ledger: Address) -> None:
        self._reach, self._ledger = reach, ledger
        self._known: dict[Address, Unit] = {}
        self._asked: dict[Address, tuple[threading.Event, float]] = {}
        self._lock = threading.Lock()

    def __call__(self, subject: Address) -> Unit:
        unit = self._known.get(subject) or raw_unit(subject)
        if unit.is_ether or subject == SEAL or subject in self._known:
            return unit
        if (answered := self._asking(subject)) is not None:
            answered.wait(WAIT_S)
        return self._known.get(subject, unit)

    def _asking(self, subject: Address) -> threading.Event | None:
        """What is set once the contract answered, or could not be asked; None where it is left alone."""
        with self._lock:
            answered, since = self._asked.get(subject, (None, 0.0))
            if answered is not None and time.monotonic() - since < AGAIN_S:
                return None if answered.is_set() else answered
            if answered is None and len(self._asked) >= MOST_SUBJECTS:
                return None
            answered = threading.Event()
            self._asked[subject] = (answered, time.monotonic())
        threading.Thread(target=self._ask, args=(subject, answered), name="subject", daemon=True).start()
        return answered

    def _ask(self, subject: Address, answered: threading.Event) -> None:
        try:
            self._known[subject] = unit_of(self._reach(), self._ledger, subject)
        except SmartchainError:
            """It is raw until it is asked for again."""
        finally:
            answered.set()


def unit_of(rpc: Rpc, ledger: Address, subject: Address) -> Unit:
    """What the ledger says of a subject; raw where it says nothing that can be read. Ether is always ether."""
    if subject == ETHER_UNIT.subject:
        return ETHER_UNIT
    try:
        said = decode_subject(ask(rpc, ledger, subject_data(subject)))
    except (RpcRefused, NotALedger):
        return Unit(subject)
    return Unit(subject, said.symbol, said.decimals)


def token_unit(rpc: Rpc, ledger: Address, token: Address, subject: Address) -> Unit:
    """
    The same for a payment in a token, which is asked too.

    Raises `UnitUnknown` where token and ledger do not say the same: then nobody knows how much an amount is.
    """
    unit = unit_of(rpc, ledger, subject)
    said = decimals_of(rpc, token)
    if said != unit.decimals:
        raise UnitUnknown(
            f"the ledger counts its token in {_decimals(unit.decimals)}, and the token {checksum(token)} itself in "
            f"{_decimals(said)}: so nobody knows how much an amount is, and nothing was sent"
        )
    return unit


def decimals_of(rpc: Rpc, token: Address) -> int | None:
    """What a token says of itself; None where it says nothing, or what is no count of decimals."""
    try:
        return small(words(ask(rpc, token, DECIMALS_DATA), 1)[0], 8)
    except (RpcRefused, NotALedger):
        return None


def ask(rpc: Rpc, contract: Address, data: bytes) -> bytes:
    """What a view answers at the latest block."""
    answer: str = rpc.call("eth_call", {"to": checksum(contract), "data": "0x" + data.hex()}, "latest")
    return bytes.fromhex(answer.removeprefix("0x"))


def _decimals(count: int | None) -> str:
    return "no decimals that it names" if count is None else f"{count} decimals"
