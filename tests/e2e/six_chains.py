"""Six unrelated ledgers on one host chain, listed by one factory, and payments in all of them."""

from __future__ import annotations

import random
from collections import Counter
from pathlib import Path
from typing import Any

from eth_abi.abi import encode

from smartchain.host import contracts, factory, tokens
from smartchain.host.coins import migrate_data
from smartchain.host.reverts import selector
from smartchain.ledger.address import checksum, parse_address
from smartchain.ledger.hash import ETHER, coin_id, keccak
from smartchain.types import Address
from tests.e2e.test_chains import FACTORY
from tests.e2e.test_examples import LIKE
from tests.e2e.test_subjects import create, mint
from tests.e2e.typed import Shell
from tests.fakes.anvil import OnAnvil

FEE_PPM = 2_500
REWARD = 10**18
EVERY = 100
FANS = 10
MADE = 1_700_000_000
OPENING = 10**9
"""What each wallet of the snapshot begins with."""


def fan_of(number: int) -> Address:
    """A wallet that the snapshot gives something to, or that is paid."""
    return Address((0x5EED << 144 | number + 1).to_bytes(20, "big"))


class SixChains:
    """What stands on the chain; `expected` is what each ledger's balances have to be, kept by whoever pays."""

    def __init__(self, chain: OnAnvil, shell: Shell, wallets: int, seed: int = 1) -> None:
        self.chain, self.shell, self.chance = chain, shell, random.Random(seed)
        self.me = chain.accounts[0]
        self.wallets = wallets
        shell.type("deploy", "--factory", "--json")
        self.standard = create(chain, "StandardToken", ["string", "string", "uint8"], ["Standard", "STD", 6])
        self.silent = create(chain, "OldToken", [], [])
        self.given_up = create(chain, "StandardToken", ["string", "string", "uint8"], ["Given up", "GUP", 18])
        self.ether = self._made("--via", FACTORY, "--fee-ppm", FEE_PPM, "--treasury", checksum(chain.accounts[9]))
        self.of_standard = self._made("--via", FACTORY, "--token", checksum(self.standard))
        self.of_silent = self._made("--via", FACTORY, "--token", checksum(self.silent), "--max-entries", 7)
        self.likes = create(chain, "LikeRewards", ["uint256", "uint256"], [EVERY, REWARD])
        self.opened = self._made(*self._coin("Opened", "OPN"), "--snapshot", self._snapshot())
        self.burnt = self._made(*self._coin("Reborn", "RBN"), "--old-token", checksum(self.given_up))
        for own in (self.likes, self.opened, self.burnt):
            chain.send(factory.factory_address(), factory.register_data(own))
        self._posts = 0
        self._prepare()

    @property
    def ledgers(self) -> list[Address]:
        return [self.ether, self.of_standard, self.of_silent, self.likes, self.opened, self.burnt]

    # the beginning

    def _made(self, *words: object) -> Address:
        made: dict[str, Any] = self.shell.type("deploy", *words, "--json").json
        return parse_address(made["ledger"])

    def _coin(self, name: str, symbol: str) -> tuple[str, ...]:
        return "--coin", "--name", name, "--symbol", symbol

    def _snapshot(self) -> Path:
        table, file = self.shell.folder / "wallets.csv", self.shell.folder / "opened.snapshot"
        rows = (f"0x{fan_of(number).hex()},{OPENING}\n" for number in range(self.wallets))
        table.write_text("wallet,value\n" + "".join(rows) + f"{checksum(self.me)},{OPENING * 1000}\n")
        subject = checksum(coin_id("Opened", "OPN"))
        words = ("--output", file, "--timestamp", MADE, "--subject", subject, "--json")
        made = self.shell.type("snapshot", "create", table, *words).json
        assert made["size"] == self.wallets + 1
        return file

    def _prepare(self) -> None:
        for token, ledger in ((self.standard, self.of_standard), (self.silent, self.of_silent)):
            mint(self.chain, token, 10**15)
            self.chain.send(token, tokens.approve_data(ledger, 10**15))
        mint(self.chain, self.given_up, 10**20)
        self.chain.send(self.given_up, tokens.approve_data(self.burnt, 10**20))
        self.chain.send(self.likes, selector("fund(bytes32)") + bytes(32), value=20 * REWARD)

    # traffic

    def pay(self, payments: int) -> None:
        """So many payments in each of the ledgers that relay, singly and in batches; all in a few blocks."""
        with self.chain.block():
            for _ in range(payments):
                recipient, value = fan_of(self.chance.randrange(50)), self.chance.randint(1, 10**6)
                self._submit(self.ether, contracts.relay_data(recipient), value)
                self._submit(self.of_standard, tokens.relay_token_data(recipient, value))
                self._submit(self.of_silent, tokens.relay_token_data(recipient, value))
        some = [(fan_of(number), self.chance.randint(1, 10**6)) for number in range(20)]
        batch = contracts.relay_batch_data(some)
        self.chain.send(self.ether, batch, sum(value for _, value in some))
        for ledger in (self.of_standard, self.of_silent):
            self.chain.send(ledger, batch)

    def like(self, likes: int) -> None:
        """So many likes; every hundredth of an author is rewarded."""
        for _ in range(likes // FANS):
            with self.chain.block():
                for fan in range(FANS):
                    words = encode(["address", "bytes32"], [fan_of(self._posts % 2), self._posts.to_bytes(32, "big")])
                    data = selector("like(address,bytes32)") + words
                    self.chain.submit(self.likes, data, sender=fan, gas=300_000)
            self._posts += 1

    def move_coins(self, count: int) -> None:
        """Coins that were given up for, and moved; what is claimed of the opening is moved too."""
        self.chain.send(self.burnt, migrate_data(10**12 * count))
        to = selector("transfer(address,uint256)")
        with self.chain.block():
            for number in range(count):
                self._submit(self.burnt, to + encode(["address", "uint256"], [fan_of(number), 10**9 + number]))
                self._submit(self.opened, to + encode(["address", "uint256"], [fan_of(number), 7 + number]))
        self._submit(self.burnt, selector("burn(uint256)") + encode(["uint256"], [10**9]))

    def _submit(self, to: Address, data: bytes, value: int = 0) -> None:
        self.chain.submit(to, data, value, gas=400_000)

    # what the contracts have

    def asked(self, to: Address, signature: str, *addresses: Address) -> int:
        data = selector(signature) + b"".join(bytes(12) + one for one in addresses)
        return int(self.chain.rpc.call("eth_call", {"to": checksum(to), "data": "0x" + data.hex()}, "latest"), 16)

    def host_balance(self, who: Address) -> int:
        return int(self.chain.rpc.call("eth_getBalance", checksum(who), "latest"), 16)

    def balances(self, ledger: Address) -> Counter[tuple[str, str]]:
        """What every party of a chain has, by its entries as the command line gives them, fees as the protocol says."""
        found: Counter[tuple[str, str]] = Counter()
        for row in self.shell.type("entries", "--ledger", checksum(ledger), "--json", timeout_s=120).lines:
            value, subject = int(row["value"]), row["subject"]
            fee = value * FEE_PPM // 10**6 if ledger == self.ether else 0
            found[subject, row["sender"]] -= value
            found[subject, row["recipient"]] += value - fee
            found[subject, checksum(ledger)] += fee
        return found

    def reconcile(self) -> None:
        """Each chain's balances are what the contracts have."""
        ether, like = checksum(ETHER), "0x" + keccak(b"smartchain.example.like")[12:].hex()
        assert like == "0x" + LIKE.hex()
        chain = self.balances(self.ether)
        rewards = self.balances(self.likes)
        assert chain[ether, checksum(self.ether)] == self.host_balance(self.ether) > 0
        for number in range(50):
            who = fan_of(number)
            name = checksum(who)
            assert self.host_balance(who) == chain[ether, name] + rewards[ether, name]
        self._tokens(self.of_standard, self.standard)
        self._tokens(self.of_silent, self.silent)
        assert rewards[ether, checksum(self.likes)] == self.host_balance(self.likes)
        self._coins(self.burnt, "Reborn", "RBN", unclaimed=False)
        self._coins(self.opened, "Opened", "OPN", unclaimed=True)

    def _tokens(self, ledger: Address, token: Address) -> None:
        chain = self.balances(ledger)
        for number in range(50):
            who = fan_of(number)
            assert chain[checksum(token), checksum(who)] == self.asked(token, "balanceOf(address)", who)

    def _coins(self, ledger: Address, name: str, symbol: str, *, unclaimed: bool) -> None:
        chain, subject = self.balances(ledger), checksum(coin_id(name, symbol))
        supply = self.asked(ledger, "totalSupply()")
        said = self.shell.type("unclaimed", "--ledger", checksum(ledger), "--json").json
        in_all = sum(value for (_, who), value in chain.items() if who != checksum(Address(bytes(20))))
        assert in_all == supply + int(said["unclaimed"])
        assert (int(said["unclaimed"]) > 0) == unclaimed
        for number in range(20):
            who = fan_of(number)
            ready = OPENING if unclaimed and number else 0  # the first one's was claimed
            assert chain[subject, checksum(who)] == self.asked(ledger, "balanceOf(address)", who) + ready
        assert chain[subject, checksum(self.me)] == self.asked(ledger, "balanceOf(address)", self.me)
