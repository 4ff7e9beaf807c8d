"""
What a ledger is for: the same coins cannot be spent twice, and a second spending forged into a store is found.

    make demo-double-spend

Ada has 100 coins. The contract lets her spend them once; then a node's owner who would rather have her pay somebody
else forges his store, first a row of it, then everything. All that is told is done here: on anvil, by the programs
that anyone types. At the end a transfer's cost is measured, in coins of 10, 1,000 and 100,000 accounts.
"""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from smartchain.devnet.anvil import Anvil, AnvilSettings, find_anvil  # noqa: E402
from smartchain.host import coins  # noqa: E402
from smartchain.host.coins import CoinTerms  # noqa: E402
from smartchain.host.contracts import Opening  # noqa: E402
from smartchain.host.reverts import decode_error, selector  # noqa: E402
from smartchain.host.tokens import approve_data  # noqa: E402
from smartchain.host.words import address, number  # noqa: E402
from smartchain.ledger.address import checksum, parse_address  # noqa: E402
from smartchain.ledger.entry import Entry  # noqa: E402
from smartchain.ledger.hash import keccak  # noqa: E402
from smartchain.ledger.merkle import MerkleLog  # noqa: E402
from smartchain.ledger.proof import inclusion_proof, perfect_of  # noqa: E402
from smartchain.types import ZERO_ADDRESS, Address  # noqa: E402

COINS = 100 * 10**18
PATIENCE_S = 60.0
ACCOUNTS = (10, 1_000, 100_000)
TRANSFERS = 64
"""Measured after as many: by then the log's slots are written, and each height of its tree comes up."""


class World:
    """A host chain where Ada has 100 coins: the same contracts at the same addresses at the same times, each time."""

    def __init__(self, chain: Anvil, began: int) -> None:
        self.chain, self._now = chain, began
        self.ada, self.ben, self.cleo = (parse_address(one.address) for one in chain.accounts[:3])
        old = self.coin_of([self.ada])
        self.coin = self.create(coins.deploy_for_token_data(CoinTerms("New Coin", "NEW"), old))
        self.send(old, approve_data(self.coin, COINS))
        self.send(self.coin, coins.migrate_data(COINS))

    def coin_of(self, wallets: list[Address]) -> Address:
        """A coin that opens with 100 for each of these; the first one has claimed his."""
        terms = CoinTerms("Old Coin", "OLD")
        entries = [Entry(terms.id, ZERO_ADDRESS, wallet, COINS, self._now) for wallet in wallets]
        leaves = [entry.leaf for entry in entries]
        opening = Opening(len(leaves), self._now, tuple(MerkleLog.of(leaves).peaks()))
        made = self.create(coins.deploy_coin_data(CoinTerms(terms.name, terms.symbol, opening=opening)))
        self.send(made, coins.claim_data(entries[0], 0, inclusion_proof(perfect_of(leaves), 0, len(leaves))))
        return made

    def create(self, code: bytes) -> Address:
        return parse_address(self.send(None, code)["contractAddress"])

    def send(self, to: Address | None, data: bytes) -> dict[str, Any]:
        """A transaction of Ada's, in a block of its own; its receipt."""
        self._pass_time()
        receipt: dict[str, Any] = self.chain.rpc.call("eth_sendTransactionSync", self._fields(to, data))
        if receipt["status"] != "0x1":
            raise RuntimeError(f"a transaction of the demonstration failed: {receipt}")
        return receipt

    def send_both(self, first: bytes, second: bytes) -> list[dict[str, Any]]:
        """Two transactions of Ada's to the coin, signed one after the other and mined in one block."""
        rpc = self.chain.rpc
        self._pass_time()
        rpc.call("evm_setAutomine", False)
        sent = [rpc.call("eth_sendTransaction", self._fields(self.coin, data)) for data in (first, second)]
        rpc.call("evm_mine")
        rpc.call("evm_setAutomine", True)
        return [self._receipt(one) for one in sent]

    def why(self, data: bytes) -> str:
        """Why the coin refuses a call of Ada's, in its own words."""
        from smartchain.errors import RpcRefused

        try:
            self.chain.rpc.call("eth_call", self._fields(self.coin, data), "latest")
        except RpcRefused as refused:
            error = decode_error(refused.data)
            return error.sentence if error else str(refused)
        raise RuntimeError("the contract let the same coins be spent twice")

    def _fields(self, to: Address | None, data: bytes) -> dict[str, str]:
        fields = {"from": checksum(self.ada), "data": "0x" + data.hex(), "gas": hex(16_000_000)}
        return fields if to is None else {**fields, "to": checksum(to)}

    def _receipt(self, transaction: str) -> dict[str, Any]:
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            found: dict[str, Any] | None = self.chain.rpc.call("eth_getTransactionReceipt", transaction)
            if found is not None:
                return found
            time.sleep(0.01)
        raise RuntimeError(f"{transaction} was not mined")

    def _pass_time(self) -> None:
        self._now += 12
        self.chain.rpc.call("evm_setNextBlockTimestamp", self._now)


def transfer(to: Address, value: int) -> bytes:
    """Call data of the ERC-20's `transfer`."""
    return selector("transfer(address,uint256)") + address(to) + number(value)


@contextmanager
def world(began: int) -> Iterator[World]:
    with Anvil(find_anvil(os.environ, Path.home()), AnvilSettings(port=0)) as chain:
        yield World(chain, began)


