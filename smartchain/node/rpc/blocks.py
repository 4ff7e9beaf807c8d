"""
Blocks of the smart chain as clients expect a block: with every field of a header.
"""

from __future__ import annotations

from smartchain.ledger.entry import PACKED_BYTES
from smartchain.ledger.hash import leaf_hashes, transaction_hash
from smartchain.node.rpc import shapes
from smartchain.node.rpc.bloom import bloom
from smartchain.node.rpc.chain import Chain, Span
from smartchain.node.rpc.faults import LIMIT_EXCEEDED, Fault
from smartchain.node.rpc.hexes import At, data, quantity
from smartchain.node.rpc.transactions import receipt_of, transactions_of
from smartchain.ports import EntryQuery

MOST_WHOLE = 10_000
"""Transactions or receipts that one answer holds: about eight megabytes."""

MOST_HASHES = 100_000


def number(chain: Chain) -> str:
    """eth_blockNumber: of the newest closed block."""
    return quantity(chain.height)


def block(chain: Chain, at: At, full: bool = False) -> shapes.Block | None:
    """eth_getBlockByNumber, eth_getBlockByHash"""
    span = chain.find(at)
    if span is None:
        return None
    _within(span, MOST_WHOLE if full else MOST_HASHES)
    shaped = _header(chain, span)
    shaped.transactions = list(transactions_of(chain, span)) if full else _hashes(chain, span)
    return shaped


def header(chain: Chain, at: At) -> shapes.Block | None:
    """eth_getHeaderByNumber, eth_getHeaderByHash: a block of any length, without its transactions."""
    span = chain.find(at)
    return None if span is None else _header(chain, span)


def count(chain: Chain, at: At) -> str | None:
    """eth_getBlockTransactionCountByNumber, eth_getBlockTransactionCountByHash"""
    span = chain.find(at)
    return None if span is None else quantity(span.count)


def uncles(chain: Chain, at: At) -> str | None:
    """eth_getUncleCountByBlockNumber, eth_getUncleCountByBlockHash"""
    return None if chain.find(at) is None else shapes.ZERO


def receipts(chain: Chain, at: At) -> list[shapes.Receipt] | None:
    """eth_getBlockReceipts: none for the open block."""
    span = chain.find(at)
    if span is None or span.hash is None:
        return None
    _within(span, MOST_WHOLE)
    entries = chain.view.entries(EntryQuery(start=span.start, stop=span.size))
    return [receipt_of(chain, span, recorded) for recorded in entries]


def _within(span: Span, most: int) -> None:
    if span.count > most:
        raise Fault(
            LIMIT_EXCEEDED,
            f"block {span.number} holds {span.count} transactions, more than the {most} of one answer: "
            "eth_getHeaderByNumber gives it without them, eth_getTransactionByBlockNumberAndIndex one of them",
        )


def _hashes(chain: Chain, span: Span) -> list[str]:
    leaves = leaf_hashes(chain.view.packed(span.start, span.size))
    return [data(transaction_hash(chain.anchor, index, leaf)) for index, leaf in enumerate(leaves, span.start)]


def _header(chain: Chain, span: Span) -> shapes.Block:
    shaped = shapes.Block(
        number=quantity(span.number),
        hash=data(span.hash) if span.hash else None,
        parent_hash=data(span.parent),
        timestamp=quantity(span.timestamp),
        transactions_root=data(span.root),
        size=quantity(PACKED_BYTES * span.count),
        logs_bloom=bloom(chain.info.address, chain.view.packed(span.start, span.size), span.count),
        miner=data(chain.info.address),
        verified=chain.verified,
    )
    if span.hash is None:
        shaped.nonce = None
    return shaped
