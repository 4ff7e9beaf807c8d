"""
Handing a signed transaction to a node, and understanding what it says to that.
"""

from __future__ import annotations

from enum import Enum

from smartchain.errors import NotEnoughFunds, RpcRefused
from smartchain.ledger.address import checksum
from smartchain.ports import Rpc
from smartchain.wallet.transaction import Signed


class Answer(Enum):
    """What a node says to a transaction; whether it is mined, only a receipt says."""

    TAKEN = "it waits to be mined"
    KNOWN = "it was there already"
    NONCE_USED = "the nonce was used: by this transaction or by another"
    OUTBID = "another transaction with this nonce waits, at as much or more"
    TOO_CHEAP = "nobody would mine it at this price"


_SAID: tuple[tuple[Answer, tuple[str, ...]], ...] = (
    (Answer.KNOWN, ("already known", "known transaction", "already imported", "already in", "alreadyknown")),
    (Answer.KNOWN, ("already exists",)),
    (Answer.NONCE_USED, ("nonce too low", "nonce is too low", "oldnonce", "nonce has already been used")),
    (Answer.NONCE_USED, ("invalid transaction nonce", "nonce too small")),
    (Answer.OUTBID, ("replacement", "could not replace", "replacementnotallowed")),
    (Answer.TOO_CHEAP, ("underpriced", "less than block base fee", "feetoolow", "fee too low", "gas price too low")),
    (Answer.TOO_CHEAP, ("below base fee", "lower than the minimum", "max fee per gas")),
)

_TOO_POOR = ("insufficient funds", "insufficient balance", "insufficientfunds", "doesn't have enough funds")


def broadcast(rpc: Rpc, signed: Signed) -> Answer:
    """
    Hand it over; the same bytes may be handed over any number of times.

    Raises `NotEnoughFunds`, `RpcRefused` for a transaction that the node will never take, `HostUnavailable`
    where nobody knows whether it took it.
    """
    try:
        rpc.call("eth_sendRawTransaction", "0x" + signed.raw.hex())
    except RpcRefused as exc:
        return _understand(signed, exc)
    return Answer.TAKEN


def _understand(signed: Signed, refusal: RpcRefused) -> Answer:
    text = str(refusal).lower()
    if any(words in text for words in _TOO_POOR):
        raise NotEnoughFunds(
            f"{checksum(signed.sender)} has too little for transaction {signed.nonce} and those before it: {refusal}"
        ) from None
    for answer, said in _SAID:
        if any(words in text for words in said):
            return answer
    raise refusal
