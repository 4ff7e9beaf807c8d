"""
Balances on the host, beside what a relay's ledger says, at one host block.

The relay must hold its fees. Of the others a balance tells little: gas, and payments outside the ledger, are in it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from smartchain.errors import HostUnavailable, RpcRefused
from smartchain.ledger.address import checksum
from smartchain.ports import HostBlock, Rpc, View
from smartchain.types import Address

AT_ONCE = 30
"""Wallets asked about in one request."""

BALANCE, NONCE, CODE = "eth_getBalance", "eth_getTransactionCount", "eth_getCode"


@dataclass
class Balances:
    """How the contract and its recipients stand."""

    held: int
    owed: int
    untouched: int = 0
    findings: list[str] = field(default_factory=list)
    doubts: list[str] = field(default_factory=list)


class Standing:
    """The host's accounts at one block: by its hash, or by its number where a host knows no hashes (EIP-1898)."""

    def __init__(self, rpc: Rpc, at: HostBlock) -> None:
        self._rpc = rpc
        self._at = at
        self._by_hash = True

    def ask(self, methods: Sequence[str], addresses: Sequence[Address]) -> list[tuple[Any, ...]]:
        """For each address what each method answers. Raises `StateGone`, `UnknownBlock`, `HostUnavailable`."""
        if self._by_hash:
            try:
                return self._ask(
                    methods, addresses, {"blockHash": "0x" + self._at.hash.hex(), "requireCanonical": True}
                )
            except RpcRefused:
                self._by_hash = False
        return self._ask(methods, addresses, hex(self._at.number))

    def _ask(self, methods: Sequence[str], addresses: Sequence[Address], where: Any) -> list[tuple[Any, ...]]:
        said = self._rpc.batch([(method, [checksum(one), where]) for one in addresses for method in methods])
        return [tuple(said[at : at + len(methods)]) for at in range(0, len(said), len(methods))]

    def number(self, text: Any) -> int:
        """Raises `HostUnavailable` for what is none."""
        try:
            return int(text, 16)
        except (TypeError, ValueError) as exc:
            said = f"{self._rpc.name} gave a balance or a nonce that is no number; ask another node"
            raise HostUnavailable(said) from exc


def reconcile(standing: Standing, view: View, recipients: Sequence[Address]) -> Balances:
    """The contract, and whoever is among these recipients and never spent. Raises `HostError`s."""
    here, genesis = view.info.address, view.info.genesis.size
    ((said,),) = standing.ask([BALANCE], [here])
    owed = view.account(here).balance - view.account(here, size=genesis).balance
    found = Balances(standing.number(said), owed)
    if found.held < owed:
        found.findings.append(f"the contract {checksum(here)} has {found.held} wei, and by its ledger at least {owed}")
    for at in range(0, len(recipients), AT_ONCE):
        some = recipients[at : at + AT_ONCE]
        for party, (nonce, code, balance) in zip(some, standing.ask([NONCE, CODE, BALANCE], some), strict=True):
            if standing.number(nonce) == 0 and code == "0x":
                _party(view, party, standing.number(balance), found)
    return found


def _party(view: View, party: Address, balance: int, found: Balances) -> None:
    """
    It cannot have spent by a transaction; an opening balance was never paid on the host.

    A contract can have been here for as long as one transaction, and taken its Ether with it: that leaves no trace.
    """
    account, opening = view.account(party), view.account(party, size=view.info.genesis.size)
    received = account.received - opening.received
    if account.sent:
        return
    found.untouched += 1
    if balance < received:
        found.doubts.append(
            f"{checksum(party)} received {received} wei, never sent a transaction, has no code, and has {balance}: "
            "it was a contract that destroyed itself, or the node's balances are wrong"
        )
