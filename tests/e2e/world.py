"""
A small world for end-to-end tests: an anvil, wallets, ledgers, the command line as a person types it, and daemons
that somebody kills.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from smartchain.devnet.anvil import Account, Anvil, AnvilSettings
from smartchain.host.contracts import HEAD_DATA, decode_head
from smartchain.ledger.address import checksum, parse_address
from smartchain.ports import Head
from smartchain.types import Address, Hash32, Wei
from smartchain.wallet.flight import Patience
from smartchain.wallet.keys import KeyOptions, open_key
from smartchain.wallet.pay import Payer, Way
from smartchain.wallet.sender import Sender

HASTE = Patience(timeout_s=60, replace_after_s=20, poll_s=0.02)
WALLETS = 48
"""Accounts with keys; a contract that forwards and one that refuses make fifty."""


@dataclass
class Paid:
    """What somebody meant to pay: every one of these is an entry in the end, and nothing else is."""

    recipient: Address
    value: int
    memo: str

    @property
    def key(self) -> tuple[Address, int, str]:
        return self.recipient, self.value, self.memo


class World:
    """One host chain, its wallets and what they paid, ledger by ledger."""

    def __init__(self, anvil: Anvil, folder: Path, chance: random.Random) -> None:
        self.anvil = anvil
        self.rpc = anvil.rpc
        self.folder = folder
        self.chance = chance
        self.accounts: list[Account] = anvil.accounts
        self.wallets = [parse_address(account.address) for account in anvil.accounts]
        self.ledgers: list[str] = []
        self.paid: dict[str, Counter[tuple[Address, int, str]]] = {}

    # the command line

    def run(self, *arguments: str, key: str | None = None, db: str = "chain.db") -> subprocess.CompletedProcess[str]:
        """Type `smartchain …` and wait."""
        return subprocess.run(
            self._command(*arguments), env=self._environment(key, db), capture_output=True, text=True, timeout=300
        )

    def ok(self, *arguments: str, key: str | None = None, db: str = "chain.db") -> str:
        """Type `smartchain …`, which must go well; what it said on stdout."""
        done = self.run(*arguments, key=key, db=db)
        assert done.returncode == 0, (arguments, done.returncode, done.stderr)
        return done.stdout

    def start(self, *arguments: str, key: str | None = None, log: Path | None = None) -> subprocess.Popen[bytes]:
        """Type `smartchain …` and go on."""
        with (log or self.folder / "out.log").open("ab") as out:
            command = self._command(*arguments)
            return subprocess.Popen(command, env=self._environment(key, "chain.db"), stdout=out, stderr=out)

    @staticmethod
    def _command(*arguments: str) -> list[str]:
        return [sys.executable, "-m", "smartchain.cli", *arguments]

    def _environment(self, key: str | None, db: str) -> dict[str, str]:
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        settings = {"ETH_RPC_URL": self.anvil.url, "SMARTCHAIN_DB": f"sqlite:///{self.folder / db}"}
        return kept | settings | ({"ETH_PRIVATE_KEY": key} if key else {})

    # paying

    def deploy(self, *rule: str) -> str:
        """A new ledger; its address."""
        said = json.loads(self.ok("deploy", *rule, "--json", key=self.accounts[0].private_key))
        ledger: str = said["ledger"]
        self.ledgers.append(ledger)
        self.paid[ledger] = Counter()
        return ledger

    def payment(self, memo: str) -> Paid:
        """A random payment to one of the wallets."""
        return Paid(self.chance.choice(self.wallets), self.chance.randint(1, 10**15), memo)

    def payer(self, wallet: int, ledger: str) -> Payer:
        """The wallet's own interface, without the command line."""
        signer = open_key(KeyOptions(private_key=self.accounts[wallet].private_key), home=self.folder)
        return Payer(Sender(self.rpc, signer), parse_address(ledger))

    def pay(self, payer: Payer, ledger: str, paid: Paid) -> None:
        from smartchain.wallet.memo import parse_memo

        payer.pay(paid.recipient, Wei(paid.value), parse_memo(paid.memo), way=Way(HASTE))
        self.paid[ledger][paid.key] += 1

    def send(self, wallet: int, ledger: str, paid: Paid) -> dict[str, Any]:
        """The same by `smartchain send`."""
        said: dict[str, Any] = json.loads(
            self.ok(
                "send", checksum(paid.recipient), str(paid.value), "--memo", paid.memo, "--ledger", ledger, "--json",
                key=self.accounts[wallet].private_key,
            )
        )  # fmt: skip
        self.paid[ledger][paid.key] += 1
        return said

    def write_batch(self, name: str, ledger: str, count: int) -> Path:
        """A file of random payments under a few memos, counted as paid."""
        rows: dict[tuple[Address, int], Paid] = {}
        while len(rows) < count:
            paid = self.payment(f"{name} {self.chance.randint(1, 4)}")
            rows[paid.recipient, paid.value] = paid
        lines = [f"{checksum(paid.recipient)},{paid.value},{paid.memo}" for paid in rows.values()]
        path = self.folder / f"{name}.csv"
        path.write_text("recipient,amount,memo\n" + "\n".join(lines) + "\n")
        self.paid[ledger].update(paid.key for paid in rows.values())
        return path

    # looking

    def head(self, ledger: str) -> Head:
        """Size and root that the contract has now."""
        answer: str = self.rpc.call("eth_call", {"to": ledger, "data": "0x" + HEAD_DATA.hex()}, "latest")
        return decode_head(bytes.fromhex(answer[2:]))

    def size(self, ledger: str) -> int:
        """Entries that the contract has now."""
        return self.head(ledger).size

    def lines(self, *arguments: str, ledger: str, db: str = "chain.db") -> list[dict[str, Any]]:
        """What a command says as JSON, one object a line."""
        said = self.ok(*arguments, "--ledger", ledger, "--json", db=db)
        return [json.loads(line) for line in said.splitlines()]

    def gas_paid(self) -> Counter[str]:
        """Wei that each sender paid for gas, over the whole host chain."""
        spent: Counter[str] = Counter()
        for number in range(int(self.rpc.call("eth_blockNumber"), 16) + 1):
            for receipt in self.rpc.call("eth_getBlockReceipts", hex(number)):
                spent[receipt["from"].lower()] += int(receipt["gasUsed"], 16) * int(receipt["effectiveGasPrice"], 16)
        return spent

    def host_balance(self, address: Address) -> int:
        return int(self.rpc.call("eth_getBalance", "0x" + address.hex(), "latest"), 16)


