"""
Chains to measure on: an anvil of its own, filled with as many entries as wanted, the same ones for the same seed.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from smartchain.ledger.hash import keccak  # noqa: E402
from tools.compile import compile_all  # noqa: E402

SENDER = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"
"""anvil's first account, which it signs for."""

A_BLOCK = 200
"""Entries in a host block: singly or as one batch."""

WALLETS = 10_000


def toolchain_bin() -> Path:
    """Where anvil and solc are, set up first if they are not."""
    command = [sys.executable, str(ROOT / "tools/toolchain.py"), "--print-bin"]
    return Path(subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip())


class Chain:
    """A running anvil with one ledger on it."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.ledger = ""

    def call(self, method: str, *params: Any) -> Any:
        body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).encode()
        request = urllib.request.Request(self.url, body, {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=120) as answer:
            said = json.load(answer)
        if "error" in said:
            raise RuntimeError(said["error"])
        return said["result"]

    def send(self, data: str, to: str | None = None) -> dict[str, Any]:
        transaction = {"from": SENDER, "data": data, "gas": hex(900_000_000)} | ({"to": to} if to else {})
        sent = self.call("eth_sendTransaction", transaction)
        while (receipt := self.call("eth_getTransactionReceipt", sent)) is None:
            time.sleep(0.001)
        if receipt["status"] != "0x1":
            raise RuntimeError("the filling transaction failed")
        return dict(receipt)

    def deploy(self) -> None:
        """A `BusyLedger` whose blocks have 100 entries."""
        compiled = compile_all(["contracts/mocks/BusyLedger.sol"])["BusyLedger"]
        self.ledger = self.send("0x" + compiled.bytecode + f"{100:064x}{0:064x}")["contractAddress"]

    def fill_singly(self, count: int, seed: int) -> None:
        """`count` entries, each with an event of its own, 200 in a host block."""
        selector = keccak(b"record(uint256,uint256)")[:4].hex()
        for at in range(0, count, A_BLOCK):
            self.send(f"0x{selector}{seed * 10**9 + at:064x}{min(A_BLOCK, count - at):064x}", self.ledger)

    def fill_in_batches(self, count: int, seed: int) -> None:
        """`count` entries in batches of 200, one batch in a host block."""
        chance = random.Random(seed)
        wallets = [chance.randbytes(20).hex() for _ in range(WALLETS)]
        selector = keccak(b"recordBatch(bytes32[],bytes32)")[:4].hex()
        for at in range(0, count, A_BLOCK):
            payments = [
                chance.choice(wallets) + f"{chance.getrandbits(64):024x}" for _ in range(min(A_BLOCK, count - at))
            ]
            data = f"{64:064x}{0:064x}{len(payments):064x}" + "".join(payments)
            self.send("0x" + selector + data, self.ledger)


@contextlib.contextmanager
def anvil() -> Iterator[Chain]:
    """A chain of its own on a free port, gone afterwards."""
    os.environ.setdefault("SOLCX_BINARY_PATH", str(toolchain_bin()))
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    options = ["--port", str(port), "--silent", "--gas-limit", "1000000000", "--timestamp", "1700000000"]
    process = subprocess.Popen([str(toolchain_bin() / "anvil"), *options])
    try:
        chain = Chain(f"http://127.0.0.1:{port}")
        for _ in range(200):
            with contextlib.suppress(OSError):
                chain.call("eth_chainId")
                break
            time.sleep(0.05)
        chain.deploy()
        yield chain
    finally:
        process.terminate()
        process.wait()
