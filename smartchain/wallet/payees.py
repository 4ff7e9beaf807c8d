"""
Who is meant: an address as it is, a contact by its label, a name of ENS if that was asked for.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from smartchain.errors import ContactError
from smartchain.ledger.address import parse_address
from smartchain.types import Address
from smartchain.wallet.contacts import Contacts
from smartchain.wallet.ens import Ens
from smartchain.wallet.labels import could_be_name, is_address_like, shown


@dataclass(frozen=True, slots=True)
class Payees:
    """Finds addresses; asks each name of ENS once."""

    contacts: Contacts
    ens: Ens | None = None
    """None: no name is looked up."""
    _asked: dict[str, Address] = field(default_factory=dict)

    def find(self, text: str) -> Address:
        """The address meant. Raises `AddressError`, `ContactError`."""
        if is_address_like(text):
            return parse_address(text)
        if not could_be_name(text):
            return self.contacts.find(text)
        if self.ens is None:
            raise ContactError(f"{shown(text)} looks like a name of ENS, which is looked up only with --ens")
        if text not in self._asked:
            self._asked[text] = self.ens.find(text)
        return self._asked[text]