@contextmanager
def world(executable: Path, folder: Path, seed: int) -> Iterator[World]:
    """A new world on a chain of its own."""
    with Anvil(executable, AnvilSettings(port=0, accounts=WALLETS)) as anvil:
        yield World(anvil, folder, random.Random(seed))


def _verified(said: dict[str, Any]) -> Head | None:
    """What `head --json` says is verified."""
    return Head(said["size"], Hash32(bytes.fromhex(said["root"][2:]))) if said["verified"] else None


class Daemons:
    """One `index --follow` a ledger, all on one database; a killer takes one of them now and then."""

    def __init__(self, here: World, kills: int) -> None:
        self._world = here
        self._left = kills
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self._stop = threading.Event()
        self._killer = threading.Thread(target=self._kill)
        self.killed = 0

    def __enter__(self) -> Daemons:
        for ledger in self._world.ledgers:
            self._start(ledger)
        self._killer.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._killer.join()
        for daemon in self._running.values():
            daemon.kill()
            daemon.wait()

    def _start(self, ledger: str) -> None:
        log = self._world.folder / f"{ledger}.log"
        self._running[ledger] = self._world.start("index", "--follow", "--ledger", ledger, log=log)

    def _kill(self) -> None:
        chance = random.Random(self._world.chance.random())
        while self._left and not self._stop.wait(chance.uniform(0.2, 1.2)):
            ledger = chance.choice(self._world.ledgers)
            daemon = self._running[ledger]
            assert daemon.poll() is None, f"the daemon ended by itself: {self.log(ledger)}"
            daemon.send_signal(signal.SIGKILL)
            daemon.wait()
            self.killed += 1
            self._left -= 1
            self._start(ledger)

    def until_killed(self) -> None:
        """Wait for the killer to have done its work."""
        self._killer.join(timeout=180)
        assert not self._left

    def until_caught_up(self, ledger: str) -> None:
        """
        Wait until the daemon has verified what the contract has now.

        By the root: after a reorganisation the size alone may be that of what was there before it.
        """
        contract = self._world.head(ledger)
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            done = self._world.run("head", "--ledger", ledger, "--json")
            if done.returncode == 0 and _verified(json.loads(done.stdout)) == contract:
                return
            time.sleep(0.3)
        raise AssertionError(f"{contract} was not verified in time: {done.stdout}{self.log(ledger)}")

    def end(self) -> None:
        """End every daemon by SIGTERM, which it obeys."""
        for ledger, daemon in self._running.items():
            daemon.send_signal(signal.SIGTERM)
            assert daemon.wait(timeout=30) == 0, self.log(ledger)

    def log(self, ledger: str) -> str:
        return (self._world.folder / f"{ledger}.log").read_text()[-3000:]
