"""Coins with opening balances, and their books: what tests of `Coin` and of both burn claims have in common."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from web3 import Web3

from smartchain.ledger.entry import Entry
from smartchain.ledger.hash import coin_id
from smartchain.ledger.merkle import MerkleLog
from smartchain.ledger.proof import inclusion_proof, perfect_of
from smartchain.types import Address, Hash32
from tests.contracts.evm import NO_GENESIS, NO_MEMO, Contract, Evm, raw, root_of

FRESH = "0x" + "57" * 20
OTHER = "0x" + "68" * 20
NAME, SYMBOL = "New Coin", "NEW"
TERMS = (NAME, SYMBOL, 18, 100, 0)


@dataclass
class Opening:
    """The opening balances of a coin, and the proofs that claim them."""

    entries: list[Entry]

    @classmethod
    def of(cls, evm: Evm, balances: dict[str, int]) -> Opening:
        """Allocations in ascending order of wallet, at the newest block's time."""
        subject, at = coin_id(NAME, SYMBOL), evm.now()
        wallets = sorted((raw(wallet), value) for wallet, value in balances.items())
        return cls(
            [Entry(subject, Address(bytes(20)), wallet, value, at, Hash32(NO_MEMO)) for wallet, value in wallets]
        )

    @property
    def genesis(self) -> tuple[int, int, list[bytes]]:
        """As a constructor takes it."""
        peaks = MerkleLog.of(entry.leaf for entry in self.entries).peaks()
        return len(self.entries), self.entries[0].timestamp, [bytes(peak) for peak in peaks]

    def index(self, wallet: str) -> int:
        """Where a wallet's balance stands."""
        return [entry.recipient for entry in self.entries].index(raw(wallet))

    def proof(self, index: int, entries: Sequence[Entry] | None = None) -> list[bytes]:
        """The way to the root of these entries, the opening ones alone if none are named."""
        leaves = [entry.leaf for entry in entries or self.entries]
        return [bytes(one) for one in inclusion_proof(perfect_of(leaves), index, len(leaves))]


@dataclass
class Mint:
    """A coin whose opening balances are known."""

    evm: Evm
    coin: Contract
    opening: Opening

    @classmethod
    def of(cls, evm: Evm, balances: dict[str, int]) -> Mint:
        opening = Opening.of(evm, balances)
        return cls(evm, evm.deploy("Coin", *TERMS, opening.genesis), opening)

    @classmethod
    def empty(cls, evm: Evm) -> Mint:
        return cls(evm, evm.deploy("Coin", *TERMS, NO_GENESIS), Opening([]))

    def claim(self, wallet: str, **changed: Any) -> Any:
        """The call that claims a wallet's opening balance, with these fields of the entry or arguments changed."""
        index = changed.pop("index", self.opening.index(wallet))
        proof = changed.pop("proof", self.opening.proof(self.opening.index(wallet)))
        entry = self.opening.entries[self.opening.index(wallet)]
        fields = {name: getattr(entry, name) for name in entry.__slots__} | changed
        return self.coin.functions.claim(tuple(fields.values()), index, proof)

    def balance(self, wallet: str) -> int:
        return int(self.coin.functions.balanceOf(wallet).call())

    def supply(self) -> int:
        return int(self.coin.functions.totalSupply().call())

    def entries(self) -> list[Entry]:
        """Every entry: the opening ones, and those of the events."""
        return [*self.opening.entries, *self.evm.entries(self.coin, len(self.opening.entries))]

    def books(self) -> dict[str, int]:
        """The smart chain's balances, none left out but those of nothing."""
        booked: Counter[str] = Counter()
        for entry in self.entries():
            booked["0x" + entry.sender.hex()] -= entry.value
            booked["0x" + entry.recipient.hex()] += entry.value
        del booked["0x" + bytes(20).hex()]
        return {wallet: value for wallet, value in booked.items() if value}

    def stands(self) -> None:
        """The root is that of the entries, and the balances of the smart chain are those here and the unclaimed."""
        entries = self.entries()
        assert self.coin.functions.head().call() == [len(entries), root_of(entries)]
        waiting: Counter[str] = Counter()
        for index, entry in enumerate(self.opening.entries):
            if not self.coin.functions.claimed(index).call():
                waiting["0x" + entry.recipient.hex()] += entry.value
        books = self.books()
        for wallet, value in books.items():
            assert self.balance(Web3.to_checksum_address(wallet)) + waiting[wallet] == value
        assert sum(books.values()) == self.supply() + sum(waiting.values())
