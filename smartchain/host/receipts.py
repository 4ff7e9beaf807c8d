"""
A ledger's contract asked about a receipt: does it know the root, and does it accept the entry.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from smartchain.errors import HostUnavailable, NoContract, NotALedger, ReceiptError, RpcRefused, StateGone, WrongChain
from smartchain.host.contracts import (
    CHECKPOINT_KEPT,
    GENESIS_DATA,
    HEAD_DATA,
    checkpoint_at_data,
    decode_flag,
    decode_genesis,
    decode_head,
    decode_root,
    verify_entry_data,
)
from smartchain.ledger.address import checksum
from smartchain.ledger.receipt import HostAnchor, Receipt
from smartchain.ports import Genesis, Head, Rpc
from smartchain.types import ZERO_HASH, Address, Hash32, Size

Knows = Literal["head", "genesis", "checkpoint"]


@dataclass(frozen=True, slots=True)
class Answer:
    """What the contract said at one host block."""

    at: int
    """The host block's number."""
    head: Head
    genesis: Genesis
    knows: Knows | None
    """Whence it knows a root of the receipt's size; None if it does not."""
    root: Hash32 | None
    """Its root at the receipt's size."""
    accepts: bool
    """What `verifyEntry` says of the entry and its proof."""


def ask(rpc: Rpc, receipt: Receipt, *, now: bool = False) -> Answer:
    """
    What the contract says of a receipt: now or, if it knows that root no more and the host still does, at its anchor.

    Raises `WrongChain`, `NoContract`, `NotALedger`.
    """
    _expect(rpc, receipt)
    said = _ask_at(rpc, receipt, int(rpc.call("eth_blockNumber"), 16))
    if now or said.knows or receipt.anchor is None:
        return said
    then = _at_anchor(rpc, receipt, receipt.anchor)
    return then if then and then.knows else said


def check(receipt: Receipt, answer: Answer) -> None:
    """Raises `ReceiptError`, which names what is wrong, unless the contract bears the receipt out."""
    size, contract = receipt.size, f"the contract at {checksum(receipt.ledger)}"
    if answer.genesis.size != receipt.genesis_size:
        raise ReceiptError(
            f"{contract} opened with {answer.genesis.size} entries, by the receipt with {receipt.genesis_size}: "
            "genesis_size was altered"
        )
    if answer.root is None:
        raise ReceiptError(
            f"{contract} has {answer.head.size} entries and keeps no root of {size}, so it can say nothing of this "
            "receipt: renew it with 'smartchain receipt refresh', or make one with --checkpoint"
        )
    if answer.root != receipt.root:
        raise ReceiptError(
            f"{contract} says that the root of {size} entries is 0x{answer.root.hex()}, the receipt says "
            f"0x{receipt.root.hex()}: it is of another ledger, of a chain that was reorganised, or forged"
        )
    if not answer.accepts:
        raise ReceiptError(f"{contract} refuses the entry under its own root: the entry, index or proof was altered")


def gas_of(rpc: Rpc, receipt: Receipt) -> int:
    """Gas of a transaction that does nothing but have the contract verify the receipt, its own 21,000 included."""
    return int(rpc.call("eth_estimateGas", _call(receipt.ledger, _question(receipt))), 16)


def doubts(rpc: Rpc, receipt: Receipt) -> list[str]:
    """Hints of the receipt that the host chain does not bear out, each as a sentence: they are no part of a proof."""
    found = []
    if receipt.host is not None:
        transaction = f"0x{receipt.host.transaction.hex()}"
        mined = rpc.call("eth_getTransactionReceipt", transaction)
        if mined is None:
            found.append(
                f"the host chain has no transaction {transaction} now, by which the entry is said to have come"
            )
        elif int(mined["blockNumber"], 16) != receipt.host.block:
            found.append(f"transaction {transaction} is in host block {int(mined['blockNumber'], 16)} now")
    if receipt.anchor is not None and not _is_canonical(rpc, receipt.anchor):
        found.append(f"host block {receipt.anchor.number} has another hash now than the receipt's anchor")
    return found