@dataclass(frozen=True)
class Desk:
    """Where somebody types `smartchain`."""

    folder: Path
    ledger: Address

    def type(self, *words: str, status: int = 0) -> str:
        """Shown as it is typed, with what came of it; it must end as foreseen."""
        done = subprocess.run(self._command(*words), cwd=self.folder, env=self._env, capture_output=True, text=True)
        said = (done.stdout + done.stderr).strip()
        print(f"  $ smartchain {' '.join(words)}")
        print("".join(f"    {line}\n" for line in said.splitlines()))
        if done.returncode != status:
            raise RuntimeError(f"ended with {done.returncode}, not {status}")
        return said

    @contextmanager
    def node(self, *words: str) -> Iterator[str]:
        """A running node; its URL."""
        command = self._command("node", "--bind", "127.0.0.1:0", "--json", *words)
        with (self.folder / "node.log").open("ab") as log:
            process = subprocess.Popen(command, cwd=self.folder, env=self._env, stdout=subprocess.PIPE, stderr=log)
        try:
            assert process.stdout is not None
            yield str(json.loads(process.stdout.readline())["url"])
        finally:
            process.terminate()
            process.communicate(timeout=PATIENCE_S)

    def evidence(self) -> Path:
        """The file that a node writes when a peer has another chain."""
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            if found := list(self.folder.glob("**/fork-*.json")):
                return found[0].relative_to(self.folder)
            time.sleep(0.1)
        raise RuntimeError((self.folder / "node.log").read_text())

    @staticmethod
    def _command(*words: str) -> list[str]:
        return [sys.executable, "-m", "smartchain.cli", *words]

    @property
    def _env(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("ETH_", "SMARTCHAIN_"))}
        return {**kept, "PYTHONPATH": str(ROOT), "SMARTCHAIN_LEDGER": checksum(self.ledger)}


def chapter(text: str) -> None:
    print(f"\n{text}\n", flush=True)


def spend_twice(true: World) -> None:
    chapter("Ada has 100 coins. She signs two transfers of all of them, to Ben and to Cleo; one block has both.")
    to_ben, to_cleo = transfer(true.ben, COINS), transfer(true.cleo, COINS)
    first, second = true.send_both(to_ben, to_cleo)
    if (first["status"], second["status"]) != ("0x1", "0x0"):
        raise RuntimeError("the contract let the same coins be spent twice")
    print("  to Ben    recorded")
    print("  to Cleo   refused by the contract:", true.why(to_cleo))


def forge_a_row(desk: Desk, true: World) -> None:
    chapter("The owner of a node would rather see Cleo paid. He writes it into his store.")
    desk.type("index", "--rpc-url", true.chain.url, "--db", "sqlite:///honest.db")
    forged = desk.folder / "row.db"
    with closing(sqlite3.connect(desk.folder / "honest.db")) as honest, closing(sqlite3.connect(forged)) as store:
        honest.backup(store)
        (packed,) = store.execute("SELECT packed FROM entry WHERE position = 1").fetchone()
        store.execute("UPDATE entry SET packed = ? WHERE position = 1", (packed.replace(true.ben, true.cleo),))
        store.commit()
    print("fsck asks nobody: the store's own hashes tell.\n")
    desk.type("fsck", "--db", "sqlite:///row.db", status=1)


def forge_everything(desk: Desk, true: World, false: World) -> None:
    chapter(
        "So he forges everything: a host chain of his own with the same contract at the same address, where Ada pays\n"
        "Cleo instead. Every hash of his store fits every other."
    )
    false.send_both(transfer(false.cleo, COINS), transfer(false.ben, COINS))
    if false.coin != true.coin:
        raise RuntimeError("the forged contract has another address")
    false.chain.rpc.call("anvil_mine", hex(70))
    desk.type("index", "--rpc-url", false.chain.url, "--db", "sqlite:///forged.db")
    desk.type("fsck", "--db", "sqlite:///forged.db")

    chapter("But Ben has a receipt. He asks the forger's node, which cannot make its chain fit.")
    desk.type("receipt", "1", "--db", "sqlite:///honest.db")
    with desk.node("--rpc-url", false.chain.url, "--db", "sqlite:///forged.db") as forger:
        desk.type("receipt", "refresh", "receipt-1.json", "--node", forger, status=1)
        desk.type("receipt", "verify", "receipt-1.json", "--rpc-url", true.chain.url)

        chapter("Its peers compare what they have with it, and keep what shows the forgery to anyone.")
        with desk.node("--rpc-url", true.chain.url, "--db", "sqlite:///honest.db", "--peer", forger):
            evidence = desk.evidence()
        desk.type("fork", str(evidence), "--rpc-url", true.chain.url)

    chapter("And whoever asks the contract needs neither.")
    desk.type("verify", "--rpc-url", true.chain.url, "--db", "sqlite:///forged.db", status=1)


def costs(chain: World) -> dict[int, int]:
    """Gas of a transfer, on average, in coins of so many accounts."""
    found = {}
    for accounts in ACCOUNTS:
        wallets = [chain.ada, *(Address(keccak(n.to_bytes(8, "big"))[12:]) for n in range(accounts - 1))]
        coin = chain.coin_of(wallets)
        used = [chain.send(coin, transfer(chain.ben, 1_000 + n))["gasUsed"] for n in range(2 * TRANSFERS)]
        found[accounts] = sum(int(gas, 16) for gas in used[TRANSFERS:]) // TRANSFERS
    return found


def main() -> int:
    began = int(time.time()) + 60
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="double-spend-")))
        true, false = stack.enter_context(world(began)), stack.enter_context(world(began))
        desk = Desk(folder, true.coin)
        spend_twice(true)
        forge_a_row(desk, true)
        forge_everything(desk, true, false)
        chapter("What a transfer costs does not depend on how many have the coin.")
        for accounts, gas in costs(true).items():
            print(f"  {accounts:>9,} accounts   {gas:,} gas")
    return 0


if __name__ == "__main__":
    sys.exit(main())
