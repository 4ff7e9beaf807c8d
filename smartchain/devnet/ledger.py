"""
The ledger of a devnet: deployed by the first account, found again where the chain was kept.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from smartchain.errors import HostUnavailable, SettingsError, SmartchainError
from smartchain.host.contracts import (
    BLOCK_RULE_DATA,
    FEE_PPM_DATA,
    TREASURY_DATA,
    decode_block_rule,
    decode_fee_ppm,
    decode_treasury,
    deploy_data,
)
from smartchain.ledger.address import checksum, parse_address
from smartchain.ledger.block import BlockRule
from smartchain.ledger.hash import keccak
from smartchain.ports import Rpc
from smartchain.types import Address

RECEIPT_S = 30.0


@dataclass(frozen=True, slots=True)
class Terms:
    """What is fixed when a ledger is deployed."""

    rule: BlockRule
    fee_ppm: int = 0
    treasury: Address | None = None

    def __str__(self) -> str:
        fee = f", {self.fee_ppm} ppm" if self.fee_ppm else ""
        return f"{self.rule.max_entries} entries, {self.rule.interval} s{fee}"


def first_contract(deployer: Address) -> Address:
    """Where the first transaction of an account puts a contract: keccak256(rlp([deployer, 0]))."""
    return Address(keccak(b"\xd6\x94" + deployer + b"\x80")[12:])


def ensure_ledger(rpc: Rpc, deployer: str, terms: Terms | None, default: Terms) -> Address:
    """
    The devnet's ledger, deployed if it is not there.

    The node signs for the account by itself. Raises `SettingsError` if one is there with other terms than asked for.
    """
    place = first_contract(parse_address(deployer))
    if rpc.call("eth_getCode", checksum(place), "latest") in ("0x", ""):
        return _deploy(rpc, deployer, terms or default)
    found = _terms_of(rpc, place)
    if terms is not None and found != terms:
        raise SettingsError(
            f"the chain that was kept has a ledger of other terms ({found}, not {terms}): "
            "leave the rule and the fee out, or keep the new chain in another file"
        )
    return place


def _deploy(rpc: Rpc, deployer: str, terms: Terms) -> Address:
    data = deploy_data(terms.rule.max_entries, terms.rule.interval, terms.fee_ppm, terms.treasury)
    transaction = rpc.call("eth_sendTransaction", {"from": deployer, "data": "0x" + data.hex()})
    return parse_address(_receipt(rpc, transaction)["contractAddress"])


def _receipt(rpc: Rpc, transaction: str) -> Any:
    deadline = time.monotonic() + RECEIPT_S
    while time.monotonic() < deadline:
        receipt = rpc.call("eth_getTransactionReceipt", transaction)
        if receipt and receipt["status"] == "0x1":
            return receipt
        if receipt:
            raise HostUnavailable(f"the deployment reverted on {rpc.name}")
        time.sleep(0.05)
    raise HostUnavailable(f"{rpc.name} did not mine the deployment in {RECEIPT_S:.0f} s")


def _terms_of(rpc: Rpc, ledger: Address) -> Terms:
    def ask(data: bytes) -> bytes:
        answer = rpc.call("eth_call", {"to": checksum(ledger), "data": "0x" + data.hex()}, "latest")
        return bytes.fromhex(answer.removeprefix("0x"))

    try:
        fee_ppm, treasury = decode_fee_ppm(ask(FEE_PPM_DATA)), decode_treasury(ask(TREASURY_DATA))
        return Terms(decode_block_rule(ask(BLOCK_RULE_DATA)), fee_ppm, treasury)
    except SmartchainError as error:
        raise SettingsError(
            f"the chain that was kept has no ledger at {checksum(ledger)}, but another contract: "
            "keep the new chain in another file"
        ) from error
