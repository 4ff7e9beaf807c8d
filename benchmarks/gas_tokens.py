"""
What the ledger of a token, and a factory of ledgers, cost: a part of `benchmarks/gas.py`, on a chain of its own.

The token is `MockToken`, which does no more than an ERC-20 must; what a transfer costs by itself, past the ledger,
stands beside. People who are paid have some of the token before.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from eth_abi.abi import encode
from eth_account import Account

from smartchain.devnet.anvil import Anvil
from smartchain.host import contracts
from smartchain.host.reverts import selector
from smartchain.ledger.hash import ETHER

MOCKS = Path(__file__).resolve().parents[1] / "tests" / "contracts" / "artifacts"
GAS_LIMIT = 16_000_000
LEVEL = 65
"""The payment that is counted, numbered from a ledger's first: by then its slots are written."""

NOBODY = "0x" + "00" * 20
NO_GENESIS: tuple[int, int, list[bytes]] = (0, 0, [])
TERMS = "(address,uint32,uint32,uint32,address)"
GENESIS = "(uint64,uint64,bytes32[])"
PERMIT = "(uint256,uint256,uint8,bytes32,bytes32)"
FIELDS = (
    ("owner", "address"),
    ("spender", "address"),
    ("value", "uint256"),
    ("nonce", "uint256"),
    ("deadline", "uint256"),
)
PERMITTED = {"Permit": [{"name": name, "type": kind} for name, kind in FIELDS]}


class Site:
    """A chain and the account that acts on it; each act is a transaction, and its answer the receipt."""

    def __init__(self, chain: Anvil) -> None:
        self.rpc, self._sender = chain.rpc, chain.accounts[0]
        self.sender: str = self._sender.address

    def deploy(self, code: bytes, types: list[str], values: list[Any]) -> tuple[str, int]:
        """Where the contract is, and what that cost."""
        receipt = self._mined(None, code + encode(types, values))
        return receipt["contractAddress"], int(receipt["gasUsed"], 16)

    def call(self, to: str, function: str, types: list[str], values: list[Any], ether: int = 0) -> int:
        """The gas of a call."""
        data = selector(f"{function}({','.join(types)})") + encode(types, values)
        return int(self._mined(to, data, ether)["gasUsed"], 16)

    def now(self) -> int:
        """The newest block's timestamp."""
        return int(self.rpc.call("eth_getBlockByNumber", "latest", False)["timestamp"], 16)

    def signed(self, token: str, ledger: str, value: int, nonce: int) -> tuple[int, int, int, bytes, bytes]:
        """A permit of the account."""
        domain = {"name": "Mock Token", "version": "1", "chainId": 31337, "verifyingContract": token}
        deadline = 2**256 - 1
        said = {"owner": self.sender, "spender": ledger, "value": value, "nonce": nonce, "deadline": deadline}
        done = Account.sign_typed_data(self._sender.private_key, domain, PERMITTED, said)
        return value, deadline, done.v, done.r.to_bytes(32, "big"), done.s.to_bytes(32, "big")

    def _mined(self, to: str | None, data: bytes, ether: int = 0) -> dict[str, Any]:
        call = {"from": self.sender, "data": "0x" + data.hex(), "gas": hex(GAS_LIMIT), "value": hex(ether)}
        receipt: dict[str, Any] = self.rpc.call("eth_sendTransactionSync", call | ({} if to is None else {"to": to}))
        if receipt["status"] != "0x1":
            raise RuntimeError(f"a transaction of the measurement failed: {receipt}")
        return receipt


