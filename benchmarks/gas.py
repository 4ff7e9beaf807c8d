"""
What each act on a ledger and on a factory costs, as the receipts of real transactions on anvil say.

    python benchmarks/gas.py            write the figures to benchmarks/gas.json
    python benchmarks/gas.py --print    only print them

`tests/contracts/test_gas.py` compares the file exactly, so that a change of cost is a line in a diff. Nothing is
left to chance: addresses, values, memos and blocks are fixed, and the single relays and the batches are made on
one ledger, of the size that is said. Everything is included: the transaction's 21,000, its call data, the payment.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import statistics
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from eth_abi.abi import encode  # noqa: E402

from benchmarks import gas_coins, gas_examples, gas_tokens  # noqa: E402
from smartchain.devnet.anvil import Anvil, AnvilSettings, find_anvil  # noqa: E402
from smartchain.host import contracts  # noqa: E402
from smartchain.host.reverts import selector  # noqa: E402
from smartchain.types import Address  # noqa: E402

FIGURES = ROOT / "benchmarks" / "gas.json"

GAS_LIMIT = 16_000_000
FIRST, LAST = 2_049, 3_072
"""The single relays that are counted, numbered from a ledger's first."""

EXISTING = 400
"""So many people have Ether before anyone pays them."""


PARTS = {"tokens": gas_tokens.measure, "examples": gas_examples.measure, "coin": gas_coins.measure}
"""Each on a chain of its own."""


class Relay:
    """A BPSC on a chain, and what is done with it; each act returns the gas it used."""

    def __init__(self, chain: Anvil, fee_ppm: int = 0, treasury: Address | None = None) -> None:
        self._rpc, self._sender = chain.rpc, chain.accounts[0].address
        receipt = self._mined(None, contracts.deploy_data(100, 0, fee_ppm, treasury))
        self._address: str = receipt["contractAddress"]
        self.deployed = int(receipt["gasUsed"], 16)

    def relay(self, number: int) -> int:
        return self._used(contracts.relay_data(person(0)), amount(number))

    def batch(self, count: int, number: int) -> int:
        payments = [(person(i), amount(number + i)) for i in range(count)]
        return self._used(contracts.relay_batch_data(payments), sum(value for _, value in payments))

    def batches(self, count: int) -> float:
        """A payment's share in the median of three in a row."""
        three = sorted(self.batch(count, 10_000 * turn) for turn in (1, 2, 3))
        return round(three[1] / count, 2)

    def act(self, data: bytes) -> int:
        return self._used(data)

    def verify(self, siblings: int) -> int:
        """Sent as a transaction; the proof is of nothing, and is followed to its end all the same."""
        types = ["(address,address,address,uint256,uint64,bytes32)", "uint64", "uint64", "bytes32[]"]
        entry = (person(1), person(2), person(3), amount(0), 1_800_000_000, bytes(32))
        proof = [hashlib.sha256(bytes([i])).digest() for i in range(siblings)]
        data = selector(f"verifyEntry({','.join(types)})") + encode(types, [entry, 0, 2**siblings, proof])
        return self._used(data)

    def _used(self, data: bytes, value: int = 0) -> int:
        return int(self._mined(self._address, data, value)["gasUsed"], 16)

    def _mined(self, to: str | None, data: bytes, value: int = 0) -> dict[str, Any]:
        call = {"from": self._sender, "data": "0x" + data.hex(), "value": hex(value), "gas": hex(GAS_LIMIT)}
        if to is not None:
            call["to"] = to
        receipt: dict[str, Any] = self._rpc.call("eth_sendTransactionSync", call)
        if receipt["status"] != "0x1":
            raise RuntimeError(f"a transaction of the measurement failed: {receipt}")
        return receipt


def person(number: int) -> Address:
    return Address(hashlib.sha256(b"person %d" % number).digest()[:20])


def amount(number: int) -> int:
    """A value in wei, another for each number, up to an ether or so."""
    return int.from_bytes(hashlib.sha256(b"amount %d" % number).digest()[:8], "big") >> 4


def measure(anvil: Path) -> dict[str, Any]:
    """All figures, in units of gas; takes some ten seconds."""
    with Anvil(anvil, AnvilSettings(port=0)) as chain:
        chain.rpc.call("anvil_setBlockTimestampInterval", 12)
        for number in range(EXISTING):
            chain.rpc.call("anvil_setBalance", "0x" + person(number).hex(), "0x1")
        of_ether = {**_without_fee(Relay(chain)), "with a fee": _with_fee(Relay(chain, 50, person(1)))}
    parts = {}
    for name, measured in PARTS.items():
        with Anvil(anvil, AnvilSettings(port=0)) as chain:
            chain.rpc.call("anvil_setBlockTimestampInterval", 12)
            parts[name] = measured(gas_tokens.Site(chain))
    return of_ether | parts.pop("tokens") | parts


def _without_fee(ledger: Relay) -> dict[str, Any]:
    single = [ledger.relay(number) for number in range(1, LAST + 1)]
    counted = single[FIRST - 1 :]
    return {
        "deploy": ledger.deployed,
        "relay, the first of a ledger": single[0],
        f"relay, numbers {FIRST} to {LAST}": {
            "least": min(counted),
            "average": round(statistics.mean(counted), 2),
            "most": max(counted),
        },
        "batch, a payment": {f"of {count}": ledger.batches(count) for count in (400, 100, 10, 1)},
        "seal": ledger.act(contracts.seal_data()),
        "checkpoint": ledger.act(contracts.checkpoint_data()),
        "verifyEntry, 12 siblings": ledger.verify(12),
    }


def _with_fee(ledger: Relay) -> dict[str, Any]:
    single = [ledger.relay(number) for number in range(1, 66)]
    return {
        "deploy": ledger.deployed,
        "relay, number 65": single[-1],
        "batch of 400, a payment": ledger.batches(400),
        "collect": ledger.act(contracts.collect_data()),
    }


def text(figures: dict[str, Any]) -> str:
    """The figures as they stand in the file."""
    return json.dumps(figures, indent=2) + "\n"


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description="Measure what each act on a ledger and on a factory costs.")
    parser.add_argument("--print", action="store_true", help="only print the figures; write nothing")
    dry: bool = parser.parse_args(arguments).print
    figures = text(measure(find_anvil(os.environ, Path.home())))
    if not dry:
        FIGURES.write_text(figures)
    print(figures, end="")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
