"""
How a command that reads the store writes amounts: of Ether as ever, of anything else as the ledger's contract says.

A store holds what the contract committed to, and no descriptions, which it did not. So the contract is asked, by the
node of `--rpc-url` or ETH_RPC_URL, once for each subject that is met; without a node, or an answer, amounts are raw.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from smartchain.cli import build, output
from smartchain.config import HostSettings
from smartchain.errors import HostError
from smartchain.ledger.hash import SEAL
from smartchain.ledger.journal import NOTE
from smartchain.ledger.unit import Unit, raw_unit
from smartchain.types import Address, ChainId

if TYPE_CHECKING:
    from smartchain.host.rpc import HttpRpc


class Describer:
    """What one ledger says of its subjects."""

    def __init__(self, host: HostSettings | None, chain_id: ChainId, ledger: Address) -> None:
        """`host` is None where no node is known."""
        self._host, self._chain_id, self._ledger = host, chain_id, ledger
        self._known: dict[Address, Unit] = {}

    def __call__(self, subject: Address) -> Unit:
        if subject not in self._known:
            self._known[subject] = self._found(subject)
        return self._known[subject]

    def _found(self, subject: Address) -> Unit:
        unit = raw_unit(subject)
        if unit.is_ether or subject in (SEAL, NOTE) or self._rpc is None:
            return unit
        from smartchain.host.subjects import unit_of

        try:
            return unit_of(self._rpc, self._ledger, subject)
        except HostError as error:
            self._gone(error)
            return unit

    @cached_property
    def _rpc(self) -> HttpRpc | None:
        if self._host is None:
            return None
        from smartchain.host.rpc import NO_RETRY

        try:
            rpc = build.connect(self._host, retry=NO_RETRY)
            build.expect_chain(rpc, self._chain_id)
        except HostError as error:
            self._gone(error)
            return None
        return rpc

    def _gone(self, error: HostError) -> None:
        """Nobody is asked again."""
        self._host = None
        self.__dict__["_rpc"] = None
        output.note(f"amounts of other subjects than Ether are in smallest units: {output.one_line(str(error))}")