class TokenRelay:
    """A token and its ledger, which may move all of it."""

    def __init__(self, site: Site, fee_ppm: int = 0) -> None:
        self._site = site
        self.token, _ = site.deploy(mock("MockToken"), [], [])
        treasury = person(1) if fee_ppm else NOBODY
        arguments = [self.token, 100, 0, fee_ppm, treasury, NO_GENESIS]
        kinds = ["address", "uint32", "uint32", "uint32", "address", GENESIS]
        self.ledger, self.deployed = site.deploy(contracts.bytecode("TokenBPSC"), kinds, arguments)
        site.call(self.token, "approve", ["address", "uint256"], [self.ledger, 2**200])
        for holder in [site.sender, *map(person, range(100))]:
            site.call(self.token, "mint", ["address", "uint256"], [holder, 2**90])

    def transfer(self) -> int:
        return self._site.call(self.token, "transfer", ["address", "uint256"], [person(2), 1_000_000])

    def relay(self, number: int) -> int:
        values = [person(number % 100), 1_000_000 + number, bytes(32)]
        return self._site.call(self.ledger, "relay", ["address", "uint256", "bytes32"], values)

    def permitted(self, nonce: int) -> int:
        permit = self._site.signed(self.token, self.ledger, 2**100, nonce)
        types = ["address", "uint256", "bytes32", PERMIT]
        return self._site.call(self.ledger, "relayWithPermit", types, [person(5), 1_000_000, bytes(32), permit])

    def batch(self, count: int) -> float:
        payments = [bytes.fromhex(person(i)[2:]) + (1_000_000 + i).to_bytes(12, "big") for i in range(count)]
        used = self._site.call(self.ledger, "relayBatch", ["bytes32[]", "bytes32"], [payments, bytes(32)])
        return round(used / count, 2)

    def collect(self) -> int:
        return self._site.call(self.ledger, "collect", [], [])


def mock(name: str) -> bytes:
    return bytes.fromhex(json.loads((MOCKS / f"{name}.json").read_text())["bytecode"][2:])


def person(number: int) -> str:
    return "0x" + hashlib.sha256(b"holder %d" % number).hexdigest()[:40]


def tokens(site: Site) -> dict[str, Any]:
    """A payment singly, with a permit, in a batch; without a fee and with one."""
    free, charging = TokenRelay(site), TokenRelay(site, 50)
    single = [free.relay(number) for number in range(1, LEVEL + 1)]
    charged = [charging.relay(number) for number in range(1, LEVEL + 1)]
    free.permitted(0)
    return {
        "deploy": free.deployed,
        "a transfer past the ledger": free.transfer(),
        f"relay, number {LEVEL}": single[-1],
        "relay with a permit": free.permitted(1),
        "batch, a payment": {f"of {count}": free.batch(count) for count in (100, 10, 1)},
        "with a fee": {
            f"relay, number {LEVEL}": charged[-1],
            "batch of 100, a payment": charging.batch(100),
            "collect": charging.collect(),
        },
    }


def factory(site: Site) -> dict[str, Any]:
    """Its own deployment, a ledger of either kind made by it, and what its registry costs."""
    made, deployed = site.deploy(contracts.bytecode("BPSCFactory"), [], [])
    token, _ = site.deploy(mock("MockToken"), [], [])
    ether = [("0x" + ETHER.hex(), most, 0, 0, NOBODY) for most in range(1, 3)]
    creations = [site.call(made, "deploy", [TERMS, GENESIS], [terms, NO_GENESIS]) for terms in ether]
    of_token = site.call(made, "deploy", [TERMS, GENESIS], [(token, 1, 0, 0, NOBODY), NO_GENESIS])
    own, _ = site.deploy(contracts.deploy_data(100, 0), [], [])
    registered = site.call(made, "register", ["address"], [own])
    updates = [site.call(made, "update", ["address"], [own]) for _ in range(LEVEL)]
    return {
        "deploy": deployed,
        "a ledger of Ether": creations[-1],
        "a ledger of a token": of_token,
        "register": registered,
        f"update, number {LEVEL}": updates[-1],
    }


def measure(site: Site) -> dict[str, Any]:
    """All figures, in units of gas."""
    return {"token": tokens(site), "factory": factory(site)}
