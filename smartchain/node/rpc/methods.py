"""
The table of methods: what each is called, what it takes, and who answers it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from smartchain.node.rpc import blocks, logs, state, transactions
from smartchain.node.rpc.chain import Chain
from smartchain.node.rpc.faults import UNSUPPORTED, BadParams, Fault
from smartchain.node.rpc.hexes import address_in, at_in, flag_in, hash_in, number_in, numbered_in

Reader = Callable[[object], object]


@dataclass(frozen=True, slots=True)
class Method:
    """One method: the first `needed` of what it takes must be given, null stands for what is left out."""

    answer: Callable[..., object]
    takes: dict[str, Reader]
    needed: int

    def __call__(self, chain: Chain, params: list[object]) -> object:
        """The result. Raises `Fault`."""
        if len(params) > len(self.takes):
            raise BadParams(f"{len(params)} params were given, and this method takes at most {len(self.takes)}")
        given = {name: value for name, value in zip(self.takes, params, strict=False) if value is not None}
        for name in list(self.takes)[: self.needed]:
            if name not in given:
                raise BadParams(f"this method needs {self.needed} params by position, and {name} is missing")
        return self.answer(chain, **{name: self.takes[name](value) for name, value in given.items()})


def _method(answer: Callable[..., object], needed: int | None = None, **takes: Reader) -> Method:
    return Method(answer, takes, len(takes) if needed is None else needed)


def _refused(reason: str) -> Method:
    """A method that is known and will not be served."""

    def refuse(_: Chain, **__: object) -> object:
        raise Fault(UNSUPPORTED, reason)

    return Method(refuse, {name: lambda given: given for name in ("first", "second", "third", "fourth")}, 0)


_NO_CALL = "{} is refused: the smart chain records payments and runs no code; call the ledger on its host chain instead"
_NO_SEND = "{} is refused: a payment is made through the ledger on its host chain (`smartchain send`), and read here"

METHODS: dict[str, Method] = {
    "eth_chainId": _method(state.chain_id),
    "net_version": _method(state.network),
    "net_listening": _method(state.listening),
    "web3_clientVersion": _method(state.client),
    "eth_syncing": _method(state.syncing),
    "eth_accounts": _method(state.accounts),
    "eth_blockNumber": _method(blocks.number),
    "eth_getBlockByNumber": _method(blocks.block, 1, at=numbered_in, full=flag_in),
    "eth_getBlockByHash": _method(blocks.block, 1, at=hash_in, full=flag_in),
    "eth_getHeaderByNumber": _method(blocks.header, at=numbered_in),
    "eth_getHeaderByHash": _method(blocks.header, at=hash_in),
    "eth_getBlockTransactionCountByNumber": _method(blocks.count, at=numbered_in),
    "eth_getBlockTransactionCountByHash": _method(blocks.count, at=hash_in),
    "eth_getUncleCountByBlockNumber": _method(blocks.uncles, at=numbered_in),
    "eth_getUncleCountByBlockHash": _method(blocks.uncles, at=hash_in),
    "eth_getBlockReceipts": _method(blocks.receipts, at=at_in),
    "eth_getTransactionByHash": _method(transactions.by_hash, transaction=hash_in),
    "eth_getTransactionReceipt": _method(transactions.receipt, transaction=hash_in),
    "eth_getTransactionByBlockNumberAndIndex": _method(transactions.by_place, block=numbered_in, index=number_in),
    "eth_getTransactionByBlockHashAndIndex": _method(transactions.by_place, block=hash_in, index=number_in),
    "eth_getLogs": _method(logs.logs, sought=logs.filter_in),
    "eth_getBalance": _method(state.balance, 1, address=address_in, at=at_in),
    "eth_getTransactionCount": _method(state.nonce, 1, address=address_in, at=at_in),
    "eth_getCode": _method(state.code, 1, address=address_in, at=at_in),
    "eth_getStorageAt": _method(state.storage, 2, address=address_in, slot=state.slot_in, at=at_in),
    "eth_gasPrice": _method(state.price),
    "eth_maxPriorityFeePerGas": _method(state.price),
    "eth_feeHistory": _method(
        state.fee_history, 2, count=state.count_in, newest=numbered_in, percentiles=state.percentiles_in
    ),
    **{name: _refused(_NO_CALL.format(name)) for name in ("eth_call", "eth_estimateGas", "eth_createAccessList")},
    **{name: _refused(_NO_SEND.format(name)) for name in ("eth_sendRawTransaction", "eth_sendTransaction")},
}
