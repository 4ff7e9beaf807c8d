"""
Asking the host what became of transactions, in few requests.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from smartchain.ledger.address import checksum
from smartchain.ports import Rpc
from smartchain.types import Address, Hash32
from smartchain.wallet.receipt import Receipt, read_receipt

AT_ONCE = 100
"""Questions in one request."""


def read_host(rpc: Rpc, who: Address, hashes: Sequence[Hash32]) -> tuple[int, int, dict[Hash32, Receipt]]:
    """
    How many nonces a wallet has used, the newest block's number, and the receipts of those that are mined.

    The receipts are asked for first: one that is mined in between is missing, which is put right by the next look.
    """
    calls: list[tuple[str, Sequence[Any]]] = [("eth_getTransactionReceipt", ["0x" + h.hex()]) for h in hashes]
    calls.append(("eth_getTransactionCount", [checksum(who), "latest"]))
    calls.append(("eth_blockNumber", []))
    answers: list[Any] = []
    for start in range(0, len(calls), AT_ONCE):
        answers += rpc.batch(calls[start : start + AT_ONCE])
    mined = (answer for answer in answers[:-2] if answer is not None and answer.get("blockNumber") is not None)
    receipts = {receipt.transaction: receipt for receipt in map(read_receipt, mined)}
    return int(answers[-2], 16), int(answers[-1], 16), receipts


def is_canonical(rpc: Rpc, receipt: Receipt) -> bool:
    """Whether the block that held the transaction is still part of the chain."""
    block = rpc.call("eth_getBlockByNumber", hex(receipt.block_number), False)
    return block is not None and bytes.fromhex(block["hash"][2:]) == receipt.block_hash
