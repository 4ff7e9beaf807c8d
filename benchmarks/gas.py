"""
What each act on a BPSC costs, as receipts of real transactions on anvil say.

    python benchmarks/gas.py            print the figures
    python benchmarks/gas.py --write    and keep them in benchmarks/gas.json

Deterministic to the last unit: addresses, values, memos and timestamps are fixed. The ledger of the single
relays and of the batches is one and the same, so that the size it has is the size it says. Everything
is included: the 21,000 of a transaction, its call data, and the payment itself.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import http.client
import json
import shutil
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from eth_abi.abi import encode
from eth_utils.crypto import keccak

ROOT = Path(__file__).resolve().parent.parent
FIGURES = ROOT / "benchmarks" / "gas.json"
ARTIFACT = ROOT / "smartchain" / "host" / "artifacts" / "BPSC.json"

START = 1_800_000_000
"""Timestamp of the first block; each transaction has a block of its own, 12 s after the one before."""

NOBODY = "0x" + "00" * 20
NO_MEMO = bytes(32)
GAS_LIMIT = 16_000_000
FIRST, LAST = 2_049, 3_072
"""The single relays that are counted, by how many the ledger has had then."""


class Anvil:
    """A running anvil: sends transactions from its first account and returns what they used."""

    def __init__(self, port: int) -> None:
        self._http = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self.sender: str = self.ask("eth_accounts")[0]
        self.ask("anvil_setBalance", self.sender, hex(10**24))
        self.ask("anvil_setBlockTimestampInterval", 12)

    def ask(self, method: str, *params: Any) -> Any:
        body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params})
        self._http.request("POST", "/", body, {"Content-Type": "application/json"})
        answer = json.loads(self._http.getresponse().read())
        if "error" in answer:
            raise RuntimeError(f"{method}: {answer['error']['message']}")
        return answer["result"]

    def transact(self, to: str | None, data: bytes, value: int = 0) -> Any:
        call = {"from": self.sender, "data": "0x" + data.hex(), "value": hex(value), "gas": hex(GAS_LIMIT)}
        sent = self.ask("eth_sendTransaction", call | ({"to": to} if to else {}))
        while not (receipt := self.ask("eth_getTransactionReceipt", sent)):
            time.sleep(0.0002)
        if receipt["status"] != "0x1":
            raise RuntimeError(f"a transaction of the measurement failed: {receipt}")
        return receipt


@contextlib.contextmanager
def anvil() -> Iterator[Anvil]:
    """An anvil of its own on a free port, ended at exit."""
    program = shutil.which("anvil")
    if program is None:
        raise RuntimeError("anvil is not on PATH: run `make setup`")
    port = _free_port()
    options = ["--port", str(port), "--hardfork", "prague", "--timestamp", str(START), "--silent"]
    process = subprocess.Popen([program, *options])
    try:
        _wait_for(port)
        yield Anvil(port)
    finally:
        process.kill()
        process.wait()


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port


def _wait_for(port: int) -> None:
    for _ in range(200):
        with contextlib.suppress(ConnectionRefusedError):
            return socket.create_connection(("127.0.0.1", port)).close()
        time.sleep(0.05)
    raise RuntimeError("anvil did not listen within 10 s")


class Relay:
    """A BPSC on a chain, and the payments that are made through it."""

    def __init__(self, chain: Anvil, fee_ppm: int = 0, treasury: str = NOBODY) -> None:
        self.chain = chain
        types = ["uint32", "uint32", "uint32", "address", "(uint64,uint64,bytes32[])"]
        code = bytes.fromhex(json.loads(ARTIFACT.read_text())["bytecode"][2:])
        receipt = chain.transact(None, code + encode(types, [100, 0, fee_ppm, treasury, (0, 0, [])]))
        self.deployed = int(receipt["gasUsed"], 16)
        self.address: str = receipt["contractAddress"]

    def relay(self, number: int) -> int:
        data = _call("relay(address,bytes32)", ["address", "bytes32"], [person(0), NO_MEMO])
        return self._used(data, amount(number))

    def batch(self, count: int, number: int) -> int:
        payments = [(bytes.fromhex(person(i)[2:]), amount(number + i)) for i in range(count)]
        words = [recipient + value.to_bytes(12, "big") for recipient, value in payments]
        data = _call("relayBatch(bytes32[],bytes32)", ["bytes32[]", "bytes32"], [words, NO_MEMO])
        return self._used(data, sum(value for _, value in payments))

    def act(self, name: str) -> int:
        return self._used(_call(name, [], []))

    def verify(self, index: int, size: int, siblings: int) -> int:
        entry = (person(1), person(2), person(3), amount(index), START, NO_MEMO)
        proof = [hashlib.sha256(bytes([i])).digest() for i in range(siblings)]
        fields = "(address,address,address,uint256,uint64,bytes32)"
        types = [fields, "uint64", "uint64", "bytes32[]"]
        return self._used(_call(f"verifyEntry({','.join(types)})", types, [entry, index, size, proof]))

    def _used(self, data: bytes, value: int = 0) -> int:
        return int(self.chain.transact(self.address, data, value)["gasUsed"], 16)


def person(number: int) -> str:
    """The address of someone who has Ether already."""
    return "0x" + hashlib.sha256(b"person %d" % number).hexdigest()[:40]


def amount(number: int) -> int:
    """A value in wei, different for each number, up to an ether or so."""
    return int.from_bytes(hashlib.sha256(b"amount %d" % number).digest()[:8]) >> 4


def _call(signature: str, types: list[str], values: list[Any]) -> bytes:
    return keccak(text=signature)[:4] + encode(types, values)


def measure() -> dict[str, Any]:
    """All figures, in units of gas; a few seconds."""
    with anvil() as chain:
        for number in range(400):
            chain.ask("anvil_setBalance", person(number), hex(1))
        relay = Relay(chain)
        single = [relay.relay(number) for number in range(1, LAST + 1)]
        counted = single[FIRST - 1 :]
        return {
            "deploy": relay.deployed,
            f"relay, numbers {FIRST} to {LAST} of a ledger": {
                "least": min(counted),
                "average": round(statistics.mean(counted), 2),
                "most": max(counted),
            },
            "relay, the first of a ledger": single[0],
            "batch, a payment": {
                f"of {count}": round(_batches(relay, count) / count, 2) for count in (400, 100, 10, 1)
            },
            "verifyEntry, 12 siblings": relay.verify(0, 4096, 12),
            "seal": relay.act("seal()"),
            "checkpoint": relay.act("checkpoint()"),
            "with a fee": _with_fee(chain),
        }


def _batches(relay: Relay, count: int) -> int:
    """The median of three in a row."""
    return sorted(relay.batch(count, 10_000 * (turn + 1)) for turn in range(3))[1]


def _with_fee(chain: Anvil) -> dict[str, Any]:
    relay = Relay(chain, 50, person(1))
    single = [relay.relay(number) for number in range(1, 1 + 64)]
    return {
        "deploy": relay.deployed,
        "relay, the 64th of a ledger": single[-1],
        "batch of 400, a payment": round(_batches(relay, 400) / 400, 2),
        "collect": relay.act("collect()"),
    }


def text(figures: dict[str, Any]) -> str:
    """The figures as they stand in the file."""
    return json.dumps(figures, indent=2) + "\n"


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description="Measure what each act on a BPSC costs.")
    parser.add_argument("--write", action="store_true", help="keep the figures in benchmarks/gas.json")
    write: bool = parser.parse_args(arguments).write
    figures = text(measure())
    if write:
        FIGURES.write_text(figures)
    print(figures, end="")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
