"""A token and a ledger that relays it: what tests of `TokenBPSC` have in common."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from eth_account import Account

from smartchain.ledger.entry import Entry
from smartchain.types import Hash32
from tests.contracts.evm import NO_MEMO, NOBODY, Contract, Evm, raw, root_of, word

FRESH = "0x" + "57" * 20
OTHER = "0x" + "68" * 20
PLENTY = 10**24
PPM = 10_000
"""A hundredth."""

FOR_EVER = 2**256 - 1
PERMITTED = {
    "Permit": [
        {"name": "owner", "type": "address"},
        {"name": "spender", "type": "address"},
        {"name": "value", "type": "uint256"},
        {"name": "nonce", "type": "uint256"},
        {"name": "deadline", "type": "uint256"},
    ]
}

Permit = tuple[int, int, int, bytes, bytes]


@dataclass
class Relay:
    """The first account has plenty of the token and has allowed the ledger to move it."""

    evm: Evm
    token: Contract
    ledger: Contract

    @classmethod
    def of(cls, evm: Evm, token: str = "MockToken", *arguments: Any, fee_ppm: int = 0) -> Relay:
        """A new token of this kind and its ledger; with a fee the fourth account is the treasury."""
        made = evm.deploy(token, *arguments)
        ledger = evm.token_bpsc(made.address, fee_ppm, evm.accounts[3] if fee_ppm else NOBODY)
        relay = cls(evm, made, ledger)
        relay.fund()
        return relay

    def fund(self, sender: int = 0, allowed: int = PLENTY) -> None:
        self.evm.send(self.token.functions.mint(self.evm.accounts[sender], PLENTY))
        self.evm.send(self.token.functions.approve(self.ledger.address, allowed), sender=sender)

    def single(self, recipient: str, value: int, memo: bytes = NO_MEMO) -> Any:
        return self.ledger.functions.relay(recipient, value, memo)

    def batch(self, *payments: tuple[str, int], memo: bytes = NO_MEMO) -> Any:
        return self.ledger.functions.relayBatch([word(*payment) for payment in payments], memo)

    def balance(self, holder: str) -> int:
        return int(self.token.functions.balanceOf(holder).call())

    def entry(self, recipient: str, value: int, memo: bytes = NO_MEMO, sender: str | None = None) -> Entry:
        """The entry that a payment in the newest block makes."""
        payer = raw(sender or self.evm.accounts[0])
        subject = raw(self.token.address)
        return Entry(subject, payer, raw(recipient), value, self.evm.now(), Hash32(memo))

    def stands(self, *payments: tuple[str, int]) -> None:
        """The ledger holds these (recipient, value) and nothing else, under the root that the package computes."""
        found = self.evm.entries(self.ledger)
        assert [(entry.recipient, entry.value) for entry in found] == [(raw(a), value) for a, value in payments]
        assert self.ledger.functions.head().call() == [len(found), root_of(found)]

    def permit(self, value: int, deadline: int = FOR_EVER, sender: int = 0, nonce: int | None = None) -> Permit:
        """A permit for the ledger, signed with the account's key."""
        owner = self.evm.accounts[sender]
        chain = {"name": "Mock Token", "version": "1", "chainId": self.evm.eth.chain_id}
        number = self.token.functions.nonces(owner).call() if nonce is None else nonce
        key = self.evm.tester.backend.account_keys[sender].to_bytes()
        said = {"owner": owner, "spender": self.ledger.address, "value": value, "nonce": number, "deadline": deadline}
        domain = {**chain, "verifyingContract": self.token.address}
        signed = Account.sign_typed_data(key, domain, PERMITTED, said)
        return value, deadline, signed.v, signed.r.to_bytes(32, "big"), signed.s.to_bytes(32, "big")