def kept(rpc: Rpc, ledger: Address, transaction: Hash32) -> tuple[Head, HostAnchor]:
    """The size and root that a mined transaction had the ledger keep, and where. Raises `NotALedger` if none."""
    mined = rpc.call("eth_getTransactionReceipt", "0x" + transaction.hex())
    for log in mined["logs"] if mined else ():
        if _raw(log["address"]) == ledger and _raw(log["topics"][0]) == CHECKPOINT_KEPT:
            head = Head(Size(int(log["topics"][1], 16)), decode_root(_raw(log["data"])))
            return head, HostAnchor(int(mined["blockNumber"], 16), Hash32(_raw(mined["blockHash"])))
    raise NotALedger(f"transaction 0x{transaction.hex()} had {checksum(ledger)} keep no root: check the address")


# asking


def _expect(rpc: Rpc, receipt: Receipt) -> None:
    if receipt.chain_id == 0:
        raise ReceiptError("this is the receipt of a node's journal, which no contract keeps: give --root instead")
    chain = int(rpc.call("eth_chainId"), 16)
    if chain != receipt.chain_id:
        raise WrongChain(f"{rpc.name} is a node of chain {chain}, the receipt is of chain {receipt.chain_id}")
    here = checksum(receipt.ledger)
    if rpc.call("eth_getCode", here, "latest") in ("0x", "", None):
        raise NoContract(f"there is no contract at {here} on chain {chain}: the receipt's ledger is not there")


def _ask_at(rpc: Rpc, receipt: Receipt, number: int) -> Answer:
    """One moment: every question at the same block."""
    questions = [HEAD_DATA, GENESIS_DATA, checkpoint_at_data(receipt.size), _question(receipt)]
    calls: Sequence[tuple[str, Sequence[Any]]] = [
        ("eth_call", [_call(receipt.ledger, question), hex(number)]) for question in questions
    ]
    try:
        said = [_raw(answer) for answer in rpc.batch(calls)]
    except RpcRefused as exc:
        raise NotALedger(f"{checksum(receipt.ledger)} does not answer as a ledger does: {exc}") from exc
    head, genesis, checkpoint = decode_head(said[0]), decode_genesis(said[1]), decode_root(said[2])
    knows, root = _known(receipt.size, head, genesis, checkpoint)
    return Answer(number, head, genesis, knows, root, decode_flag(said[3]))


def _known(size: int, head: Head, genesis: Genesis, checkpoint: Hash32) -> tuple[Knows | None, Hash32 | None]:
    if size == head.size:
        return "head", head.root
    if size == genesis.size:
        return "genesis", genesis.root
    return ("checkpoint", checkpoint) if checkpoint != ZERO_HASH else (None, None)


def _at_anchor(rpc: Rpc, receipt: Receipt, anchor: HostAnchor) -> Answer | None:
    """The contract as it was at the anchor; None where the host has forgotten, or never had, that block."""
    try:
        return _ask_at(rpc, receipt, anchor.number) if _is_canonical(rpc, anchor) else None
    except (StateGone, RpcRefused, NotALedger):
        return None


def _is_canonical(rpc: Rpc, anchor: HostAnchor) -> bool:
    block = rpc.call("eth_getBlockByNumber", hex(anchor.number), False)
    return block is not None and _raw(block["hash"]) == anchor.hash


def _question(receipt: Receipt) -> bytes:
    return verify_entry_data(receipt.entry, receipt.index, receipt.size, receipt.proof)


def _call(ledger: Address, data: bytes) -> dict[str, str]:
    return {"to": checksum(ledger), "data": "0x" + data.hex()}


def _raw(text: Any) -> bytes:
    try:
        return bytes.fromhex(text.removeprefix("0x"))
    except (AttributeError, ValueError) as exc:
        raise HostUnavailable("the host's answer to a call is no hex: ask again") from exc
